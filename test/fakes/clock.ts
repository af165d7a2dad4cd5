import type { Clock } from '../../collector/clock.ts'

/** A clock that a test holds: time goes by with `pass`, and somebody sets it with `set`. */
export type FakeClock = Clock & { pass(seconds: number): void; set(seconds: number): void }

export function fakeClock(start: Date): FakeClock {
  let now = start
  const listeners: ((milliseconds: number) => void)[] = []
  const move = (seconds: number) => (now = new Date(now.getTime() + seconds * 1000))
  return {
    now: () => now,
    onSet: (listener) => void listeners.push(listener),
    pass: (seconds) => void move(seconds),
    set(seconds) {
      move(seconds)
      for (const tell of listeners) tell(seconds * 1000)
    },
  }
}
