import { randomInt } from 'node:crypto'
import { LIMITS } from '../shared/limits.ts'
import type { Clock } from './clock.ts'
import type { Issuer } from './issuer.ts'
import {
  LIST_ENTRIES,
  keptUntil,
  leaseFor,
  leasedUntil,
  restedBefore,
  statusOf,
  statusUnder,
  type HeldLease,
  type LeaseStanding,
  type LeaseStatus,
} from './protocol/status-leases.ts'
import { openStatusEntries } from './status-entries.ts'
import type { Store } from './store/store.ts'

/** A device's standing, as the status lists have to know it. */
type DeviceStanding = LeaseStanding & { deviceId: string }

/** Where whoever holds an attestation sees whether it still holds. */
export type StatusLists = {
  /** The entry of an attestation that ends at `expires`. Durable before it resolves. */
  reference(deviceId: string, tiers: readonly string[], expires: Date): Promise<{ idx: number; uri: string }>
  /** Shown from this call on; durable when it resolves. Call it before an attestation names the new tiers. */
  standingChanged(change: DeviceStanding): Promise<void>
  /** After a start: marks whatever was lost while nobody looked; a device that is not named is gone. */
  reconcile(standings: Iterable<DeviceStanding>): Promise<void>
  /** The signed Status List Token of a list; null where there is no such list. */
  token(list: number): Promise<string | null>
  /** The addresses of the lists that attestations may name. */
  uris(): string[]
  /** Frees entries that have rested, and writes what could not be written; done each minute by itself. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export type StatusListsOptions = {
  store: Pick<Store, 'loadLeases' | 'putLeases' | 'dropLeases'>
  issuer: Pick<Issuer, 'statusList'>
  issuerUrl: string
  clock: Clock
  /** What could not be written is tried again. */
  onError: (error: unknown) => void
  /** A random whole number from 0 up to, and without, the limit. */
  below?: (limit: number) => number
  entries?: number
}

const TIDY_MS = 60_000
/** So many leases are written at a time: others can write in between. */
const AT_ONCE = 1000

const NEVER = new Date(0)

/** A lease in memory, and the write that makes it good for longer while one is under way. */
type Held = HeldLease & { writing: Promise<void> | null }

/** Opens the lists as they were last written; `reconcile` marks what was lost since. */
export async function openStatusLists(options: StatusListsOptions): Promise<StatusLists> {
  const { store, clock, onError, below = randomInt, entries = LIST_ENTRIES } = options
  const { issuer, issuerUrl } = options
  const shown = openStatusEntries({ issuer, issuerUrl, below, entries })
  const held = new Map<string, Held[]>()
  const standings = new Map<string, LeaseStanding>()
  const unsaved = new Set<Held>()

  function hold(lease: Held): void {
    shown.take(lease)
    held.set(lease.deviceId, [...(held.get(lease.deviceId) ?? []), lease])
  }

  function begin(deviceId: string, tiers: readonly string[], status: LeaseStatus, expires: Date): Held {
    const lease = { ...shown.draw(), deviceId, tiers: [...tiers], status, until: NEVER, last: expires, writing: null }
    hold(lease)
    return lease
  }

  /** Makes a lease good for longer. Everybody who waits for the same one shares a write. */
  function extend(lease: Held): Promise<void> {
    return (lease.writing ??= write([lease], (it) => leasedUntil(it, clock.now())).finally(
      () => (lease.writing = null),
    ))
  }

  /** A lease in memory ends when it does on disk. */
  async function write(leases: readonly Held[], end: (lease: Held) => Date): Promise<void> {
    const ends = leases.map((lease) => ({ lease, until: end(lease) }))
    await store.putLeases(
      ends.map(({ lease: { list, index, deviceId, tiers, status }, until }) => {
        return { list, index, deviceId, tiers, status, until }
      }),
    )
    for (const { lease, until } of ends) lease.until = until
  }

  /** Shows what has changed of the entries of a device, and gives back those that have to be written. */
  function mark(deviceId: string, standing: LeaseStanding, now: Date): Held[] {
    return (held.get(deviceId) ?? []).filter((lease) => {
      const status = statusUnder(standing, lease, now)
      if (status === lease.status) return false
      lease.status = status
      shown.show(lease)
      return true
    })
  }

  /** Writes leases of which something has changed. What cannot be written is shown all the same, and tried again. */
  async function save(leases: readonly Held[]): Promise<void> {
    for (let at = 0; at < leases.length; at += AT_ONCE) {
      try {
        await write(leases.slice(at, at + AT_ONCE), keptUntil)
      } catch (error) {
        for (const lease of leases.slice(at)) unsaved.add(lease)
        throw error
      }
    }
  }

  function saveUnsaved(): Promise<void> {
    const leases = [...unsaved]
    unsaved.clear()
    return save(leases)
  }

  async function tidy(): Promise<void> {
    const rested = restedBefore(clock.now())
    const isOver = ({ writing, until }: Held) => writing === null && until < rested
    for (const [deviceId, leases] of held) {
      if (!leases.some(isOver)) continue
      for (const lease of leases.filter(isOver)) {
        shown.free(lease)
        unsaved.delete(lease)
      }
      const left = leases.filter((lease) => !isOver(lease))
      if (left.length > 0) held.set(deviceId, left)
      else {
        held.delete(deviceId)
        standings.delete(deviceId)
      }
    }
    await saveUnsaved()
    await store.dropLeases(rested)
  }

  const opened = clock.now()
  const latest = opened.getTime() + LIMITS.attestationSeconds * 1000
  for (const lease of await store.loadLeases()) {
    if (lease.until < restedBefore(opened)) continue
    hold({ ...lease, last: new Date(Math.min(lease.until.getTime(), latest)), writing: null })
  }

  clock.onSet((milliseconds) => {
    if (milliseconds < 0) return
    // Attestations that are out end when their time has passed, and not when our clock has jumped over it.
    const all = [...held.values()].flat()
    for (const lease of all) {
      lease.last = new Date(lease.last.getTime() + milliseconds)
      lease.until = new Date(lease.until.getTime() + milliseconds)
    }
    save(all).catch(onError)
  })
  const timer = setInterval(() => void tidy().catch(onError), TIDY_MS).unref()

  return {
    async reference(deviceId, tiers, expires) {
      const status = statusOf(standings.get(deviceId), tiers)
      const lease = leaseFor(held.get(deviceId) ?? [], tiers, status) ?? begin(deviceId, tiers, status, expires)
      if (expires > lease.last) lease.last = expires
      while (expires > lease.until) await extend(lease)
      return { idx: lease.index, uri: shown.uriOf(lease.list) }
    },
    async standingChanged({ deviceId, tiers, revoked }) {
      const standing = { tiers, revoked }
      standings.set(deviceId, standing)
      await save(mark(deviceId, standing, clock.now()))
    },
    async reconcile(all) {
      const now = clock.now()
      const named = new Map([...all].map(({ deviceId, tiers, revoked }) => [deviceId, { tiers, revoked }]))
      const changed = [...held.keys()].flatMap((deviceId) => {
        const standing = named.get(deviceId) ?? { tiers: [], revoked: true }
        standings.set(deviceId, standing)
        return mark(deviceId, standing, now)
      })
      await save(changed)
    },
    token: (list) => shown.token(list, clock.now()),
    uris: shown.uris,
    tidy,
    async close() {
      clearInterval(timer)
      await saveUnsaved()
    },
  }
}
