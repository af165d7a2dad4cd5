import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable, oneOf } from '../../shared/schema.ts'
import { CHECK_IDS, CheckResult, VERDICTS } from '../../shared/standing.ts'
import type { Transition } from '../appraisal/transition.ts'
import { jsonReaderOf, Millis, readStrings, rowReaderOf, spanOf } from './rows.ts'
import { CAUSES, DEVICE_STATUSES, type Outcome, type StandingChange, type Store, type WrittenChange } from './store.ts'

/** Adds to the history, within the write of somebody else. */
export type AddHistory = (changes: Pick<Outcome, 'transitions' | 'standingChanges'>) => void

type HistoryTable = Pick<
  Store,
  'transitions' | 'standingChanges' | 'standingChangesAfter' | 'newestStandingChange' | 'watchStanding'
> & {
  add: AddHistory
  /** To be called when a transaction is on disk. */
  committed(): void
}

/**
 * Verdicts and standings that changed. Rows are only ever added, and forgotten when their time is over. They are told in the
 * order in which they were concluded: that is the order of time, unless a clock was set back, and then what came last holds.
 */
export function historyTable(db: Database): HistoryTable {
  const addTransition = db.prepare(
    `insert into transition (device_id, check_id, from_verdict, to_verdict, at, evidence, policy_version)
     values (?, ?, ?, ?, ?, ?, ?)`,
  )
  const addChange = db.prepare(
    `insert into standing_change
       (device_id, at, tiers_before, tiers_after, status, checks, policy_version, cause, reasons, owner)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, (select owner from device where id = ?))`,
  )
  const ofDevice = db.prepare<[string, number, number]>(
    'select * from transition where device_id = ? and at >= ? and at < ? order by id',
  )
  const ofCheck = db.prepare<[string, string, number, number]>(
    'select * from transition indexed by transition_check where device_id = ? and check_id = ? and at >= ? and at < ? order by id',
  )
  const changes = db.prepare<[string, number, number]>(
    'select * from standing_change where device_id = ? and at >= ? and at < ? order by id',
  )
  const after = db.prepare<[number, number]>('select * from standing_change where id > ? order by id limit ?')
  // Also where the newest has been forgotten.
  const newest = db.prepare<[], { seq: number }>("select seq from sqlite_sequence where name = 'standing_change'")
  const watchers = new Set<() => void>()
  let hasNews = false

  return {
    add({ transitions, standingChanges }) {
      for (const { deviceId, check, from, to, at, evidence, policyVersion } of transitions) {
        addTransition.run(deviceId, check, from, to, at.getTime(), evidence, policyVersion)
      }
      for (const change of standingChanges) {
        const { deviceId, at, status, policyVersion, cause = null, reasons } = change
        const [was, is, checks] = [change.before, change.after, change.checks].map((list) => JSON.stringify(list))
        const said = reasons ? JSON.stringify(reasons) : null
        const time = at.getTime()
        addChange.run(deviceId, time, was, is, status, checks, policyVersion, cause, said, deviceId)
        hasNews = true
      }
    },
    async transitions({ deviceId, check, ...span }) {
      const rows =
        check === undefined ? ofDevice.all(deviceId, ...spanOf(span)) : ofCheck.all(deviceId, check, ...spanOf(span))
      return rows.map(transitionOfRow)
    },
    standingChanges: async ({ deviceId, ...span }) =>
      changes.all(deviceId, ...spanOf(span)).map((row) => changeOfRow(readChange(row))),
    standingChangesAfter: async (id, limit) => after.all(id, limit).map(writtenOfRow),
    newestStandingChange: async () => newest.get()?.seq ?? 0,
    watchStanding(listener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
    committed() {
      if (!hasNews) return
      hasNews = false
      for (const tell of watchers) tell()
    },
  }
}

const readTransition = rowReaderOf(
  'transition',
  Type.Object({
    device_id: Type.String(),
    check_id: oneOf(CHECK_IDS),
    from_verdict: nullable(oneOf(VERDICTS)),
    to_verdict: nullable(oneOf(VERDICTS)),
    at: Millis,
    evidence: nullable(Type.String()),
    policy_version: Type.Integer(),
  }),
)

function transitionOfRow(row: unknown): Transition {
  const it = readTransition(row)
  return {
    deviceId: it.device_id,
    check: it.check_id,
    from: it.from_verdict,
    to: it.to_verdict,
    at: new Date(it.at),
    evidence: it.evidence,
    policyVersion: it.policy_version,
  }
}

const readChange = rowReaderOf(
  'standing change',
  Type.Object({
    id: Type.Integer(),
    device_id: Type.String(),
    at: Millis,
    tiers_before: Type.String(),
    tiers_after: Type.String(),
    status: oneOf(DEVICE_STATUSES),
    checks: Type.String(),
    policy_version: Type.Integer(),
    owner: nullable(Type.String()),
    cause: nullable(oneOf(CAUSES)),
    reasons: nullable(Type.String()),
  }),
)
const readChecks = jsonReaderOf(Type.Array(oneOf(CHECK_IDS)))
const readReasons = jsonReaderOf(Type.Array(Type.Pick(CheckResult, ['id', 'verdict', 'why', 'fix'])))

function changeOfRow(it: ReturnType<typeof readChange>): StandingChange {
  const what = `standing change ${it.id}`
  return {
    deviceId: it.device_id,
    at: new Date(it.at),
    before: readStrings(it.tiers_before, what),
    after: readStrings(it.tiers_after, what),
    status: it.status,
    checks: readChecks(it.checks, what),
    policyVersion: it.policy_version,
    ...(it.cause === null ? {} : { cause: it.cause }),
    ...(it.reasons === null ? {} : { reasons: readReasons(it.reasons, what) }),
  }
}

function writtenOfRow(row: unknown): WrittenChange {
  const it = readChange(row)
  return { ...changeOfRow(it), id: it.id, owner: it.owner }
}
