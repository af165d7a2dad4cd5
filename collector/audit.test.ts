import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decision, denial, saidBy, START } from '../test/fakes/audit.ts'
import { fakeClock, type FakeClock } from '../test/fakes/clock.ts'
import { MusterError } from '../shared/errors.ts'
import { readCopy, readMarker } from './audit/mark.ts'
import { verifyLog } from './audit/verify.ts'
import { openAudit, type Audit, type AuditOptions } from './audit.ts'
import { openAuditReader } from './store/audit-reader.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

let folder: string
let file: string
let store: Store
let clock: FakeClock
let errors: unknown[]
let damages: string[]
let audit: Audit
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-audit-'))
  file = join(folder, 'muster.db')
  clock = fakeClock(START)
  ;[errors, damages] = [[], []]
  await start()
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true })
})

async function start(otherwise: Partial<AuditOptions['store']> = {}): Promise<void> {
  store = openSqlite(file)
  audit = await openAudit({
    store: { ...store, ...otherwise },
    folder,
    clock,
    onError: (error) => void errors.push(error),
    onDamaged: (problem) => void damages.push(problem),
  })
}

async function stop(): Promise<void> {
  await audit.close()
  await store.close().catch(() => undefined)
}

const lines = () => store.auditLines({ limit: 100_000 })
const said = async () => saidBy(await lines())

/** What somebody finds who reads the log as it is on disk. */
function verified(after?: number) {
  const copy = readCopy(folder)
  const reader = openAuditReader(file)
  const found = verifyLog({ reader, copy, marker: readMarker(folder), ...(after !== undefined && { after }) })
  reader.close()
  return found
}

/** Somebody changes the database of a collector that is stopped. */
function tampered(sql: string): void {
  const db = new Sqlite(file)
  db.exec(sql)
  db.close()
}

const act = (name: string) => ({ at: clock.now(), who: 'user anna', act: name, target: null, details: {} })

describe('decisions', () => {
  test('to allow are counted: alike ones are one line, with when and from where they came', async () => {
    audit.decided(decision())
    clock.pass(10)
    audit.decided(decision({ at: clock.now(), action: 'POST', client: '10.0.0.2' }))
    audit.decided(decision({ at: clock.now(), resource: 'https://wiki.example.com/pages/1?page=2#top' }))
    expect(await said()).toEqual([])
    await audit.flush()
    expect(await said()).toEqual([
      {
        at: clock.now().toISOString(),
        kind: 'allowed',
        by: 'forward-auth',
        gateway: { id: 'gw_wiki', name: 'wiki-nginx' },
        device: 'dev_a',
        provedBy: 'vouched',
        user: 'anna@example.com',
        resource: 'https://wiki.example.com/pages/1',
        tier: 'internal',
        actions: ['GET', 'POST'],
        clients: ['10.0.0.1', '10.0.0.2'],
        policyVersion: 1,
        count: 3,
        first: START.toISOString(),
        last: clock.now().toISOString(),
      },
    ])
  })

  test('to deny are one line each, written at once', async () => {
    audit.decided(denial())
    audit.decided(denial())
    await audit.acted(act('after'))
    const [first, second, third] = await said()
    expect(first).toEqual({
      at: START.toISOString(),
      kind: 'denied',
      by: 'forward-auth',
      gateway: { id: 'gw_wiki', name: 'wiki-nginx' },
      device: 'dev_a',
      provedBy: 'vouched',
      user: 'anna@example.com',
      action: 'GET',
      resource: 'https://wiki.example.com/pages/1',
      tier: 'internal',
      client: '10.0.0.1',
      code: 'not-admitted',
      reason: 'not admitted to internal: firewall is fail (it is off)',
      failing: ['firewall'],
      policyVersion: 1,
      count: 1,
    })
    expect(second).toEqual(first)
    expect(third).toMatchObject({ kind: 'act', act: 'after', who: 'user anna' })
  })

  test('a denial is on disk within the commit that it falls into', async () => {
    audit.decided(denial())
    await store.probe()
    expect((await said()).length).toBe(1)
  })

  test('of a minute that is over are written when the next one comes', async () => {
    audit.decided(decision())
    clock.pass(59)
    audit.decided(decision({ at: clock.now() }))
    clock.pass(1)
    audit.decided(decision({ at: clock.now() }))
    await store.probe()
    expect(await said()).toMatchObject([{ count: 2 }])
    await audit.flush()
    expect(await said()).toMatchObject([{ count: 2 }, { count: 1 }])
  })

  test('under a clock that was set back are counted apart, and the log tells of the clock', async () => {
    clock.pass(600)
    audit.decided(decision({ at: clock.now() }))
    clock.set(-3600)
    audit.decided(decision({ at: clock.now() }))
    await audit.flush()
    expect(await said()).toMatchObject([
      { kind: 'act', who: 'collector', act: 'clock-set', details: { milliseconds: -3_600_000 } },
      { kind: 'allowed', first: '2026-11-25T08:10:00.000Z', count: 1 },
      { kind: 'allowed', first: '2026-11-25T07:10:00.000Z', count: 1 },
    ])
    await stop()
    expect(verified()).toMatchObject({ finding: null, lines: 3 })
    await start()
  })

  test('that are too many to be told one by one are counted, and none is lost', async () => {
    for (let n = 0; n < 30_000; n++) audit.decided(denial({ resource: `https://wiki.example.com/${n}` }))
    for (let n = 0; n < 5000; n++) audit.decided(denial({ deviceId: `dev_${n}`, code: 'device-unknown' }))
    await audit.flush()
    const all = await said()
    expect(all.length).toBe(10_002)
    expect(all.reduce((sum, { count }) => sum + Number(count), 0)).toBe(35_000)
    expect(all.slice(-2)).toMatchObject([
      { kind: 'denied', device: 'dev_a', code: 'not-admitted', count: 20_000 },
      { kind: 'denied', device: null, code: 'device-unknown', count: 5000 },
    ])
    clock.pass(60)
    audit.decided(denial({ at: clock.now() }))
    await store.probe()
    expect((await said()).at(-1)).toMatchObject({ kind: 'denied', reason: expect.any(String), count: 1 })
  })

  test('that come while others are written keep their order, and every number is there once', async () => {
    const acts: Promise<void>[] = []
    for (let n = 0; n < 2000; n++) {
      if (n % 3 === 0) audit.decided(denial({ user: String(n) }))
      else acts.push(audit.acted(act(String(n))))
      if (n % 100 === 0) await store.probe()
    }
    await Promise.all(acts)
    const all = await said()
    expect(all.map(({ user, act: name }) => Number(user ?? name))).toEqual(Array.from({ length: 2000 }, (_, n) => n))
    expect((await lines()).map(({ seq }) => seq)).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1))
    await stop()
    expect(verified()).toMatchObject({ finding: null, lines: 2000 })
    await start()
  })
})

