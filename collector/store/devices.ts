import type { Database } from 'better-sqlite3'
import { MusterError } from '../../shared/errors.ts'
import { deviceOfRow, stateOfRow } from './device-rows.ts'
import type { Writer } from './group-commit.ts'
import type { AddHistory } from './history.ts'
import type { DeviceState, Store } from './store.ts'

type DeviceTable = Pick<
  Store,
  | 'loadDevice'
  | 'loadDevices'
  | 'removeDevice'
  | 'setIdentity'
  | 'setBootIds'
  | 'setStatus'
  | 'setTags'
  | 'setOwner'
  | 'findBySerial'
>

const STATE = `select device.*, jws, digest, received_at, confirmed_at
  from device left join evidence on evidence.device_id = device.id`

/** The devices that are enrolled, with the newest evidence of each and what was concluded from it. */
export function deviceTable(db: Database, write: Writer, addHistory: AddHistory): DeviceTable {
  const one = db.prepare<[string]>(`${STATE} where device.id = ?`)
  const all = db.prepare<[]>(STATE)
  const bySerial = db.prepare<[string]>('select * from device where serial = ? order by enrolled_at desc, rowid desc')
  const remove = db.prepare('delete from device where id = ?')
  const setIdentity = db.prepare('update device set identity = ? where id = ?')
  const setBootIds = db.prepare('update device set boot_ids = ? where id = ?')
  const setStatus = db.prepare('update device set status = ? where id = ?')
  const setTags = db.prepare('update device set tags = ? where id = ?')
  const setOwner = db.prepare('update device set owner = ? where id = ?')

  return {
    async loadDevice(id) {
      const row = one.get(id)
      return row === undefined ? null : stateOfRow(row)
    },
    async loadDevices(onDamaged) {
      const states: DeviceState[] = []
      for (const row of all.iterate()) {
        try {
          states.push(stateOfRow(row))
        } catch (error) {
          if (!onDamaged || !(error instanceof MusterError)) throw error
          onDamaged(error)
        }
      }
      return states
    },
    removeDevice: (id, last = null) =>
      write(() => {
        remove.run(id)
        if (last) addHistory(last)
      }),
    setIdentity: (id, identity) => write(() => void setIdentity.run(identity, id)),
    setBootIds: (id, bootIds) => write(() => void setBootIds.run(JSON.stringify(bootIds), id)),
    setStatus: (id, status) => write(() => void setStatus.run(status, id)),
    setTags: (id, tags) => write(() => void setTags.run(JSON.stringify(tags), id)),
    setOwner: (id, owner) => write(() => void setOwner.run(owner, id)),
    findBySerial: async (serial) => bySerial.all(serial).map(deviceOfRow),
  }
}
