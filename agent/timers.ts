/** What the agent waits with. Each returns the function that ends the wait. */
export type Timers = {
  after(ms: number, action: () => void): () => void
  /** At least every so many seconds, evenly. */
  every(seconds: number, action: () => void): () => void
  /** At least every so many seconds, at moments that `phase`, from 0 up to 1, has differ from one laptop to the next. */
  somewhereInEvery(seconds: number, phase: number, action: () => void): () => void
}

/**
 * The clocks of this machine. Plain timers: an expression of cron, matched against the time of day, costs 1 ms of CPU at
 * each look and 7 MB of memory, and nothing here is meant by the time of day.
 */
export const realTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
  every(seconds, action) {
    const timer = setInterval(action, seconds * 1000)
    return () => clearInterval(timer)
  },
  somewhereInEvery(seconds, phase, action) {
    // A laptop that slept misses its time; the watch notices, and reads at once.
    let interval: NodeJS.Timeout | undefined
    const first = setTimeout(
      () => {
        interval = setInterval(action, seconds * 1000)
        action()
      },
      phase * seconds * 1000,
    )
    return () => {
      clearTimeout(first)
      clearInterval(interval)
    }
  },
}
