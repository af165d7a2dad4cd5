import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable } from '../../shared/schema.ts'
import type { Writer } from './group-commit.ts'
import { Millis, rowReaderOf, spanOf } from './rows.ts'
import type { AuditHead, AuditLine, Store } from './store.ts'

type AuditTable = Pick<Store, 'addAudit' | 'auditHead' | 'auditEnd' | 'auditLines' | 'auditBegin' | 'dropAudit'>

/** The audit log: lines are added at its end and forgotten at its beginning, never changed. */
export function auditTable(db: Database, write: Writer): AuditTable {
  const add = db.prepare('insert into audit (seq, at, line, hash) values (?, ?, ?, ?)')
  const dropFrom = db.prepare<[number]>('delete from audit where seq >= ?')
  const dropBefore = db.prepare<[number]>('delete from audit where seq < ?')
  const setHead = db.prepare(
    'insert or replace into audit_head (one, first, previous, seq, hash, signature) values (1, ?, ?, ?, ?, ?)',
  )
  const head = db.prepare<[]>(SELECT_HEAD)
  const newest = db.prepare<[]>('select * from audit order by seq desc limit 1')
  const oldest = db.prepare<[number, number]>('select * from audit where seq >= ? order by seq limit ?')
  const bySpan = db.prepare<[from: number, to: number, at: number, seq: number, limit: number]>(
    'select * from audit where at >= ? and at < ? and (at, seq) > (?, ?) order by at, seq limit ?',
  )
  const putHead = ({ first, previous, seq, hash, signature }: AuditHead) =>
    void setHead.run(first, previous, seq, hash, signature)

  return {
    addAudit: (lines, next) =>
      write(() => {
        const inTheWay = lines[0] ? dropFrom.run(lines[0].seq).changes : 0
        for (const { seq, at, line, hash } of lines) add.run(seq, at, line, hash)
        putHead(next)
        return inTheWay
      }),
    async auditHead() {
      const row = head.get()
      return row === undefined ? null : readHead(row)
    },
    async auditEnd() {
      const row = newest.get()
      return row === undefined ? null : readLine(row)
    },
    auditBegin: async (limit) => oldest.all(Number.MIN_SAFE_INTEGER, limit).map(readLine),
    async auditLines({ from, to, after, limit }) {
      if (from === undefined && to === undefined) return oldest.all((after?.seq ?? 0) + 1, limit).map(readLine)
      const [begin, end] = spanOf({ ...(from && { from }), ...(to && { to }) })
      return bySpan.all(begin, end, after?.at ?? begin - 1, after?.seq ?? 0, limit).map(readLine)
    },
    dropAudit: (next) =>
      write(() => {
        putHead(next)
        return dropBefore.run(next.first).changes
      }),
  }
}

export const SELECT_HEAD = 'select first, previous, seq, hash, signature from audit_head'

export const readLine = rowReaderOf(
  'audit line',
  Type.Object({ seq: Type.Integer(), at: Millis, line: Type.String(), hash: Type.String() }),
) satisfies (row: unknown) => AuditLine

export const readHead = rowReaderOf(
  'audit head',
  Type.Object({
    first: Type.Integer(),
    previous: nullable(Type.String()),
    seq: Type.Integer(),
    hash: nullable(Type.String()),
    signature: Type.String(),
  }),
) satisfies (row: unknown) => AuditHead
