import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which long work may hold everybody else up. */
const SLICE_MS = 4
/** Steps between two looks at the clock. */
const STEPS = 32

/** Does long work a slice at a time, and one after the other, so that what others ask meanwhile is answered meanwhile. */
export type Slices = <T>(work: Generator<void, T>) => Promise<T>

export function openSlices(): Slices {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(() => run(work))
    last = done.catch(() => undefined)
    return done
  }
}

async function run<T>(work: Generator<void, T>): Promise<T> {
  let began = performance.now()
  for (let steps = 1; ; steps++) {
    const step = work.next()
    if (step.done) return step.value
    if (steps % STEPS !== 0 || performance.now() - began < SLICE_MS) continue
    await setImmediate()
    began = performance.now()
  }
}
