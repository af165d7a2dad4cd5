import { Type, type Static } from 'typebox'
import { Time } from './fact.ts'
import { keysOf, nullable, oneOf, strict, text } from './schema.ts'

/** The checks of the policy. Each is one rule applied to facts. */
export const CHECKS = {
  'os-supported': { title: 'Supported operating system' },
  'os-patch': { title: 'Security updates' },
  'disk-encryption': { title: 'Disk encryption' },
  'endpoint-protection': { title: 'Endpoint protection' },
  firewall: { title: 'Firewall' },
  'screen-lock': { title: 'Screen lock' },
  'secure-boot': { title: 'Secure Boot' },
} as const satisfies Record<string, { title: string }>

export type CheckId = keyof typeof CHECKS
export const CHECK_IDS = keysOf(CHECKS)

/** Only `pass`, and while they last `grace` and `excepted`, hold a tier open; `not-applicable` does not close one. */
export const VERDICTS = ['pass', 'fail', 'grace', 'excepted', 'unknown', 'stale', 'not-applicable'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Who let a check pass for a while although it does not, why, and until when. */
const ExceptionShown = strict({
  id: text(60),
  approver: text(200),
  reason: text(400),
  expiresAt: Time,
})

/** A check with its verdict, as devices, gateways and people see it. */
export const CheckResult = strict({
  /** Of `CHECKS`; a newer collector may ask for more than an older agent has heard of. */
  id: text(60),
  title: text(60),
  verdict: oneOf(VERDICTS),
  /** Since when the verdict is what it is. */
  since: Time,
  /** Until when the tier stays open although the check does not pass. */
  deadline: Type.Optional(Time),
  /** What was found, in words. */
  why: text(400),
  /** What to do about it, in words; absent where there is nothing to do. */
  fix: Type.Optional(text(600)),
  /** There while the verdict is `excepted`. */
  exception: Type.Optional(ExceptionShown),
  /** `report`: shown, never counted. */
  mode: oneOf(['enforce', 'report']),
})
export type CheckResult = Static<typeof CheckResult>

/** The four trustworthiness tiers of AR4SI, in words. */
export const EAR_STATUSES = ['none', 'affirming', 'warning', 'contraindicated'] as const
export type EarStatus = (typeof EAR_STATUSES)[number]

/** The trustworthiness tier of a code (AR4SI, section 2.3.2). Negative codes are a verifier's own, mirrored by tier. */
export function statusOf(code: number): EarStatus {
  if (code >= -1 && code <= 1) return 'none'
  const size = code < 0 ? -code - 1 : code
  if (size < 32) return 'affirming'
  return size < 96 ? 'warning' : 'contraindicated'
}

/** Where a device stands now: what the collector concluded from the newest evidence, the policy and the time. */
export const Standing = strict({
  deviceId: text(60),
  status: oneOf(['active', 'pending', 'locked-out']),
  /** The tiers that the device is admitted to, from the least to the most sensitive. */
  tiers: Type.Array(text(60), { maxItems: 32 }),
  checks: Type.Array(CheckResult, { maxItems: 32 }),
  earStatus: oneOf(EAR_STATUSES),
  /** When the last evidence was accepted; null before the first. */
  evidenceAt: nullable(Time),
  evaluatedAt: Time,
  /** The next moment at which this answer can change by time alone. */
  nextChange: nullable(Time),
  policyVersion: Type.Integer({ minimum: 0 }),
})
export type Standing = Static<typeof Standing>
