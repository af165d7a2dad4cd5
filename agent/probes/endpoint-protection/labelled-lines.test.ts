import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { dayOf, labelledLines, momentOf, versionOf } from './labelled-lines.ts'

test('labels: what stands behind them, however they are written', () => {
  const text =
    'Product version: 7.0\r\n  - Antimalware status: On\r\n\tSensor State[Enabled]\nServer: https://a.example:443/x\n'
  expect([...labelledLines(text)]).toEqual([
    ['product version', '7.0'],
    ['antimalware status', 'On'],
    ['sensor state', 'Enabled'],
    ['server', 'https://a.example:443/x'],
  ])
})

test('labels: a heading, a line without one and two answers to one question are none', () => {
  expect(labelledLines('Features:\nOn\nhttps://a.example/\nState: On\nState: Off\nState: On\n').size).toBe(0)
  expect(labelledLines('State: On\nState: On\n').get('state')).toBe('On')
})

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

test('labels: quick on whatever is printed', () => {
  for (const text of [
    'a'.repeat(200_000),
    'a '.repeat(100_000),
    '['.repeat(100_000),
    'a: '.repeat(60_000),
    '- '.repeat(100_000),
  ]) {
    const before = performance.now()
    labelledLines(text)
    momentOf(text)
    expect(performance.now() - before).toBeLessThan(200)
  }
  for (const text of mutations('Product version: 7.0\n  - Antimalware status: On\n', 10_000)) labelledLines(text)
})
