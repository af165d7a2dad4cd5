import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openSlices } from './slices.ts'

/** Holds the processor for some milliseconds, as work does. */
function hold(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

function* work(steps: number, milliseconds: number, done: (step: number) => void = () => undefined) {
  for (let step = 0; step < steps; step++) {
    hold(milliseconds)
    done(step)
    yield
  }
  return steps
}

/** How often whoever else waits has had a turn until something is over. */
async function turnsUntil(over: Promise<unknown>): Promise<number> {
  const end = over.then(() => true)
  let turns = 0
  for (let isOver = false; !isOver; turns++) isOver = await Promise.race([end, setImmediate(false)])
  return turns
}

test('long work lets others have their turn, and gives its result', async () => {
  const inSlices = openSlices()
  const result = inSlices(work(640, 0.3))
  // 192 ms in slices of 4 ms, the clock looked at every 32 steps: 20 at least.
  expect(await turnsUntil(result)).toBeGreaterThan(10)
  expect(await result).toBe(640)
})

test('work is done one after the other, so that two hold others up no longer than one', async () => {
  const inSlices = openSlices()
  const order: string[] = []
  const first = inSlices(work(100, 0.2, (step) => order.push(`a${step}`)))
  const second = inSlices(work(100, 0.2, (step) => order.push(`b${step}`)))
  await Promise.all([first, second])
  expect(order).toEqual([
    ...Array.from({ length: 100 }, (_, n) => `a${n}`),
    ...Array.from({ length: 100 }, (_, n) => `b${n}`),
  ])
})

function* failing(): Generator<void, never> {
  yield
  throw new Error('a mistake')
}

test('work that fails fails by itself', async () => {
  const inSlices = openSlices()
  const bad = inSlices(failing())
  const good = inSlices(work(3, 0))
  await expect(bad).rejects.toThrow('a mistake')
  expect(await good).toBe(3)
})
