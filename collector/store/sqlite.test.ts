import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { storeContract } from '../../test/store-contract/contract.ts'
import { conclusion, device, enrolled, happened, idOf, later, NOW, report } from '../../test/store-contract/records.ts'
import { standingChange, token, transition } from '../../test/store-contract/records.ts'
import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

storeContract(async () => {
  const place = mkdtempSync(join(tmpdir(), 'muster-contract-'))
  return {
    open: async () => openSqlite(join(place, 'muster.db')),
    remove: async () => rmSync(place, { recursive: true }),
  }
})

const at = (seconds: number) => later(seconds).getTime()

let folder: string
let file: string
let store: Store

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-store-'))
  file = join(folder, 'muster.db')
  store = openSqlite(file)
})
afterEach(async () => {
  await store.close().catch(() => undefined)
  rmSync(folder, { recursive: true })
})

/** Does something to the file behind the store's back. */
function behind(sql: string, ...parameters: unknown[]): void {
  const db = new Sqlite(file)
  db.prepare(sql).run(...parameters)
  db.close()
}

describe('a database that is locked or full', () => {
  test('one that somebody else has locked refuses with a code, and takes writes again afterwards', async () => {
    const id = await enrolled(store, 'a')
    const other = new Sqlite(file)
    other.exec('begin immediate')
    await expect(store.saveReport(report(id, 1))).rejects.toMatchObject({ code: 'store-unavailable' })
    other.exec('rollback')
    other.close()
    expect(await store.saveReport(report(id, 1))).toBe('saved')
  })

  test('a lock that ends in time is only waited for', async () => {
    const id = await enrolled(store, 'a')
    const other = new Sqlite(file)
    other.exec('begin immediate')
    const saved = store.saveReport(report(id, 1))
    setImmediate(() => setImmediate(() => other.exec('rollback')))
    expect(await saved).toBe('saved')
    other.close()
  })

  const big = 'x'.repeat(200_000)
  const id = idOf('a')
  const writes: [name: string, write: (full: Store) => Promise<unknown>][] = [
    ['addToken', (full) => full.addToken(token({ tags: [big] }))],
    ['enroll', (full) => full.enroll(device('b', { hostname: big }), 'spare', NOW)],
    ['setTags', (full) => full.setTags(id, [big])],
    ['setOwner', (full) => full.setOwner(id, big)],
    ['setBootIds', (full) => full.setBootIds(id, [big])],
    ['saveReport', (full) => full.saveReport(report(id, 2, { evidence: { jws: big, digest: 'd' } }))],
    ['a history that is long', (full) => happened(full, id, { transitions: Array(3000).fill(transition(id, NOW)) })],
    [
      'a change that is large',
      (full) => happened(full, id, { standingChanges: [standingChange(id, NOW, { after: [big] })] }),
    ],
    [
      'addPolicy',
      (full) =>
        full.addPolicy({ digest: 'd', document: big, appliedAt: NOW, author: 'a', source: 'file', restores: null }),
    ],
    [
      'addException',
      (full) =>
        full.addException({
          id: 'e',
          target: { tag: 't' },
          check: 'firewall',
          reason: big,
          approver: 'a',
          createdAt: NOW,
          expiresAt: later(9),
          endedAt: null,
        }),
    ],
    [
      'putLeases',
      (full) => full.putLeases([{ list: 1, index: 1, deviceId: id, tiers: [big], status: 0, until: later(9) }]),
    ],
    [
      'addGateway',
      (full) =>
        full.addGateway({
          id: 'g',
          name: big,
          keyHash: 'k',
          scopes: ['decide'],
          hosts: [],
          certificate: null,
          createdAt: NOW,
        }),
    ],
  ]

  /** Everything that a store has. */
  const all = async (it: Store) => [
    await it.loadDevices(),
    await it.transitions({ deviceId: id }),
    await it.standingChanges({ deviceId: id }),
    await it.loadPolicies(),
    await it.loadExceptions(),
    await it.loadLeases(),
    await it.loadGateways(),
  ]

  test.each(writes)('a full disk: %s is refused with a code, and nothing of it is kept', async (_, write) => {
    await enrolled(store, 'a')
    await store.saveReport(report(id, 1))
    await store.addToken(token({ id: 'tok_spare', hash: 'spare' }))
    await store.close()
    // A limit below its size keeps a database from growing at all.
    store = openSqlite(file, { maxPages: 1 })
    const before = await all(store)
    await expect(write(store)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await all(store)).toEqual(before)
    // What needs no more room is still taken, and what was refused is taken when there is room again.
    expect(await store.saveReport(report(id, 3, { evidence: null }))).toBe('saved')
    await store.close()
    store = openSqlite(file)
    await write(store)
    expect(await all(store)).not.toEqual(before)
  })
})

