import { describe, expect, test } from 'vitest'
import type { Facts } from '../../shared/signals.ts'
import { VERDICTS, type Verdict } from '../../shared/standing.ts'
import { at, exception, laptop, off, on, policyOf, result, scripted, time, unseen } from '../../test/fakes/appraised.ts'
import type { Appraisal } from './appraise.ts'
import type { Exception } from './exception.ts'
import type { Policy } from './policy.ts'

const POLICY = policyOf()
const STRICT = policyOf('checks: { firewall: { grace: 0m } }')
const LENIENT = policyOf('checks: { firewall: { grace: 5h } }')
const WELCOMING = policyOf('enrolment-grace: 1h')
const REPORTING = policyOf('checks: { firewall: { mode: report } }')
const PATIENT: Policy = { ...POLICY, freshnessMs: 1_800_000 }
const ELSEWHERE = policyOf('', '[secure-boot]')

const EXCUSE = exception(0, 500)
const ENDED = { ...EXCUSE, endedAt: at(5) }
const old = () => on(at(-31))

/** What happens to the laptop, and where it stands then. */
type Step = (it: ReturnType<typeof laptop>) => Appraisal
const reports =
  (minute: number, facts: (now: Date) => Facts): Step =>
  (it) =>
    it.reports(minute, facts)
const asked =
  (minute: number): Step =>
  (it) =>
    it.asked(minute)
const forgets =
  (minute: number): Step =>
  (it) =>
    it.forgets(minute)
const under =
  (minute: number, policy: Policy): Step =>
  (it) =>
    it.under(minute, policy)
const excused =
  (minute: number, ...exceptions: Exception[]): Step =>
  (it) =>
    it.excused(minute, ...exceptions)

const passes = reports(0, on)
const fails = reports(0, off)
const isUnknown = reports(0, unseen)
/** Its grace ends in minute 61. */
const hasGrace: Step = (it) => {
  passes(it)
  return it.reports(1, off)
}
/** It confirms what it said every ten minutes, so that it does not grow stale, and is then asked about. */
const waits =
  (from: number, to: number): Step =>
  (it) => {
    for (let minute = from; minute < to; minute += 10) it.confirms(minute)
    return it.asked(to)
  }

/** A way from one verdict of the firewall to another; null is a check that is not asked. `since` is the minute. */
type Way = [from: Verdict | null, to: Verdict | null, how: string, policy: Policy, since: number, ...steps: Step[]]

const BY_REPORT: Way[] = [
  [null, 'pass', 'the first report is good', POLICY, 0, passes],
  [null, 'fail', 'the first report is bad', POLICY, 0, fails],
  [null, 'grace', 'it enrols where enrolment has a grace', WELCOMING, 0, fails],
  [null, 'unknown', 'the first report does not say', POLICY, 0, isUnknown],
  [null, 'unknown', 'it has enrolled and not reported', POLICY, 0, asked(0), asked(30)],
  [null, 'stale', 'the first report was read long ago', POLICY, 0, reports(0, old)],
  ['unknown', 'excepted', 'it was excused before it came', POLICY, 0, excused(0, EXCUSE), fails],

  ['pass', 'fail', 'it breaks where there is no grace', STRICT, 2, passes, reports(2, off)],
  ['pass', 'grace', 'it breaks', POLICY, 2, passes, reports(2, off)],
  ['pass', 'unknown', 'it cannot be seen any more', POLICY, 2, passes, reports(2, unseen)],
  ['pass', 'unknown', 'the report cannot be read any more', POLICY, 2, passes, forgets(2)],
  ['pass', 'stale', 'it reports what it read long ago', POLICY, 2, passes, reports(2, old)],
  ['pass', 'excepted', 'it breaks and is excused', POLICY, 2, excused(0, EXCUSE), passes, reports(2, off)],

  ['fail', 'pass', 'it is mended', POLICY, 2, fails, reports(2, on)],
  ['fail', 'unknown', 'it cannot be seen any more', POLICY, 2, fails, reports(2, unseen)],
  ['fail', 'stale', 'it reports what it read long ago', POLICY, 2, fails, reports(2, old)],

  ['grace', 'pass', 'it is mended', POLICY, 2, hasGrace, reports(2, on)],
  ['grace', 'unknown', 'it cannot be seen any more', POLICY, 2, hasGrace, reports(2, unseen)],
  ['grace', 'stale', 'it reports what it read long ago', POLICY, 2, hasGrace, reports(2, old)],

  ['excepted', 'pass', 'it is mended', POLICY, 2, excused(0, EXCUSE), fails, reports(2, on)],
  ['excepted', 'stale', 'it reports what it read long ago', POLICY, 2, excused(0, EXCUSE), fails, reports(2, old)],
  ['excepted', 'unknown', 'the report cannot be read any more', POLICY, 2, excused(0, EXCUSE), fails, forgets(2)],

  ['unknown', 'pass', 'it is seen to be good', POLICY, 2, isUnknown, reports(2, on)],
  ['unknown', 'fail', 'it is seen to be bad', POLICY, 2, isUnknown, reports(2, off)],
  ['unknown', 'grace', 'it is seen to be bad', POLICY, 4, passes, reports(2, unseen), reports(4, off)],
  ['unknown', 'stale', 'it reports what it read long ago', POLICY, 2, isUnknown, reports(2, old)],

  ['stale', 'pass', 'it is back, and good', POLICY, 30, passes, reports(30, on)],
  ['stale', 'fail', 'it is back, and bad', STRICT, 30, passes, reports(30, off)],
  ['stale', 'fail', 'it is back, and its grace is over', POLICY, 90, hasGrace, reports(90, off)],
  ['stale', 'grace', 'it is back, and has broken', POLICY, 30, passes, reports(30, off)],
  ['stale', 'unknown', 'it is back, and cannot be seen', POLICY, 30, passes, reports(30, unseen)],
  ['stale', 'excepted', 'it is back, and excused', POLICY, 30, excused(0, EXCUSE), passes, reports(30, off)],
]

