import type { CheckId } from '../../shared/standing.ts'
import type { DeviceProfile } from './profile.ts'

/** An approved, reasoned, expiring pass for one check on one device, or on all with a tag or of a group. */
export type Exception = {
  id: string
  target: { device: string } | { tag: string } | { group: string }
  check: CheckId
  reason: string
  approver: string
  createdAt: Date
  /** At most 90 days after `createdAt`. */
  expiresAt: Date
  /** When somebody ended it before its time; null where nobody did. */
  endedAt: Date | null
}

/** The exceptions of one check on one device: the one that counts now, and the moments from which others may. */
export type Excused = { by: Exception | null; moments: Date[] }

/**
 * Of all exceptions the one that applies to a check of a device now: the one that lasts longest. One that somebody ended
 * never counts again, whatever the clock is set to.
 */
export function exceptionFor(
  exceptions: readonly Exception[],
  check: CheckId,
  { device, groupsOf, now }: { device: Pick<DeviceProfile, 'id' | 'tags'>; groupsOf: GroupsOf; now: Date },
): Excused {
  const concerned = byTarget(exceptions)
  const of = (kind: Kind, name: string) => concerned.get(keyOf(check, kind, name)) ?? []
  const candidates = [
    ...of('device', device.id),
    ...device.tags.flatMap((tag) => of('tag', tag)),
    ...(concerned.has(keyOf(check, 'group')) ? groupsOf().flatMap((group) => of('group', group)) : []),
  ].filter(({ endedAt, expiresAt }) => endedAt === null && now < expiresAt)
  const [by = null] = candidates.filter(({ createdAt }) => createdAt <= now).toSorted(longestFirst)
  const later = candidates.map(({ createdAt }) => createdAt).filter((createdAt) => createdAt > now)
  return { by, moments: by ? [by.expiresAt, ...later] : later }
}

/** The groups of the device; asked only where an exception is for a group. */
type GroupsOf = () => readonly string[]

type Kind = 'device' | 'tag' | 'group'

/** Without a name: whether there is any of the kind. */
const keyOf = (check: CheckId, kind: Kind, name?: string) => JSON.stringify([check, kind, name])

const prepared = new WeakMap<readonly Exception[], ReadonlyMap<string, readonly Exception[]>>()

/** The same exceptions, for whom they are: found once for all devices, since there may be thousands. */
function byTarget(exceptions: readonly Exception[]): ReadonlyMap<string, readonly Exception[]> {
  const known = prepared.get(exceptions)
  if (known) return known
  const found = new Map<string, Exception[]>()
  const add = (key: string, it: Exception) => {
    const list = found.get(key)
    if (list) list.push(it)
    else found.set(key, [it])
  }
  for (const it of exceptions) {
    if ('device' in it.target) add(keyOf(it.check, 'device', it.target.device), it)
    else if ('tag' in it.target) add(keyOf(it.check, 'tag', it.target.tag), it)
    else {
      add(keyOf(it.check, 'group', it.target.group), it)
      add(keyOf(it.check, 'group'), it)
    }
  }
  prepared.set(exceptions, found)
  return found
}

/** Of two that end together the same one is taken each time. */
function longestFirst(a: Exception, b: Exception): number {
  return b.expiresAt.getTime() - a.expiresAt.getTime() || (a.id < b.id ? -1 : 1)
}

/** What an admin asks for. */
export type ExceptionAsked = Pick<Exception, 'target' | 'check' | 'reason' | 'approver' | 'expiresAt'>

/** The longest life of an exception, in days. */
const LONGEST_DAYS = 90

/** Why an exception cannot be granted, in words; null where it can. */
export function exceptionProblem({ reason, approver, expiresAt }: ExceptionAsked, now: Date): string | null {
  if (isBlank(reason)) return 'a reason is missing'
  if (reason.length > 400) return 'the reason is longer than 400 characters'
  if (isBlank(approver)) return 'an approver is missing'
  if (approver.length > 200) return 'the approver is longer than 200 characters'
  if (/\p{Cc}/u.test(reason + approver)) return 'the reason or the approver holds a control character'
  if (Number.isNaN(expiresAt.getTime())) return 'the end is not a time'
  if (expiresAt <= now) return 'the end does not lie ahead'
  if (expiresAt.getTime() > now.getTime() + LONGEST_DAYS * 86_400_000) {
    return `the end lies more than ${LONGEST_DAYS} days ahead`
  }
  return null
}

/** Without a letter or a digit nothing is said, whatever else stands there. */
const isBlank = (text: string) => !/[\p{L}\p{N}]/u.test(text)
