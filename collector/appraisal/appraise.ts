import { SIGNALS, type Facts } from '../../shared/signals.ts'
import { CHECKS, type CheckId, type CheckResult, type EarStatus, type Verdict } from '../../shared/standing.ts'
import type { Catalogue } from './catalogue.ts'
import { inWords } from './duration.ts'
import type { Exception } from './exception.ts'
import type { CheckAsked, Policy, Tier } from './policy.ts'
import type { DeviceProfile } from './profile.ts'
import type { Judgement } from './rule.ts'
import { RULES } from './rules/all.ts'
import { TRUST, trustVector, worstStatus, type TrustVector } from './trust-vector.ts'

/** The newest evidence of a device. */
export type Evidence = {
  facts: Facts
  /** When these facts were received. */
  receivedAt: Date
  /** When the device last said, by evidence or by `unchanged`, that they hold. */
  confirmedAt: Date
}

/**
 * What is known of the key itself: `conflict` when two machines use it, `unverified` when evidence on its own
 * connection did not verify. Both admit to nothing.
 */
export type Identity = 'recognised' | 'conflict' | 'unverified'

/** What the collector remembers of one check of one device: all the past that a verdict depends on. */
export type CheckMemory = {
  verdict: Verdict
  /** Since when the verdict is what it is. */
  since: Date
  /** Whether the device ever passed; grace is for those that did. */
  passed: boolean
  /**
   * Since when the check has not passed. Kept while it passes for less than a day, so that a check that comes and goes
   * gains no time by it; null after that.
   */
  failingSince: Date | null
  /** Since when it has passed whenever it was seen: kept while the device is silent, null once it does not pass. */
  passingSince: Date | null
  /** Since when the condition that the rule tracks has held without a break. */
  trackedSince: Date | null
  /** When the policy began to ask this, in earnest, of a device that was known before; null: asked from the start. */
  askedSince: Date | null
  /** The end of the grace that this failure has had: it does not come alive again, whatever the clock is set to. */
  lapsedAt: Date | null
  /** How the policy asked when this was remembered. */
  mode: 'enforce' | 'report'
}
export type Memory = Partial<Record<CheckId, CheckMemory>>

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

type JudgedCheck = CheckResult & { id: CheckId }

export type Appraisal = {
  checks: JudgedCheck[]
  /** The tiers that the facts admit the device to; a device that is not active may not use them. */
  tiers: string[]
  vector: TrustVector
  earStatus: EarStatus
  /** The next moment at which this answer can change by time alone. */
  nextChange: Date | null
  memory: Memory
}

/** One check, judged and weighed against the past. */
type Weighed = {
  id: CheckId
  result: JudgedCheck
  code: number | null
  memory: CheckMemory
  /** Until when a tier that forgives `unknown` for a while stays open. */
  graceUntil: Date | null
  /** Moments at which time alone may change this. */
  moments: (Date | null | undefined)[]
}

const IDENTITY_CODES: Record<Identity, number> = {
  recognised: TRUST.affirming,
  conflict: TRUST.contraindicated,
  unverified: TRUST.evidenceForged,
}

/** Turns evidence, policy and time into verdicts. Pure: the same input gives the same answer, anywhere and always. */
export function appraise(input: AppraisalInput): Appraisal {
  const { device, policy, now } = input
  const weighed = [...policy.checksFor(device)].map(([id, asked]) => weigh(id, asked, input))
  const vector = trustVector([
    { claim: 'instance-identity', code: IDENTITY_CODES[device.identity] },
    ...weighed.map(({ id, code }) => ({ claim: RULES[id].claim, code })),
  ])
  const admitted = device.identity === 'recognised' ? policy.tiers.filter((tier) => admits(tier, weighed, now)) : []
  return {
    checks: weighed.map(({ result }) => result),
    tiers: admitted.map(({ name }) => name),
    vector,
    earStatus: worstStatus(vector),
    nextChange: earliest(
      weighed.flatMap(({ moments }) => moments),
      now,
    ),
    memory: Object.fromEntries(weighed.map(({ id, memory }) => [id, memory])),
  }
}

/** The first of the moments that still lies ahead. */
function earliest(moments: readonly (Date | null | undefined)[], now: Date): Date | null {
  const ahead = moments.filter((moment) => moment instanceof Date && moment > now)
  return ahead.reduce<Date | null>((first, moment) => (moment && (!first || moment < first) ? moment : first), null)
}

function admits(tier: Tier, weighed: readonly Weighed[], now: Date): boolean {
  return tier.checks.every((id) => {
    const check = weighed.find((candidate) => candidate.id === id)
    if (!check) return false
    if (check.result.mode === 'report') return true
    switch (check.result.verdict) {
      case 'pass':
      case 'grace':
      case 'excepted':
      case 'not-applicable':
        return true
      case 'unknown':
        return tier.unknown === 'grace' && check.graceUntil !== null && now < check.graceUntil
      case 'fail':
      case 'stale':
        return false
    }
  })
}

