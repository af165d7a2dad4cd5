import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { getTasks } from 'node-cron'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'
import { openUpkeep } from './upkeep.ts'

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

/** The task of the upkeep that was opened last. */
function lastTask() {
  const task = [...getTasks().values()].at(-1)
  if (!task) throw new Error('nothing is scheduled')
  return task
}

test('comes once a night', () => {
  const upkeep = openUpkeep(store, () => undefined)
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
  await store.addGateway({ id: 'a', name: 'a', keyHash: 'x', scopes: ['decide'], createdAt: new Date(0) })
  const upkeep = openUpkeep(store, () => undefined)
  await lastTask().execute()
  upkeep.close()
  expect(await store.loadGateways()).toHaveLength(1)
  await store.close()
  expect(new Sqlite(join(folder, 'muster.db')).pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('a night in which it fails is told, and nothing else happens', async () => {
  const failures: unknown[] = []
  const upkeep = openUpkeep(store, (error) => failures.push(error))
  await store.close()
  await lastTask().execute()
  upkeep.close()
  expect(failures).toHaveLength(1)
})
