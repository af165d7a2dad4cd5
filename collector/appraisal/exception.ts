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
  const candidates = exceptions.filter(
    (it) => it.check === check && it.endedAt === null && now < it.expiresAt && isFor(it.target, device, groupsOf),
  )
  const [by = null] = candidates.filter(({ createdAt }) => createdAt <= now).toSorted(longestFirst)
  const later = candidates.map(({ createdAt }) => createdAt).filter((createdAt) => createdAt > now)
  return { by, moments: by ? [by.expiresAt, ...later] : later }
}

/** The groups of the device; asked only where an exception is for a group. */
type GroupsOf = () => readonly string[]

function isFor(target: Exception['target'], device: Pick<DeviceProfile, 'id' | 'tags'>, groupsOf: GroupsOf): boolean {
  if ('device' in target) return target.device === device.id
  if ('tag' in target) return device.tags.includes(target.tag)
  return groupsOf().includes(target.group)
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
