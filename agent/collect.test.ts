import { describe, expect, test } from 'vitest'
import { absent, unreadable, value } from '../shared/fact.ts'
import { parserOf } from '../shared/schema.ts'
import { Facts, SIGNAL_IDS } from '../shared/signals.ts'
import { collect, onceRead, type Probes } from './collect.ts'
import { recordedHost } from './host/recorded.ts'
import type { Reading } from './probes/probe.ts'

const NOW = '2026-05-04T10:00:00.000Z'
const host = recordedHost({ version: 1, platform: 'linux', recordedAt: NOW, entries: [] })
const nothing = async () => ({ ...unreadable('not in this test'), source: 'none' })
const noSystem = async () => ({ ...absent('no system'), source: 'test' })
const firewall = value({ enabled: true })

function probes(some: Partial<Probes>): Probes {
  const none = {
    os: nothing,
    'os-updates': nothing,
    'disk-encryption': nothing,
    'endpoint-protection': nothing,
    firewall: nothing,
    'screen-lock': nothing,
    'secure-boot': nothing,
    device: nothing,
  }
  return { ...none, ...some }
}

describe('collect', () => {
  test('reads what is wanted and nothing else, in the shape that travels', async () => {
    const facts = await collect(host, probes({ firewall: async () => ({ ...firewall, source: 'test' }) }), [
      'firewall',
      'os',
    ])
    expect(facts).toEqual({
      firewall: { kind: 'value', value: { enabled: true }, source: 'test', observedAt: NOW },
      os: { kind: 'unreadable', why: 'not in this test', source: 'none', observedAt: NOW },
    })
  })

  test('times are those of the collector, and of the reading where it came from a cache', async () => {
    const readAt = new Date('2026-05-04T09:00:00Z')
    const all = probes({ firewall: async () => ({ ...firewall, source: 'test', readAt }) })
    const facts = await collect(host, all, ['firewall', 'os'], { offsetMs: 90_000 })
    expect(facts.firewall?.observedAt).toBe('2026-05-04T09:01:30.000Z')
    expect(facts.os?.observedAt).toBe('2026-05-04T10:01:30.000Z')
  })

  const failing: { name: string; probe: () => Promise<unknown>; why: RegExp }[] = [
    {
      name: 'throws',
      probe: () => Promise.reject(new Error('the disk is on fire')),
      why: /failed: the disk is on fire/,
    },
    { name: 'throws no error', probe: () => Promise.reject('ouch'), why: /failed: ouch/ },
    {
      name: 'throws at once',
      probe: () => {
        throw new Error('early')
      },
      why: /failed: early/,
    },
    { name: 'never ends', probe: () => new Promise(() => undefined), why: /longer than 0.02 s/ },
    { name: 'returns nothing', probe: async () => undefined, why: /wrong shape/ },
    { name: 'returns null', probe: async () => null, why: /wrong shape/ },
    { name: 'returns text', probe: async () => 'on', why: /wrong shape/ },
    { name: 'has no source', probe: async () => value({ enabled: true }), why: /wrong shape/ },
    {
      name: 'is of another signal',
      probe: async () => ({ ...value({ volumes: [] }), source: 's' }),
      why: /wrong shape/,
    },
    {
      name: 'adds a key',
      probe: async () => ({ ...value({ enabled: true, sure: 1 }), source: 's' }),
      why: /wrong shape/,
    },
    { name: 'judges', probe: async () => ({ kind: 'pass', source: 's' }), why: /wrong shape/ },
    {
      name: 'says on in words',
      probe: async () => ({ ...value({ enabled: 'yes' }), source: 's' }),
      why: /wrong shape/,
    },
    { name: 'gives no reason', probe: async () => ({ kind: 'absent', why: '', source: 's' }), why: /wrong shape/ },
    {
      name: 'has an impossible time',
      probe: async () => ({ ...firewall, source: 's', readAt: new Date(NaN) }),
      why: /wrong shape/,
    },
  ]
  for (const { name, probe, why } of failing) {
    test(`a probe that ${name} makes its signal unreadable and no other`, async () => {
      // What a faulty probe returns is not what its type says: that is the test.
      const faulty = probe as unknown as Probes['firewall']
      const facts = await collect(host, probes({ firewall: faulty, os: noSystem }), ['firewall', 'os'], {
        deadlineMs: 20,
      })
      expect(facts.firewall).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(why), source: 'none' })
      expect(facts.os).toMatchObject({ kind: 'absent', why: 'no system' })
      expect(parserOf(Facts)(facts).ok).toBe(true)
    })
  }

  test('long sources and reasons are cut rather than refused', async () => {
    const long = { ...unreadable('y'.repeat(5000)), source: 'x'.repeat(5000) }
    const facts = await collect(host, probes({ firewall: async () => long }), ['firewall'])
    expect(facts.firewall?.source).toHaveLength(200)
    expect(facts.firewall).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(/^y{299}…$/) })
  })

  test('whatever probes return, what comes out is valid and no value is made up', async () => {
    const pieces = [undefined, null, 0, -1, '', 'on', true, [], {}, NaN, 'value', 'unreadable', new Date(NaN)]
    const parse = parserOf(Facts)
    for (let i = 0; i < 3000; i += 1) {
      const pick = (salt: number) => pieces[(i * 31 + salt * 7 + Math.floor(i / 13)) % pieces.length]
      const odd = { kind: pick(1), value: { enabled: pick(2) }, why: pick(3), source: pick(4), readAt: pick(5) }
      const probe = (async () => odd) as unknown as Probes['firewall']
      const { firewall: fact } = await collect(host, probes({ firewall: probe }), ['firewall'])
      expect(parse({ firewall: fact }).ok).toBe(true)
      const said = odd.kind === 'value' ? odd.value.enabled : null
      expect(fact?.kind === 'value' ? fact.value.enabled : said).toBe(said)
    }
  })

  test('every signal comes out of a full reading', async () => {
    expect(Object.keys(await collect(host, probes({}), SIGNAL_IDS))).toEqual(SIGNAL_IDS)
  })
})

describe('onceRead', () => {
  const device = value({ hostname: 'h', manufacturer: '', model: '', serial: '', chassis: '' })

  test('asks until there is a value, and then no more', async () => {
    const answers: Reading<never>[] = [{ ...unreadable('not yet'), source: 's' }]
    let asked = 0
    const probe = onceRead<'device'>(async () => {
      asked += 1
      return answers.pop() ?? { ...device, source: 's' }
    })
    expect(await probe(host)).toMatchObject({ kind: 'unreadable' })
    expect(await probe(host)).toMatchObject({ kind: 'value' })
    expect(await probe(host)).toMatchObject({ kind: 'value', readAt: new Date(NOW) })
    expect(asked).toBe(2)
  })
})
