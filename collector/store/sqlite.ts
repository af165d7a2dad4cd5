import { readdirSync, readFileSync } from 'node:fs'
import Sqlite, { type Database } from 'better-sqlite3'
import { MusterError } from '../../shared/errors.ts'
import { groupCommit } from './group-commit.ts'
import {
  deviceOfRow,
  gatewayOfRow,
  memoryText,
  stateOfRow,
  transitionOfRow,
  type DeviceRow,
  type GatewayRow,
  type StateRow,
  type TransitionRow,
} from './rows.ts'
import type { DeviceRecord, Store, Transition } from './store.ts'

/**
 * Opens the SQLite store, bringing its tables to the newest form. `maxPages` bounds the size of the file.
 * @throws MusterError `store-unavailable` where the file cannot be opened, or is of a newer release
 */
export function openSqlite(file: string, { maxPages }: { maxPages?: number } = {}): Store {
  const db = openDatabase(file)
  if (maxPages !== undefined) db.pragma(`max_page_count = ${maxPages}`)
  const write = groupCommit(db, () => performance.now())
  const sql = statements(db)

  function insertTransitions(transitions: readonly Transition[]): void {
    for (const { deviceId, check, from, to, at, evidence, policyVersion } of transitions) {
      sql.addTransition.run(deviceId, check, from, to, at.getTime(), evidence, policyVersion)
    }
  }

  return {
    probe: () => write(() => void sql.probe.run()),
    async close() {
      // Whatever is waiting is written first: it was promised to somebody.
      await write(() => undefined)
      db.close()
    },
    // What SQLite advises for connections that stay open for long (https://sqlite.org/pragma.html#pragma_optimize).
    optimize: () => write(() => void db.pragma('optimize')),

    enroll: (device, tokenHash, now) =>
      write(() => {
        const known = sql.device.get(device.id)
        if (known?.status === 'locked-out') return 'locked-out'
        const token = sql.spendToken.get(tokenHash, now.getTime())
        if (!token) return 'token-invalid'
        if (known) sql.restart.run(device.id)
        else sql.addDevice.run(deviceParameters(device, token))
        const row = sql.device.get(device.id)
        return row ? deviceOfRow(row) : 'token-invalid'
      }),
    async loadDevice(id) {
      const row = sql.state.get(id)
      return row ? stateOfRow(row) : null
    },
    loadDevices: async () => sql.states.all().map(stateOfRow),
    removeDevice: (id) => write(() => void sql.removeDevice.run(id)),
    setIdentity: (id, identity) => write(() => void sql.setIdentity.run(identity, id)),
    setBootIds: (id, bootIds) => write(() => void sql.setBootIds.run(JSON.stringify(bootIds), id)),
    findBySerial: async (serial) => sql.bySerial.all(serial).map(deviceOfRow),

    saveReport: ({ deviceId, sequence, evidence, at, memory, transitions }) =>
      write(() => {
        const { changes } = sql.advance.run(sequence, memoryText(memory), deviceId, sequence)
        if (changes === 0) return 'behind'
        const time = at.getTime()
        if (evidence) sql.putEvidence.run(deviceId, evidence.jws, evidence.digest, time, time)
        else sql.confirmEvidence.run(time, deviceId)
        insertTransitions(transitions)
        return 'saved'
      }),
    saveMemory: (deviceId, memory, transitions) =>
      write(() => {
        sql.setMemory.run(memoryText(memory), deviceId)
        insertTransitions(transitions)
      }),
    transitions: async (deviceId) => sql.transitions.all(deviceId).map(transitionOfRow),

    adoptPolicy: (document, digest, now) =>
      write(() => {
        const newest = sql.newestPolicy.get()
        if (newest?.digest === digest) return newest.version
        const version = (newest?.version ?? 0) + 1
        sql.addPolicy.run(version, digest, document, now.getTime())
        return version
      }),
    addToken: ({ id, hash, createdAt, expiresAt, uses, tags, owner }) =>
      write(
        () =>
          void sql.addToken.run(id, hash, createdAt.getTime(), expiresAt.getTime(), uses, JSON.stringify(tags), owner),
      ),
    addGateway: ({ id, name, keyHash, scopes, createdAt }) =>
      write(() => void sql.addGateway.run(id, name, keyHash, JSON.stringify(scopes), createdAt.getTime())),
    loadGateways: async () => sql.gateways.all().map(gatewayOfRow),
  }
}

