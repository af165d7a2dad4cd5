import type { CheckId } from '../../shared/standing.ts'
import type { Tier } from './policy.ts'
import type { Weighed } from './weigh.ts'

/** Whether a tier is open: each check that it needs has to hold it open, and one that is not asked does not. */
export function admits(tier: Tier, weighed: ReadonlyMap<CheckId, Pick<Weighed, 'result'>>): boolean {
  return tier.checks.every((id) => {
    const check = weighed.get(id)
    if (!check) return false
    if (check.result.mode === 'report') return true
    switch (check.result.verdict) {
      case 'pass':
      case 'grace':
      case 'excepted':
      case 'not-applicable':
        return true
      case 'unknown':
        // It has a deadline only while its grace lasts.
        return tier.unknown === 'grace' && check.result.deadline !== undefined
      case 'fail':
      case 'stale':
        return false
    }
  })
}