describe('a store that is away', () => {
  let isAway = true
  const away = {
    addAudit: (...args: Parameters<Store['addAudit']>) =>
      isAway ? Promise.reject(new MusterError('store-unavailable', 'it is away')) : store.addAudit(...args),
  }
  beforeEach(async () => {
    isAway = false
    await stop()
    await start(away)
  })

  test('refuses acts, and keeps denials until it is back', async () => {
    isAway = true
    audit.decided(denial({ user: 'first' }))
    await expect(audit.acted(act('refused'))).rejects.toMatchObject({ code: 'store-unavailable' })
    audit.decided(denial({ user: 'second' }))
    await expect(audit.flush()).rejects.toMatchObject({ code: 'store-unavailable' })
    isAway = false
    await audit.acted(act('taken'))
    expect(await said()).toMatchObject([{ user: 'first' }, { user: 'second' }, { act: 'taken' }])
    expect(errors.length).toBe(1)
  })

  test('is written to again by itself', async () => {
    isAway = true
    audit.decided(denial())
    await expect(audit.flush()).rejects.toThrow('it is away')
    isAway = false
    await expect.poll(said, { timeout: 5000 }).toMatchObject([{ kind: 'denied' }])
  })

  test('for long: what finds no room is counted, and the count is a line of the chain', async () => {
    isAway = true
    const reason = 'x'.repeat(500)
    for (let n = 0; n < 100_000; n++) {
      if (n % 9000 === 0) clock.pass(60)
      audit.decided(denial({ at: clock.now(), reason, user: String(n) }))
    }
    isAway = false
    await audit.flush()
    const all = await said()
    const lost = all.filter(({ kind }) => kind === 'lost')
    expect(lost).toMatchObject([{ problem: expect.stringMatching(/^\d+ denials/), allowed: 0, others: 0 }])
    const denied = all.filter(({ kind }) => kind === 'denied').length
    expect(denied).toBeGreaterThan(10_000)
    expect(denied + Number(lost[0]?.['denied'])).toBe(100_000)
  })

  test('once closed refuses acts, and leaves nobody waiting', async () => {
    await audit.close()
    audit.decided(denial())
    await expect(audit.acted(act('late'))).rejects.toMatchObject({ code: 'store-unavailable' })
    await audit.flush()
    expect(await said()).toEqual([])
  })

  test('at the end: what could not be written is told in the log of the collector', async () => {
    isAway = true
    audit.decided(denial())
    await audit.close()
    expect(errors.map(String).at(-1)).toContain('1 lines of the audit log were not kept')
  })
})

