import { describe, expect, test } from 'vitest'
import { at, exception, laptop, off, policyOf, result, time, unseen } from '../../test/fakes/appraised.ts'
import { exceptionFor, exceptionProblem, type Exception } from './exception.ts'

const DEVICE = { id: 'dev_1', tags: ['lab'] }
const look = (exceptions: Exception[], minutes = 5) =>
  exceptionFor(exceptions, 'firewall', { device: DEVICE, groupsOf: () => ['pilot'], now: at(minutes) })

describe('the exception that applies', () => {
  test.each<{ name: string; more: Partial<Exception>; isFor: boolean }>([
    { name: 'is for the device', more: { target: { device: 'dev_1' } }, isFor: true },
    { name: 'is not for another device', more: { target: { device: 'dev_2' } }, isFor: false },
    { name: 'is for one of its tags', more: { target: { tag: 'lab' } }, isFor: true },
    { name: 'is not for another tag', more: { target: { tag: 'pilot' } }, isFor: false },
    { name: 'is for one of its groups', more: { target: { group: 'pilot' } }, isFor: true },
    { name: 'is not for another group', more: { target: { group: 'lab' } }, isFor: false },
    { name: 'is not for another check', more: { check: 'screen-lock' }, isFor: false },
    { name: 'is not one that somebody ended', more: { endedAt: at(4) }, isFor: false },
    { name: 'is not one that was ended before the clock was set back', more: { endedAt: at(7) }, isFor: false },
  ])('$name', ({ more, isFor }) => {
    expect(look([exception(0, 10, more)]).by !== null).toBe(isFor)
  })

  test('holds from its beginning up to its end, which are moments', () => {
    const exceptions = [exception(5, 10)]
    expect(look(exceptions, 4.99)).toEqual({ by: null, moments: [at(5)] })
    expect(look(exceptions, 5)).toEqual({ by: exceptions[0], moments: [at(10)] })
    expect(look(exceptions, 9.99).by).toBe(exceptions[0])
    expect(look(exceptions, 10)).toEqual({ by: null, moments: [] })
  })

  test('is the one that lasts longest, in whatever order they come', () => {
    const [short, long, later] = [exception(0, 10), exception(1, 20), exception(6, 30)]
    for (const exceptions of [
      [short, long, later],
      [later, long, short],
    ]) {
      expect(look(exceptions)).toEqual({ by: long, moments: [at(20), at(6)] })
      expect(look(exceptions, 6).by).toBe(later)
    }
  })

  test('is the same one each time where two end together', () => {
    const [a, b] = [exception(0, 10, { id: 'a' }), exception(1, 10, { id: 'b' })]
    expect(look([a, b]).by).toBe(a)
    expect(look([b, a]).by).toBe(a)
  })
})

describe('a check that is excused', () => {
  const excuse = exception(0, 10)

  test('says by whom, why and until when, and what was found all the same', () => {
    const it = laptop(policyOf())
    it.excused(0, excuse)
    const appraisal = it.reports(0, off)
    expect(result(appraisal)).toMatchObject({
      verdict: 'excepted',
      deadline: time(10),
      why: 'the firewall is off',
      exception: {
        id: 'exc_0_10',
        approver: 'anna@example.com',
        reason: 'the build farm needs it',
        expiresAt: time(10),
      },
    })
    expect(result(appraisal)?.fix).toBeDefined()
    expect(appraisal.vector.configuration).toBe(32)
    expect(appraisal.nextChange).toEqual(at(10))
  })

  test('is not seen because it is excused', () => {
    const it = laptop(policyOf())
    it.excused(0, excuse)
    const appraisal = it.reports(0, unseen)
    expect(result(appraisal)).toMatchObject({ verdict: 'excepted', why: 'unreadable: denied' })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.configuration).toBe(36)
    expect(appraisal.earStatus).toBe('warning')
  })

  test('stays excused, since when it was, while one exception follows another', () => {
    const it = laptop(policyOf())
    it.excused(0, excuse, exception(8, 14))
    it.reports(0, off)
    expect(it.history.map(({ to }) => to)).toEqual(['unknown', 'excepted'])
    expect(result(it.asked(11))).toMatchObject({ since: time(0), deadline: time(14), exception: { id: 'exc_8_14' } })
    expect(result(it.asked(14.5))).toMatchObject({ verdict: 'fail', since: time(14) })
    expect(result(it.asked(14.5))).not.toHaveProperty('exception')
  })

  test('is excused by a group of the policy', () => {
    const groups = 'groups: { pilot: { tags: [lab] } }'
    const excused = (tags: string[]) => {
      const it = laptop(policyOf(groups), { tags })
      it.excused(0, exception(0, 10, { target: { group: 'pilot' } }))
      return result(it.reports(0, off))?.verdict
    }
    expect(excused(['lab'])).toBe('excepted')
    expect(excused(['office'])).toBe('fail')
  })

  test('is never excused without evidence', () => {
    const it = laptop(policyOf())
    expect(result(it.excused(0, excuse))?.verdict).toBe('unknown')
    it.reports(0, off)
    expect(result(it.forgets(5))).toMatchObject({ verdict: 'unknown' })
  })
})

