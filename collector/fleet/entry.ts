import { parseEvidence } from '../../shared/evidence.ts'
import { TYP, parseJws } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'
import { countsFrom } from '../appraisal/freshness.ts'
import type { DeviceRecord, DeviceState, EvidenceRecord } from '../store/store.ts'
import type { Judged, View } from './judge.ts'

/** A device in memory. What it consists of is replaced and never changed, so that it shows whether a view is of it. */
export type Entry = DeviceState & {
  /** What was said last; null before the first time in this process. */
  view: View | null
  /** The evidence that is being stored: nobody but its report writes down what becomes of the device meanwhile. */
  storing: EvidenceRecord | null
  /** It is being removed: what becomes of it is not written any more. */
  isLeaving: boolean
  /** Whether its evidence is bad news that counts already and could not be stored. */
  isUnsaved: boolean
  /** Resolves when the last who waits for a turn with it has had it. */
  turn: Promise<void>
}

/**
 * A device as it was written. Evidence that is dated ahead is of no known age, since a clock was wrong: it is as good as
 * none, until the device reports again.
 */
export function entryOf(state: DeviceState, now: Date): Entry {
  const isAhead = state.evidence !== null && countsFrom(state.evidence) > now
  const evidence = isAhead ? null : state.evidence
  return { ...state, evidence, view: null, storing: null, isLeaving: false, isUnsaved: false, turn: Promise.resolve() }
}

/**
 * The clock was set: how long ago a device was heard does not depend on that, and what lies between the old time and the
 * new one did not pass. `openedAt` is when this process began.
 */
export function redate(entry: Entry, milliseconds: number, openedAt: Date): void {
  const { evidence, storing, conclusion } = entry
  // A clock that was wrong at the start says nothing of reports that came before it: these only ever grow older.
  const isMoved = evidence && (milliseconds < 0 || evidence.confirmedAt >= openedAt)
  if (isMoved) entry.evidence = moved(evidence, milliseconds)
  if (storing) entry.storing = moved(storing, milliseconds)
  entry.view = null
  if (conclusion) entry.conclusion = { ...conclusion, nextChange: null }
}

function moved(evidence: EvidenceRecord, milliseconds: number): EvidenceRecord {
  return { ...evidence, confirmedAt: new Date(evidence.confirmedAt.getTime() + milliseconds) }
}

/** Whether nothing that was ever said in favour of a device counts any more. */
export function isRevoked({ status, identity }: DeviceRecord): boolean {
  return status === 'locked-out' || identity === 'conflict'
}

/** What `unchanged` can confirm: nothing where the store does not have it. */
export function digestOf({ evidence, isUnsaved }: Entry): string | null {
  return isUnsaved ? null : (evidence?.digest ?? null)
}

export function judgedOf({ device, evidence, conclusion, view }: Entry): Judged {
  return { device, evidence, conclusion, view, facts: factsOf(evidence) }
}

/** The facts of stored evidence. It was verified before it was stored, so only its form is looked at again. */
export function factsOf(evidence: EvidenceRecord | null): Facts | null {
  if (!evidence) return null
  const jws = parseJws(evidence.jws, TYP.evidence)
  const claims = jws.ok ? parseEvidence(jws.value.claims) : jws
  // Evidence of a release whose signals had another form is as good as none, until the device reports again.
  return claims.ok ? claims.value.facts : null
}
