import type { Database } from 'better-sqlite3'
import type { Write } from './group-commit.ts'
import { gatewayOfRow, type GatewayRow } from './rows.ts'
import type { Store } from './store.ts'

/** Who may come in: enrolment tokens and the keys of gateways, each by its digest alone. */
export function accessIn(
  db: Database,
  write: Write,
): Pick<Store, 'addToken' | 'addGateway' | 'removeGateway' | 'loadGateways'> {
  const sql = {
    addToken: db.prepare(
      'insert into enrollment_token (id, hash, created_at, expires_at, uses, tags, owner) values (?, ?, ?, ?, ?, ?, ?)',
    ),
    addGateway: db.prepare('insert into gateway (id, name, key_hash, scopes, created_at) values (?, ?, ?, ?, ?)'),
    removeGateway: db.prepare('delete from gateway where id = ?'),
    gateways: db.prepare<[], GatewayRow>('select * from gateway order by created_at, rowid'),
  }
  return {
    addToken: ({ id, hash, createdAt, expiresAt, uses, tags, owner }) =>
      write(() => {
        sql.addToken.run(id, hash, createdAt.getTime(), expiresAt.getTime(), uses, JSON.stringify(tags), owner)
      }),
    addGateway: ({ id, name, keyHash, scopes, createdAt }) =>
      write(() => void sql.addGateway.run(id, name, keyHash, JSON.stringify(scopes), createdAt.getTime())),
    removeGateway: (id) => write(() => sql.removeGateway.run(id).changes > 0),
    loadGateways: async () => sql.gateways.all().map(gatewayOfRow),
  }
}
