import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import type { Writer } from './group-commit.ts'
import { Millis, readStrings, rowReaderOf } from './rows.ts'
import type { StatusLease, Store } from './store.ts'

/** So many leases are dropped at a time, which takes about a millisecond. */
const AT_ONCE = 500

/** Who holds which entry of the status lists. */
export function leaseTable(db: Database, write: Writer): Pick<Store, 'putLeases' | 'loadLeases' | 'dropLeases'> {
  const put = db.prepare(
    `insert into status_lease (list, entry, device_id, tiers, status, held_until) values (?, ?, ?, ?, ?, ?)
     on conflict (list, entry) do update set device_id = excluded.device_id, tiers = excluded.tiers,
       status = excluded.status, held_until = excluded.held_until`,
  )
  const all = db.prepare<[]>('select * from status_lease')
  const drop = db.prepare(
    `delete from status_lease where rowid in (select rowid from status_lease where held_until < ? limit ${AT_ONCE})`,
  )

  function putOne({ list, index, deviceId, tiers, status, until }: StatusLease): void {
    put.run(list, index, deviceId, JSON.stringify(tiers), status, until.getTime())
  }

  return {
    putLeases: (leases) => write(() => leases.forEach(putOne)),
    loadLeases: async () => Array.from(all.iterate(), leaseOfRow),
    async dropLeases(before) {
      while ((await write(() => drop.run(before.getTime()).changes)) === AT_ONCE);
    },
  }
}

const readLease = rowReaderOf(
  'status lease',
  Type.Object({
    list: Type.Integer(),
    entry: Type.Integer(),
    device_id: Type.String(),
    tiers: Type.String(),
    status: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]),
    held_until: Millis,
  }),
)

function leaseOfRow(row: unknown): StatusLease {
  const { list, entry: index, device_id: deviceId, tiers, status, held_until: until } = readLease(row)
  const what = `status lease ${list}/${index}`
  return { list, index, deviceId, tiers: readStrings(tiers, what), status, until: new Date(until) }
}