test('a first start that ended between the head and its copy is no damage', async () => {
  await stop()
  rmSync(join(folder, 'audit-head.json'))
  await start()
  await audit.acted(act('a'))
  await stop()
  expect(verified()).toMatchObject({ finding: null, lines: 1 })
  expect(damages).toEqual([])
  await start()
})

describe('a column of the database that somebody changed', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd']) await audit.acted(act(name))
    await stop()
  })
  afterEach(start)

  const changes: [sql: string, found: number | null][] = [
    ['update audit set seq = 9 where seq = 2', 2],
    ['update audit set seq = 0 where seq = 1', 0],
    ['update audit set at = at + 1 where seq = 2', 2],
    ["update audit set line = replace(line, 'anna', 'ben') where seq = 2", 2],
    ["update audit set line = line || ' ' where seq = 4", 4],
    ["update audit set line = '' where seq = 1", 1],
    ['update audit set hash = lower(hash) where seq = 3', 3],
    ['update audit set hash = (select hash from audit where seq = 1) where seq = 2', 2],
    ['update audit_head set first = 2', null],
    ["update audit_head set previous = ''", null],
    ['update audit_head set seq = 3', null],
    ['update audit_head set seq = 5', null],
    ['update audit_head set hash = (select hash from audit where seq = 3)', null],
    ["update audit_head set signature = 'x'", null],
    ["update audit_head set signature = signature || '='", null],
    ['delete from audit_head', null],
  ]
  test.each(changes)('is found: %s', (sql, found) => {
    tampered(sql)
    expect(verified().finding).toMatchObject({ seq: found })
  })
})

describe('the next start', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd']) await audit.acted(act(name))
    await stop()
  })

  test('goes on where the log ended', async () => {
    expect(verified()).toMatchObject({ finding: null, lines: 4 })
    await start()
    await audit.acted(act('e'))
    expect((await lines()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    await stop()
    expect(verified()).toMatchObject({ finding: null, lines: 5 })
    expect(damages).toEqual([])
    await start()
  })

  const FORGED = `insert into audit select seq + 1, at, line, hash from audit where seq = 4`
  const damagesOf: [name: string, damage: () => void, said: RegExp, found: number][] = [
    ['an end that was cut off', () => tampered('delete from audit where seq > 2'), /ended with line 2, .* line 4/, 3],
    ['no line at all', () => tampered('delete from audit'), /ended with line 0/, 1],
    ['a line that was put behind the end', () => tampered(FORGED), /stood behind line 4/, 5],
    ['a last line that was changed', () => tampered("update audit set hash = 'x' where seq = 4"), /not the one/, 4],
    ['a head that is gone', () => tampered('delete from audit_head'), /head of the log is gone/, 5],
    ['a head that was changed', () => tampered('update audit_head set first = 2'), /not signed/, 5],
    [
      'a head and an end of before',
      () => tampered('delete from audit where seq > 2; delete from audit_head'),
      /head of the log is gone/,
      3,
    ],
    ['a database that is gone', () => rmSync(file), /head of the log is gone/, 1],
    ['a copy that is gone', () => rmSync(join(folder, 'audit-head.json')), /copy .* is gone/, 5],
    ['a copy that cannot be read', () => writeFileSync(join(folder, 'audit-head.json'), '{'), /copy .* is gone/, 5],
    [
      'everything but the key is gone',
      () => [file, join(folder, 'audit-head.json')].forEach((it) => rmSync(it)),
      /head of the log is gone/,
      1,
    ],
    ['another key', () => rmSync(join(folder, 'audit-key')), /not signed with its key/, 5],
  ]
  test.each(damagesOf)(
    'after %s goes on, says so, and what is missing stays to be seen',
    async (_, damage, told, found) => {
      damage()
      await start()
      expect(damages).toEqual([expect.stringMatching(told)])
      await audit.acted(act('later'))
      await stop()
      expect(verified().finding).toMatchObject({ seq: found })
      // Another start in between makes nothing good again.
      await start()
      await stop()
      expect(verified().finding).toMatchObject({ seq: found })
      expect(damages.length).toBe(1)
      await start()
    },
  )

  test('that cannot write yet lets no trace of damage go before it is in the log', async () => {
    rmSync(join(folder, 'audit-head.json'))
    await start({ addAudit: () => Promise.reject(new MusterError('store-unavailable')) })
    await stop()
    expect(readCopy(folder)).toBeNull()
    await start()
    expect(damages).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('copy of the head')))
    await stop()
    expect(verified().finding).toMatchObject({ seq: 5, problem: expect.stringContaining('copy of the head') })
    await start()
  })

  test('after a backup was put back never numbers the lost lines anew', async () => {
    const before = readFileSync(file)
    await start()
    for (const name of ['e', 'f']) await audit.acted(act(name))
    await stop()
    writeFileSync(file, before)
    expect(verified().finding).toMatchObject({ seq: 5, problem: expect.stringContaining('had come to line 6') })
    await start()
    expect(damages).toEqual(['the log had come to line 6, and went back to line 4'])
    await stop()
    expect(verified().finding).toMatchObject({ seq: 5, problem: 'lines 5 to 6 are missing' })
    expect(verified(7).finding).toBeNull()
    await start()
  })

  test('lines that somebody puts behind the end while it runs are taken away, and told', async () => {
    await start()
    tampered(FORGED)
    await audit.acted(act('e'))
    await audit.flush()
    expect((await said()).slice(-2)).toMatchObject([
      { act: 'e' },
      { kind: 'damaged', problem: expect.stringContaining('1 lines') },
    ])
    await stop()
    expect(verified().finding).toMatchObject({ seq: 6 })
    await start()
  })
})

