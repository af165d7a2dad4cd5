import { isDeepStrictEqual } from 'node:util'
import { MusterError } from '../../shared/errors.ts'
import { parseEvidence } from '../../shared/evidence.ts'
import { TYP, parseJws } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import type { Appraisal } from '../appraisal/appraise.ts'
import type { Clock } from '../clock.ts'
import type { StatusLists } from '../status-lists.ts'
import type { Conclusion, DeviceRecord, DeviceState, EvidenceRecord, StandingChange, Store } from '../store/store.ts'
import { judge, type Basis, type Judged, type Judgement } from './judge.ts'
import { openKeeper, type Keeper } from './keeper.ts'
import { openMoments } from './moments.ts'
import { openSweep, type Sweep } from './sweep.ts'

export type RosterOptions = {
  store: Store
  statuses: Pick<StatusLists, 'standingChanged'>
  basis: Basis
  clock: Clock
  onError: (error: unknown) => void
  /** Told of a device whose record cannot be read: it is admitted to nothing. */
  onDamaged: (problem: MusterError) => void
}

/** A device in memory. Only this folder ever holds one. */
export type Entry = DeviceState & {
  /** The last judgement, and what it leaned on; null before the first of this process. */
  view: Pick<Judgement, 'appraisal' | 'standing' | 'basis'> | null
  /** While a report of it is being stored: nobody else writes down what becomes of the device meanwhile. */
  storing: Promise<void> | null
}

/** Where every device stands, kept true as time passes and as policy, catalogue and exceptions change. */
export type Roster = {
  entries: ReadonlyMap<string, Entry>
  required(id: string): Entry
  basis(): Basis
  /** A new basis counts at once for whoever is asked about; everybody else is judged again in the background. */
  useBasis(change: Partial<Basis>): void
  /** Where a device stands now, judged anew where time or a new basis has overtaken the last answer. */
  current(entry: Entry): { appraisal: Appraisal; standing: Standing }
  /** Takes new evidence and what it led to. */
  take(entry: Entry, evidence: EvidenceRecord | null, judgement: Judgement): void
  /** Changes something of the device itself: in force before it is written. */
  change(id: string, to: Partial<DeviceRecord>): void
  /** Judges a device again whatever the time: something about it is not as it was judged. */
  reconsider(entry: Entry): void
  add(id: string): Promise<void>
  remove(id: string): Promise<void>
  keeper: Keeper
  sweep: Pick<Sweep, 'progress'>
  settled(): Promise<void>
  onChange(listener: (change: StandingChange) => void): void
  wake(): Date | null
}

