import { expect, test } from 'vitest'
import { backOff, WAITS } from './pusher.ts'

test('waits are doubled up to the longest, and never shorter than half of that', () => {
  const waits = [1, 2, 3, 9, 10, 1000].map((failures) => [0, 1].map((chance) => backOff(failures, chance, WAITS)))
  expect(waits).toEqual([
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [128_000, 256_000],
    [150_000, 300_000],
    [150_000, 300_000],
  ])
})
