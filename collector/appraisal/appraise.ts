import type { CheckId, CheckResult, EarStatus } from '../../shared/standing.ts'
import { admits } from './admit.ts'
import type { Catalogue } from './catalogue.ts'
import type { Exception } from './exception.ts'
import type { Evidence } from './freshness.ts'
import type { Memory } from './memory.ts'
import type { Policy } from './policy.ts'
import type { DeviceProfile } from './profile.ts'
import { RULES } from './rules/all.ts'
import { TRUST, trustVector, worstStatus, type TrustVector } from './trust-vector.ts'
import { weigh } from './weigh.ts'

/**
 * What is known of the key itself: `conflict` when two machines use it, `unverified` when evidence on its own
 * connection did not verify. Both admit to nothing.
 */
export type Identity = 'recognised' | 'conflict' | 'unverified'

export type AppraisalInput = {
  evidence: Evidence | null
  device: DeviceProfile & { identity: Identity }
  policy: Policy
  /** When this version of the policy came into force: the grace for what it newly asks counts from here. */
  policySince: Date
  catalogue: Catalogue
  /** All that are in force for anybody. */
  exceptions: readonly Exception[]
  memory: Memory
  now: Date
}

export type Appraisal = {
  checks: (CheckResult & { id: CheckId })[]
  /** The tiers that the facts admit the device to; a device that is not active may not use them. */
  tiers: string[]
  vector: TrustVector
  earStatus: EarStatus
  /** The next moment at which this answer can change by time alone. */
  nextChange: Date | null
  memory: Memory
}

const IDENTITY_CODES: Record<Identity, number> = {
  recognised: TRUST.affirming,
  conflict: TRUST.contraindicated,
  unverified: TRUST.evidenceForged,
}

/**
 * Turns evidence, policy, exceptions and time into verdicts. Pure: the same input gives the same answer, anywhere and
 * always.
 */
export function appraise(input: AppraisalInput): Appraisal {
  const { device, policy, now } = input
  const weighed = new Map([...policy.checksFor(device)].map(([id, asked]) => [id, weigh(id, asked, input)]))
  const checks = [...weighed.values()]
  const vector = trustVector([
    { claim: 'instance-identity', code: IDENTITY_CODES[device.identity] },
    ...checks.map(({ id, code }) => ({ claim: RULES[id].claim, code })),
  ])
  const admitted = device.identity === 'recognised' ? policy.tiers.filter((tier) => admits(tier, weighed)) : []
  return {
    checks: checks.map(({ result }) => result),
    tiers: admitted.map(({ name }) => name),
    vector,
    earStatus: worstStatus(vector),
    nextChange: earliest(
      checks.flatMap(({ moments }) => moments),
      now,
    ),
    memory: Object.fromEntries(checks.map(({ id, memory }) => [id, memory])),
  }
}

/** The first of the moments that still lies ahead. */
function earliest(moments: readonly Date[], now: Date): Date | null {
  const first = Math.min(...moments.filter((moment) => moment > now).map((moment) => moment.getTime()))
  return Number.isFinite(first) ? new Date(first) : null
}
