import { describe, expect, test } from 'vitest'
import { UsageError } from './command.ts'
import { ahead, counted, exactMoment, moment, number, orDash, shortId, timeGiven } from './wording.ts'

const local = (text: string) => new Date(text).toISOString()

describe('a time that a person gives', () => {
  const cases: [given: string, edge: 'begin' | 'end', expected: string][] = [
    ['2026-03-03', 'begin', local('2026-03-03T00:00')],
    ['2026-03-03', 'end', local('2026-03-04T00:00')],
    ['2026-12-31', 'end', local('2027-01-01T00:00')],
    ['2026-03-03T14:05', 'begin', local('2026-03-03T14:05')],
    ['2026-03-03 14:05', 'end', local('2026-03-03T14:05')],
    ['2026-03-03T14:05:06Z', 'begin', '2026-03-03T14:05:06.000Z'],
    ['2026-03-03T14:05+02:00', 'begin', '2026-03-03T12:05:00.000Z'],
  ]
  test.each(cases)('%s (%s)', (given, edge, expected) => {
    expect(timeGiven(given, '--at', edge).toISOString()).toBe(expected)
  })
  test.each([
    '',
    'tomorrow',
    '2026',
    '2026-3-3',
    '03.03.2026',
    '2026-02-30',
    '2026-13-01',
    '2026-03-03T25:00',
    '1',
    '14d',
  ])('is refused: %s', (given) => {
    expect(() => timeGiven(given, '--at', 'begin')).toThrow(UsageError)
    expect(() => timeGiven(given, '--at', 'begin')).toThrow('--at is a day')
  })
})

test('numbers, moments and names, as people read them', () => {
  expect([number(1204), counted(1, 'device'), counted(10_000, 'device'), counted(2, 'entry', 'entries')]).toEqual([
    '1,204',
    '1 device',
    '10,000 devices',
    '2 entries',
  ])
  expect([moment('2026-03-03T14:05:09.123'), moment(null)]).toEqual(['2026-03-03 14:05', '-'])
  expect(exactMoment('2026-03-03T04:05:09.123')).toBe('2026-03-03 04:05:09')
  expect([orDash(''), orDash(null), orDash([]), orDash(['a', 'b']), orDash('a')]).toEqual(['-', '-', '-', 'a, b', 'a'])
  const now = new Date('2026-03-03T00:00:00Z')
  expect(ahead('2026-03-09T12:00:00Z', now)).toBe('in 6 days')
  expect(ahead('2026-03-03T00:00:00Z', now)).toBe('over')
  expect(shortId('dev_abcdefghijklmnop')).toBe('dev_abcdefghij')
})
