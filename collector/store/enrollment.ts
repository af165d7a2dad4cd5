import type { Database } from 'better-sqlite3'
import { deviceOfRow } from './device-rows.ts'
import type { Writer } from './group-commit.ts'
import type { DeviceRecord, Store } from './store.ts'

/** What of a token becomes the device's. */
type Spent = { tags: string; owner: string | null }

/** How devices come in: tokens, and what they admit. */
export function enrollmentTable(db: Database, write: Writer): Pick<Store, 'addToken' | 'enroll'> {
  const addToken = db.prepare(
    `insert into enrollment_token (id, hash, created_at, expires_at, uses, tags, owner)
     values (@id, @hash, @createdAt, @expiresAt, @uses, @tags, @owner)`,
  )
  const spendToken = db.prepare<[string, number], Spent>(
    'update enrollment_token set uses = uses - 1 where hash = ? and uses > 0 and expires_at > ? returning tags, owner',
  )
  const find = db.prepare<[string], { status: string }>('select * from device where id = ?')
  const add = db.prepare(
    `insert into device
       (id, jwk, key_protection, attested, status, identity, platform, hostname, serial, owner, tags, enrolled_at)
     values
       (@id, @jwk, @keyProtection, @attested, @status, @identity, @platform, @hostname, @serial, @owner, @tags, @enrolledAt)`,
  )
  const restart = db.prepare("update device set last_sequence = 0, boot_ids = '[]' where id = ?")

  return {
    addToken: (token) =>
      write(() => {
        const [createdAt, expiresAt] = [token.createdAt.getTime(), token.expiresAt.getTime()]
        addToken.run({ ...token, createdAt, expiresAt, tags: JSON.stringify(token.tags) })
      }),
    enroll: (device, tokenHash, now) =>
      write(() => {
        const known = find.get(device.id)
        if (known?.status === 'locked-out') return 'locked-out'
        const token = spendToken.get(tokenHash, now.getTime())
        if (!token) return 'token-invalid'
        if (known) restart.run(device.id)
        else add.run(parametersOf(device, token))
        return deviceOfRow(find.get(device.id))
      }),
  }
}

function parametersOf(device: DeviceRecord, { tags, owner }: Spent) {
  return {
    ...device,
    jwk: JSON.stringify(device.jwk),
    attested: device.attested ? 1 : 0,
    tags,
    owner,
    enrolledAt: device.enrolledAt.getTime(),
  }
}
