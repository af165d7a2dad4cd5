import { randomUUID } from 'node:crypto'
import { MusterError } from '../../shared/errors.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { reasonsOf } from '../fleet/judge.ts'
import type { NewEvent, Store, ToldRecord, WrittenChange } from '../store/store.ts'
import { jtiOf, type Book } from './book.ts'
import { deliveredBy } from './document.ts'
import { eventsOf, setClaims, subjectOf, UNTOLD, type CaepEvent, type Told, type Turn } from './set.ts'
import { isIncluded } from './subject.ts'

/** Makes events of what becomes of the devices, each once, into the outbox of each stream. */
export type Deriver = {
  /** Makes events of all changes that are durable by now. */
  drain(): Promise<void>
  /**
   * Compares what was told with what holds, once everybody has been judged by the newest policy: another default tier makes
   * a device compliant, or not, without a change of its tiers; and a record that cannot be read any more changes nothing.
   * What fails is tried again.
   */
  reconcile(): void
  /** Resolves when all that is durable has become events, and nothing is being compared. */
  settled(): Promise<void>
  /** Begins, with what happened while nobody looked. */
  start(): void
  /** Resolves when nothing is being made. */
  close(): Promise<void>
}

export type DeriverOptions = {
  store: Pick<Store, 'loadTold' | 'standingChangesAfter' | 'watchStanding' | 'addEvents' | 'loadPolicy'>
  book: Pick<Book, 'all'>
  fleet: Pick<Fleet, 'policy' | 'find' | 'devices' | 'standing' | 'settled' | 'isWritten'>
  issuerUrl: string
  clock: () => Date
  onError: (error: unknown) => void
  /** Told of the streams that have something to deliver, and how many events that is. */
  onEvents: (counts: ReadonlyMap<string, number>) => void
}

/** So many changes, or devices, become one transaction. */
const AT_ONCE = 200
/** After a store that failed. */
const RETRY_MS = 1000

