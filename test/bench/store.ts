import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { ReportRecord } from '../../collector/store/store.ts'
import { fakeDevice } from '../fakes/device.ts'
import { cpuEach, line, micros } from './measure.ts'

const ROWS = 20_000
const OUTSTANDING = 500

/** A durable report with 500 outstanding, beside one commit for each and no commits at all. */
export async function benchStore(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  const store = openSqlite(join(folder, 'muster.db'))
  const { jwk } = fakeDevice('')
  const now = new Date()
  const ids = Array.from({ length: OUTSTANDING }, (_, n) => `dev_${String(n).padStart(43, '0')}`)
  await store.addToken({
    id: 't',
    hash: 'h',
    createdAt: now,
    expiresAt: new Date(now.getTime() + 1e9),
    uses: OUTSTANDING,
    tags: [],
    owner: null,
  })
  for (const id of ids) {
    const device = {
      id,
      jwk,
      keyProtection: 'software',
      attested: false,
      status: 'active',
      identity: 'recognised',
      platform: 'linux',
      hostname: 'x',
      serial: null,
      owner: null,
      tags: [],
      enrolledAt: now,
    } as const
    await store.enroll({ ...device, tags: [] }, 'h', now)
  }
  const evidence = { jws: 'x'.repeat(3000), digest: 'd'.repeat(43) }
  const report = (deviceId: string, sequence: number): ReportRecord => ({
    deviceId,
    sequence,
    evidence,
    at: now,
    memory: {},
    transitions: [],
  })

  const grouped = await cpuEach(ROWS, () =>
    Promise.all(
      ids.map(async (id) => {
        for (let n = 1; n <= ROWS / OUTSTANDING; n++) await store.saveReport(report(id, n))
      }),
    ),
  )
  const alone = await cpuEach(500, async () => {
    for (let n = 1; n <= 500; n++) await store.saveReport(report(ids[0] ?? '', 1000 + n))
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
  rmSync(folder, { recursive: true })

  line('one row in one big transaction, nothing else', micros(floor))
  line(`a durable report, ${OUTSTANDING} outstanding`, micros(grouped), 'budget: at most 15 us a row')
  line('a durable report alone', micros(alone))
}
