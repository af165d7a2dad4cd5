import type { Fact, Reported } from '../../shared/fact.ts'
import { unreadable, value } from '../../shared/fact.ts'
import { SIGNAL_IDS, type Facts, type SignalValue } from '../../shared/signals.ts'

/** A fact as it travels, read at this moment. */
export function read<T>(fact: Fact<T>, at: Date): Reported<T> {
  return { ...fact, source: 'a fake laptop', observedAt: at.toISOString() }
}

const MINUTE = 60_000
const before = (now: Date, minutes: number) => new Date(now.getTime() - minutes * MINUTE).toISOString()

/** What a Linux laptop says that passes every check of the default policy, and whose key is held by hardware. */
export function healthyValues(now: Date): SignalValue {
  return {
    os: {
      platform: 'linux',
      name: 'Debian GNU/Linux',
      version: '13',
      build: '13.2',
      kernel: '6.12.48+deb13-amd64',
      arch: 'x64',
      id: 'debian',
    },
    'os-updates': {
      pendingSecurity: 0,
      pending: 3,
      lastInstalledAt: before(now, 26 * 60),
      lastCheckedAt: before(now, 90),
      automatic: true,
      rebootRequired: false,
    },
    'disk-encryption': {
      volumes: [
        { mount: '/', role: 'system', state: 'on', method: 'luks2', keyProtector: 'hardware' },
        { mount: '/home', role: 'data', state: 'on', method: 'luks2', keyProtector: 'hardware' },
      ],
    },
    'endpoint-protection': {
      products: [
        {
          product: 'microsoft-defender',
          version: '101.25092.0005',
          state: 'healthy',
          reasons: [],
          realTime: true,
          tamperProtection: true,
          definitionsAt: before(now, 3 * 60),
          lastContactAt: before(now, 4),
        },
      ],
    },
    firewall: { enabled: true },
    'screen-lock': { enabled: true, afterSeconds: 300 },
    'secure-boot': { enabled: true, tpm: '2.0' },
    device: {
      hostname: 'nightingale',
      manufacturer: 'Example',
      model: 'Book 14',
      serial: 'EX-4711-0815',
      chassis: 'laptop',
    },
  }
}

/** A whole reading made of these values. */
export function factsOf(values: SignalValue, now: Date): Facts {
  return {
    os: read(value(values.os), now),
    'os-updates': read(value(values['os-updates']), now),
    'disk-encryption': read(value(values['disk-encryption']), now),
    'endpoint-protection': read(value(values['endpoint-protection']), now),
    firewall: read(value(values.firewall), now),
    'screen-lock': read(value(values['screen-lock']), now),
    'secure-boot': read(value(values['secure-boot']), now),
    device: read(value(values.device), now),
  }
}

export function healthyFacts(now: Date): Facts {
  return factsOf(healthyValues(now), now)
}

/** A reading in which the agent could see nothing at all. */
export function unreadableFacts(now: Date): Facts {
  return Object.fromEntries(SIGNAL_IDS.map((id) => [id, read(unreadable('permission denied'), now)]))
}
