import { readdirSync, readFileSync } from 'node:fs'
import Sqlite, { type Database } from 'better-sqlite3'
import { MusterError } from '../../shared/errors.ts'
import { auditTable } from './audit.ts'
import { deviceTable } from './devices.ts'
import { enrollmentTable } from './enrollment.ts'
import { eventTable } from './events.ts'
import { exceptionTable } from './exceptions.ts'
import { forgetting } from './forgetting.ts'
import { gatewayTable } from './gateways.ts'
import { groupCommit } from './group-commit.ts'
import { historyTable } from './history.ts'
import { leaseTable } from './leases.ts'
import { policyTable } from './policies.ts'
import { reportTable } from './reports.ts'
import type { Store } from './store.ts'

/**
 * Opens the SQLite store, bringing its tables to the newest form. `maxPages` bounds the size of the file.
 * @throws MusterError `store-unavailable` where the file cannot be opened, or is of a newer release
 */
export function openSqlite(file: string, { maxPages }: { maxPages?: number } = {}): Store {
  const db = openDatabase(file)
  if (maxPages !== undefined) db.pragma(`max_page_count = ${maxPages}`)
  const { add: addHistory, committed, ...history } = historyTable(db)
  const write = groupCommit(db, () => performance.now(), committed)
  const probe = db.prepare('update device set last_sequence = last_sequence where 0')

  return {
    probe: () => write(() => void probe.run()),
    async close() {
      // Whatever is waiting is written first: it was promised to somebody.
      await write(() => undefined)
      db.close()
    },
    // What SQLite advises for connections that stay open for long (https://sqlite.org/pragma.html#pragma_optimize).
    optimize: () => write(() => void db.pragma('optimize')),
    ...enrollmentTable(db, write),
    ...deviceTable(db, write, addHistory),
    ...reportTable(db, write, addHistory),
    ...history,
    ...forgetting(db, write),
    ...eventTable(db, write),
    ...policyTable(db, write),
    ...exceptionTable(db, write),
    ...leaseTable(db, write),
    ...gatewayTable(db, write),
    ...auditTable(db, write),
  }
}

function openDatabase(file: string): Database {
  try {
    // No busy time-out: it would block the whole process. Writes that find the database locked are tried again.
    const db = new Sqlite(file, { timeout: 0 })
    db.pragma('journal_mode = wal')
    db.pragma('synchronous = full')
    db.pragma('foreign_keys = on')
    // Devices and entries of status lists are written in no order: 32 MB hold the indices of a large fleet.
    db.pragma('cache_size = -32768')
    migrate(db)
    return db
  } catch (error) {
    if (error instanceof MusterError) throw error
    const detail = `${file}: ${error instanceof Error ? error.message : String(error)}`
    throw new MusterError('store-unavailable', detail, { cause: error })
  }
}

const MIGRATIONS = new URL('migrations/', import.meta.url)

/** Applies each migration once, in order of its number, all or nothing. */
function migrate(db: Database): void {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
  const done = Number(db.pragma('user_version', { simple: true }))
  if (done > files.length) {
    throw new MusterError(
      'store-unavailable',
      `the database is of a newer release (form ${done}); this one knows ${files.length}`,
    )
  }
  db.transaction(() => {
    for (const name of files.slice(done)) db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'))
    db.pragma(`user_version = ${files.length}`)
  }).immediate()
}
