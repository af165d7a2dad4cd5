import { schedule } from 'node-cron'
import type { Store } from './store/store.ts'

/** At night, at a minute that nobody else has chosen; by the clock of the machine. */
const NIGHTLY = '17 3 * * *'

/** Has the store keep itself in order once a day. A night in which that fails is made up for by the next. */
export function openUpkeep(store: Store, onFailure: (error: unknown) => void): { close(): void } {
  const task = schedule(NIGHTLY, () => store.optimize().catch(onFailure))
  return { close: () => void task.destroy() }
}