/** In each, nobody looks before it is long over. */
const BY_TIME: Way[] = [
  ['pass', 'stale', 'the report runs out', POLICY, 15, passes, asked(400)],
  ['fail', 'stale', 'the report runs out', POLICY, 15, fails, asked(400)],
  ['grace', 'stale', 'the report runs out', POLICY, 16, hasGrace, asked(400)],
  ['unknown', 'stale', 'the report runs out', POLICY, 15, isUnknown, asked(400)],
  ['excepted', 'stale', 'the report runs out', POLICY, 15, excused(0, EXCUSE), fails, asked(400)],

  ['pass', 'fail', 'the time of a rule is over', scripted(STRICT, 'pass', 'fail'), 7, passes, asked(9)],
  ['pass', 'grace', 'the time of a rule is over', scripted(POLICY, 'pass', 'fail'), 7, passes, asked(9)],
  ['pass', 'unknown', 'what it rests on is too old', scripted(POLICY, 'pass', 'unknown'), 7, passes, asked(9)],
  ['pass', 'excepted', 'its time is over', scripted(POLICY, 'pass', 'fail'), 7, excused(0, EXCUSE), passes, asked(9)],
  ['unknown', 'fail', 'what it lacks is due', scripted(POLICY, 'unknown', 'fail'), 7, passes, asked(9)],

  ['grace', 'fail', 'its deadline comes', POLICY, 61, hasGrace, waits(10, 63)],
  ['grace', 'fail', 'the grace of enrolment ends', WELCOMING, 60, fails, waits(10, 63)],
  ['excepted', 'fail', 'the exception lapses', POLICY, 7, excused(0, exception(0, 7)), fails, asked(9)],
  ['excepted', 'grace', 'the exception lapses', POLICY, 7, excused(0, exception(0, 7)), hasGrace, asked(9)],
  ['excepted', 'unknown', 'the exception lapses', POLICY, 7, excused(0, exception(0, 7)), isUnknown, asked(9)],
  ['fail', 'excepted', 'the clock was set back', POLICY, 7, excused(0, exception(7, 50)), fails, asked(9)],
]

