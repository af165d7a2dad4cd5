import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable, oneOf } from '../../shared/schema.ts'
import type { Writer } from './group-commit.ts'
import { Millis, rowReaderOf } from './rows.ts'
import type { PolicyRecord, Store } from './store.ts'

const RECORD = 'version, digest, applied_at, author, source, restores'

/** Every policy that was ever in force, as it was written. */
export function policyTable(db: Database, write: Writer): Pick<Store, 'loadPolicies' | 'loadPolicy' | 'addPolicy'> {
  const all = db.prepare<[]>(`select ${RECORD} from policy order by version`)
  const one = db.prepare<[number]>('select * from policy where version = ?')
  const add = db.prepare<[object]>(
    `insert into policy (version, digest, document, applied_at, author, source, restores)
     select coalesce(max(version), 0) + 1, @digest, @document, @appliedAt, @author, @source, @restores from policy
     returning ${RECORD}`,
  )
  return {
    loadPolicies: async () => all.all().map(recordOfRow),
    async loadPolicy(version) {
      const row = one.get(version)
      return row === undefined ? null : { record: recordOfRow(row), document: readDocument(row).document }
    },
    addPolicy: (policy) => write(() => recordOfRow(add.get({ ...policy, appliedAt: policy.appliedAt.getTime() }))),
  }
}

const readDocument = rowReaderOf('policy', Type.Object({ document: Type.String() }))

const readRecord = rowReaderOf(
  'policy',
  Type.Object({
    version: Type.Integer(),
    digest: Type.String(),
    applied_at: Millis,
    author: Type.String(),
    source: oneOf(['default', 'file', 'apply']),
    restores: nullable(Type.Integer()),
  }),
)

function recordOfRow(row: unknown): PolicyRecord {
  const { version, digest, applied_at: appliedAt, author, source, restores } = readRecord(row)
  return { version, digest, appliedAt: new Date(appliedAt), author, source, restores }
}
