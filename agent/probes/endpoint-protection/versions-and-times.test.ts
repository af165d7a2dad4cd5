import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { dayOf, momentOf, versionOf } from './versions-and-times.ts'

test.each([
  ['2026-11-03 10:00:00 +0000', '2026-11-03T10:00:00.000Z'],
  ['2026-11-03 at 10:00:00 GMT+2', '2026-11-03T08:00:00.000Z'],
  ['2026-11-03 at 10:00:00 GMT', '2026-11-03T10:00:00.000Z'],
  ['2026-11-03T10:00:00.123456Z', '2026-11-03T10:00:00.000Z'],
  ['2026-11-03 10:00:00 UTC', '2026-11-03T10:00:00.000Z'],
  ['2026-11-03 10:00:00 -05:30', '2026-11-03T15:30:00.000Z'],
])('moments: %s', (text, expected) => expect(momentOf(text)).toBe(expected))

test.each([
  undefined,
  '',
  'never',
  '2026-11-03 10:00:00',
  '2026-11-03 10:00:00 CEST',
  '2026-11-03 10:00:00 GMT+',
  '2026-13-03 10:00:00 Z',
  '03.11.2026 10:00:00 Z',
  '2026-11-03 10:00:00 PM Z',
])('moments: none in %j', (text) => expect(momentOf(text)).toBeUndefined())

test('days and versions', () => {
  expect(dayOf('20261120')).toBe('2026-11-20T00:00:00.000Z')
  for (const text of [undefined, '', '20261131', '20261301', '2026112', '19991120', '20261120x']) {
    expect(dayOf(text)).toBeUndefined()
  }
  expect(versionOf('2.14.0.1234321')).toBe('2.14.0.1234321')
  for (const text of [undefined, '', '7', 'v7.1', '7.1-beta', '1.'.repeat(40)]) expect(versionOf(text)).toBeUndefined()
})

test('damage gives no moment but a valid one, and quickly', () => {
  momentOf('a '.repeat(100_000))
  for (const text of mutations('2026-11-03 at 10:00:00 GMT+2', 10_000)) {
    for (const it of [momentOf(text), dayOf(text)]) expect(it === undefined || !Number.isNaN(Date.parse(it))).toBe(true)
  }
})
