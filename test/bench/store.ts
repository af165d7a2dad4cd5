import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { CheckMemory, Memory } from '../../collector/appraisal/memory.ts'
import type { Transition } from '../../collector/appraisal/transition.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { Conclusion, DeviceState, ReportRecord, Store } from '../../collector/store/store.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import { fakeDevice } from '../fakes/device.ts'
import { cpuEach, line, longestHold, micros, millis } from './measure.ts'

const ROWS = 20_000
const OUTSTANDING = 500
const DEVICES = 100_000
/** What a device has behind it after two years: its checks came and went a few times. */
const TRANSITIONS = 4

/** What keeping things costs: reports under way, and a fleet with its history. */
export async function benchStore(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  await benchReports(folder)
  await benchFleet(folder)
  rmSync(folder, { recursive: true })
}

const now = new Date()
const long = new Date(now.getTime() + 1e9)
const idOf = (n: number) => `dev_${String(n).padStart(43, '0')}`
const evidence = { jws: 'x'.repeat(3000), digest: 'd'.repeat(43) }

const check: CheckMemory = {
  verdict: 'pass',
  since: now,
  passed: true,
  failingSince: null,
  passingSince: now,
  trackedSince: null,
  askedSince: null,
  lapsedAt: null,
  mode: 'enforce',
}
const memory: Memory = Object.fromEntries(CHECK_IDS.map((id) => [id, check]))
const conclusion: Conclusion = {
  memory,
  tiers: ['public', 'internal', 'confidential'],
  concludedAt: now,
  policyVersion: 1,
  nextChange: long,
}

function reportOf(deviceId: string, sequence: number, more: Partial<ReportRecord> = {}): ReportRecord {
  return { deviceId, sequence, evidence, at: now, conclusion, transitions: [], standingChanges: [], ...more }
}

async function enroll(store: Store, ids: readonly string[]): Promise<void> {
  const { jwk } = fakeDevice('')
  const about = { keyProtection: 'software', attested: false, status: 'active', identity: 'recognised' } as const
  const owned = { platform: 'linux', hostname: 'x', serial: null, owner: null, enrolledAt: now } as const
  const [uses, createdAt, expiresAt] = [ids.length, now, long]
  await store.addToken({ id: 't', hash: 'h', createdAt, expiresAt, uses, tags: [], owner: null })
  await Promise.all(ids.map((id) => store.enroll({ id, jwk, ...about, ...owned, tags: [] }, 'h', now)))
}

function historyOf(deviceId: string): Transition[] {
  return CHECK_IDS.flatMap((id) =>
    Array.from({ length: TRANSITIONS }, (_, n) => {
      const at = new Date(now.getTime() - (TRANSITIONS - n) * 86_400_000)
      return { deviceId, check: id, from: null, to: 'pass', at, evidence: null, policyVersion: 1 } as const
    }),
  )
}

/** A durable report with 500 outstanding, beside one commit for each and no commits at all. */
async function benchReports(folder: string): Promise<void> {
  const store = openSqlite(join(folder, 'muster.db'))
  const ids = Array.from({ length: OUTSTANDING }, (_, n) => idOf(n))
  await enroll(store, ids)

  let sequence = 0
  const many = (more: Partial<ReportRecord> = {}) =>
    cpuEach(ROWS, async () => {
      for (let n = 0; n < ROWS / OUTSTANDING; n++) {
        sequence += 1
        await Promise.all(ids.map((id) => store.saveReport(reportOf(id, sequence, more))))
      }
    })
  const whole = await many()
  const unchanged = await many({ evidence: null })
  const alone = await cpuEach(500, async () => {
    for (let n = 1; n <= 500; n++) await store.saveReport(reportOf(idOf(0), sequence + n))
  })
  await store.close()

  const bare = new Sqlite(join(folder, 'bare.db'))
  bare.pragma('journal_mode = wal')
  bare.exec('create table row (id text primary key, body text)')
  const put = bare.prepare('insert or replace into row values (?, ?)')
  const floor = await cpuEach(ROWS, () =>
    bare.transaction(() =>
      ids.forEach((id) => {
        for (let n = 0; n < ROWS / OUTSTANDING; n++) put.run(id, evidence.jws)
      }),
    )(),
  )
  bare.close()

  line('one row in one big transaction, nothing else', micros(floor))
  line(`a durable report, ${OUTSTANDING} outstanding`, micros(whole), 'budget: at most 15 us a row')
  line(`"unchanged", ${OUTSTANDING} outstanding`, micros(unchanged), 'budget: at most 15 us a row')
  line('a durable report alone', micros(alone))
}

/** A fleet as it is read at the start, and its history as it is forgotten at night. */
async function benchFleet(folder: string): Promise<void> {
  const store = openSqlite(join(folder, 'fleet.db'))
  const ids = Array.from({ length: DEVICES }, (_, n) => idOf(n))
  await enroll(store, ids)
  for (let from = 0; from < DEVICES; from += 5000) {
    const some = ids.slice(from, from + 5000)
    await Promise.all(some.map((id) => store.saveReport(reportOf(id, 1, { transitions: historyOf(id) }))))
  }

  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let loaded: DeviceState[] = []
  const load = await cpuEach(1, async () => (loaded = await store.loadDevices()))
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  line(`${loaded.length} devices read at the start`, millis(load), `${grown.toFixed(0)} MB`)
  loaded = []

  let forgotten = 0
  let nothing = 0
  const held = await longestHold(async () => (forgotten = await store.forgetHistory(long)))
  const idle = await cpuEach(1, async () => (nothing = await store.forgetHistory(long)))
  line(`the event loop held while ${forgotten} are forgotten`, `${held.toFixed(1)} ms`)
  line(`a night in which ${nothing} are`, millis(idle))
  await store.close()
}
