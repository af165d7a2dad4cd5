import { MusterError } from '../../shared/errors.ts'
import type { Appraisal } from '../appraisal/appraise.ts'
import type { Clock } from '../clock.ts'
import type { Report } from '../protocol/session.ts'
import type { DeviceRecord, EvidenceRecord, Outcome, Store } from '../store/store.ts'
import { digestOf, factsOf, type Entry } from './entry.ts'
import { judge } from './judge.ts'
import { together } from './keeper.ts'
import type { Roster } from './roster.ts'

export type ReportOptions = { store: Pick<Store, 'saveReport'>; clock: Clock; onError: (error: unknown) => void }

/**
 * Takes a verified report: judges it, and makes it durable. Bad news counts before it is written, since a store that fails
 * must not keep a gate open; good news counts after.
 * @throws MusterError `device-unknown`, `identity-conflict`, `message-unexpected`, `store-unavailable`
 */
export type AcceptReport = (id: string, report: Report) => Promise<Entry>

export function openReports(roster: Roster, { store, clock, onError }: ReportOptions): AcceptReport {
  const { keeper, current } = roster

  async function accept(entry: Entry, given: Report): Promise<Entry> {
    const last = current(entry) // what time did before this report is told before it
    const { device: before, conclusion } = entry
    const now = clock.now()
    // Good evidence mends the doubt that bad evidence raised; a copied key stays a copied key.
    const isMended = before.identity === 'unverified'
    const device: DeviceRecord = isMended ? { ...before, identity: 'recognised' } : before
    const evidence = evidenceOf(entry, given, now)
    const facts = given.kind === 'evidence' ? given.claims.facts : factsOf(evidence)
    const judgement = judge({ device, evidence, conclusion, facts }, roster.basis(), now, 'report')
    const isBad = isBadNews(last.appraisal, judgement.view.appraisal)
    entry.storing = evidence
    if (isBad) roster.take(entry, judgement)
    await save(entry, given, { now, outcome: judgement.outcome, isBad })
    entry.lastSequence = given.sequence
    if (!isBad) roster.take(entry, judgement)
    entry.storing = null
    // Meanwhile the key may have fallen into doubt again, or an admin have changed something: then it is not mended.
    if (isMended && entry.device === before) {
      entry.device = device
      await roster.write(device.id, { identity: device.identity }).catch(onError)
    }
    return entry
  }

  type Saving = { now: Date; outcome: Outcome; isBad: boolean }

  /** Writes what a report led to, along with what is owed. */
  async function save(entry: Entry, given: Report, { now, outcome, isBad }: Saving): Promise<void> {
    const { id } = entry.device
    const { sequence } = given
    const owed = keeper.take(id)
    const whole = owed ? together(owed, outcome) : outcome
    const evidence = given.kind === 'evidence' ? { jws: given.jws, digest: given.digest } : null
    try {
      const saved = await store.saveReport({ ...whole, deviceId: id, sequence, evidence, at: now })
      if (saved === 'behind') throw new MusterError('identity-conflict', `sequence ${sequence} was used before`)
      entry.isUnsaved = false
    } catch (error) {
      const unwritten = isBad ? whole : owed
      if (unwritten) keeper.putBack(id, unwritten)
      if (isBad && evidence) entry.isUnsaved = true
      entry.storing = null
      if (error instanceof MusterError && error.code === 'identity-conflict') {
        await roster.change(id, { identity: 'conflict' }).catch(onError)
      }
      // Whatever came meanwhile was left to this report.
      current(entry)
      throw error
    }
  }

  return (id, report) => roster.inTurn(id, (entry) => accept(entry, report))
}

/** The evidence as a report leaves it. What it confirms may have been replaced on another connection meanwhile. */
function evidenceOf(entry: Entry, report: Report, now: Date): EvidenceRecord {
  if (report.kind === 'evidence') {
    return { jws: report.jws, digest: report.digest, receivedAt: now, confirmedAt: now }
  }
  if (!entry.evidence || digestOf(entry) !== report.digest) {
    throw new MusterError('message-unexpected', 'it confirms evidence that is not the newest')
  }
  return { ...entry.evidence, confirmedAt: now }
}

/** Whether the facts admit to less, or a check that passed does not any more and nothing is better than before. */
function isBadNews(before: Appraisal, after: Appraisal): boolean {
  if (before.tiers.some((tier) => !after.tiers.includes(tier))) return true
  const passed = new Set(passing(before))
  const now = passing(after)
  return now.length < passed.size && now.every((id) => passed.has(id))
}

const passing = ({ checks }: Appraisal) => checks.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id)
