import type { CheckId, CheckResult } from '../../shared/standing.ts'
import type { Tier } from './policy.ts'
import type { Weighed } from './weigh.ts'

/** Whether a tier is open: each check that it needs has to hold it open, and one that is not asked does not. */
export function admits(tier: Tier, weighed: ReadonlyMap<CheckId, Pick<Weighed, 'result'>>): boolean {
  return tier.checks.every((id) => {
    const check = weighed.get(id)
    return check !== undefined && holdsOpen(check.result, tier)
  })
}

/** Whether a check that a tier needs lets it be open. */
export function holdsOpen(
  { verdict, mode, deadline }: Pick<CheckResult, 'verdict' | 'mode' | 'deadline'>,
  { unknown }: Pick<Tier, 'unknown'>,
): boolean {
  if (mode === 'report') return true
  switch (verdict) {
    case 'pass':
    case 'grace':
    case 'excepted':
    case 'not-applicable':
      return true
    case 'unknown':
      // It has a deadline only while its grace lasts.
      return unknown === 'grace' && deadline !== undefined
    case 'fail':
    case 'stale':
      return false
  }
}
