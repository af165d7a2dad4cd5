import type { Appraisal, AppraisalInput } from '../../collector/appraisal/appraise.ts'
import { catchUp } from '../../collector/appraisal/catch-up.ts'
import type { Exception } from '../../collector/appraisal/exception.ts'
import { transitionsBetween } from '../../collector/appraisal/history.ts'
import { parsePolicy, type CheckAsked, type Policy } from '../../collector/appraisal/policy.ts'
import type { Transition } from '../../collector/appraisal/transition.ts'
import { unreadable, value } from '../../shared/fact.ts'
import type { Facts } from '../../shared/signals.ts'
import type { CheckId } from '../../shared/standing.ts'
import { read } from './facts.ts'
import { CATALOGUE, NOW } from './rule.ts'

const MINUTE = 60_000

/** A moment so many minutes after the test began, and as it is written. */
export const at = (minutes: number) => new Date(NOW.getTime() + minutes * MINUTE)
export const time = (minutes: number) => at(minutes).toISOString()
export const HOUR = 60
export const DAY = 24 * HOUR

/** A policy that asks for the firewall alone, with an hour of grace, unless it says otherwise. */
export const policyOf = (lines = '', tier = '[firewall]') =>
  parsePolicy(`
version: 1
freshness: 15m
tiers: { public: [], internal: ${tier} }
default-tier: internal
${/^checks:/m.test(lines) ? '' : 'checks: { firewall: { grace: 1h } }'}
${lines}`)

type Finding = 'pass' | 'fail' | 'unknown'

/** A policy whose check of the firewall finds the first up to minute 7 and then the second, whatever the fact is. */
export function scripted(policy: Policy, first: Finding, second: Finding = first): Policy {
  const until = at(7)
  return judging(policy, (_facts, { now }) => {
    const verdict = now < until ? first : second
    const code = verdict === 'pass' ? 2 : verdict === 'fail' ? 32 : null
    return { verdict, why: 'it is written', code, ...(now < until && first !== second && { until }) }
  })
}

/** A policy whose check of the firewall is judged by this. */
export function judging(policy: Policy, judge: CheckAsked['judge']): Policy {
  return {
    ...policy,
    checksFor: (device) =>
      new Map(
        [...policy.checksFor(device)].map(([id, asked]) => [id, id === 'firewall' ? { ...asked, judge } : asked]),
      ),
  }
}

export const on = (now: Date): Facts => ({ firewall: read(value({ enabled: true }), now) })
export const off = (now: Date): Facts => ({ firewall: read(value({ enabled: false }), now) })
export const unseen = (now: Date): Facts => ({ firewall: read(unreadable('denied'), now) })

/** An exception for the firewall of the test's laptop, from one minute to another. */
export const exception = (from: number, to: number, more: Partial<Exception> = {}): Exception => ({
  id: `exc_${from}_${to}`,
  target: { device: 'dev_1' },
  check: 'firewall',
  reason: 'the build farm needs it',
  approver: 'anna@example.com',
  createdAt: at(from),
  expiresAt: at(to),
  endedAt: null,
  ...more,
})

/** A laptop, what the collector remembers of it, and its history; every call looks once, as the collector does. */
export function laptop(policy: Policy, device: Partial<AppraisalInput['device']> = {}) {
  let evidence: AppraisalInput['evidence'] = null
  let basis: Pick<AppraisalInput, 'policy' | 'policySince' | 'exceptions'> = {
    policy,
    policySince: at(-10_000),
    exceptions: [],
  }
  let last: Appraisal | null = null
  const history: Transition[] = []

  function look(minutes: number, from: Appraisal | null): Appraisal {
    const before = last?.memory ?? {}
    const { appraisal, steps } = catchUp(
      {
        ...basis,
        evidence,
        device: { id: 'dev_1', platform: 'linux', tags: [], owner: null, identity: 'recognised', ...device },
        catalogue: CATALOGUE,
        memory: before,
        now: at(minutes),
      },
      from,
    )
    let memory = before
    for (const step of [...steps, { at: at(minutes), appraisal }]) {
      const about = { deviceId: 'dev_1', at: step.at, evidence: null, policyVersion: 1 }
      history.push(...transitionsBetween(memory, step.appraisal.memory, about))
      memory = step.appraisal.memory
    }
    last = appraisal
    return appraisal
  }

  return {
    history,
    /** It reports, and is appraised at once. */
    reports(minutes: number, facts: (now: Date) => Facts): Appraisal {
      if (last) look(minutes, last)
      evidence = { facts: facts(at(minutes)), receivedAt: at(minutes), confirmedAt: at(minutes) }
      return look(minutes, null)
    },
    /** It says that what it reported holds. */
    confirms(minutes: number): Appraisal {
      look(minutes, last)
      if (evidence) evidence = { ...evidence, confirmedAt: at(minutes) }
      return look(minutes, null)
    },
    /** Somebody asks; time may have passed. */
    asked: (minutes: number) => look(minutes, last),
    /** Somebody asks who does not know of the moments that passed. */
    askedLate: (minutes: number) => look(minutes, null),
    /** Its last report cannot be read any more. */
    forgets(minutes: number): Appraisal {
      evidence = null
      return look(minutes, null)
    },
    /** Another policy comes into force. */
    under(minutes: number, next: Policy): Appraisal {
      look(minutes, last)
      basis = { ...basis, policy: next, policySince: at(minutes) }
      return look(minutes, null)
    },
    /** From now on these are the exceptions. */
    excused(minutes: number, ...exceptions: Exception[]): Appraisal {
      if (last) look(minutes, last)
      basis = { ...basis, exceptions }
      return look(minutes, null)
    },
  }
}

export const result = ({ checks }: Appraisal, id: CheckId = 'firewall') => checks.find((check) => check.id === id)
