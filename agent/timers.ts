import { schedule } from 'node-cron'
import { cronExpression } from './schedule.ts'

/** What the agent waits with. Each returns the function that ends the wait. */
export type Timers = {
  after(ms: number, action: () => void): () => void
  /** At least every so many seconds, evenly. */
  every(seconds: number, action: () => void): () => void
  /** At least every so many seconds, at moments that differ from one laptop to the next. */
  somewhereInEvery(seconds: number, phase: number, action: () => void): () => void
}

/** The clocks of this machine. */
export const realTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
  // A plain timer: matching a cron expression costs 1 ms of CPU each time, which is a good part of what a watch may.
  every(seconds, action) {
    const timer = setInterval(action, seconds * 1000)
    return () => clearInterval(timer)
  },
  somewhereInEvery(seconds, phase, action) {
    // A laptop that slept misses its time; the watch notices, and reads at once.
    const task = schedule(cronExpression(seconds, phase), action, { suppressMissedWarning: true })
    return () => void task.destroy()
  },
}
