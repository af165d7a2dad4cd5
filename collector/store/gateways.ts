import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { oneOf } from '../../shared/schema.ts'
import type { Writer } from './group-commit.ts'
import { jsonReaderOf, Millis, rowReaderOf } from './rows.ts'
import { SCOPES, type GatewayRecord, type Store } from './store.ts'

/** The gateways that may ask, and what each may do. */
export function gatewayTable(
  db: Database,
  write: Writer,
): Pick<Store, 'addGateway' | 'removeGateway' | 'loadGateways'> {
  const add = db.prepare('insert into gateway (id, name, key_hash, scopes, created_at) values (?, ?, ?, ?, ?)')
  const remove = db.prepare('delete from gateway where id = ?')
  const all = db.prepare<[]>('select * from gateway order by created_at, rowid')
  return {
    addGateway: ({ id, name, keyHash, scopes, createdAt }) =>
      write(() => void add.run(id, name, keyHash, JSON.stringify(scopes), createdAt.getTime())),
    removeGateway: (id) => write(() => remove.run(id).changes > 0),
    loadGateways: async () => all.all().map(gatewayOfRow),
  }
}

const readGateway = rowReaderOf(
  'gateway',
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    key_hash: Type.String(),
    scopes: Type.String(),
    created_at: Millis,
  }),
)
const readScopes = jsonReaderOf(Type.Array(oneOf(SCOPES)))

function gatewayOfRow(row: unknown): GatewayRecord {
  const { id, name, key_hash: keyHash, scopes, created_at: createdAt } = readGateway(row)
  return { id, name, keyHash, scopes: readScopes(scopes, `gateway ${id}`), createdAt: new Date(createdAt) }
}
