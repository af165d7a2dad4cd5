import Sqlite from 'better-sqlite3'
import { MusterError } from '../../shared/errors.ts'
import { readHead, readLine, SELECT_HEAD } from './audit.ts'
import { spanOf } from './rows.ts'
import type { AuditHead, AuditLine } from './store.ts'

/** An audit log as it stood at one moment, read beside the collector that may be writing it. */
export type AuditReader = {
  head(): AuditHead | null
  /** A line by its number. */
  line(seq: number): AuditLine | null
  /** In their order, from behind a line. */
  lines(after: number): Iterable<AuditLine>
  /** Of a span of time, in the order of time. */
  linesOf(span: { from?: Date; to?: Date }): Iterable<AuditLine>
  close(): void
}

/** @throws MusterError `store-unavailable` where there is no database, or none with an audit log */
export function openAuditReader(file: string): AuditReader {
  try {
    const db = new Sqlite(file, { fileMustExist: true })
    db.pragma('query_only = on')
    // One transaction is one moment; whoever writes is not held up by it.
    db.exec('begin')
    const head = db.prepare<[]>(SELECT_HEAD)
    const one = db.prepare<[number]>('select * from audit where seq = ?')
    const all = db.prepare<[number]>('select * from audit where seq > ? order by seq')
    const bySpan = db.prepare<[number, number]>('select * from audit where at >= ? and at < ? order by at, seq')
    return {
      head: () => readOrNull(readHead, head.get()),
      line: (seq) => readOrNull(readLine, one.get(seq)),
      lines: (after) => readEach(all.iterate(after)),
      linesOf: (span) => readEach(bySpan.iterate(...spanOf(span))),
      close: () => void db.close(),
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new MusterError('store-unavailable', `${file} has no audit log that can be read: ${why}`, { cause: error })
  }
}

function readOrNull<T>(read: (row: unknown) => T, row: unknown): T | null {
  return row === undefined ? null : read(row)
}

function* readEach(rows: IterableIterator<unknown>): Generator<AuditLine> {
  for (const row of rows) yield readLine(row)
}
