import type { Timers } from '../../collector/releases.ts'

/** Timers that go off when a test says so. */
export type Waiting = Timers & {
  /** For how long is waited, in the order in which it began. */
  waits(): number[]
  /** Ends the waits of at most so many milliseconds, as if that time had passed. */
  pass(ms: number): void
}

export function waiting(): Waiting {
  let waits: { ms: number; action: () => void }[] = []
  return {
    after(ms, action) {
      const wait = { ms, action }
      waits.push(wait)
      return () => {
        waits = waits.filter((it) => it !== wait)
      }
    },
    waits: () => waits.map(({ ms }) => ms),
    pass(ms) {
      const over = waits.filter((it) => it.ms <= ms)
      waits = waits.filter((it) => it.ms > ms)
      for (const { action } of over) action()
    },
  }
}
