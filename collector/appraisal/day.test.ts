import { expect, test } from 'vitest'
import { dayIn, dayOf, endOfDay, lastDayBefore, newestOf, tomorrowOf } from './day.ts'

test.each([
  ['a day', '2026-02-28', '2026-02-28'],
  ['a moment', '2026-08-17T00:00:00Z', '2026-08-17'],
  ['a moment with an offset', '2026-09-10T19:13:45.144143267+00:00', '2026-09-10'],
  ['a moment with a space', '2026-08-17 10:00', '2026-08-17'],
  ['a leap day', '2028-02-29', '2028-02-29'],
  ['a leap day that there is not', '2026-02-29', null],
  ['a month that there is not', '2026-13-01', null],
  ['long ago', '1970-01-01', null],
  ['never', '9999-12-31', null],
  ['digits of another alphabet', '٢٠٢٦-٠١-٠١', null],
  ['half a day', '2026-08-1', null],
  ['more than a day', '2026-08-170', null],
  ['a word', 'soon', null],
  ['nothing', '', null],
  ['a boolean', true, null],
  ['a number', 20260817, null],
  ['nothing at all', undefined, null],
])('%s', (_name, date, expected) => {
  expect(dayIn(date)).toBe(expected)
})

test('the newest of days, in any order', () => {
  expect(newestOf(['2026-01-02', '2026-01-03', '2026-01-01'])).toBe('2026-01-03')
  expect(newestOf([])).toBeNull()
})

test('tomorrow, over the end of a year', () => {
  expect(tomorrowOf(new Date('2026-12-31T23:59:59Z'))).toBe('2027-01-01')
})

test('a day ends with its end in UTC', () => {
  expect(endOfDay('2026-12-31')).toEqual(new Date('2027-01-01T00:00:00.000Z'))
  expect(lastDayBefore(endOfDay('2026-12-31'))).toBe('2026-12-31')
  expect(dayOf(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12-31')
})