export async function openRoster({
  store,
  statuses,
  basis,
  clock,
  onError,
  onDamaged,
}: RosterOptions): Promise<Roster> {
  const entries = new Map<string, Entry>()
  const moments = openMoments()
  const keeper = openKeeper(store, onError)
  const sweep = openSweep({ visit, written: keeper.idle })
  const listeners: ((change: StandingChange) => void)[] = []

  function useBasis(change: Partial<Basis>): void {
    basis = { ...basis, ...change }
    sweep.begin(entries.keys())
  }

  function visit(id: string): void {
    const entry = entries.get(id)
    if (entry) current(entry)
  }

  /** Of a device that is being stored it only says how it stands; the report writes down what became of it. */
  function current(entry: Entry): { appraisal: Appraisal; standing: Standing } {
    const now = clock.now()
    const { view } = entry
    const nextChange = view?.appraisal.nextChange ?? null
    if (view?.basis === basis && (nextChange === null || now < nextChange)) return view
    const judgement = judge(judgedOf(entry), basis, now)
    if (!entry.storing) settle(entry, judgement)
    return judgement
  }

  /** Puts a judgement in force, and writes it down where it says anything new. */
  function settle(entry: Entry, judgement: Judgement): void {
    const before = entry.conclusion
    apply(entry, judgement)
    if (isNews(before, judgement)) keeper.keep(entry.device.id, judgement.outcome)
  }

  function apply(entry: Entry, judgement: Judgement): void {
    const { appraisal, outcome } = judgement
    entry.conclusion = outcome.conclusion
    entry.view = judgement
    moments.set(entry.device.id, appraisal.nextChange)
    for (const change of outcome.standingChanges) for (const tell of listeners) tell(change)
    if (outcome.standingChanges.length > 0) tellStatus(entry)
  }

  function tellStatus({ device, conclusion }: Entry): void {
    const change = { deviceId: device.id, tiers: conclusion?.tiers ?? [], revoked: isRevoked(device) }
    statuses.standingChanged(change).catch(onError)
  }

  function reconsider(entry: Entry): void {
    const judgement = judge(judgedOf(entry), basis, clock.now())
    if (entry.storing) {
      // Whoever asks before the report is stored is told this; the report judges again when it is.
      entry.view = judgement
    } else settle(entry, judgement)
    tellStatus(entry)
  }

  function required(id: string): Entry {
    const entry = entries.get(id)
    if (!entry) throw new MusterError('device-unknown')
    return entry
  }

  clock.onSet((milliseconds) => {
    for (const entry of entries.values()) {
      const { evidence, conclusion } = entry
      // How long ago a device was heard does not depend on what the clock is set to.
      if (evidence) {
        entry.evidence = { ...evidence, confirmedAt: new Date(evidence.confirmedAt.getTime() + milliseconds) }
      }
      // What lies between the old time and the new one did not pass.
      if (conclusion) entry.conclusion = { ...conclusion, nextChange: null }
    }
    useBasis({})
  })

  for (const state of await store.loadDevices(onDamaged))
    entries.set(state.device.id, { ...state, view: null, storing: null })
  sweep.begin(entries.keys())

  return {
    entries,
    required,
    basis: () => basis,
    useBasis,
    current,
    take(entry, evidence, judgement) {
      entry.evidence = evidence
      apply(entry, judgement)
    },
    change(id, to) {
      const entry = required(id)
      entry.device = { ...entry.device, ...to }
      reconsider(entry)
    },
    reconsider,
    async add(id) {
      const state = await store.loadDevice(id)
      if (!state) return
      const entry = { ...state, view: null, storing: null }
      entries.set(id, entry)
      current(entry)
      await keeper.idle()
    },
    async remove(id) {
      entries.delete(id)
      moments.set(id, null)
      keeper.forget(id)
      statuses.standingChanged({ deviceId: id, tiers: [], revoked: true }).catch(onError)
      await store.removeDevice(id)
    },
    keeper,
    sweep,
    async settled() {
      await sweep.settled()
      await keeper.idle()
    },
    onChange: (listener) => void listeners.push(listener),
    wake() {
      const due = moments.due(clock.now())
      keeper.retry()
      if (due.length > 0) sweep.add(due)
      return moments.next()
    },
  }
}

/** Whether nothing that was ever said in favour of a device counts any more. */
export function isRevoked({ status, identity }: DeviceRecord): boolean {
  return status === 'locked-out' || identity === 'conflict'
}

export function judgedOf({ device, evidence, conclusion }: Entry): Judged {
  return { device, evidence, conclusion, facts: factsOf(evidence) }
}

/** The facts of stored evidence. It was verified before it was stored, so only its form is looked at again. */
export function factsOf(evidence: EvidenceRecord | null): Facts | null {
  if (!evidence) return null
  const jws = parseJws(evidence.jws, TYP.evidence)
  const claims = jws.ok ? parseEvidence(jws.value.claims) : jws
  // Evidence of a release whose signals had another form is as good as none, until the device reports again.
  return claims.ok ? claims.value.facts : null
}

/** Whether a judgement says anything that a restart would not find out by itself. */
function isNews(before: Conclusion | null, { outcome }: Judgement): boolean {
  const { conclusion, transitions, standingChanges } = outcome
  if (!before || transitions.length > 0 || standingChanges.length > 0) return true
  const { nextChange } = conclusion
  const comesSooner = nextChange !== null && (before.nextChange === null || nextChange < before.nextChange)
  return comesSooner || !isDeepStrictEqual(before.memory, conclusion.memory)
}
