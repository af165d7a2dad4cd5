import { describe, expect, test } from 'vitest'
import type { CheckId, CheckResult, Verdict } from '../../shared/standing.ts'
import { at, laptop, off, on, policyOf, result, time, unseen } from '../../test/fakes/appraised.ts'
import { admits } from './admit.ts'
import type { Policy } from './policy.ts'

const STRICT = { name: 'internal', checks: ['firewall'], unknown: 'fail' } as const
const FORGIVING = { ...STRICT, unknown: 'grace' } as const

/** A firewall of which this is known. */
function weighed(verdict: Verdict, more: Partial<CheckResult> = {}) {
  const shown: CheckResult & { id: CheckId } = {
    title: 'Firewall',
    verdict,
    since: time(0),
    why: 'it is written',
    mode: 'enforce',
    ...more,
    id: 'firewall',
  }
  return new Map([['firewall' as const, { result: shown }]])
}

test.each<{ verdict: Verdict; isOpen: boolean }>([
  { verdict: 'pass', isOpen: true },
  { verdict: 'grace', isOpen: true },
  { verdict: 'excepted', isOpen: true },
  { verdict: 'not-applicable', isOpen: true },
  { verdict: 'fail', isOpen: false },
  { verdict: 'unknown', isOpen: false },
  { verdict: 'stale', isOpen: false },
])('a check that is $verdict holds its tier open: $isOpen', ({ verdict, isOpen }) => {
  expect(admits(STRICT, weighed(verdict))).toBe(isOpen)
  // Grace without a deadline, or for a tier that does not forgive, opens nothing more.
  expect(admits(FORGIVING, weighed(verdict))).toBe(isOpen)
  expect(admits(STRICT, weighed(verdict, { deadline: time(5) }))).toBe(isOpen)
  expect(admits(FORGIVING, weighed(verdict, { deadline: time(5) }))).toBe(isOpen || verdict === 'unknown')
  expect(admits(STRICT, weighed(verdict, { mode: 'report' }))).toBe(true)
})

test('a tier is closed where the policy does not ask what it needs', () => {
  expect(admits(STRICT, new Map())).toBe(false)
  const policy: Policy = { ...policyOf(), checksFor: () => new Map() }
  expect(laptop(policy).reports(0, on).tiers).toEqual(['public'])
})

describe('a tier that forgives the unknown', () => {
  test('stays open until the deadline, while the check stays unknown', () => {
    const it = laptop(policyOf('unknown: grace'))
    it.reports(0, on)
    const appraisal = it.reports(5, unseen)
    expect(result(appraisal)).toMatchObject({ verdict: 'unknown', deadline: time(65) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(it.reports(60, unseen).nextChange).toEqual(at(65))
    const over = it.asked(65)
    expect(result(over)).toMatchObject({ verdict: 'unknown', since: time(60) })
    expect(result(over)).not.toHaveProperty('deadline')
    expect(over.tiers).toEqual(['public'])
  })

  test('forgives nothing that is over, although the clock is set back', () => {
    const it = laptop(policyOf('unknown: grace'))
    it.reports(0, on)
    it.reports(5, unseen)
    it.reports(70, unseen)
    expect(it.reports(20, unseen).tiers).toEqual(['public'])
  })

  test('is the one that says so, and no other', () => {
    const it = laptop(policyOf('', '{ checks: [firewall], unknown: grace }, secret: []'))
    expect(it.reports(0, on).tiers).toEqual(['public', 'internal', 'secret'])
    expect(it.reports(5, unseen).tiers).toEqual(['public', 'internal'])
  })

  test('does not forgive a device that never passed, unless enrolment has a grace', () => {
    expect(laptop(policyOf('unknown: grace')).reports(0, unseen).tiers).toEqual(['public'])
    expect(laptop(policyOf('unknown: grace\nenrolment-grace: 10m')).reports(0, unseen).tiers).toEqual([
      'public',
      'internal',
    ])
  })

  test('does not forgive a device that never reported', () => {
    expect(laptop(policyOf('unknown: grace\nenrolment-grace: 1d')).asked(0).tiers).toEqual(['public'])
  })

  test('is not shown a deadline where only a tier forgives that does not need the check', () => {
    const it = laptop(policyOf('', '{ checks: [secure-boot], unknown: grace }, secret: [firewall]'))
    it.reports(0, on)
    const appraisal = it.reports(5, unseen)
    expect(result(appraisal)).not.toHaveProperty('deadline')
    expect(appraisal.nextChange).toEqual(at(20))
  })

  test('is not shown a deadline where no tier forgives', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const appraisal = it.reports(5, unseen)
    expect(result(appraisal)).not.toHaveProperty('deadline')
    expect(appraisal.nextChange).toEqual(at(20))
  })
})

describe('a check in report mode', () => {
  const reported = policyOf('overrides: [{ when: { tag: pilot }, checks: { firewall: { mode: report } } }]')

  test.each([
    { name: 'fails', facts: off, verdict: 'fail', code: 32 },
    { name: 'is unknown', facts: unseen, verdict: 'unknown', code: 36 },
  ])('that $name is shown and not counted', ({ facts, verdict, code }) => {
    const appraisal = laptop(reported, { tags: ['pilot'] }).reports(0, facts)
    expect(result(appraisal)).toMatchObject({ verdict, mode: 'report' })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.configuration).toBe(code)
  })

  test('counts for a device that the override does not name', () => {
    expect(laptop(reported).reports(0, off).tiers).toEqual(['public'])
  })
})
