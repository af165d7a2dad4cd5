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
