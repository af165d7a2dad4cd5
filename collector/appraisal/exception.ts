import type { CheckId } from '../../shared/standing.ts'

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

/** What an admin asks for. */
export type ExceptionAsked = Pick<Exception, 'target' | 'check' | 'reason' | 'approver' | 'expiresAt'>

/** The longest life of an exception. */
export const LONGEST_DAYS = 90

/** Why an exception cannot be granted, in words; null where it can. */
export function exceptionProblem({ reason, approver, expiresAt }: ExceptionAsked, now: Date): string | null {
  if (reason.trim() === '') return 'a reason is missing'
  if (approver.trim() === '') return 'an approver is missing'
  if (Number.isNaN(expiresAt.getTime())) return 'the end is not a time'
  if (expiresAt <= now) return 'the end lies in the past'
  if (expiresAt.getTime() > now.getTime() + LONGEST_DAYS * 86_400_000) {
    return `the end lies more than ${LONGEST_DAYS} days ahead`
  }
  return null
}
