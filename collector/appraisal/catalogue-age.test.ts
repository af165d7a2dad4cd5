import { expect, test } from 'vitest'
import { catalogueOf, dayOf, endOfDay, lastDayBefore } from './catalogue-age.ts'

const NEWER = 'newer releases are not known to it'

test.each([
  { now: '2026-09-10T12:00:00Z', words: 'catalogue of 2026-09-10' },
  { now: '2026-10-25T23:59:59Z', words: 'catalogue of 2026-09-10' },
  { now: '2026-10-26T00:00:00Z', words: `catalogue of 2026-09-10, which is 46 days old: ${NEWER}` },
  { now: '2026-11-25T16:00:00Z', words: `catalogue of 2026-09-10, which is 76 days old: ${NEWER}` },
  { now: '2026-08-01T00:00:00Z', words: 'catalogue of 2026-09-10' },
])('at $now: $words', ({ now, words }) => {
  expect(catalogueOf('2026-09-10', new Date(now))).toBe(words)
})

test('a day ends with its end in UTC', () => {
  expect(endOfDay('2026-12-31')).toEqual(new Date('2027-01-01T00:00:00.000Z'))
  expect(lastDayBefore(endOfDay('2026-12-31'))).toBe('2026-12-31')
  expect(dayOf(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12-31')
})
