import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Memory } from '../appraisal/memory.ts'
import { openSqlite } from './sqlite.ts'
import type { DeviceRecord, ReportRecord, Store, TokenRecord } from './store.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

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

const coordinate = 'A'.repeat(43)
function device(name: string, more: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    id: `dev_${name.padEnd(43, '0')}`,
    jwk: { kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate },
    keyProtection: 'software',
    attested: false,
    status: 'active',
    identity: 'recognised',
    platform: 'linux',
    hostname: name,
    serial: null,
    owner: null,
    tags: [],
    enrolledAt: NOW,
    ...more,
  }
}

function token(more: Partial<TokenRecord> = {}): TokenRecord {
  return { id: 'tok_1', hash: 'h1', createdAt: NOW, expiresAt: later(60), uses: 1, tags: [], owner: null, ...more }
}

const memory: Memory = {
  firewall: { verdict: 'grace', since: NOW, passed: true, failingSince: NOW, trackedSince: null },
}

function report(id: string, sequence: number, more: Partial<ReportRecord> = {}): ReportRecord {
  const evidence = { jws: `jws-${sequence}`, digest: `digest-${sequence}` }
  return { deviceId: id, sequence, evidence, at: later(sequence), memory, transitions: [], ...more }
}

async function enrolled(name: string): Promise<string> {
  await store.addToken(token({ id: `tok_${name}`, hash: name }))
  const added = await store.enroll(device(name), name, NOW)
  if (typeof added === 'string') throw new Error(added)
  return added.id
}

describe('enrolment', () => {
  test('spends a use of the token and adds the device with its tags and owner', async () => {
    await store.addToken(token({ tags: ['sales'], owner: 'a@example.com' }))
    expect(await store.enroll(device('a'), 'h1', NOW)).toEqual(device('a', { tags: ['sales'], owner: 'a@example.com' }))
    expect(await store.enroll(device('b'), 'h1', NOW)).toBe('token-invalid')
    expect(await store.loadDevice(device('b').id)).toBeNull()
  })

  test('a token that is unknown or expired admits nobody', async () => {
    await store.addToken(token())
    expect(await store.enroll(device('a'), 'other', NOW)).toBe('token-invalid')
    expect(await store.enroll(device('a'), 'h1', later(60))).toBe('token-invalid')
  })

  test('two at once with a single-use token: one gets in', async () => {
    await store.addToken(token())
    const both = await Promise.all(['a', 'b'].map((name) => store.enroll(device(name), 'h1', NOW)))
    expect(both.filter((it) => it === 'token-invalid')).toHaveLength(1)
  })

  test('the same key once more is the same device that counts from 1, and needs a token all the same', async () => {
    await store.addToken(token({ uses: 2 }))
    await store.enroll(device('a'), 'h1', NOW)
    expect(await store.enroll(device('a', { hostname: 'renamed' }), 'h1', NOW)).toMatchObject({ hostname: 'a' })
    expect(await store.enroll(device('a'), 'h1', NOW)).toBe('token-invalid')
  })

  test('devices are found by serial number, the newest first', async () => {
    await store.addToken(token({ uses: 2 }))
    await store.enroll(device('a', { serial: 'S1' }), 'h1', NOW)
    await store.enroll(device('b', { serial: 'S1', enrolledAt: later(5) }), 'h1', NOW)
    expect((await store.findBySerial('S1')).map(({ hostname }) => hostname)).toEqual(['b', 'a'])
  })
})

