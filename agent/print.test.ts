import { expect, test } from 'vitest'
import { unreadable, value, type Fact } from '../shared/fact.ts'
import { SIGNAL_IDS, type Facts, type SignalId } from '../shared/signals.ts'
import { describeFact } from './describe.ts'
import { logTo } from './print.ts'

const clock = () => new Date('2026-01-01T00:00:00Z')

test('the log of a service is JSON, a line each, and words at a terminal', () => {
  const lines: string[] = []
  const stream = (isTTY: boolean) => ({ isTTY, write: (text: string) => lines.push(text) })
  logTo(stream(false), clock)('connected', { collector: 'http://localhost' })
  logTo(stream(true), clock)('connected', { collector: 'http://localhost' })
  logTo(stream(true), clock)('stopped')
  expect(lines).toEqual([
    '{"time":"2026-01-01T00:00:00.000Z","event":"connected","collector":"http://localhost"}\n',
    '2026-01-01T00:00:00.000Z connected (collector: http://localhost)\n',
    '2026-01-01T00:00:00.000Z stopped\n',
  ])
})

test('a line break in what was logged does not make a second line', () => {
  const lines: string[] = []
  logTo({ write: (text) => lines.push(text) }, clock)('lost', { why: 'one\n{"event":"connected"}' })
  logTo({ isTTY: true, write: (text) => lines.push(text) }, clock)('lost', { why: 'one\nconnected' })
  expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2])
})

const at = (id: SignalId, fact: Fact<unknown>): Facts => ({
  [id]: { ...fact, source: 's', observedAt: '2026-01-01T00:00:00Z' },
})

const CASES: [SignalId, unknown, string][] = [
  [
    'os',
    { platform: 'linux', name: 'Debian GNU/Linux', version: '12', build: '12.7', kernel: '6.1', arch: 'x64' },
    'Debian GNU/Linux 12 (12.7) kernel 6.1',
  ],
  [
    'os-updates',
    {
      pendingSecurity: null,
      pending: null,
      lastInstalledAt: null,
      lastCheckedAt: null,
      automatic: null,
      rebootRequired: null,
    },
    'security updates not known',
  ],
  [
    'os-updates',
    {
      pendingSecurity: 3,
      pending: null,
      lastInstalledAt: null,
      lastCheckedAt: '2026-01-01T00:00:00Z',
      automatic: true,
      rebootRequired: true,
    },
    '3 security updates pending, restart needed, looked for at 2026-01-01T00:00:00Z',
  ],
  [
    'disk-encryption',
    {
      volumes: [
        { mount: '/', role: 'system', state: 'on', method: 'luks2', keyProtector: null },
        { mount: '/srv', role: 'data', state: 'off', method: null, keyProtector: null },
      ],
    },
    '/ on (luks2), /srv off',
  ],
  ['endpoint-protection', { products: [] }, 'none installed'],
  [
    'endpoint-protection',
    { products: [{ product: 'sentinelone', state: 'degraded', reasons: ['off line'] }] },
    'sentinelone degraded; off line',
  ],
  ['firewall', { enabled: false }, 'off'],
  ['screen-lock', { enabled: true, afterSeconds: 300 }, 'on, after 300 s'],
  ['secure-boot', { enabled: true, tpm: '2.0' }, 'on, TPM 2.0'],
  ['secure-boot', { enabled: false, tpm: null }, 'off, TPM not known'],
  ['secure-boot', { enabled: false, tpm: 'none' }, 'off, no TPM'],
  ['device', { hostname: 'h', manufacturer: '', model: '', serial: '', chassis: '' }, 'h'],
  ['device', { hostname: '', manufacturer: '', model: '', serial: '', chassis: '' }, 'nothing known'],
]
for (const [id, it, words] of CASES) {
  test(`${id}: ${words}`, () => expect(describeFact(at(id, value(it)), id)).toBe(words))
}

test('a fact without a value says why', () => {
  for (const id of SIGNAL_IDS) {
    expect(describeFact(at(id, unreadable('needs root')), id)).toBe('unreadable: needs root')
    expect(describeFact({}, id)).toBe('unreadable: the agent did not send this signal')
  }
})
