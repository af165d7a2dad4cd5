import type { CheckId, Verdict } from '../../shared/standing.ts'

/** A verdict of one check on one device that changed. The history is made of these and of nothing else. */
export type Transition = {
  deviceId: string
  check: CheckId
  /** Null for the first verdict, and for the first after the policy began to ask. */
  from: Verdict | null
  /** Null where the policy stopped asking. */
  to: Verdict | null
  at: Date
  /** Digest of the evidence behind it; null before the first. */
  evidence: string | null
  policyVersion: number
}
