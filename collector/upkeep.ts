import type { FastifyBaseLogger } from 'fastify'
import { schedule } from 'node-cron'
import type { Audit } from './audit.ts'
import type { Store } from './store/store.ts'

/** At night, at a minute that nobody else has chosen; by the clock of the machine. */
const NIGHTLY = '17 3 * * *'
const DAY_MS = 86_400_000

export type UpkeepOptions = {
  store: Pick<Store, 'forgetHistory' | 'optimize'>
  /** For how many days history is kept; 0 keeps it for ever. */
  historyDays: number
  audit: Pick<Audit, 'forget'>
  /** The same for the audit log. */
  auditDays: number
  clock: () => Date
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>
}

/**
 * Forgets history whose time is over and has the store keep itself in order, once a day. A night in which that fails is
 * made up for by the next.
 */
export function openUpkeep(options: UpkeepOptions): { close(): void } {
  const { store, historyDays, audit, auditDays, clock, log } = options

  async function forget(days: number, drop: (before: Date) => Promise<number>, what: string): Promise<void> {
    if (days === 0) return
    const before = new Date(clock().getTime() - days * DAY_MS)
    const forgotten = await drop(before).catch((error: unknown) => {
      log.warn({ err: error }, `old ${what} could not be forgotten`)
      return 0
    })
    if (forgotten > 0) log.info({ forgotten, before: before.toISOString() }, `old ${what} was forgotten`)
  }

  async function night(): Promise<void> {
    await forget(historyDays, store.forgetHistory, 'history')
    await forget(auditDays, audit.forget, 'part of the audit log')
    await store.optimize().catch((error: unknown) => log.warn({ err: error }, 'the store could not be kept in order'))
  }

  const task = schedule(NIGHTLY, night)
  return { close: () => void task.destroy() }
}
