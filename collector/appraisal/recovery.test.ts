import { describe, expect, test } from 'vitest'
import {
  DAY,
  HOUR,
  at,
  exception,
  laptop,
  off,
  on,
  policyOf,
  result,
  time,
  unseen,
} from '../../test/fakes/appraised.ts'
import type { Past } from './memory.ts'
import { failing, passing, until } from './recovery.ts'

const POLICY = policyOf('checks: { firewall: { grace: 2d } }')

/** A laptop that failed first in minute 1 and passes from minute 10 on. */
function mended() {
  const it = laptop(POLICY)
  it.reports(0, on)
  it.reports(1, off)
  it.reports(10, on)
  return it
}

const deadline = (appraisal: ReturnType<ReturnType<typeof mended>['asked']>) => result(appraisal)?.deadline

const PASSING: Past = {
  verdict: 'pass',
  since: at(0),
  passed: true,
  failingSince: at(-9),
  passingSince: at(0),
  trackedSince: null,
  askedSince: null,
  lapsedAt: at(-5),
}

test('what is over leaves nothing behind', () => {
  const clean = { ...PASSING, failingSince: null, lapsedAt: null }
  expect(until(PASSING, at(DAY - 1))).toEqual(PASSING)
  expect(until(PASSING, at(DAY))).toEqual(clean)
  expect(until({ ...PASSING, verdict: 'stale' }, at(DAY))).toMatchObject({ failingSince: at(-9) })
  expect(passing(PASSING, at(DAY))).toEqual(clean)
  expect(failing(PASSING, at(DAY))).toEqual({ ...clean, failingSince: at(DAY), passingSince: null })
})

describe('a failure', () => {
  test('is one failure while it comes and goes within a day', () => {
    const it = mended()
    expect(deadline(it.reports(20, off))).toBe(time(1 + 2 * DAY))
    it.reports(30, on)
    expect(deadline(it.reports(30 + DAY - 1, off))).toBe(time(1 + 2 * DAY))
  })

  test('is another one after a day of passing', () => {
    const it = mended()
    for (let minute = 20; minute <= 10 + DAY; minute += 10) it.confirms(minute)
    expect(deadline(it.reports(15 + DAY, off))).toBe(time(15 + 3 * DAY))
  })

  test('is another one in the very moment in which the day is over, whoever looked', () => {
    const [early, late] = [mended(), mended()]
    for (const it of [early, late]) {
      for (let minute = 20; minute < 10 + DAY; minute += 10) it.confirms(minute)
    }
    expect(deadline(early.reports(10 + DAY - 1, off))).toBe(time(1 + 2 * DAY))
    expect(deadline(late.reports(10 + DAY, off))).toBe(time(10 + 3 * DAY))
  })

  test('is over for a laptop that is shut at night and passes whenever it is seen', () => {
    const it = mended()
    it.reports(DAY, on)
    it.reports(10 + DAY, on)
    expect(it.asked(12 + DAY).memory.firewall).toMatchObject({ failingSince: null, passingSince: at(10) })
    expect(deadline(it.reports(3 * DAY, off))).toBe(time(5 * DAY))
  })

  test('is over where the day ended before the report ran out, although nobody looked', () => {
    const it = mended()
    it.reports(9 + DAY, on)
    expect(it.asked(2 * DAY).memory.firewall).toMatchObject({ verdict: 'stale', failingSince: null })
  })

  test('is not over because somebody looked only long after the report ran out', () => {
    const it = mended()
    expect(it.askedLate(3 * DAY).memory.firewall).toMatchObject({ verdict: 'stale', failingSince: at(1) })
  })

  test('is not over because the laptop was away for a day', () => {
    const it = mended()
    expect(it.asked(DAY).memory.firewall).toMatchObject({ verdict: 'stale', failingSince: at(1) })
    expect(deadline(it.reports(11 + DAY, off))).toBe(time(1 + 2 * DAY))
  })

  test('is not over where in between nobody could see', () => {
    const it = mended()
    it.reports(12 * HOUR, unseen)
    it.reports(13 * HOUR, on)
    expect(deadline(it.reports(11 + DAY, off))).toBe(time(1 + 2 * DAY))
  })

  test('is not over because it was excused', () => {
    const it = laptop(POLICY)
    it.reports(0, on)
    it.reports(1, off)
    it.excused(2, exception(2, 2 * DAY - 1))
    expect(result(it.reports(2 * DAY - 2, off))?.verdict).toBe('excepted')
    expect(result(it.asked(2 * DAY))).toMatchObject({ verdict: 'grace', deadline: time(1 + 2 * DAY) })
  })

  test('that lapsed stays lapsed while it comes and goes, and has a grace anew once it is over', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(1, off)
    it.reports(30, on)
    expect(result(it.reports(70, off))).toMatchObject({ verdict: 'fail', since: time(70) })
    it.reports(80, on)
    it.reports(80 + DAY, on)
    expect(result(it.reports(85 + DAY, off))).toMatchObject({ verdict: 'grace', deadline: time(145 + DAY) })
  })
})