describe('a file that is not right', () => {
  test('no database, or one of a newer release, is refused in words', async () => {
    await store.close()
    behind('pragma user_version = 999')
    expect(() => openSqlite(file)).toThrow(/newer release/)
    expect(() => openSqlite(folder)).toThrow(expect.objectContaining({ code: 'store-unavailable' }))
  })

  const damages: [name: string, sql: string][] = [
    ['an unknown verdict', `update device set memory = '{"firewall":{"verdict":"perfect"}}'`],
    ['a memory with no beginning', `update device set memory = json_remove(memory, '$.firewall.since')`],
    ['a memory of a moment that is null', `update device set memory = json_set(memory, '$.firewall.lapsedAt', null)`],
    ['a memory with a key too many', `update device set memory = json_set(memory, '$.firewall.more', 1)`],
    ['no memory', `update device set memory = ''`],
    ['tiers that are no list', `update device set tiers = '"public"'`],
    ['tiers that are cut short', `update device set tiers = '["pub'`],
    ['an unknown status', `update device set status = 'trusted'`],
    ['an unknown identity', `update device set identity = ''`],
    ['a key that is none', `update device set jwk = '{}'`],
    ['a moment that no clock shows', 'update device set concluded_at = 9000000000000000'],
    ['boot ids that are numbers', `update device set boot_ids = '[1]'`],
  ]
  test.each(damages)('a damaged device (%s) is an error, never a value', async (_, damage) => {
    const id = await enrolled(store, 'a')
    await store.saveReport(report(id, 1))
    behind(damage)
    await expect(store.loadDevice(id)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.loadDevices()).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  test('a damaged device is told of and left out, and costs the others nothing; then it can be removed', async () => {
    const [good, bad] = [await enrolled(store, 'a'), await enrolled(store, 'b')]
    behind("update device set status = 'trusted' where id = ?", bad)
    const problems: string[] = []
    const loaded = await store.loadDevices(({ message }) => problems.push(message))
    expect(loaded.map((it) => it.device.id)).toEqual([good])
    expect(problems).toEqual([expect.stringContaining(bad)])
    // Its key does not come in again: nobody knows whether it was locked out.
    await store.addToken(token())
    await expect(store.enroll(device('b'), 'h1', NOW)).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.removeDevice(bad)
    expect(await store.loadDevices()).toHaveLength(1)
    expect(await store.enroll(device('b'), 'h1', NOW)).toMatchObject({ hostname: 'b' })
  })

  test('a check that this release does not know is left out of the memory, and no other', async () => {
    const id = await enrolled(store, 'a')
    await store.saveReport(report(id, 1))
    behind(`update device set memory = json_set(memory, '$."check-of-tomorrow"', json_extract(memory, '$.firewall'))`)
    expect((await store.loadDevice(id))?.conclusion).toEqual(conclusion())
  })

  test('damage elsewhere is an error too', async () => {
    const id = await enrolled(store, 'a')
    await happened(store, id, { transitions: [transition(id, NOW)], standingChanges: [standingChange(id, NOW)] })
    await store.putLeases([{ list: 1, index: 2, deviceId: id, tiers: [], status: 0, until: NOW }])
    await store.addGateway({
      id: 'g',
      name: 'g',
      keyHash: 'k',
      scopes: ['decide'],
      hosts: [],
      certificate: null,
      createdAt: NOW,
    })
    await store.addPolicy({ digest: 'd', document: '', appliedAt: NOW, author: 'a', source: 'file', restores: null })
    behind("update transition set to_verdict = 'fine'")
    behind("update standing_change set checks = '[1]'")
    behind('update status_lease set status = 3')
    behind(`update gateway set scopes = '["everything"]'`)
    behind("update policy set source = 'hearsay'")
    for (const read of [
      () => store.transitions({ deviceId: id }),
      () => store.standingChanges({ deviceId: id }),
      () => store.loadLeases(),
      () => store.loadGateways(),
      () => store.loadPolicies(),
      () => store.loadPolicy(1),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'store-unavailable' })
    }
  })
})

describe('a database of the first form', () => {
  const first = readFileSync(new URL('migrations/001-first.sql', import.meta.url), 'utf8')
  const memory = {
    firewall: { verdict: 'pass', since: at(1), passed: true, failingSince: null, trackedSince: null },
    'os-patch': { verdict: 'fail', since: at(2), passed: true, failingSince: at(2), trackedSince: at(1) },
  }

  /** A database as the first release left it. */
  async function old(): Promise<Sqlite.Database> {
    await store.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    const db = new Sqlite(file)
    db.exec(first)
    db.pragma('user_version = 1')
    return db
  }

  function addDevice(db: Sqlite.Database, name: string, text: string): string {
    const { id, jwk, hostname } = device(name)
    db.prepare(
      `insert into device values (?, ?, 'software', 0, 'locked-out', 'recognised', 'linux', ?, 'S', 'o', '["t"]', ?, 7, '["b"]', ?)`,
    ).run(id, JSON.stringify(jwk), hostname, at(0), text)
    return id
  }

  test('comes over whole, and once', async () => {
    const db = await old()
    const id = addDevice(db, 'a', JSON.stringify(memory))
    const fresh = addDevice(db, 'b', '{}')
    db.prepare('insert into evidence values (?, ?, ?, ?, ?)').run(id, 'jws', 'digest', at(5), at(6))
    const add = db.prepare('insert into transition values (?, ?, ?, ?, ?, ?, ?)')
    add.run(id, 'firewall', null, 'fail', at(3), null, 1)
    add.run(id, 'firewall', 'fail', 'grace', at(1), 'd1', 1)
    add.run(id, 'os-patch', 'pass', 'fail', at(3), 'd2', 2)
    db.prepare('insert into policy values (?, ?, ?, ?)').run(1, 'd1', 'one', at(0))
    db.prepare('insert into policy values (?, ?, ?, ?)').run(2, 'd2', 'two', at(4))
    db.prepare("insert into gateway values ('g', 'nginx', 'k', '[\"vouch\"]', ?)").run(at(0))
    db.prepare("insert into enrollment_token values ('t', 'h', ?, ?, 2, '[\"lab\"]', null)").run(at(0), at(100))
    db.close()

    for (let opened = 0; opened < 2; opened++) {
      store = openSqlite(file)
      const known = device('a', { status: 'locked-out', serial: 'S', owner: 'o', tags: ['t'] })
      const rest = { askedSince: null, lapsedAt: null, mode: 'enforce' } as const
      expect(await store.loadDevice(id)).toEqual({
        device: known,
        lastSequence: 7,
        bootIds: ['b'],
        evidence: { jws: 'jws', digest: 'digest', receivedAt: later(5), confirmedAt: later(6) },
        conclusion: {
          memory: {
            firewall: {
              verdict: 'pass',
              since: later(1),
              passed: true,
              failingSince: null,
              passingSince: later(1),
              trackedSince: null,
              ...rest,
            },
            'os-patch': {
              verdict: 'fail',
              since: later(2),
              passed: true,
              failingSince: later(2),
              passingSince: null,
              trackedSince: later(1),
              ...rest,
            },
          },
          tiers: [],
          concludedAt: later(6),
          policyVersion: 2,
          nextChange: later(6),
        },
      })
      expect((await store.loadDevice(fresh))?.conclusion).toBeNull()
      expect(await store.transitions({ deviceId: id })).toEqual([
        transition(id, later(3), { evidence: null }),
        transition(id, later(1), { from: 'fail', to: 'grace', evidence: 'd1' }),
        transition(id, later(3), { check: 'os-patch', from: 'pass', evidence: 'd2', policyVersion: 2 }),
      ])
      const policy = { author: 'an earlier release', source: 'default', restores: null }
      expect(await store.loadPolicies()).toEqual([
        { version: 1, digest: 'd1', appliedAt: later(0), ...policy },
        { version: 2, digest: 'd2', appliedAt: later(4), ...policy },
      ])
      expect((await store.loadPolicy(2))?.document).toBe('two')
      expect(await store.loadGateways()).toEqual([
        { id: 'g', name: 'nginx', keyHash: 'k', scopes: ['vouch'], hosts: [], certificate: null, createdAt: later(0) },
      ])
      await store.close()
    }
    store = openSqlite(file)
    expect(await store.enroll(device('c'), 'h', NOW)).toMatchObject({ tags: ['lab'] })
    await store.removeDevice(id)
    expect(await store.transitions({ deviceId: id })).toHaveLength(3)
  })

  const damaged = [
    '',
    'no json',
    '[]',
    '"text"',
    '{"firewall":1}',
    '{"firewall":"text"}',
    '{"firewall":{"verdict":"pass"}}',
  ]
  test.each(damaged)('what was damaged in it is damaged still (%j), and the rest comes over', async (text) => {
    const db = await old()
    const id = addDevice(db, 'a', text)
    const other = addDevice(db, 'b', JSON.stringify(memory))
    db.close()
    store = openSqlite(file)
    await expect(store.loadDevice(id)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect((await store.loadDevice(other))?.conclusion?.memory.firewall?.verdict).toBe('pass')
  })
})

describe('a database of before event streams', () => {
  test('tells of nothing that was before, and has its history as it was', async () => {
    await store.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    const db = new Sqlite(file)
    const before = ['001-first', '002-time', '003-gateways', '004-audit']
    for (const name of before) db.exec(readFileSync(new URL(`migrations/${name}.sql`, import.meta.url), 'utf8'))
    db.pragma(`user_version = ${before.length}`)
    const addDevice = db.prepare(
      `insert into device (id, jwk, key_protection, attested, status, identity, platform, hostname, owner, tags, enrolled_at, tiers)
       values (?, '{}', 'software', 0, 'active', 'recognised', 'linux', 'h', ?, '[]', 0, ?)`,
    )
    addDevice.run('dev_a', 'alice@example.com', '["public"]')
    addDevice.run('dev_b', null, '[]')
    const addChange = db.prepare(
      `insert into standing_change (id, device_id, at, tiers_before, tiers_after, status, checks, policy_version)
       values (?, 'dev_a', ?, '[]', '["public"]', 'active', '[]', 1)`,
    )
    for (const id of [3, 7]) addChange.run(id, at(id))
    db.close()

    store = openSqlite(file)
    const told = { deviceId: 'dev_a', tiers: ['public'], compliant: null, owner: 'alice@example.com' }
    expect(await store.loadTold()).toEqual({ cursor: 7, told: [told] })
    const change = standingChange('dev_a', later(3), { checks: [] })
    expect(await store.standingChangesAfter(0, 10)).toEqual([
      { ...change, id: 3, owner: null },
      { ...change, at: later(7), id: 7, owner: null },
    ])
    await happened(store, 'dev_a', { standingChanges: [standingChange('dev_a', later(9))] })
    expect((await store.standingChangesAfter(7, 10)).map(({ id, owner }) => [id, owner])).toEqual([
      [8, 'alice@example.com'],
    ])
  })
})
