import { absent, unreadable, unsupported, value, type Fact, type Reported } from '../../shared/fact.ts'
import type { Facts, Product, SignalValue, Volume } from '../../shared/signals.ts'
import type { Chance } from './chance.ts'
import { healthyValues, read } from './facts.ts'

const HOUR = 3_600_000

/** A reading of a laptop of any kind and in any state; about half of what it says is good. */
export function randomFacts(luck: Chance, now: Date): Facts {
  const good = healthyValues(now)
  const ago = (hours: number) => new Date(now.getTime() - hours * HOUR).toISOString()

  function fact<T>(fine: T, random: () => T): Reported<T> | undefined {
    if (luck.oneIn(12)) return undefined
    const none = luck.of([absent, unsupported, unreadable])
    const it: Fact<T> = luck.oneIn(8) ? none('bad luck') : value(luck.oneIn(2) ? fine : random())
    return read(it, new Date(now.getTime() - luck.of([0, 0, 0, 1, 20, 29, 45, 60]) * 60_000))
  }

  const os = (): SignalValue['os'] => ({
    ...good.os,
    platform: luck.of(['linux', 'linux', 'macos', 'windows']),
    id: luck.of(['debian', 'ubuntu', 'rhel', 'arch', 'plan9']),
    version: luck.of(['13', '11', '24.04', '9.6', '']),
    ...(luck.oneIn(3) && { supportEnd: ago(luck.of([-9000, -0.1, 0, 5])) }),
  })
  const updates = (): SignalValue['os-updates'] => ({
    ...good['os-updates'],
    pendingSecurity: luck.of([0, 0, 1, 7, null]),
    lastCheckedAt: luck.of([ago(1), ago(167.9), ago(168), ago(400), null]),
    rebootRequired: luck.of([false, false, true, null]),
  })
  const volume = (role: Volume['role']): Volume => ({
    mount: luck.of(['/', '/home', 'C:']),
    role,
    state: luck.of([
      'on',
      'on',
      'on',
      'off',
      'encrypting',
      'decrypting',
      'suspended',
      'suspended',
      'locked',
      'unknown',
    ]),
    method: luck.of(['luks2', 'bitlocker', null]),
    keyProtector: luck.of(['hardware', 'passphrase', null]),
  })
  const roles = (): Volume['role'][] =>
    luck.of([['system'], ['system', 'system'], ['data'], [], ['removable', 'system', 'swap', 'data']])
  const product = (): Product => ({
    product: luck.of(['microsoft-defender', 'crowdstrike-falcon', 'wazuh', 'clamav', 'huntress']),
    state: luck.of(['healthy', 'healthy', 'degraded', 'off', 'unknown']),
    reasons: luck.of([[], ['the service is stopped']]),
    realTime: luck.of([true, false, null]),
    tamperProtection: null,
    definitionsAt: luck.of([null, ago(2), ago(167.9), ago(168), ago(-48)]),
    lastContactAt: null,
  })

  const drawn = {
    os: fact(good.os, os),
    'os-updates': fact(good['os-updates'], updates),
    'disk-encryption': fact(good['disk-encryption'], () => ({ volumes: roles().map(volume) })),
    'endpoint-protection': fact(good['endpoint-protection'], () => ({
      products: Array.from({ length: luck.below(4) }, product),
    })),
    firewall: fact(good.firewall, () => ({
      enabled: luck.of([true, false]),
      ...(luck.oneIn(2) && { profiles: { public: luck.of([true, false]) } }),
    })),
    'screen-lock': fact(good['screen-lock'], () => ({
      enabled: luck.of([true, true, false]),
      afterSeconds: luck.of([0, 900, 901, null]),
    })),
    'secure-boot': fact(good['secure-boot'], () => ({ enabled: luck.of([true, false]), tpm: luck.of(['2.0', null]) })),
    device: fact(good.device, () => ({ ...good.device, serial: '' })),
  }
  return Object.fromEntries(Object.entries(drawn).filter(([, it]) => it !== undefined))
}