describe('reports', () => {
  test('are kept whole: sequence, evidence, memory and transitions', async () => {
    const id = await enrolled('a')
    const change = {
      deviceId: id,
      check: 'firewall',
      from: null,
      to: 'grace',
      at: NOW,
      evidence: 'digest-1',
      policyVersion: 3,
    } as const
    expect(await store.saveReport(report(id, 1, { transitions: [change] }))).toBe('saved')
    expect(await store.loadDevice(id)).toMatchObject({
      lastSequence: 1,
      evidence: { jws: 'jws-1', digest: 'digest-1', receivedAt: later(1), confirmedAt: later(1) },
      memory,
    })
    expect(await store.transitions(id)).toEqual([change])
  })

  test('"unchanged" confirms the last evidence without replacing it', async () => {
    const id = await enrolled('a')
    await store.saveReport(report(id, 1))
    await store.saveReport(report(id, 2, { evidence: null }))
    expect((await store.loadDevice(id))?.evidence).toEqual({
      jws: 'jws-1',
      digest: 'digest-1',
      receivedAt: later(1),
      confirmedAt: later(2),
    })
  })

  test.each([1, 0])(
    'a sequence that is not ahead (%i after 1) is behind, and nothing of it is kept',
    async (sequence) => {
      const id = await enrolled('a')
      await store.saveReport(report(id, 1))
      const change = {
        deviceId: id,
        check: 'firewall',
        from: null,
        to: 'fail',
        at: NOW,
        evidence: null,
        policyVersion: 1,
      } as const
      expect(await store.saveReport(report(id, sequence, { transitions: [change] }))).toBe('behind')
      expect(await store.transitions(id)).toEqual([])
      expect((await store.loadDevice(id))?.evidence?.jws).toBe('jws-1')
    },
  )

  test('many in one turn share a commit, and one that fails takes nothing of the others with it', async () => {
    const id = await enrolled('a')
    const lost = {
      deviceId: 'nobody',
      check: 'firewall',
      from: null,
      to: 'fail',
      at: NOW,
      evidence: null,
      policyVersion: 1,
    } as const
    const outcomes = await Promise.allSettled([
      store.saveReport(report(id, 1)),
      store.saveMemory('nobody', {}, [lost]),
      store.saveReport(report(id, 2)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.loadDevice(id))?.lastSequence).toBe(2)
  })
})

describe('what goes wrong', () => {
  test('a database that somebody else has locked refuses with a code, and takes writes again afterwards', async () => {
    const id = await enrolled('a')
    const other = new Sqlite(file)
    other.exec('begin immediate')
    await expect(store.saveReport(report(id, 1))).rejects.toMatchObject({ code: 'store-unavailable' })
    other.exec('rollback')
    other.close()
    expect(await store.saveReport(report(id, 1))).toBe('saved')
  })

  test('a lock that ends in time is only waited for', async () => {
    const id = await enrolled('a')
    const other = new Sqlite(file)
    other.exec('begin immediate')
    const saved = store.saveReport(report(id, 1))
    setImmediate(() => setImmediate(() => other.exec('rollback')))
    expect(await saved).toBe('saved')
    other.close()
  })

  test('a full disk refuses with a code, keeps what was there, and takes writes when there is room again', async () => {
    const id = await enrolled('a')
    await store.saveReport(report(id, 1))
    await store.close()
    const full = openSqlite(file, { maxPages: 1 })
    store = full
    const big = { jws: 'x'.repeat(200_000), digest: 'big' }
    await expect(full.saveReport(report(id, 2, { evidence: big }))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect((await full.loadDevice(id))?.lastSequence).toBe(1)
    expect(await full.saveReport(report(id, 3, { evidence: null }))).toBe('saved')
  })

  test('a file that is no database, or of a newer release, is refused in words', async () => {
    await store.close()
    const db = new Sqlite(file)
    db.pragma('user_version = 999')
    db.close()
    expect(() => openSqlite(file)).toThrow(/newer release/)
    expect(() => openSqlite(folder)).toThrow(expect.objectContaining({ code: 'store-unavailable' }))
  })

  test('a damaged row is an error, never a value', async () => {
    const id = await enrolled('a')
    const db = new Sqlite(file)
    db.prepare('update device set memory = ?').run('{"firewall":{"verdict":"perfect"}}')
    db.close()
    await expect(store.loadDevice(id)).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  test('close writes what is waiting', async () => {
    const id = await enrolled('a')
    const saved = store.saveReport(report(id, 1))
    await store.close()
    expect(await saved).toBe('saved')
    store = openSqlite(file)
    expect((await store.loadDevice(id))?.lastSequence).toBe(1)
  })
})

test('a policy document gets a new version only when it differs from the newest', async () => {
  expect(await store.adoptPolicy('a', 'digest-a', NOW)).toBe(1)
  expect(await store.adoptPolicy('a', 'digest-a', NOW)).toBe(1)
  expect(await store.adoptPolicy('b', 'digest-b', NOW)).toBe(2)
  expect(await store.adoptPolicy('a', 'digest-a', NOW)).toBe(3)
})

test('gateways come back as they were', async () => {
  const gateway = { id: 'gw_1', name: 'nginx', keyHash: 'k', scopes: ['decide', 'vouch'], createdAt: NOW } as const
  await store.addGateway({ ...gateway, scopes: [...gateway.scopes] })
  expect(await store.loadGateways()).toEqual([gateway])
})