function openDatabase(file: string): Database {
  try {
    // No busy time-out: it would block the whole process. Writes that find the database locked are tried again.
    const db = new Sqlite(file, { timeout: 0 })
    db.pragma('journal_mode = wal')
    db.pragma('synchronous = full')
    db.pragma('foreign_keys = on')
    migrate(db)
    return db
  } catch (error) {
    if (error instanceof MusterError) throw error
    const detail = `${file}: ${error instanceof Error ? error.message : String(error)}`
    throw new MusterError('store-unavailable', detail, { cause: error })
  }
}

const MIGRATIONS = new URL('migrations/', import.meta.url)

/** Applies each migration once, in order of its number, all or nothing. */
function migrate(db: Database): void {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
  const done = Number(db.pragma('user_version', { simple: true }))
  if (done > files.length) {
    throw new MusterError(
      'store-unavailable',
      `the database is of a newer release (form ${done}); this one knows ${files.length}`,
    )
  }
  db.transaction(() => {
    for (const name of files.slice(done)) db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'))
    db.pragma(`user_version = ${files.length}`)
  }).immediate()
}

function deviceParameters(device: DeviceRecord, token: { tags: string; owner: string | null }) {
  return {
    ...device,
    jwk: JSON.stringify(device.jwk),
    attested: device.attested ? 1 : 0,
    tags: token.tags,
    owner: token.owner,
    enrolledAt: device.enrolledAt.getTime(),
  }
}

const STATE = `select device.*, jws, digest, received_at, confirmed_at
  from device left join evidence on evidence.device_id = device.id`

function statements(db: Database) {
  return {
    probe: db.prepare('update device set last_sequence = last_sequence where 0'),
    device: db.prepare<[string], DeviceRow>('select * from device where id = ?'),
    state: db.prepare<[string], StateRow>(`${STATE} where device.id = ?`),
    states: db.prepare<[], StateRow>(STATE),
    bySerial: db.prepare<[string], DeviceRow>('select * from device where serial = ? order by enrolled_at desc'),
    addDevice: db.prepare(
      `insert into device (id, jwk, key_protection, attested, status, identity, platform, hostname, serial, owner, tags, enrolled_at)
       values (@id, @jwk, @keyProtection, @attested, @status, @identity, @platform, @hostname, @serial, @owner, @tags, @enrolledAt)`,
    ),
    restart: db.prepare("update device set last_sequence = 0, boot_ids = '[]' where id = ?"),
    removeDevice: db.prepare('delete from device where id = ?'),
    setIdentity: db.prepare('update device set identity = ? where id = ?'),
    setBootIds: db.prepare('update device set boot_ids = ? where id = ?'),
    advance: db.prepare('update device set last_sequence = ?, memory = ? where id = ? and last_sequence < ?'),
    setMemory: db.prepare('update device set memory = ? where id = ?'),
    putEvidence: db.prepare(
      `insert into evidence (device_id, jws, digest, received_at, confirmed_at) values (?, ?, ?, ?, ?)
       on conflict (device_id) do update set jws = excluded.jws, digest = excluded.digest,
         received_at = excluded.received_at, confirmed_at = excluded.confirmed_at`,
    ),
    confirmEvidence: db.prepare('update evidence set confirmed_at = ? where device_id = ?'),
    addTransition: db.prepare(
      `insert into transition (device_id, check_id, from_verdict, to_verdict, at, evidence, policy_version)
       values (?, ?, ?, ?, ?, ?, ?)`,
    ),
    transitions: db.prepare<[string], TransitionRow>('select * from transition where device_id = ? order by at, rowid'),
    newestPolicy: db.prepare<[], { version: number; digest: string }>(
      'select version, digest from policy order by version desc limit 1',
    ),
    addPolicy: db.prepare('insert into policy (version, digest, document, applied_at) values (?, ?, ?, ?)'),
    addToken: db.prepare(
      `insert into enrollment_token (id, hash, created_at, expires_at, uses, tags, owner) values (?, ?, ?, ?, ?, ?, ?)`,
    ),
    spendToken: db.prepare<[string, number], { tags: string; owner: string | null }>(
      'update enrollment_token set uses = uses - 1 where hash = ? and uses > 0 and expires_at > ? returning tags, owner',
    ),
    addGateway: db.prepare('insert into gateway (id, name, key_hash, scopes, created_at) values (?, ?, ?, ?, ?)'),
    gateways: db.prepare<[], GatewayRow>('select * from gateway'),
  }
}
