import type { Database } from 'better-sqlite3'
import type { Writer } from './group-commit.ts'
import type { AddHistory } from './history.ts'
import { memoryText } from './memory-text.ts'
import { millisOrNull } from './rows.ts'
import type { Conclusion, Store } from './store.ts'

/** What becomes of a device: by its reports, and by time. */
export function reportTable(
  db: Database,
  write: Writer,
  addHistory: AddHistory,
): Pick<Store, 'saveReport' | 'saveOutcome'> {
  const advance = db.prepare(
    `update device set last_sequence = ?, memory = ?, tiers = ?, concluded_at = ?, policy_version = ?, next_change = ?
     where id = ? and last_sequence < ?`,
  )
  const conclude = db.prepare(
    'update device set memory = ?, tiers = ?, concluded_at = ?, policy_version = ?, next_change = ? where id = ?',
  )
  const putEvidence = db.prepare(
    `insert into evidence (device_id, jws, digest, received_at, confirmed_at) values (?, ?, ?, ?, ?)
     on conflict (device_id) do update set jws = excluded.jws, digest = excluded.digest,
       received_at = excluded.received_at, confirmed_at = excluded.confirmed_at`,
  )
  const confirmEvidence = db.prepare('update evidence set confirmed_at = ? where device_id = ?')

  return {
    saveReport: ({ deviceId, sequence, evidence, at, conclusion, ...changes }) =>
      write(() => {
        const concluded = advance.run(sequence, ...columnsOf(conclusion), deviceId, sequence)
        if (concluded.changes === 0) return 'behind'
        const time = at.getTime()
        if (evidence) putEvidence.run(deviceId, evidence.jws, evidence.digest, time, time)
        else confirmEvidence.run(time, deviceId)
        addHistory(changes)
        return 'saved'
      }),
    // What became of a device that was removed meanwhile is history all the same.
    saveOutcome: (deviceId, { conclusion, ...changes }) =>
      write(() => {
        conclude.run(...columnsOf(conclusion), deviceId)
        addHistory(changes)
      }),
  }
}

function columnsOf({ memory, tiers, concludedAt, policyVersion, nextChange }: Conclusion) {
  return [
    memoryText(memory),
    JSON.stringify(tiers),
    concludedAt.getTime(),
    policyVersion,
    millisOrNull(nextChange),
  ] as const
}