const BY_POLICY: Way[] = [
  [null, 'pass', 'it begins to ask', ELSEWHERE, 5, reports(0, on), under(5, POLICY)],
  [null, 'grace', 'it begins to ask', ELSEWHERE, 5, reports(0, off), under(5, POLICY)],
  [null, 'fail', 'it begins to ask without grace', ELSEWHERE, 5, reports(0, off), under(5, STRICT)],
  ['unknown', 'fail', 'the device is new itself', ELSEWHERE, 6, asked(0), under(5, POLICY), reports(6, off)],
  [null, 'unknown', 'it begins to ask', ELSEWHERE, 5, reports(0, unseen), under(5, POLICY)],
  [null, 'stale', 'it begins to ask', ELSEWHERE, 25, reports(0, on), under(25, POLICY)],
  [null, 'excepted', 'it begins to ask', ELSEWHERE, 5, excused(0, EXCUSE), reports(0, off), under(5, POLICY)],
  ['pass', null, 'it asks no more', POLICY, 5, passes, under(5, ELSEWHERE)],
  ['fail', null, 'it asks no more', POLICY, 5, fails, under(5, ELSEWHERE)],
  ['grace', null, 'it asks no more', POLICY, 5, hasGrace, under(5, ELSEWHERE)],
  ['unknown', null, 'it asks no more', POLICY, 5, isUnknown, under(5, ELSEWHERE)],
  ['excepted', null, 'it asks no more', POLICY, 5, excused(0, EXCUSE), fails, under(5, ELSEWHERE)],
  ['stale', null, 'it asks no more', POLICY, 25, passes, under(25, ELSEWHERE)],

  ['grace', 'fail', 'it takes the grace away', POLICY, 5, hasGrace, under(5, STRICT)],
  ['fail', 'grace', 'it gives more grace than there was', STRICT, 5, hasGrace, under(5, POLICY)],
  ['fail', 'grace', 'it gives more grace than has lapsed', POLICY, 70, hasGrace, waits(10, 69), under(70, LENIENT)],
  ['fail', 'grace', 'it begins to count what it reported', REPORTING, 5, fails, under(5, POLICY)],
  ['grace', 'fail', 'it counts no more, and so forgives nothing', POLICY, 5, hasGrace, under(5, REPORTING)],
  ['pass', 'fail', 'it asks for more', scripted(STRICT, 'pass'), 5, passes, under(5, scripted(STRICT, 'fail'))],
  ['fail', 'pass', 'it asks for less', scripted(POLICY, 'fail'), 5, passes, under(5, scripted(POLICY, 'pass'))],
  ['stale', 'pass', 'it leans on reports for longer', POLICY, 25, passes, under(25, PATIENT)],
]

const BY_EXCEPTION: Way[] = [
  ['fail', 'excepted', 'it is granted', POLICY, 5, fails, excused(5, exception(5, 60))],
  ['grace', 'excepted', 'it is granted', POLICY, 5, hasGrace, excused(5, exception(5, 60))],
  ['unknown', 'excepted', 'it is granted', POLICY, 5, isUnknown, excused(5, exception(5, 60))],
  ['excepted', 'fail', 'it is ended', POLICY, 5, excused(0, EXCUSE), fails, excused(5, ENDED)],
  ['excepted', 'grace', 'it is ended', POLICY, 5, excused(0, EXCUSE), hasGrace, excused(5, ENDED)],
  ['excepted', 'unknown', 'it is forgotten', POLICY, 5, excused(0, EXCUSE), isUnknown, excused(5)],
]

const BY_THE_CLOCK: Way[] = [
  ['pass', 'stale', 'it is set back, and the report lies ahead', POLICY, -5, passes, asked(-5)],
  [
    'excepted',
    'stale',
    'it is set back, and the report lies ahead',
    POLICY,
    -5,
    excused(-9, exception(-9, 60)),
    fails,
    asked(-5),
  ],
  ['stale', 'pass', 'it comes to where it was set back from', POLICY, -2, passes, asked(-5), asked(-1)],
  ['pass', 'stale', 'it is set a day ahead', POLICY, 15, passes, asked(1440)],
]

const WAYS = [...BY_REPORT, ...BY_TIME, ...BY_POLICY, ...BY_EXCEPTION, ...BY_THE_CLOCK]

test('no way is missing', () => {
  const verdicts = [null, ...VERDICTS.filter((verdict) => verdict !== 'not-applicable')]
  const pairs = verdicts.flatMap((from) => verdicts.map((to) => [from, to])).filter(([from, to]) => from !== to)
  const missing = pairs.filter(([from, to]) => !WAYS.some((way) => way[0] === from && way[1] === to))
  expect(missing).toEqual([])
})

describe.each([
  { cause: 'a report', ways: BY_REPORT },
  { cause: 'time alone', ways: BY_TIME },
  { cause: 'the policy', ways: BY_POLICY },
  { cause: 'an exception', ways: BY_EXCEPTION },
  { cause: 'the clock', ways: BY_THE_CLOCK },
])('by $cause', ({ ways }) => {
  test.each(ways)('%s becomes %s: %s', (from, to, _how, policy, since, ...steps) => {
    const it = laptop(policy)
    const appraisal = steps.map((step) => step(it)).at(-1)!
    const last = it.history.findLast(({ check }) => check === 'firewall')
    expect(last).toMatchObject({ from, to, at: at(since) })
    expect(result(appraisal)?.verdict ?? null).toBe(to)
    if (to === null) return
    expect(result(appraisal)).toMatchObject({ since: time(since) })
    const isOpen = ['pass', 'grace', 'excepted'].includes(to) || result(appraisal)?.mode === 'report'
    expect(appraisal.tiers).toEqual(isOpen ? ['public', 'internal'] : ['public'])
  })
})
