import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable, oneOf } from '../../shared/schema.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import type { Exception } from '../appraisal/exception.ts'
import type { Writer } from './group-commit.ts'
import { dateOrNull, Millis, millisOrNull, rowReaderOf } from './rows.ts'
import type { Store } from './store.ts'

/** The exceptions that were ever granted, also those that are over. */
export function exceptionTable(
  db: Database,
  write: Writer,
): Pick<Store, 'addException' | 'endException' | 'loadExceptions'> {
  const add = db.prepare(
    `insert into exception
       (id, target_kind, target, check_id, reason, approver, created_at, expires_at, ended_at)
     values (@id, @kind, @target, @check, @reason, @approver, @createdAt, @expiresAt, @endedAt)`,
  )
  const end = db.prepare(
    'update exception set ended_at = @at, ended_by = @by where id = @id and ended_at is null and expires_at > @at',
  )
  const all = db.prepare<[]>('select * from exception order by created_at desc, rowid desc')

  return {
    addException: (exception) =>
      write(() => {
        const { id, check, reason, approver } = exception
        const [createdAt, expiresAt] = [exception.createdAt.getTime(), exception.expiresAt.getTime()]
        const endedAt = millisOrNull(exception.endedAt)
        add.run({ id, ...columnsOf(exception.target), check, reason, approver, createdAt, expiresAt, endedAt })
      }),
    endException: (id, at, by) => write(() => end.run({ id, at: at.getTime(), by }).changes > 0),
    loadExceptions: async () => all.all().map(exceptionOfRow),
  }
}

type Target = Exception['target']

function columnsOf(target: Target): { kind: string; target: string } {
  if ('device' in target) return { kind: 'device', target: target.device }
  return 'tag' in target ? { kind: 'tag', target: target.tag } : { kind: 'group', target: target.group }
}

const TARGETS = {
  device: (device: string): Target => ({ device }),
  tag: (tag: string): Target => ({ tag }),
  group: (group: string): Target => ({ group }),
}

const readException = rowReaderOf(
  'exception',
  Type.Object({
    id: Type.String(),
    target_kind: oneOf(['device', 'tag', 'group']),
    target: Type.String(),
    check_id: oneOf(CHECK_IDS),
    reason: Type.String(),
    approver: Type.String(),
    created_at: Millis,
    expires_at: Millis,
    ended_at: nullable(Millis),
  }),
)

function exceptionOfRow(row: unknown): Exception {
  const it = readException(row)
  return {
    id: it.id,
    target: TARGETS[it.target_kind](it.target),
    check: it.check_id,
    reason: it.reason,
    approver: it.approver,
    createdAt: new Date(it.created_at),
    expiresAt: new Date(it.expires_at),
    endedAt: dateOrNull(it.ended_at),
  }
}
