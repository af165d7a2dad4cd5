import { describe, expect, test } from 'vitest'
import { hasSlept, retryAfter, type Loss } from './schedule.ts'

const UNREACHABLE: Loss = { how: 'unreachable' }
const CUT_OFF: Loss = { how: 'cut-off' }
const dismissed = (
  code: 'superseded' | 'collector-stopping' | 'store-unavailable' | 'device-unknown',
  seconds: number | null,
): Loss => ({
  how: 'dismissed',
  code,
  retryAfterSeconds: seconds,
})

/** The earliest and the latest moment of a retry, in seconds. */
function range(loss: Loss, attempt: number, alone: boolean): [number, number] {
  const seconds = (random: number) => retryAfter(loss, { attempt, alone, random }).delayMs / 1000
  return [seconds(0), seconds(1)]
}

describe('retryAfter', () => {
  const cases: { name: string; loss: Loss; attempt: number; alone: boolean; expected: [number, number] }[] = [
    { name: 'a first failure', loss: UNREACHABLE, attempt: 0, alone: false, expected: [0, 1] },
    { name: 'a second', loss: UNREACHABLE, attempt: 1, alone: false, expected: [0, 2] },
    { name: 'a fifth', loss: UNREACHABLE, attempt: 4, alone: false, expected: [0, 16] },
    { name: 'a seventh', loss: UNREACHABLE, attempt: 6, alone: false, expected: [0, 60] },
    { name: 'a thousandth', loss: UNREACHABLE, attempt: 1000, alone: false, expected: [0, 60] },
    { name: 'a collector that fell over', loss: CUT_OFF, attempt: 0, alone: false, expected: [0, 60] },
    { name: 'a collector of this machine that fell over', loss: CUT_OFF, attempt: 0, alone: true, expected: [0, 1] },
    {
      name: 'a collector that stops',
      loss: dismissed('collector-stopping', 1),
      attempt: 0,
      alone: false,
      expected: [1, 61],
    },
    {
      name: 'one of this machine that stops',
      loss: dismissed('collector-stopping', 1),
      attempt: 0,
      alone: true,
      expected: [1, 2],
    },
    { name: 'a newer connection', loss: dismissed('superseded', null), attempt: 0, alone: true, expected: [60, 61] },
    {
      name: 'a newer connection, asked for less',
      loss: dismissed('superseded', 5),
      attempt: 0,
      alone: true,
      expected: [60, 61],
    },
    {
      name: 'a newer connection, asked for more',
      loss: dismissed('superseded', 90),
      attempt: 0,
      alone: true,
      expected: [90, 91],
    },
    {
      name: 'a store that is away',
      loss: dismissed('store-unavailable', 5),
      attempt: 2,
      alone: false,
      expected: [5, 9],
    },
    {
      name: 'a long wait that was asked for',
      loss: dismissed('store-unavailable', 3600),
      attempt: 0,
      alone: false,
      expected: [3600, 3601],
    },
    {
      name: 'what only a person can mend',
      loss: dismissed('device-unknown', null),
      attempt: 3,
      alone: true,
      expected: [600, 720],
    },
  ]
  for (const { name, loss, attempt, alone, expected } of cases) {
    test(`${name}: from ${expected[0]} to ${expected[1]} s`, () => {
      expect(range(loss, attempt, alone)).toEqual(expected)
    })
  }

  test('only what a person must mend is hopeless', () => {
    const circumstances = { attempt: 0, alone: false, random: 0 }
    expect(retryAfter(dismissed('device-unknown', null), circumstances).hopeless).toBe(true)
    expect(retryAfter(dismissed('superseded', null), circumstances).hopeless).toBe(false)
    expect(retryAfter(UNREACHABLE, circumstances).hopeless).toBe(false)
  })

  test('a fleet that lost its collector comes back evenly over a minute', () => {
    const perSecond = Array.from({ length: 60 }, () => 0)
    for (let device = 0; device < 60_000; device += 1) {
      const { delayMs } = retryAfter(CUT_OFF, { attempt: 0, alone: false, random: (device * 0.618_033_988_7) % 1 })
      const second = Math.min(59, Math.floor(delayMs / 1000))
      perSecond[second] = (perSecond[second] ?? 0) + 1
    }
    expect(Math.max(...perSecond)).toBeLessThan(1100)
    expect(Math.min(...perSecond)).toBeGreaterThan(900)
  })

  test('a fleet whose first try failed stays spread', () => {
    const first = retryAfter(CUT_OFF, { attempt: 0, alone: false, random: 0 })
    const { delayMs } = retryAfter(UNREACHABLE, { attempt: first.attempt, alone: false, random: 1 })
    expect(delayMs).toBe(60_000)
  })
})

describe('hasSlept', () => {
  const last = new Date('2026-01-01T00:00:00Z')
  const cases: [number, boolean][] = [
    [0, false],
    [5, false],
    [20, false],
    [35, false],
    [36, true],
    [28_800, true],
    [-3600, false],
  ]
  for (const [seconds, expected] of cases) {
    test(`${seconds} s between looks that are 5 s apart: ${expected}`, () => {
      expect(hasSlept(last, new Date(last.getTime() + seconds * 1000), 5)).toBe(expected)
    })
  }
})
