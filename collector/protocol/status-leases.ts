import { LIMITS } from '../../shared/limits.ts'
import { STATUS } from '../../shared/status-list.ts'

export type LeaseStatus = 0 | 1 | 2

/** The hold of a device on one entry of a status list, for all attestations that name the same tiers. */
export type Lease = {
  list: number
  index: number
  deviceId: string
  tiers: string[]
  status: LeaseStatus
  /** No attestation that names the entry is valid after this. Written ahead, so that most attestations cost no write. */
  until: Date
}

/** A lease in use, with the end of the last attestation that names it so far: `until` at the latest. */
export type HeldLease = Lease & { last: Date }

/** What a device may use now, and whether it is one that nobody should let in at all. */
export type LeaseStanding = { tiers: readonly string[]; revoked: boolean }

/** Entries of a list: 2 bits each, a quarter of a megabyte unpacked. */
export const LIST_ENTRIES = 2 ** 20
const LEASE_MS = 24 * 3_600_000
/** How long an entry rests after its last attestation: verifiers, and clocks set while nothing runs, may be behind. */
const REST_MS = 3_600_000
const SKEW_MS = LIMITS.clockSkewSeconds * 1000

/** Until when a lease is written that is begun or made good for longer now. Nothing new names one that is marked. */
export function leasedUntil({ status, last }: HeldLease, now: Date): Date {
  return status === STATUS.valid ? new Date(Math.max(now.getTime() + LEASE_MS, last.getTime())) : last
}

/** Until when a lease is written of which something else has changed. */
export function keptUntil({ status, until, last }: HeldLease): Date {
  return status === STATUS.valid && until > last ? until : last
}

/** Leases that end before this have rested, and their entries may be given to others. */
export function restedBefore(now: Date): Date {
  return new Date(now.getTime() - REST_MS)
}

/** What is true of tiers under a standing; nothing is known against a device that nobody told of. */
export function statusOf(standing: LeaseStanding | undefined, tiers: readonly string[]): LeaseStatus {
  if (standing?.revoked) return STATUS.invalid
  return !standing || tiers.every((tier) => standing.tiers.includes(tier)) ? STATUS.valid : STATUS.suspended
}

/**
 * The status of an entry under a new standing. It never goes back: a device that recovers gets another entry. What no
 * living attestation names is not marked as lost, or a fleet that goes home in the evening would fill the list.
 */
export function statusUnder(standing: LeaseStanding, lease: HeldLease, now: Date): LeaseStatus {
  const status = statusOf(standing, lease.tiers)
  if (status === STATUS.invalid || lease.status === STATUS.invalid) return STATUS.invalid
  if (lease.status === STATUS.suspended) return STATUS.suspended
  return now.getTime() < lease.last.getTime() + SKEW_MS ? status : STATUS.valid
}

/** Nobody comes to so many within an hour who does not lose and regain a tier every twenty seconds. */
const ENTRIES_PER_DEVICE = 200

/**
 * The lease that an attestation of these tiers can name: one for the same tiers that says what is true of them now. A
 * device that flutters gets no new entries beyond a limit, but one that is marked already: it is trusted again when it
 * has been calm for a while.
 */
export function leaseFor<Held extends Lease>(
  held: readonly Held[],
  tiers: readonly string[],
  status: LeaseStatus,
): Held | undefined {
  const same = held.filter((lease) => isSameSet(lease.tiers, tiers))
  const fitting = same.find((lease) => lease.status === status)
  return fitting ?? (held.length < ENTRIES_PER_DEVICE ? undefined : same.find((lease) => lease.status !== STATUS.valid))
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((it) => others.includes(it))
}

/** A list as the choice of an entry has to know it. */
export type ListRoom = { taken: number; entries: number; isTaken(index: number): boolean }

/** More draws than this do not miss by chance: the list is half empty. */
const DRAWS = 64

/**
 * Draws a free entry at random, so that its number tells nothing of the device. `below` gives a random whole number from
 * 0 up to, and without, the limit. Null where every list is half full: then a new one is begun.
 */
export function drawEntry(
  lists: ReadonlyMap<number, ListRoom>,
  below: (limit: number) => number,
): { list: number; index: number } | null {
  for (const [list, room] of lists) {
    if (room.taken < room.entries / 2) return { list, index: drawIndex(room, below) }
  }
  return null
}

function drawIndex(room: ListRoom, below: (limit: number) => number): number {
  let index = below(room.entries)
  for (let draws = 1; draws < DRAWS && room.isTaken(index); draws++) index = below(room.entries)
  while (room.isTaken(index)) index = (index + 1) % room.entries
  return index
}
