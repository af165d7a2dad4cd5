import { isDeepStrictEqual } from 'node:util'
import { MusterError } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import type { StatusLists } from '../status-lists.ts'
import type { Cause, Conclusion, DeviceRecord, StandingChange, Store } from '../store/store.ts'
import { entryOf, isRevoked, judgedOf, redate, type Entry } from './entry.ts'
import { farewell, judge, type Basis, type Judgement, type View } from './judge.ts'
import { openKeeper, together, type Keeper } from './keeper.ts'
import { openMoments } from './moments.ts'
import { openRecords, type Change, type Records } from './records.ts'
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

/** Where every device stands, kept true as time passes and as policy, catalogue and exceptions change. */
export type Roster = {
  entries: ReadonlyMap<string, Entry>
  /** @throws MusterError `device-unknown` */
  required(id: string): Entry
  basis(): Basis
  /** A new basis counts at once for whoever is asked about; everybody else is judged again in the background. */
  useBasis(newer: Partial<Basis>): void
  /** Where a device stands now, judged anew where anything that the last answer leaned on is another. */
  current(entry: Entry): View
  /** Puts the evidence that is being stored in force, with its judgement, which its report writes. */
  take(entry: Entry, judgement: Judgement): void
  /** Lets one after the other do what must not be mixed up. @throws MusterError `device-unknown` */
  inTurn<T>(id: string, act: (entry: Entry) => Promise<T>): Promise<T>
  /** Changes something of the device itself: in force before it is written, and written once the store lets it. */
  change(id: string, to: Change): Promise<void>
  write: Records['write']
  /** Takes up a device that has enrolled, or that did so once more. */
  add(id: string): Promise<void>
  remove(id: string, by?: 'admin' | 'user'): Promise<void>
  keeper: Keeper
  sweep: Pick<Sweep, 'progress'>
  settled(): Promise<void>
  onChange(listener: (change: StandingChange) => void): void
  wake(): Date | null
}

