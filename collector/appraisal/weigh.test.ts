import { describe, expect, test } from 'vitest'
import { at, judging, laptop, off, on, policyOf, result, time, unseen } from '../../test/fakes/appraised.ts'
import { factsOf, healthyValues } from '../../test/fakes/facts.ts'
import type { Appraisal } from './appraise.ts'

describe('a device that never reported', () => {
  test('is unknown since it was first asked about, and admitted to public alone', () => {
    const it = laptop(policyOf())
    it.asked(0)
    const appraisal = it.asked(30)
    expect(appraisal.tiers).toEqual(['public'])
    expect(result(appraisal)).toMatchObject({
      verdict: 'unknown',
      since: time(0),
      why: 'the device has not reported yet',
    })
    expect(appraisal.nextChange).toBeNull()
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
  })

  test('is not taken for one that passed before, because it was asked about', () => {
    const it = laptop(policyOf())
    it.asked(0)
    expect(result(it.reports(5, off))).toMatchObject({ verdict: 'fail', since: time(5) })
  })
})

describe('a verdict', () => {
  test('lasts since it began', () => {
    const it = laptop(policyOf())
    expect(result(it.reports(0, off))).toMatchObject({ verdict: 'fail', since: time(0) })
    expect(result(it.reports(5, off))).toMatchObject({ verdict: 'fail', since: time(0) })
    expect(result(it.reports(10, on))).toMatchObject({ verdict: 'pass', since: time(10) })
    expect(result(it.reports(15, on))).toMatchObject({ verdict: 'pass', since: time(10) })
  })

  test('says what was found, and what to do', () => {
    const check = result(laptop(policyOf()).reports(0, off))
    expect(check).toMatchObject({ title: 'Firewall', why: 'the firewall is off', mode: 'enforce' })
    expect(check?.fix).toMatch(/\.$/)
    expect(result(laptop(policyOf()).reports(0, on))).not.toHaveProperty('fix')
  })

  test('does not last since a time that the clock has not reached', () => {
    const it = laptop(policyOf())
    it.reports(0, off)
    expect(result(it.reports(-60, off))).toMatchObject({ verdict: 'fail', since: time(-60) })
    expect(result(it.reports(-55, off))).toMatchObject({ verdict: 'fail', since: time(-60) })
  })

  test('is cut where a rule says more than travels', () => {
    const policy = judging(policyOf(), () => ({ verdict: 'fail', why: 'x'.repeat(500), code: 32 }))
    expect(result(laptop(policy).reports(0, off))?.why).toHaveLength(400)
  })

  test('does not change at a moment that has passed', () => {
    const policy = judging(policyOf(), () => ({ verdict: 'pass', why: 'it is written', code: 2, until: at(-5) }))
    expect(laptop(policy).reports(0, on).nextChange).toEqual(at(15))
  })
})

test('what is remembered of a check that fails, passes, and is silent', () => {
  const it = laptop(policyOf())
  const failing = {
    verdict: 'fail',
    since: at(0),
    passed: false,
    failingSince: at(0),
    passingSince: null,
    trackedSince: null,
    askedSince: null,
    lapsedAt: at(0),
    mode: 'enforce',
  }
  expect(it.reports(0, off).memory).toEqual({ firewall: failing })
  const passing = { ...failing, verdict: 'pass', since: at(5), passed: true, passingSince: at(5) }
  expect(it.reports(5, on).memory).toEqual({ firewall: passing })
  const silent = { ...passing, verdict: 'stale', since: at(20) }
  expect(it.asked(30).memory).toEqual({ firewall: silent })
  const unknown = { ...silent, verdict: 'unknown', since: at(40), passingSince: null }
  expect(it.reports(40, unseen).memory).toEqual({ firewall: unknown })
})

const updates = (pendingSecurity: number | null) => (now: Date) => {
  const values = healthyValues(now)
  return factsOf({ ...values, 'os-updates': { ...values['os-updates'], pendingSecurity } }, now)
}
const tracked = ({ memory }: Appraisal) => memory['os-patch']?.trackedSince

describe('what a rule tracks', () => {
  const patching = policyOf('checks: { os-patch: { within: 14d } }', '[os-patch]')

  test('begins when it is first seen, and lasts until it is seen to be over', () => {
    const it = laptop(patching)
    expect(tracked(it.reports(0, updates(0)))).toBeNull()
    expect(tracked(it.reports(5, updates(1)))).toEqual(at(5))
    expect(tracked(it.reports(10, updates(3)))).toEqual(at(5))
    expect(tracked(it.reports(15, updates(null)))).toEqual(at(5))
    expect(tracked(it.reports(20, () => ({})))).toEqual(at(5))
    expect(tracked(it.asked(60))).toEqual(at(5))
    expect(tracked(it.reports(65, updates(2)))).toEqual(at(5))
    expect(tracked(it.reports(70, updates(0)))).toBeNull()
    expect(tracked(it.reports(75, updates(1)))).toEqual(at(75))
  })

  test('fails when its time is over, by time alone', () => {
    const it = laptop(patching)
    it.reports(0, updates(0))
    it.reports(5, updates(1))
    const due = 5 + 14 * 24 * 60
    expect(it.reports(due - 5, updates(1)).nextChange).toEqual(at(due))
    expect(result(it.asked(due - 1), 'os-patch')?.verdict).toBe('pass')
    expect(result(it.asked(due + 2), 'os-patch')).toMatchObject({ verdict: 'fail', since: time(due) })
  })

  test('began now at the latest, where the clock was set back', () => {
    const it = laptop(patching)
    it.reports(5, updates(1))
    expect(tracked(it.reports(-600, updates(1)))).toEqual(at(-600))
  })
})
