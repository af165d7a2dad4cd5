import { describe, expect, test } from 'vitest'
import { DAY, HOUR, at, laptop, off, on, policyOf, result, time, unseen } from '../../test/fakes/appraised.ts'
import { graceOf } from './grace.ts'
import type { Past } from './memory.ts'

const TERMS = { graceMs: 60 * 60_000, enrolmentGraceMs: 10 * 60_000 }
const FAILING: Past = {
  verdict: 'fail',
  since: at(0),
  passed: true,
  failingSince: at(0),
  passingSince: null,
  trackedSince: null,
  askedSince: null,
  lapsedAt: null,
}

describe('the end', () => {
  test.each<{ name: string; past: Partial<Past>; until: number }>([
    { name: 'counts from the first failure of a device that passed', past: {}, until: 60 },
    { name: 'is that of enrolment for a device that never passed', past: { passed: false }, until: 10 },
    {
      name: "counts from the policy's change for a device that is newly asked",
      past: { passed: false, askedSince: at(-5) },
      until: 55,
    },
    {
      name: "counts from the policy's change where the failure is older",
      past: { askedSince: at(0), failingSince: at(-99) },
      until: 60,
    },
    { name: 'counts from the failure where it came after the change', past: { askedSince: at(-99) }, until: 60 },
    { name: 'is later than what has lapsed where the policy gives more', past: { lapsedAt: at(59) }, until: 60 },
  ])('$name', ({ past, until }) => {
    const look = (ms: number) => graceOf({ ...FAILING, ...past }, TERMS, new Date(ms))
    const end = at(until).getTime()
    expect(look(end - 1)).toEqual({ until: at(until), lapsedAt: past.lapsedAt ?? null })
    expect(look(end)).toEqual({ until: null, lapsedAt: at(until) })
  })
})

test.each<{ name: string; past: Partial<Past>; lapsedAt: Date | null }>([
  { name: 'nothing fails', past: { failingSince: null, lapsedAt: at(9) }, lapsedAt: null },
  { name: 'it has lapsed, and the clock was set back', past: { lapsedAt: at(60) }, lapsedAt: at(60) },
  { name: 'it lapsed later than it ends now', past: { lapsedAt: at(61) }, lapsedAt: at(61) },
])('there is none where $name', ({ past, lapsedAt }) => {
  expect(graceOf({ ...FAILING, ...past }, TERMS, at(1))).toEqual({ until: null, lapsedAt })
})

test('the later of two lapses is kept', () => {
  expect(graceOf({ ...FAILING, lapsedAt: at(99) }, TERMS, at(70)).lapsedAt).toEqual(at(99))
  expect(graceOf({ ...FAILING, lapsedAt: at(30) }, TERMS, at(70)).lapsedAt).toEqual(at(60))
})

describe('a laptop in grace', () => {
  test('keeps its tier, and is told until when', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const appraisal = it.reports(5, off)
    expect(result(appraisal)).toMatchObject({ verdict: 'grace', since: time(5), deadline: time(65) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.configuration).toBe(32)
    expect(appraisal.memory.firewall).toMatchObject({ passed: true, failingSince: at(5) })
  })

  test('has it from the first failure on, not from the last report', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    const appraisal = it.reports(60, off)
    expect(result(appraisal)).toMatchObject({ verdict: 'grace', since: time(60), deadline: time(65) })
    expect(appraisal.nextChange).toEqual(at(65))
  })

  test('loses it in the very moment of the deadline', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    it.reports(60, off)
    expect(result(it.asked(65 - 1 / 60_000))?.verdict).toBe('grace')
    const appraisal = it.asked(65)
    expect(result(appraisal)).toMatchObject({ verdict: 'fail', since: time(65) })
    expect(result(appraisal)).not.toHaveProperty('deadline')
    expect(appraisal.memory.firewall?.lapsedAt).toEqual(at(65))
    expect(result(it.asked(72))?.since).toBe(time(65))
  })

  test('had it from when the check was last seen to pass, although it could not be seen in between', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, unseen)
    expect(result(it.reports(10, off))).toMatchObject({ verdict: 'grace', since: time(10), deadline: time(65) })
  })

  test('goes on after a silence as if there had been none', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    expect(result(it.asked(40))?.verdict).toBe('stale')
    expect(result(it.reports(50, off))).toMatchObject({ verdict: 'grace', since: time(50), deadline: time(65) })
    expect(result(it.asked(200))?.verdict).toBe('stale')
    expect(result(it.reports(210, off))).toMatchObject({ verdict: 'fail', since: time(210) })
  })

  test('keeps what it had where its last report can no longer be read', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    const appraisal = it.forgets(6)
    expect(result(appraisal)).toMatchObject({ verdict: 'unknown', why: 'the last report can no longer be read' })
    expect(appraisal.tiers).toEqual(['public'])
    expect(result(it.reports(7, off))).toMatchObject({ verdict: 'grace', deadline: time(65) })
  })

  test('has what the policy gives at enrolment where it never passed', () => {
    const it = laptop(policyOf('enrolment-grace: 10m'))
    const appraisal = it.reports(0, off)
    expect(result(appraisal)).toMatchObject({ verdict: 'grace', deadline: time(10) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(result(it.asked(12))).toMatchObject({ verdict: 'fail', since: time(10) })
  })

  test('loses that of enrolment while it is silent, whatever it reports next', () => {
    const it = laptop(policyOf('enrolment-grace: 20m'))
    it.reports(0, off)
    expect(it.reports(30, on).memory.firewall?.lapsedAt).toEqual(at(20))
  })

  test('has it from the change of the policy that began to ask, however late it comes back', () => {
    const it = laptop(policyOf('', '[secure-boot]'))
    it.reports(0, off)
    it.under(30, policyOf())
    expect(result(it.reports(80, off))).toMatchObject({ verdict: 'grace', since: time(80), deadline: time(90) })
    expect(result(it.asked(92))).toMatchObject({ verdict: 'fail', since: time(90) })
  })

  test('keeps it under a later policy, and gains nothing by it', () => {
    const it = laptop(policyOf('', '[secure-boot]'))
    it.reports(0, off)
    it.under(5, policyOf())
    expect(result(it.under(10, policyOf('unknown: grace')))).toMatchObject({ verdict: 'grace', deadline: time(65) })
  })
})

describe('a clock that is set', () => {
  test('back does not bring a grace that is over to life', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    expect(result(it.reports(70, off))?.verdict).toBe('fail')
    expect(result(it.reports(20, off))).toMatchObject({ verdict: 'fail' })
    expect(result(it.reports(-30, off))?.verdict).toBe('fail')
  })

  test('back does not lengthen a grace', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    expect(result(it.reports(-600, off))).toMatchObject({ verdict: 'grace', deadline: time(-540) })
  })

  test('ahead ends what ends by the date that it shows, and takes nothing from who passes', () => {
    const [passes, fails] = [laptop(policyOf()), laptop(policyOf())]
    passes.reports(0, on)
    fails.reports(0, on)
    fails.reports(1, off)
    expect(result(passes.reports(DAY, on))?.verdict).toBe('pass')
    expect(result(fails.reports(DAY, off))?.verdict).toBe('fail')
    expect(result(passes.reports(2, on))?.verdict).toBe('pass')
    expect(result(passes.reports(3, off))).toMatchObject({ verdict: 'grace', deadline: time(3 + HOUR) })
  })
})