export async function openRoster(options: RosterOptions): Promise<Roster> {
  const { store, statuses, clock, onError, onDamaged } = options
  let { basis } = options
  const entries = new Map<string, Entry>()
  const moments = openMoments()
  const keeper = openKeeper(store, onError)
  const sweep = openSweep({ visit, written: keeper.idle })
  const listeners: ((change: StandingChange) => void)[] = []
  const records = openRecords({ store, entries, onError })
  let openedAt = clock.now()

  function useBasis(newer: Partial<Basis>): void {
    basis = { ...basis, ...newer }
    sweep.begin(entries.keys())
  }

  /** One device that cannot be judged keeps nobody else from it. */
  function visit(id: string): void {
    try {
      const entry = entries.get(id)
      if (entry) current(entry)
    } catch (error) {
      onError(error)
    }
  }

  function current(entry: Entry, cause?: Cause): View {
    const now = clock.now()
    if (entry.view && holds(entry.view, entry, now)) return entry.view
    const judgement = judge(judgedOf(entry), basis, now, cause)
    if (entry.storing) {
      const stored = judge(judgedOf({ ...entry, evidence: entry.storing }), basis, now)
      return worse(judgement.view, stored.view)
    }
    if (!entry.isLeaving) settle(entry, judgement)
    return judgement.view
  }

  function holds(view: View, { device, evidence }: Entry, now: Date): boolean {
    if (view.device !== device || view.evidence !== evidence || view.basis !== basis) return false
    const { nextChange } = view.appraisal
    return nextChange === null || now < nextChange
  }

  /** Puts a judgement in force, and writes it down where it says anything new. */
  function settle(entry: Entry, judgement: Judgement): void {
    const before = entry.conclusion
    put(entry, judgement)
    if (isNews(before, judgement)) keeper.keep(entry.device.id, judgement.outcome)
    tell(entry, judgement)
  }

  function put(entry: Entry, { view, outcome }: Judgement): void {
    entry.conclusion = outcome.conclusion
    entry.view = view
    moments.set(entry.device.id, view.appraisal.nextChange)
  }

  function tell(entry: Entry, { view, outcome: { standingChanges } }: Judgement): void {
    for (const standingChange of standingChanges) {
      for (const listener of listeners) {
        try {
          listener(standingChange)
        } catch (error) {
          onError(error)
        }
      }
    }
    if (standingChanges.length > 0) tellStatus(entry.device, view)
  }

  function tellStatus(device: DeviceRecord, { standing: { tiers } }: View): void {
    statuses.standingChanged({ deviceId: device.id, tiers, revoked: isRevoked(device) }).catch(onError)
  }

  function required(id: string): Entry {
    const entry = entries.get(id)
    if (!entry) throw new MusterError('device-unknown')
    return entry
  }

  async function inTurn<T>(id: string, act: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = required(id)
    const before = entry.turn
    const done = Promise.withResolvers<void>()
    entry.turn = done.promise
    try {
      await before
      // What is being written now could otherwise fail, and come after what is written next.
      await keeper.written(id)
      if (entries.get(id) !== entry) throw new MusterError('device-unknown')
      return await act(entry)
    } finally {
      done.resolve()
    }
  }

  function alter(entry: Entry, to: Change, cause?: Cause): void {
    entry.device = { ...entry.device, ...to }
    tellStatus(entry.device, current(entry, cause))
  }

  async function change(id: string, to: Change, cause?: Cause): Promise<void> {
    const entry = required(id)
    alter(entry, to, cause)
    if (!entry.isLeaving) await records.write(id, to)
  }

  clock.onSet((milliseconds) => {
    for (const entry of entries.values()) redate(entry, milliseconds, openedAt)
    openedAt = new Date(openedAt.getTime() + milliseconds)
    sweep.begin(entries.keys())
  })

  for (const state of await store.loadDevices(onDamaged)) {
    entries.set(state.device.id, entryOf(state, openedAt))
  }
  sweep.begin(entries.keys())

  return {
    entries,
    required,
    basis: () => basis,
    useBasis,
    current: (entry) => current(entry),
    take(entry, judgement) {
      entry.evidence = entry.storing
      put(entry, judgement)
      tell(entry, judgement)
    },
    inTurn,
    change: (id, to) => change(id, to),
    write: records.write,
    async add(id) {
      const state = await store.loadDevice(id)
      if (!state) return
      const known = entries.get(id)
      // The same key once more is the same device; it counts from 1 again.
      if (known) return void Object.assign(known, { lastSequence: state.lastSequence, bootIds: state.bootIds })
      const entry = entryOf(state, clock.now())
      entries.set(id, entry)
      current(entry)
      await keeper.idle()
    },
    async remove(id, by = 'admin') {
      // It is locked out until it is gone: a report that is being stored does not open anything any more.
      await change(id, { status: 'locked-out' }, by)
      await inTurn(id, async (entry) => {
        alter(entry, { status: 'locked-out' }, by) // whoever readmitted it meanwhile came too late
        entry.isLeaving = true
        await keeper.written(id)
        // What was not written yet goes along: nobody could tell of a loss of a device that is gone.
        const owed = keeper.take(id)
        const last = entry.conclusion && farewell(entry, entry.conclusion, clock.now())
        try {
          await store.removeDevice(id, owed && last ? together(owed, last) : (last ?? owed))
        } catch (error) {
          // It stays as it was.
          entry.isLeaving = false
          if (owed) keeper.putBack(id, owed)
          records.owe(id)
          entry.view = null
          current(entry)
          throw error
        }
        entries.delete(id)
        moments.set(id, null)
      })
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
      records.retry()
      if (due.length > 0) sweep.add(due)
      return moments.next()
    },
  }
}

/** Of what is known and what is being stored the worse counts: bad news at once, good news when it is written. */
function worse(known: View, stored: View): View {
  return stored.standing.tiers.length < known.standing.tiers.length ? stored : known
}

/** Whether a judgement says anything that a restart would not find out by itself. */
function isNews(before: Conclusion | null, { outcome }: Judgement): boolean {
  const { conclusion, transitions, standingChanges } = outcome
  if (!before || transitions.length > 0 || standingChanges.length > 0) return true
  const { nextChange } = conclusion
  const comesSooner = nextChange !== null && (before.nextChange === null || nextChange < before.nextChange)
  return comesSooner || !isDeepStrictEqual(before.memory, conclusion.memory)
}