export async function openDeriver(options: DeriverOptions): Promise<Deriver> {
  const { store, book, fleet, issuerUrl, clock, onError, onEvents } = options
  const known = await store.loadTold()
  let { cursor } = known
  const told = new Map<string, Told>()
  const { policy } = fleet.policy()
  for (const { deviceId, tiers, compliant, owner } of known.told) {
    told.set(deviceId, { tiers, owner, compliant: compliant ?? tiers.includes(policy.defaultTier) })
  }
  const defaultTiers = new Map<number, string>()
  let isClosed = false
  let retry: NodeJS.Timeout | undefined
  let needsDrain = false
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other: the cursor and what was told move together. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }

  /** The default tier of the policy that a change was concluded under; of one that cannot be read, that of now. */
  async function defaultTierOf(version: number): Promise<string> {
    const inForce = fleet.policy()
    if (version === inForce.version) return inForce.policy.defaultTier
    const kept = defaultTiers.get(version)
    if (kept !== undefined) return kept
    const found = await store.loadPolicy(version)
    let tier = inForce.policy.defaultTier
    try {
      if (found) tier = parsePolicy(found.document).defaultTier
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
    }
    defaultTiers.set(version, tier)
    return tier
  }

  /** The SETs of one turn of one device, for each stream that tells of it. */
  function setsOf(
    events: readonly CaepEvent[],
    of: { deviceId: string; owner: string | null; changeId: number | null },
  ) {
    const { deviceId, owner, changeId } = of
    const at = clock()
    const cause = changeId === null ? randomUUID() : `change-${changeId}`
    const sets: NewEvent[] = []
    for (const { id, owner: audience, document } of book.all()) {
      if (document.status === 'disabled' || !isIncluded(document.named, { deviceId, owner }, issuerUrl)) continue
      const delivered = deliveredBy(document)
      const subject = subjectOf(document.subjectForm, { deviceId, owner }, issuerUrl)
      for (const event of events.filter(({ type }) => delivered.includes(type))) {
        const jti = jtiOf(id, cause, deviceId, event.type)
        const claims = setClaims({ issuer: issuerUrl, audience, jti, at, txn: cause, subject, event })
        sets.push({ streamId: id, jti, type: event.type, deviceId, changeId, claims: JSON.stringify(claims), at })
      }
    }
    return sets
  }

  /** Collects what becomes of several devices, and keeps it in one transaction with how far it has come. */
  function openBatch() {
    const now = new Map<string, Told>()
    const events: NewEvent[] = []
    return {
      add(deviceId: string, turn: Turn, changeId: number | null): void {
        const before = now.get(deviceId) ?? told.get(deviceId) ?? UNTOLD
        const after = eventsOf(before, turn)
        now.set(deviceId, after.told)
        events.push(...setsOf(after.events, { deviceId, owner: after.told.owner, changeId }))
      },
      async keep(to: number): Promise<void> {
        const records = [...now].map(([deviceId, it]): ToldRecord => ({ ...it, deviceId, tiers: [...it.tiers] }))
        const isKept = await store.addEvents({ from: cursor, to, told: records, events })
        if (!isKept) throw new MusterError('internal', 'somebody else makes events of the same changes')
        cursor = to
        for (const [deviceId, it] of now) {
          if (it.tiers.length === 0) told.delete(deviceId)
          else told.set(deviceId, it)
        }
        const counts = new Map<string, number>()
        for (const { streamId } of events) counts.set(streamId, (counts.get(streamId) ?? 0) + 1)
        onEvents(counts)
      },
    }
  }

  async function turnOf(change: WrittenChange): Promise<Turn> {
    const { at, after, status, cause = null, reasons = [], owner, policyVersion } = change
    return { at, tiers: after, status, cause, reasons, owner, defaultTier: await defaultTierOf(policyVersion) }
  }

  async function drainAll(): Promise<void> {
    let isOld = false
    for (;;) {
      if (isClosed) return
      needsDrain = false
      const changes = await store.standingChangesAfter(cursor, AT_ONCE)
      const newest = changes.at(-1)
      if (!newest) break
      const batch = openBatch()
      for (const change of changes) {
        batch.add(change.deviceId, await turnOf(change), change.id)
        isOld ||= change.policyVersion !== fleet.policy().version
      }
      await batch.keep(newest.id)
    }
    // What was concluded under an earlier policy, and written late, is compared with the one of now.
    if (isOld) reconcile()
  }

  function drain(): Promise<void> {
    return inTurn(drainAll)
  }

  /**
   * What holds for a device now; null where nothing differs from what was told, and where it is not on disk: that is looked
   * at again.
   */
  function differenceOf(deviceId: string): { turn: Turn; isTiers: boolean } | null {
    if (!fleet.isWritten(deviceId)) {
      isLater = true
      return null
    }
    const before = told.get(deviceId) ?? UNTOLD
    const device = fleet.find(deviceId)
    const standing = device && fleet.standing(deviceId)
    const tiers = standing?.tiers ?? []
    const { defaultTier } = fleet.policy().policy
    const isTiers = before.tiers.join('\n') !== tiers.join('\n')
    if (!isTiers && before.compliant === tiers.includes(defaultTier)) return null
    const status = device?.status ?? 'locked-out'
    const cause = device ? (isTiers ? null : 'policy') : 'record'
    const reasons = standing ? reasonsOf(standing) : []
    const owner = device?.owner ?? null
    return { turn: { at: clock(), tiers, status, cause, reasons, owner, defaultTier }, isTiers }
  }

  /** Tells what differs among devices; gives those back of which the tiers do, since that change may be on its way. */
  async function tellDifferences(ids: readonly string[], alsoTiers: boolean): Promise<string[]> {
    const suspects: string[] = []
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const batch = openBatch()
      let hasNews = false
      for (const id of ids.slice(from, from + AT_ONCE)) {
        const difference = differenceOf(id)
        if (!difference) continue
        if (difference.isTiers && !alsoTiers) {
          suspects.push(id)
          continue
        }
        batch.add(id, difference.turn, null)
        hasNews = true
      }
      if (hasNews) await batch.keep(cursor)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    return suspects
  }

  async function settledAndDrained<T>(then: () => Promise<T>): Promise<T | null> {
    await fleet.settled()
    return inTurn(async () => {
      await drainAll()
      return isClosed ? null : then()
    })
  }

  let reconciling: Promise<void> | null = null
  let isWanted = false
  /** Something was not on disk yet when it was compared. */
  let isLater = false
  function reconcile(): void {
    isWanted = true
    reconciling ??= reconcileAll()
      .catch((error: unknown) => {
        isWanted = true
        again(error)
      })
      .finally(() => (reconciling = null))
  }

  async function reconcileAll(): Promise<void> {
    while (isWanted) {
      isWanted = false
      if (isClosed) return
      const suspects = await settledAndDrained(() => {
        const ids = new Set([...told.keys(), ...fleet.devices().map(({ id }) => id)])
        return tellDifferences([...ids], false)
      })
      if (suspects && suspects.length > 0) await settledAndDrained(() => tellDifferences(suspects, true))
    }
    if (!isLater) return
    isLater = false
    isWanted = true
    tryAgain()
  }

  /** Whatever fails is tried again: a change that is durable becomes events, however long the store is away. */
  function again(error: unknown): void {
    onError(error)
    tryAgain()
  }

  function tryAgain(): void {
    if (isClosed) return
    retry ??= setTimeout(() => {
      retry = undefined
      soon()
      if (isWanted) reconcile()
    }, RETRY_MS)
  }

  function soon(): void {
    if (isClosed || needsDrain) return
    needsDrain = true
    drain().catch((error: unknown) => {
      needsDrain = false
      again(error)
    })
  }

  const unwatch = store.watchStanding(soon)
  return {
    drain,
    reconcile,
    async settled() {
      if (isWanted) reconcile()
      await reconciling
      await drain()
    },
    start() {
      soon()
      reconcile()
    },
    async close() {
      unwatch()
      isClosed = true
      clearTimeout(retry)
      await last
    },
  }
}
