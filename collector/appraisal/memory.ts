import { keysOf } from '../../shared/schema.ts'
import type { CheckId, Verdict } from '../../shared/standing.ts'

/** What the collector remembers of one check of one device: all the past that a verdict depends on. */
export type CheckMemory = {
  verdict: Verdict
  /** Since when the verdict is what it is. */
  since: Date
  /** Whether the device ever passed it; grace is for those that did. */
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

/** What an appraisal begins with; the verdict is null where the check was not asked for before. */
export type Past = Omit<CheckMemory, 'verdict' | 'mode'> & { verdict: Verdict | null }

/**
 * The past of a check, as it counts now. Where the clock was set back, what lies ahead of now began now at the latest.
 * What the policy newly asks of a device that was known before is asked since the policy's change.
 */
export function recall(
  id: CheckId,
  mode: CheckMemory['mode'],
  { memory, policySince, now }: { memory: Memory; policySince: Date; now: Date },
): Past {
  const prior = memory[id]
  const past: Past = {
    verdict: prior?.verdict ?? null,
    since: notAfter(now, prior?.since ?? now),
    passed: prior?.passed ?? false,
    failingSince: notAfter(now, prior?.failingSince),
    passingSince: notAfter(now, prior?.passingSince),
    trackedSince: notAfter(now, prior?.trackedSince),
    askedSince: notAfter(now, prior?.askedSince),
    lapsedAt: prior?.lapsedAt ?? null,
  }
  if (mode === 'report') return { ...past, askedSince: null }
  if (prior?.mode === 'enforce' || !wasJudged(memory)) return past
  return { ...past, askedSince: notAfter(now, policySince), lapsedAt: null }
}

/** Whether anything was ever seen of a device: one that has only enrolled is not newly asked, it is new itself. */
function wasJudged(memory: Memory): boolean {
  return keysOf(memory).some((id) => hasBeenSeen(memory[id]))
}

/** Whether a check was ever judged by a fact: then it passed once, or has failed since. */
export function hasBeenSeen(past: Pick<Past, 'passed' | 'failingSince'> | undefined): boolean {
  return past !== undefined && (past.passed || past.failingSince !== null)
}

function notAfter(now: Date, moment: Date): Date
function notAfter(now: Date, moment: Date | null | undefined): Date | null
function notAfter(now: Date, moment: Date | null | undefined): Date | null {
  if (!moment) return null
  return moment > now ? now : moment
}
