import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable, oneOf } from '../../shared/schema.ts'
import type { Writer } from './group-commit.ts'
import { jsonReaderOf, Millis, readStrings, rowReaderOf } from './rows.ts'
import { SCOPES, type GatewayRecord, type Store } from './store.ts'

/** The gateways that may ask, and what each may do. */
export function gatewayTable(
  db: Database,
  write: Writer,
): Pick<Store, 'addGateway' | 'removeGateway' | 'loadGateways'> {
  const add = db.prepare(
    'insert into gateway (id, name, key_hash, scopes, hosts, certificate, created_at) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const remove = db.prepare('delete from gateway where id = ?')
  const all = db.prepare<[]>('select * from gateway order by created_at, rowid')
  return {
    addGateway: ({ id, name, keyHash, scopes, hosts, certificate, createdAt }) =>
      write(() => {
        const [may, protects] = [JSON.stringify(scopes), JSON.stringify(hosts)]
        add.run(id, name, keyHash, may, protects, certificate, createdAt.getTime())
      }),
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
    hosts: Type.String(),
    certificate: nullable(Type.String()),
    created_at: Millis,
  }),
)
const readScopes = jsonReaderOf(Type.Array(oneOf(SCOPES)))

function gatewayOfRow(row: unknown): GatewayRecord {
  const { id, name, key_hash: keyHash, scopes, hosts, certificate, created_at: createdAt } = readGateway(row)
  const what = `gateway ${id}`
  return {
    id,
    name,
    keyHash,
    scopes: readScopes(scopes, what),
    hosts: readStrings(hosts, what),
    certificate,
    createdAt: new Date(createdAt),
  }
}