const days = (count: number) => new Date(START.getTime() + count * 86_400_000)

describe('lines whose time is over', () => {
  beforeEach(async () => {
    for (let day = 0; day < 10; day++) {
      for (let n = 0; n < 120; n++) audit.decided(denial({ at: clock.now(), user: String(day) }))
      clock.pass(86_400)
    }
    await audit.flush()
  })

  test('go, and what is left can be verified, with where it begins signed', async () => {
    expect(await audit.forget(days(7))).toBe(840)
    await audit.flush()
    const all = await lines()
    expect(all.length).toBe(361)
    expect(all[0]!.seq).toBe(841)
    expect((await said()).at(-1)).toMatchObject({
      act: 'audit-forget',
      details: { lines: 840, first: 841, previous: JSON.parse(all[0]!.line).previous },
    })
    await stop()
    expect(verified()).toMatchObject({ finding: null, lines: 361 })
    await start()
    expect(damages).toEqual([])
    await stop()
    tampered('delete from audit where seq < 845')
    expect(verified().finding).toMatchObject({ seq: 841, problem: 'lines 841 to 844 are missing' })
    await start()
  })

  test('go all but the last where all are over, and none where none is', async () => {
    expect(await audit.forget(START)).toBe(0)
    expect(await audit.forget(days(1000))).toBe(1199)
    await audit.flush()
    await stop()
    expect(verified()).toMatchObject({ finding: null, lines: 2 })
    await start()
  })

  test('go in the order in which they were written: a clock that was set back takes nothing younger along', async () => {
    clock.set(-9 * 86_400)
    audit.decided(denial({ at: clock.now() }))
    await audit.flush()
    expect(await audit.forget(days(5))).toBe(600)
    expect((await lines()).at(-1)!.at).toBeLessThan(days(5).getTime())
  })

  test('do not take with them that they were tampered with', async () => {
    tampered(`update audit set line = replace(line, 'not-admitted', 'stale') where seq = 3`)
    expect(await audit.forget(days(7))).toBe(840)
    await audit.flush()
    await stop()
    expect(verified().finding).toMatchObject({
      problem: expect.stringContaining('of lines that were forgotten, line 3'),
    })
    // When that line is forgotten in its turn, it is not told again.
    await start()
    clock.pass(86_400 * 30)
    await audit.acted(act('later'))
    await audit.forget(days(30))
    await audit.flush()
    await stop()
    expect(verified()).toMatchObject({ finding: null })
    await start()
  })

  test('go while others are written', async () => {
    const acts = Array.from({ length: 500 }, (_, n) => audit.acted(act(String(n))))
    const gone = audit.forget(days(9))
    await Promise.all(acts)
    expect(await gone).toBe(1080)
    await stop()
    expect(verified()).toMatchObject({ finding: null })
    await start()
  })
})

test('a log is read whole beside the collector that writes it', async () => {
  for (let n = 0; n < 50; n++) {
    audit.decided(denial())
    const [found] = await Promise.all([Promise.resolve().then(() => verified()), audit.acted(act(String(n)))])
    expect(found.finding).toBeNull()
  }
})
