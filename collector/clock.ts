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
  /** Milliseconds for which the machine ran, time asleep left out. It cannot be set, and asking costs nothing. */
  ran?: () => number
}

/** What a clock that is only being corrected may gain or lose between two looks; we look at least every few seconds. */
const CORRECTION_MS = 5000
/** How often the uptime is asked at most, as long as the other two agree. */
const LOOK_MS = 1000

/**
 * Tells a clock that was set from time that went by: it was set when it agrees neither with the uptime nor with the time
 * that the machine ran. A machine that slept has really grown older; an uptime that jumps by itself says nothing.
 */
export function openClock({ wall, uptime, ran = () => performance.now() }: ClockSources): Clock {
  const listeners: ((milliseconds: number) => void)[] = []
  const look = (at: Date) => ({ wall: at.getTime(), uptime: uptime() * 1000, ran: ran() })
  let last = look(wall())

  /** By how much the clock has moved since then against the time for which the machine ran. */
  const moved = (at: Date) => at.getTime() - last.wall - (ran() - last.ran)

  return {
    now() {
      const now = wall()
      const isOdd = Math.abs(moved(now)) > CORRECTION_MS
      if (!isOdd && ran() - last.ran < LOOK_MS) return now
      const before = last
      last = look(now)
      const setBy = last.wall - before.wall - (last.uptime - before.uptime)
      if (isOdd && Math.abs(setBy) > CORRECTION_MS) for (const tell of listeners) tell(Math.round(setBy))
      return now
    },
    onSet: (listener) => void listeners.push(listener),
  }
}
