import type { Database } from 'better-sqlite3'
import { MusterError } from '../../shared/errors.ts'

/** How long a write waits for a database that somebody else has locked, before it is refused. */
const BUSY_MS = 2000
const RETRY_MS = 20

type Waiting = { run: () => unknown; done: (result: unknown) => void; failed: (error: unknown) => void; since: number }

/** Runs a change within the next transaction; resolves with what it returned once that is on disk. */
export type Writer = <T>(run: () => T) => Promise<T>

/**
 * Gathers the writes of one turn of the event loop into one transaction, so that many reports share one `fsync`. There
 * is no fixed wait: what arrives while a commit is under way is the next commit. A promise resolves only after its
 * transaction is on disk; a write that fails takes nothing of the others with it. `committed` is told after each.
 */
export function groupCommit(db: Database, clock: () => number, committed: () => void = () => undefined): Writer {
  let waiting: Waiting[] = []
  let scheduled = false
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  const rollback = db.prepare('rollback')
  const savepoint = db.prepare('savepoint one')
  const release = db.prepare('release one')
  const undo = db.prepare('rollback to one')

  function drain(): void {
    scheduled = false
    const writes = waiting
    waiting = []
    const settle: (() => void)[] = []
    try {
      begin.run()
      for (const write of writes) settle.push(runOne(write))
      commit.run()
    } catch (error) {
      if (db.inTransaction) rollback.run()
      refuse(writes, error)
      return
    }
    for (const answer of settle) answer()
    committed()
  }

  function runOne(write: Waiting): () => void {
    savepoint.run()
    try {
      const result = write.run()
      release.run()
      return () => write.done(result)
    } catch (error) {
      // A full disk can end the whole transaction by itself: then there is nothing left to undo here.
      if (!db.inTransaction) throw error
      undo.run()
      release.run()
      return () => write.failed(unavailable(error))
    }
  }

  /** A locked database is tried again for a while; anything else is refused at once. */
  function refuse(writes: Waiting[], error: unknown): void {
    const now = clock()
    const patient = isBusy(error) ? writes.filter(({ since }) => now - since < BUSY_MS) : []
    for (const write of writes) if (!patient.includes(write)) write.failed(unavailable(error))
    if (patient.length === 0) return
    waiting = [...patient, ...waiting]
    if (scheduled) return
    scheduled = true
    setTimeout(drain, RETRY_MS)
  }

  return function write<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const done = (result: unknown) => resolve(result as T) // oxlint-disable-line typescript/no-unsafe-type-assertion
      waiting.push({ run, done, failed: reject, since: clock() })
      if (scheduled) return
      scheduled = true
      setImmediate(drain)
    })
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

function unavailable(error: unknown): MusterError {
  if (error instanceof MusterError) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new MusterError('store-unavailable', detail, { cause: error })
}
