import type { FastifyBaseLogger } from 'fastify'
import { schedule } from 'node-cron'
import type { Store } from './store/store.ts'

/** At night, at a minute that nobody else has chosen; by the clock of the machine. */
const NIGHTLY = '17 3 * * *'
const DAY_MS = 86_400_000

export type UpkeepOptions = {
  store: Pick<Store, 'forgetHistory' | 'optimize'>
  /** For how many days history is kept; 0 keeps it for ever. */
  historyDays: number
  clock: () => Date
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>
}

/**
 * Forgets history whose time is over and has the store keep itself in order, once a day. A night in which that fails is
 * made up for by the next.
 */
export function openUpkeep({ store, historyDays, clock, log }: UpkeepOptions): { close(): void } {
  async function forget(): Promise<void> {
    if (historyDays === 0) return
    const before = new Date(clock().getTime() - historyDays * DAY_MS)
    const forgotten = await store.forgetHistory(before)
    if (forgotten > 0) log.info({ forgotten, before: before.toISOString() }, 'old history was forgotten')
  }

  async function night(): Promise<void> {
    await forget().catch((error: unknown) => log.warn({ err: error }, 'old history could not be forgotten'))
    await store.optimize().catch((error: unknown) => log.warn({ err: error }, 'the store could not be kept in order'))
  }

  const task = schedule(NIGHTLY, night)
  return { close: () => void task.destroy() }
}
