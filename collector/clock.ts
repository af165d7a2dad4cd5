/** The time of day, and word of it when somebody sets it. */
export type Clock = {
  now(): Date
  /** Told of a clock that was set, by how many milliseconds; negative where it was set back. */
  onSet(listener: (milliseconds: number) => void): void
}

export type ClockSources = {
  /** What the clock on the wall says. It can be set. */
  wall: () => Date
  /** Seconds since the machine started, time asleep included. It cannot be set. */
  uptime: () => number
}

/** What a clock that is only being corrected may gain or lose between two looks; we look every few seconds. */
const CORRECTION_MS = 5000

/**
 * Tells a clock that was set from time that went by: the two sources move together unless somebody sets the first. A
 * machine that slept has really grown older, so its clock was not set.
 */
export function openClock({ wall, uptime }: ClockSources): Clock {
  const listeners: ((milliseconds: number) => void)[] = []
  const offsetNow = (now: Date) => now.getTime() - uptime() * 1000
  let offset = offsetNow(wall())
  return {
    now() {
      const now = wall()
      const moved = offsetNow(now) - offset
      offset += moved
      if (Math.abs(moved) > CORRECTION_MS) for (const tell of listeners) tell(Math.round(moved))
      return now
    },
    onSet: (listener) => void listeners.push(listener),
  }
}
