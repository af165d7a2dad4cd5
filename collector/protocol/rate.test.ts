import { expect, test } from 'vitest'
import { countMessage, unusedRate, type Rate } from './rate.ts'

/** How many of these messages are let through, sent at these milliseconds. */
function letThrough(times: number[], perSecond = 10): number {
  let rate: Rate = unusedRate(0)
  let count = 0
  for (const ms of times) {
    const next = countMessage(rate, perSecond, ms)
    if (next === null) continue
    rate = next
    count += 1
  }
  return count
}

const burst = (count: number, ms: number) => Array.from({ length: count }, () => ms)

test.each([
  { name: 'twice the rate in one moment', times: burst(20, 0), expected: 20 },
  { name: 'one more than that', times: burst(21, 0), expected: 20 },
  { name: 'another second of the rate, a second later', times: [...burst(25, 0), ...burst(25, 1000)], expected: 30 },
  { name: 'a whole burst again after two quiet seconds', times: [...burst(20, 0), ...burst(21, 2000)], expected: 40 },
  { name: 'no more than a burst after an hour', times: burst(50, 3_600_000), expected: 20 },
  { name: 'exactly the rate, for ever', times: Array.from({ length: 1000 }, (_, at) => at * 100), expected: 1000 },
  {
    name: 'twice the rate only until the burst is used up',
    times: Array.from({ length: 1000 }, (_, at) => at * 50),
    expected: 519,
  },
])('$name: $expected are let through', ({ times, expected }) => {
  expect(letThrough(times)).toBe(expected)
})
