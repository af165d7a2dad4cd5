import { expect, test } from 'vitest'
import { asks, judge } from '../../../test/fakes/rule.ts'
import { screenLock } from './screen-lock.ts'

test.each([
  {
    name: 'after five minutes',
    value: { enabled: true, afterSeconds: 300 },
    verdict: 'pass',
    code: 2,
    why: 'the screen locks after 5 minutes',
  },
  {
    name: 'at once',
    value: { enabled: true, afterSeconds: 0 },
    verdict: 'pass',
    code: 2,
    why: 'the screen locks after 0 seconds',
  },
  {
    name: 'just in time',
    value: { enabled: true, afterSeconds: 900 },
    verdict: 'pass',
    code: 2,
    why: 'the screen locks after 15 minutes',
  },
  {
    name: 'a second too late',
    value: { enabled: true, afterSeconds: 901 },
    verdict: 'fail',
    code: 32,
    why: 'the screen locks only after 15 minutes',
  },
  {
    name: 'after a time that is not known',
    value: { enabled: true, afterSeconds: null },
    verdict: 'unknown',
    code: null,
    why: 'after how long the screen locks is not known',
  },
  {
    name: 'never',
    value: { enabled: false, afterSeconds: null },
    verdict: 'fail',
    code: 32,
    why: 'the screen does not lock by itself',
  },
  {
    name: 'never, whatever its time says',
    value: { enabled: false, afterSeconds: 60 },
    verdict: 'fail',
    code: 32,
    why: 'the screen does not lock by itself',
  },
])('a screen that locks $name: $verdict', ({ value, verdict, code, why }) => {
  expect(judge(screenLock, value)).toMatchObject({ verdict, code, why })
})

test('the policy says how long is too long', () => {
  const value = { enabled: true, afterSeconds: 300 }
  expect(judge(screenLock, value, { within: '5m' }).verdict).toBe('pass')
  expect(judge(screenLock, value, { within: '4m' })).toMatchObject({
    verdict: 'fail',
    fix: 'Set the screen to lock after at most 4 minutes.',
  })
  expect(asks(screenLock, { within: '4m' }).ask).toContain('4 minutes')
})