function weigh(id: CheckId, asked: CheckAsked, input: AppraisalInput): Weighed {
  const { evidence, device, policy, catalogue, memory, now } = input
  const prior = memory[id]
  if (!evidence) return unheard(id, asked, prior, now)
  const freshUntil = endOfFreshness(evidence, id, policy.freshnessMs)
  if (now >= freshUntil) return gone(id, asked, prior, freshUntil, now)

  const tracked = asked.tracks(evidence.facts)
  const begun = prior?.trackedSince ?? null
  // A fact that cannot be seen for a while neither begins nor ends what is tracked.
  const trackedSince = tracked === null ? begun : tracked ? (begun ?? now) : null
  const found = asked.judge(evidence.facts, { now, platform: device.platform, catalogue, trackedSince })
  const { verdict, since, failingSince, graceUntil } = settle(found, asked, prior, policy, now)
  const forgiven = policy.tiers.some((tier) => tier.unknown === 'grace' && tier.checks.includes(id))
  const deadline = verdict === 'grace' || (verdict === 'unknown' && forgiven) ? graceUntil : null
  return {
    id,
    result: {
      ...resultOf(id, asked, verdict, since),
      ...(deadline && now < deadline && { deadline: deadline.toISOString() }),
      why: found.why.slice(0, 400),
      ...(found.fix !== undefined && { fix: found.fix }),
    },
    code: found.code,
    memory: {
      verdict,
      since,
      passed: verdict === 'pass' || (prior?.passed ?? false),
      failingSince,
      trackedSince,
      passingSince: null,
      askedSince: null,
      lapsedAt: null,
      mode: asked.mode,
    },
    graceUntil: deadline,
    moments: [freshUntil, found.until, deadline],
  }
}

/** Until when a fact may be leant on: evidence as a whole grows stale, and so does each signal by its own age. */
function endOfFreshness(evidence: Evidence, id: CheckId, freshnessMs: number): Date {
  const { signal } = RULES[id]
  const observedAt = evidence.facts[signal]?.observedAt
  const ageAtReceipt = observedAt ? Math.max(0, evidence.receivedAt.getTime() - Date.parse(observedAt)) : 0
  const ownAge = SIGNALS[signal].maxAgeSeconds * 1000 - ageAtReceipt
  return new Date(evidence.confirmedAt.getTime() + Math.min(freshnessMs, ownAge))
}

type Settled = { verdict: Verdict; since: Date; failingSince: Date | null; graceUntil: Date | null }

/** Weighs a judgement against the past: what passed before, or is newly enrolled, may have grace. */
function settle(
  found: Judgement,
  asked: CheckAsked,
  prior: CheckMemory | undefined,
  policy: Policy,
  now: Date,
): Settled {
  const sinceFor = (verdict: Verdict, otherwise: Date) => (prior?.verdict === verdict ? prior.since : otherwise)
  if (found.verdict === 'pass') {
    return { verdict: 'pass', since: sinceFor('pass', now), failingSince: null, graceUntil: null }
  }
  const failingSince = prior?.failingSince ?? now
  const graceMs = prior?.passed ? asked.graceMs : policy.enrolmentGraceMs
  const graceUntil = new Date(failingSince.getTime() + graceMs)
  if (found.verdict === 'unknown') {
    return { verdict: 'unknown', since: sinceFor('unknown', now), failingSince, graceUntil }
  }
  if (now < graceUntil) return { verdict: 'grace', since: sinceFor('grace', now), failingSince, graceUntil }
  // The end of grace was a moment of its own, also when nobody asked just then.
  const endOfGrace = prior?.verdict === 'grace' ? graceUntil : now
  return { verdict: 'fail', since: sinceFor('fail', endOfGrace), failingSince, graceUntil: null }
}

function resultOf(id: CheckId, { mode }: CheckAsked, verdict: Verdict, since: Date) {
  return { id, title: CHECKS[id].title, verdict, since: since.toISOString(), mode }
}

/** A device that never reported: nothing is known, so nothing passes. */
function unheard(id: CheckId, asked: CheckAsked, prior: CheckMemory | undefined, now: Date): Weighed {
  const since = prior?.since ?? now
  return {
    id,
    result: { ...resultOf(id, asked, 'unknown', since), why: 'the device has not reported yet' },
    code: null,
    memory: {
      verdict: 'unknown',
      since,
      passed: false,
      failingSince: null,
      trackedSince: null,
      passingSince: null,
      askedSince: null,
      lapsedAt: null,
      mode: asked.mode,
    },
    graceUntil: null,
    moments: [],
  }
}

/** Evidence that is too old says nothing about now; what is remembered of the check waits for the next. */
function gone(id: CheckId, asked: CheckAsked, prior: CheckMemory | undefined, freshUntil: Date, now: Date): Weighed {
  const since = prior?.verdict === 'stale' ? prior.since : freshUntil
  const age = inWords(now.getTime() - freshUntil.getTime())
  return {
    id,
    result: {
      ...resultOf(id, asked, 'stale', since),
      why: `the last report ran out ${age} ago`,
      fix: 'Connect the laptop to the network, and see that the Muster agent runs.',
    },
    code: null,
    memory: {
      verdict: 'stale',
      since,
      passed: prior?.passed ?? false,
      failingSince: prior?.failingSince ?? null,
      trackedSince: prior?.trackedSince ?? null,
      passingSince: null,
      askedSince: null,
      lapsedAt: null,
      mode: asked.mode,
    },
    graceUntil: null,
    moments: [],
  }
}
