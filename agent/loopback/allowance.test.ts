import { expect, test } from 'vitest'
import { allowance } from './allowance.ts'

const CASES = [
  { name: 'the burst at once, and no more', times: [0, 0, 0, 0, 0], allowed: 3 },
  { name: 'more after a pause', times: [0, 0, 0, 500, 500], allowed: 4 },
  { name: 'never more than the burst after a long pause', times: [0, 1e9, 1e9, 1e9, 1e9, 1e9], allowed: 4 },
  { name: 'at its rate for as long as it lasts', times: Array.from({ length: 100 }, (_, n) => n * 500), allowed: 100 },
  { name: 'no more by a clock that runs backwards', times: [0, 0, 0, -5000, -5000], allowed: 3 },
  { name: 'as before, after a clock was set back', times: [0, 0, 0, -5000, -4500, -4000], allowed: 5 },
]
for (const { name, times, allowed } of CASES) {
  test(`what is let through: ${name}`, () => {
    let now = 0
    const isAllowed = allowance({ burst: 3, perSecond: 2 }, () => now)
    const through = times.filter((time) => {
      now = time
      return isAllowed()
    })
    expect(through.length).toBe(allowed)
  })
}
