import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../shared/limits.ts'
import { chance } from '../../test/fakes/chance.ts'
import {
  JWKS_SECONDS,
  PUBLISHED_SECONDS,
  STATUS_LIST_SECONDS,
  advanced,
  endOf,
  nextDue,
  rotationDue,
  shifted,
  type KeyStage,
} from './key-plan.ts'

type Key = { kid: string; state: KeyStage; since: Date }

const NOW = new Date('2026-11-24T08:00:00Z')
const DAY = 86_400
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const key = (kid: string, state: KeyStage, seconds: number): Key => ({ kid, state, since: after(seconds) })

test('a key is published for longer than any verifier keeps keys, and kept for longer than what it signed lives', () => {
  expect(PUBLISHED_SECONDS).toBeGreaterThan(JWKS_SECONDS)
  const kept = (endOf(key('a', 'retired', 0))?.getTime() ?? 0) - NOW.getTime()
  expect(kept / 1000).toBeGreaterThan(
    Math.max(LIMITS.attestationSeconds, STATUS_LIST_SECONDS) + LIMITS.clockSkewSeconds,
  )
})

describe('the keys as they have to be', () => {
  test.each<{ name: string; keys: Key[]; expected: Key[] }>([
    { name: 'one alone stays', keys: [key('a', 'active', -999 * DAY)], expected: [key('a', 'active', -999 * DAY)] },
    {
      name: 'the next one waits until its wait is over',
      keys: [key('a', 'active', -DAY), key('b', 'next', -PUBLISHED_SECONDS + 1)],
      expected: [key('a', 'active', -DAY), key('b', 'next', -PUBLISHED_SECONDS + 1)],
    },
    {
      name: 'the next one takes over then, and the former is kept from now on',
      keys: [key('a', 'active', -DAY), key('b', 'next', -PUBLISHED_SECONDS)],
      expected: [key('a', 'retired', 0), key('b', 'active', 0)],
    },
    {
      name: 'one that nobody needs any more is gone',
      keys: [key('a', 'retired', -1200), key('b', 'active', -1200)],
      expected: [key('b', 'active', -1200)],
    },
    {
      name: 'one that somebody may still need is kept',
      keys: [key('a', 'retired', -1199), key('b', 'active', -1199)],
      expected: [key('a', 'retired', -1199), key('b', 'active', -1199)],
    },
    {
      name: 'one that took over shortly before retires beside the one before it',
      keys: [key('a', 'retired', -901), key('b', 'active', -901), key('c', 'next', -900)],
      expected: [key('a', 'retired', -901), key('b', 'retired', 0), key('c', 'active', 0)],
    },
    {
      name: 'both at once, where nobody looked for long',
      keys: [key('a', 'retired', -DAY), key('b', 'active', -DAY), key('c', 'next', -DAY)],
      expected: [key('b', 'retired', 0), key('c', 'active', 0)],
    },
    {
      name: 'times from before the clock was set back are now',
      keys: [key('a', 'retired', DAY), key('b', 'active', DAY), key('c', 'next', -60)],
      expected: [key('a', 'retired', 0), key('b', 'active', 0), key('c', 'next', -60)],
    },
  ])('$name', ({ keys, expected }) => {
    expect(advanced(keys, NOW)).toEqual(expected)
  })

  test('are the same list where nothing is due, so that nothing is written', () => {
    const keys = [key('a', 'retired', -60), key('b', 'active', -60), key('c', 'next', 0)]
    expect(advanced(keys, NOW)).toBe(keys)
  })
})

describe('a rotation is due', () => {
  test.each<{ name: string; keys: Key[]; days: number; due: Date | null }>([
    { name: 'after so many days', keys: [key('a', 'active', -DAY)], days: 90, due: after(89 * DAY) },
    { name: 'never where it is left to people', keys: [key('a', 'active', -DAY)], days: 0, due: null },
    {
      name: 'never while one is on its way',
      keys: [key('a', 'active', -99 * DAY), key('b', 'next', 0)],
      days: 90,
      due: null,
    },
    { name: 'never without a key', keys: [], days: 90, due: null },
  ])('$name', ({ keys, days, due }) => {
    expect(rotationDue(keys, days)).toEqual(due)
  })

  test.each<{ name: string; keys: Key[]; days: number; due: Date | null }>([
    { name: 'the end of a wait', keys: [key('a', 'active', 0), key('b', 'next', 0)], days: 1, due: after(900) },
    { name: 'a rotation', keys: [key('a', 'active', 0)], days: 1, due: after(DAY) },
    {
      name: 'whichever comes first',
      keys: [key('a', 'retired', -1000), key('b', 'active', -1000), key('c', 'next', -800)],
      days: 1,
      due: after(100),
    },
    {
      name: 'whichever comes first, in any order',
      keys: [key('c', 'next', -800), key('a', 'retired', -1000), key('b', 'active', -1000)],
      days: 0,
      due: after(100),
    },
    { name: 'nothing', keys: [key('a', 'active', 0)], days: 0, due: null },
  ])('and next of all comes $name', ({ keys, days, due }) => {
    expect(nextDue(keys, days)).toEqual(due)
  })
})

test('a clock that is set moves the times of keys with it', () => {
  expect(shifted([key('a', 'active', 0), key('b', 'next', 5)], 60_000)).toEqual([
    key('a', 'active', 60),
    key('b', 'next', 65),
  ])
})

/** A collector that turns its keys, and may be off, and what verifiers with cached keys think of its tokens. */
test('in a year with rotations and outages no verifier ever meets a key that it does not know', () => {
  const chances = chance(4)
  let keys: readonly Key[] = [key('0', 'active', 0)]
  let made = 1
  let takeOvers = 0
  let met = 0
  let idle = 0
  /** What verifiers fetched, and when: one looks often, one as seldom as the header allows, one as jose does by itself. */
  const verifiers = [60, JWKS_SECONDS, 600].map((seconds) => ({ seconds, at: -Infinity, kids: new Set<string>() }))
  /** Tokens that are out, with their end. */
  let tokens: { kid: string; exp: number }[] = []

  let second = 0
  while (second < 365 * DAY) {
    const now = after(second)
    const before = keys.find(({ state }) => state === 'active')?.kid
    keys = advanced(keys, now)
    const due = rotationDue(keys, 9)
    if ((due && now >= due) || (chances.oneIn(3000) && !keys.some(({ state }) => state === 'next'))) {
      keys = [...keys, { kid: String(made++), state: 'next', since: now }]
    }
    const active = keys.filter(({ state }) => state === 'active')
    if (active.length !== 1) idle++
    const kid = active[0]?.kid ?? ''
    if (kid !== before) takeOvers++

    tokens = [
      ...tokens.filter(({ exp }) => exp > second),
      { kid, exp: second + LIMITS.attestationSeconds },
      { kid, exp: second + STATUS_LIST_SECONDS },
    ]
    for (const verifier of verifiers) {
      if (second - verifier.at >= verifier.seconds) {
        verifier.at = second
        verifier.kids = new Set(keys.map((it) => it.kid))
      }
      met += tokens.filter((token) => !verifier.kids.has(token.kid)).length
    }
    // Mostly minutes, and now and then an hour or a fortnight in which the collector is off and nobody can fetch.
    second += chances.oneIn(40_000)
      ? chances.below(14 * DAY)
      : chances.oneIn(200)
        ? chances.below(3600)
        : 10 + chances.below(110)
  }
  expect([met, idle]).toEqual([0, 0])
  expect(takeOvers).toBeGreaterThan(50)
})
