import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { getTasks } from 'node-cron'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { enrolled, happened, later, NOW, transition } from '../test/store-contract/records.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'
import { openUpkeep, type UpkeepOptions } from './upkeep.ts'

let folder: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-upkeep-'))
  store = openSqlite(join(folder, 'muster.db'))
})
afterEach(async () => {
  await store.close().catch(() => undefined)
  rmSync(folder, { recursive: true })
})

/** An audit log that is younger than anything. */
const NOTHING = { forget: async () => 0 }

/** What was told in the log, by its level. */
type Told = [level: string, message: string][]

/** Runs one night with a collector of these settings, and gives back what it told. */
async function night(options: Partial<UpkeepOptions> = {}): Promise<Told> {
  const told: Told = []
  const tell = (level: string) => (_: unknown, message?: string) => void told.push([level, message ?? ''])
  const log = { info: tell('info'), warn: tell('warn') }
  const upkeep = openUpkeep({
    store,
    historyDays: 730,
    audit: NOTHING,
    auditDays: 400,
    clock: () => NOW,
    log,
    ...options,
  })
  await lastTask().execute()
  upkeep.close()
  return told
}

/** The task of the upkeep that was opened last. */
function lastTask() {
  const task = [...getTasks().values()].at(-1)
  if (!task) throw new Error('nothing is scheduled')
  return task
}

test('comes once a night', () => {
  const log = { info: () => undefined, warn: () => undefined }
  const upkeep = openUpkeep({ store, historyDays: 730, audit: NOTHING, auditDays: 400, clock: () => NOW, log })
  const runs = lastTask().getNextRuns(3)
  expect(runs.map((run) => [run.getHours(), run.getMinutes()])).toEqual([
    [3, 17],
    [3, 17],
    [3, 17],
  ])
  expect(new Set(runs.map((run) => run.getDate())).size).toBe(3)
  upkeep.close()
})

test('the store knows afterwards how much there is of what, and keeps working', async () => {
  await store.addGateway({
    id: 'a',
    name: 'a',
    keyHash: 'x',
    scopes: ['decide'],
    hosts: [],
    certificate: null,
    createdAt: new Date(0),
  })
  expect(await night()).toEqual([])
  expect(await store.loadGateways()).toHaveLength(1)
  await store.close()
  expect(new Sqlite(join(folder, 'muster.db')).pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

const DAY = 86_400
test.each([
  [30, [10, 20, 30, 31, 40], 4],
  [29, [10, 20, 30, 31, 40], 3],
  [1, [10, 20, 30], 1],
  [40, [10, 20, 30, 40, 50], 5],
  [0, [10, 20, 30, 10_000, 20_000], 5],
])('with %i days of history, of verdicts %j days old %i are kept', async (historyDays, ages, kept) => {
  const id = await enrolled(store, 'a')
  // The last before the cut tells what held then: it is kept.
  const transitions = ages.toReversed().map((age) => transition(id, later(-age * DAY)))
  await happened(store, id, { transitions })
  const told = await night({ historyDays })
  const left = await store.transitions({ deviceId: id })
  expect(left).toEqual(transitions.slice(transitions.length - kept))
  expect(told).toEqual(kept === ages.length ? [] : [['info', 'old history was forgotten']])
})

test('a night in which it fails is told, and the rest of it is done all the same', async () => {
  let optimized = 0
  const failing = {
    forgetHistory: () => Promise.reject(new Error('the disk is gone')),
    async optimize() {
      optimized += 1
    },
  }
  expect(await night({ store: failing })).toEqual([['warn', 'old history could not be forgotten']])
  expect(optimized).toBe(1)
  await store.close()
  expect((await night()).map(([level]) => level)).toEqual(['warn', 'warn'])
})

test('lines of the audit log go when their time is over, and a night in which they cannot is told', async () => {
  const asked: Date[] = []
  const audit = { forget: async (before: Date) => asked.push(before) }
  expect(await night({ audit, auditDays: 2 })).toEqual([['info', 'old part of the audit log was forgotten']])
  expect(asked).toEqual([new Date(NOW.getTime() - 2 * 86_400_000)])
  expect(await night({ audit, auditDays: 0 })).toEqual([])
  expect(asked.length).toBe(1)
  const broken = { forget: () => Promise.reject(new Error('no')) }
  expect(await night({ audit: broken })).toEqual([['warn', 'old part of the audit log could not be forgotten']])
})