test('ten thousand exceptions cost a device no more than one', () => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    exception(0, 10, { id: `exc_${i}`, target: i % 2 === 0 ? { device: `dev_${i + 2}` } : { tag: `tag ${i}` } }),
  )
  const exceptions = [...many, exception(0, 10)]
  let read = 0
  const counted = new Proxy(exceptions, {
    get(list, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) read += 1
      return Reflect.get(list, key, receiver)
    },
  })
  for (let devices = 100; devices > 0; devices--) {
    const device = { id: devices === 50 ? 'dev_1' : `dev_x${devices}`, tags: ['lab'] }
    const { by } = exceptionFor(counted, 'firewall', { device, groupsOf: () => [], now: at(5) })
    expect(by?.id).toBe(devices === 50 ? 'exc_0_10' : undefined)
  }
  expect(read).toBe(exceptions.length)
})

describe('an exception can be granted', () => {
  const DAY = 86_400_000
  const asked = {
    target: { device: 'dev_1' },
    check: 'firewall',
    reason: 'the build farm needs it',
    approver: 'anna@example.com',
    expiresAt: at(10),
  } as const
  const now = at(0)

  test.each([
    { name: 'a reason, an approver and an end', more: {}, problem: null },
    { name: 'an end 90 days ahead', more: { expiresAt: new Date(now.getTime() + 90 * DAY) }, problem: null },
    {
      name: 'an end more than 90 days ahead',
      more: { expiresAt: new Date(now.getTime() + 90 * DAY + 1) },
      problem: 'the end lies more than 90 days ahead',
    },
    { name: 'an end that is now', more: { expiresAt: now }, problem: 'the end does not lie ahead' },
    { name: 'an end in the past', more: { expiresAt: at(-1) }, problem: 'the end does not lie ahead' },
    { name: 'an end that is none', more: { expiresAt: new Date('never') }, problem: 'the end is not a time' },
    { name: 'no reason', more: { reason: ' ' }, problem: 'a reason is missing' },
    { name: 'a novel', more: { reason: 'x'.repeat(401) }, problem: 'the reason is longer than 400 characters' },
    {
      name: 'a reason that says nothing',
      more: { reason: ' \u{a0}\u{200b}\u{2060}...' },
      problem: 'a reason is missing',
    },
    { name: 'a reason in other letters', more: { reason: '故障' }, problem: null },
    {
      name: 'orders to a terminal',
      more: { reason: 'see \u{1b}[2J4711' },
      problem: 'the reason or the approver holds a control character',
    },
    { name: 'no approver', more: { approver: '\n' }, problem: 'an approver is missing' },
    { name: 'an approver whom nobody sees', more: { approver: '\u{200b}' }, problem: 'an approver is missing' },
    { name: 'a crowd', more: { approver: 'x'.repeat(201) }, problem: 'the approver is longer than 200 characters' },
  ])('with $name: $problem', ({ more, problem }) => {
    expect(exceptionProblem({ ...asked, ...more }, now)).toBe(problem)
  })
})
