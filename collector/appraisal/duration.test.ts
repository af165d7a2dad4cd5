import { describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import { Duration, durationBetween, inWords, isDuration, milliseconds, plural } from './duration.ts'

const parse = parserOf(Duration)

describe('a duration', () => {
  test.each([
    { text: '0m', ms: 0 },
    { text: '5s', ms: 5_000 },
    { text: '15m', ms: 900_000 },
    { text: '24h', ms: 86_400_000 },
    { text: '14d', ms: 1_209_600_000 },
    { text: '99999d', ms: 8_639_913_600_000 },
  ])('$text is $ms ms', ({ text, ms }) => {
    expect(parse(text).ok).toBe(true)
    expect(isDuration(text)).toBe(true)
    expect(milliseconds(text)).toBe(ms)
  })

  test.each(['', '15', 'm', '1w', '-1d', '1.5h', '1 h', '1D', '100000s', '1h30m', '15m\n', '٣d'])(
    '%j is none',
    (text) => {
      expect(parse(text).ok).toBe(false)
      expect(isDuration(text)).toBe(false)
    },
  )

  test('of a unit that does not exist is no number, so nothing is ever within it', () => {
    expect(milliseconds('5w')).toBeNaN()
  })
})

describe('a duration within bounds', () => {
  const parseBetween = parserOf(durationBetween('1m', '2d'))

  test.each(['1m', '60s', '48h', '2d'])('may be %s', (text) => {
    expect(parseBetween(text)).toEqual({ ok: true, value: text })
  })

  test.each(['0m', '59s', '49h', '3d'])('may not be %s', (text) => {
    expect(parseBetween(text)).toEqual({ ok: false, problem: 'it must be from 1m to 2d' })
  })

  test.each(['', '1w', 5])('has to be a duration, which %j is not', (it) => {
    expect(parseBetween(it).ok).toBe(false)
  })

  test('leaves other durations as they are', () => {
    expect(parse('0m').ok).toBe(true)
  })
})

test.each([
  { ms: -1, words: '0 seconds' },
  { ms: 999, words: '0 seconds' },
  { ms: 1_000, words: '1 second' },
  { ms: 59_999, words: '59 seconds' },
  { ms: 60_000, words: '1 minute' },
  { ms: 3_599_999, words: '59 minutes' },
  { ms: 3_600_000, words: '1 hour' },
  { ms: 86_399_999, words: '23 hours' },
  { ms: 86_400_000, words: '1 day' },
  { ms: 172_800_000, words: '2 days' },
])('$ms ms are "$words"', ({ ms, words }) => {
  expect(inWords(ms)).toBe(words)
})

test('one is not many', () => {
  expect([0, 1, 2].map((count) => plural(count, 'update'))).toEqual(['0 updates', '1 update', '2 updates'])
})
