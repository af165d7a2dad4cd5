import { describe, expect, test } from 'vitest'
import { value } from '../../shared/fact.ts'
import type { Facts, SignalId } from '../../shared/signals.ts'
import { at, laptop, off, on, policyOf, result, time } from '../../test/fakes/appraised.ts'
import { healthyValues, read } from '../../test/fakes/facts.ts'
import { freshnessOf } from './freshness.ts'

const MINUTE = 60_000

/** Facts of these signals, each read in its minute. */
function readIn(minutes: Partial<Record<SignalId, number>>): Facts {
  const values = healthyValues(at(0))
  const facts = Object.entries(minutes).map(([id, minute]) => [id, read(value(values[id as SignalId]), at(minute))])
  return Object.fromEntries(facts)
}

test.each([
  { name: 'evidence runs out', facts: { firewall: 0 }, freshness: 15, until: 15 },
  { name: 'a signal runs out before the evidence', facts: { firewall: 0 }, freshness: 90, until: 30 },
  { name: 'a signal was old when it came', facts: { firewall: -20 }, freshness: 15, until: 10 },
  { name: 'the oldest of two runs out', facts: { firewall: -5, os: -50 }, freshness: 90, until: 10 },
  {
    name: 'what it does not look at may be old',
    facts: { firewall: 0, 'secure-boot': -500 },
    freshness: 15,
    until: 15,
  },
  { name: 'a fact from the future is as old as its report', facts: { firewall: 500 }, freshness: 90, until: 30 },
  { name: 'a fact that did not come is as old as its report', facts: {}, freshness: 90, until: 30 },
])('$name', ({ facts, freshness, until }) => {
  const evidence = { facts: readIn(facts), receivedAt: at(0), confirmedAt: at(0) }
  const look = (ms: number) =>
    freshnessOf(evidence, ['firewall', 'os'], { freshnessMs: freshness * MINUTE, now: new Date(ms) })
  const end = at(until).getTime()
  expect(look(at(0).getTime())).toEqual({ state: 'fresh', until: at(until) })
  expect(look(end - 1)).toEqual({ state: 'fresh', until: at(until) })
  expect(look(end)).toEqual({ state: 'old', since: at(until) })
})

test('what was confirmed counts from then, and what was read keeps its age', () => {
  const evidence = { facts: readIn({ firewall: -20 }), receivedAt: at(0), confirmedAt: at(60) }
  expect(freshnessOf(evidence, ['firewall'], { freshnessMs: 15 * MINUTE, now: at(61) })).toEqual({
    state: 'fresh',
    until: at(70),
  })
})

test('evidence that is dated ahead of the clock, by more than clocks may differ, says nothing of now', () => {
  const evidence = { facts: readIn({ firewall: 0 }), receivedAt: at(0), confirmedAt: at(0) }
  const look = (ms: number) => freshnessOf(evidence, ['firewall'], { freshnessMs: 15 * MINUTE, now: new Date(ms) })
  const counts = at(-2).getTime()
  expect(look(counts - 1)).toEqual({ state: 'ahead', until: at(-2) })
  expect(look(counts)).toEqual({ state: 'fresh', until: at(15) })
})

test('a check is as fresh as the oldest of the facts that its rule looks at', () => {
  const it = laptop(policyOf('', '[os-patch]'))
  expect(it.reports(0, () => readIn({ 'os-updates': 0, os: -50 })).nextChange).toEqual(at(10))
  expect(result(it.asked(10), 'os-patch')?.verdict).toBe('stale')
})

describe('stale', () => {
  test('says how long ago the report ran out, and what to do', () => {
    const it = laptop(policyOf())
    expect(it.reports(0, on).nextChange).toEqual(at(15))
    const appraisal = it.asked(20)
    expect(result(appraisal)).toMatchObject({
      verdict: 'stale',
      since: time(15),
      why: 'the last report ran out 5 minutes ago',
    })
    expect(result(appraisal)?.fix).toBeDefined()
    expect(appraisal.nextChange).toBeNull()
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(result(it.asked(300))?.since).toBe(time(15))
  })

  test('is not forgiven by a tier that forgives the unknown, nor by grace', () => {
    const it = laptop(policyOf('unknown: grace'))
    it.reports(0, on)
    it.reports(5, off)
    expect(it.asked(20).tiers).toEqual(['public'])
  })

  test('is put off by "unchanged"', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    expect(it.confirms(10).nextChange).toEqual(at(25))
    expect(result(it.asked(24))?.verdict).toBe('pass')
    expect(result(it.asked(25))?.verdict).toBe('stale')
  })

  test('is a single signal that grew older than it may, while the others hold', () => {
    const it = laptop(policyOf('', '[firewall, secure-boot]'))
    expect(it.reports(0, () => readIn({ 'secure-boot': 0, firewall: -20 })).nextChange).toEqual(at(10))
    const appraisal = it.asked(10)
    expect(result(appraisal)).toMatchObject({ verdict: 'stale', since: time(10) })
    expect(result(appraisal, 'secure-boot')?.verdict).toBe('pass')
    expect(appraisal.tiers).toEqual(['public'])
  })

  test('is a report that lies ahead of the clock, until the clock has come near it again', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const appraisal = it.asked(-60)
    expect(result(appraisal)).toMatchObject({
      verdict: 'stale',
      since: time(-60),
      why: 'the last report is dated 1 hour ahead of now',
    })
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.nextChange).toEqual(at(-2))
    expect(result(it.reports(-59, on))).toMatchObject({ verdict: 'pass', since: time(-59) })
  })
})
