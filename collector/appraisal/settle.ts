import type { CheckId, CheckResult } from '../../shared/standing.ts'
import type { AppraisalInput } from './appraise.ts'
import { exceptionFor } from './exception.ts'
import type { Grace } from './grace.ts'
import type { Judgement } from './rule.ts'

type Settled = {
  verdict: 'pass' | 'fail' | 'grace' | 'excepted' | 'unknown'
  /** Until when a tier stays open although the check does not pass. */
  deadline: Date | null
  exception?: NonNullable<CheckResult['exception']>
  moments: readonly Date[]
}

/** What grace and exceptions make of a judgement. They excuse what was found, and never change it. */
export function settle(
  id: CheckId,
  found: Judgement['verdict'],
  { input, grace, isForgiven }: { input: AppraisalInput; grace: Grace; isForgiven: boolean },
): Settled {
  if (found === 'pass') return { verdict: 'pass', deadline: null, moments: [] }
  const { device, policy, exceptions, now } = input
  const groupsOf = () => policy.groupsOf(device)
  const { by, moments } = exceptionFor(exceptions, id, { device, groupsOf, now })
  if (by) {
    const { approver, reason, expiresAt } = by
    const exception = { id: by.id, approver, reason, expiresAt: expiresAt.toISOString() }
    return { verdict: 'excepted', deadline: expiresAt, exception, moments }
  }
  const deadline = found === 'fail' || isForgiven ? grace.until : null
  const verdict = found === 'unknown' ? 'unknown' : deadline ? 'grace' : 'fail'
  return { verdict, deadline, moments: deadline ? [deadline, ...moments] : moments }
}
