import { CHECKS, type CheckId, type CheckResult } from '../../shared/standing.ts'
import type { AppraisalInput } from './appraise.ts'
import { inWords } from './duration.ts'
import { freshnessOf, type Evidence } from './freshness.ts'
import { graceOf, type Grace } from './grace.ts'
import { hasBeenSeen, recall, type CheckMemory, type Past } from './memory.ts'
import type { CheckAsked } from './policy.ts'
import { failing, passing, until } from './recovery.ts'
import { RULES } from './rules/all.ts'
import { settle } from './settle.ts'

/** One check, judged and weighed against the past. */
export type Weighed = {
  id: CheckId
  result: CheckResult & { id: CheckId }
  /** AR4SI code of the fact beneath; null where it could not be seen. */
  code: number | null
  memory: CheckMemory
  /** Moments at which time alone may change this. */
  moments: readonly Date[]
}

/** Weighs one check: how fresh its facts are, what they say, and what the past makes of that. */
export function weigh(id: CheckId, asked: CheckAsked, input: AppraisalInput): Weighed {
  const { evidence, policy, now } = input
  const remembered = recall(id, asked.mode, input)
  // A grace that ended while nobody looked ended by the past alone, whatever is found now.
  const past = { ...remembered, lapsedAt: graceFor(asked, remembered, input).lapsedAt }
  if (!evidence) {
    const why = hasBeenSeen(past) ? 'the last report can no longer be read' : 'the device has not reported yet'
    return silent({ id, asked, past, input }, { verdict: 'unknown', why })
  }
  const freshness = freshnessOf(evidence, RULES[id].signals, { freshnessMs: policy.freshnessMs, now })
  switch (freshness.state) {
    case 'fresh':
      return judged({ id, asked, past, input }, evidence, freshness.until)
    case 'old': {
      const why = `the last report ran out ${inWords(now.getTime() - freshness.since.getTime())} ago`
      return silent({ id, asked, past: until(past, freshness.since), input }, { verdict: 'stale', why, fix: FIX_STALE })
    }
    case 'ahead': {
      const why = `the last report is dated ${inWords(evidence.confirmedAt.getTime() - now.getTime())} ahead of now`
      const silence = { verdict: 'stale', why, fix: FIX_STALE, moment: freshness.until } as const
      return silent({ id, asked, past, input }, silence)
    }
  }
}

const FIX_STALE = 'Connect the laptop to the network, and see that the Muster agent runs.'

/** A check as the policy asks it, with its past. */
type Question = { id: CheckId; asked: CheckAsked; past: Past; input: AppraisalInput }

/** Nothing is known of now, so nothing passes; what is remembered of the check waits for the next report. */
function silent(
  question: Question,
  { verdict, why, fix, moment }: { verdict: 'unknown' | 'stale'; why: string; fix?: string; moment?: Date },
): Weighed {
  const memory = remember(question, question.past, verdict)
  return {
    id: question.id,
    result: { ...resultOf(question, memory), why, ...(fix !== undefined && { fix }) },
    code: null,
    memory,
    moments: moment ? [moment] : [],
  }
}

function judged(question: Question, { facts }: Evidence, freshUntil: Date): Weighed {
  const { id, asked, past, input } = question
  const { device, policy, catalogue, now } = input
  const tracked = asked.tracks(facts)
  // A fact that cannot be seen for a while neither begins nor ends what is tracked.
  const trackedSince = tracked === null ? past.trackedSince : tracked ? (past.trackedSince ?? now) : null
  const found = asked.judge(facts, { now, platform: device.platform, catalogue, trackedSince })
  const present = found.verdict === 'pass' ? passing(past, now) : failing(past, now)

  const grace = graceFor(asked, present, input)
  const isForgiven = policy.tiers.some((tier) => tier.unknown === 'grace' && tier.checks.includes(id))
  const settled = settle(id, found.verdict, { input, grace, isForgiven })
  const memory = remember(question, { ...present, trackedSince, lapsedAt: grace.lapsedAt }, settled.verdict)
  const { deadline, exception } = settled
  return {
    id,
    result: {
      ...resultOf(question, memory),
      ...(deadline && { deadline: deadline.toISOString() }),
      why: found.why.slice(0, 400),
      ...(found.fix !== undefined && { fix: found.fix }),
      ...(exception && { exception }),
    },
    code: found.code,
    memory,
    moments: [freshUntil, ...(found.until ? [found.until] : []), ...settled.moments],
  }
}

function graceFor({ graceMs }: CheckAsked, past: Past, { policy, now }: AppraisalInput): Grace {
  return graceOf(past, { graceMs, enrolmentGraceMs: policy.enrolmentGraceMs }, now)
}

function remember({ asked, input }: Question, present: Past, verdict: CheckMemory['verdict']): CheckMemory {
  const since = present.verdict === verdict ? present.since : input.now
  return { ...present, verdict, since, mode: asked.mode }
}

function resultOf({ id, asked }: Question, { verdict, since }: CheckMemory) {
  return { id, title: CHECKS[id].title, verdict, since: since.toISOString(), mode: asked.mode }
}
