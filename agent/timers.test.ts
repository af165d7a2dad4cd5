import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { realTimers } from './timers.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

for (const [phase, expected] of [
  [0, [0, 300, 600]],
  [0.5, [150, 450]],
  [0.999, [299.7, 599.7]],
] as const) {
  test(`at phase ${phase} of 300 s it comes at ${expected.join(', ')} s, and never again once it is stopped`, () => {
    const began = Date.now()
    const at: number[] = []
    const stop = realTimers.somewhereInEvery(300, phase, () => at.push((Date.now() - began) / 1000))
    vi.advanceTimersByTime(600_000)
    expect(at).toEqual(expected)
    stop()
    vi.advanceTimersByTime(600_000)
    expect(at).toEqual(expected)
  })
}

test('one that is stopped before it began never comes', () => {
  let count = 0
  realTimers.somewhereInEvery(300, 0.5, () => count++)()
  realTimers.after(1000, () => count++)()
  realTimers.every(5, () => count++)()
  vi.advanceTimersByTime(1_000_000)
  expect(count).toBe(0)
})
