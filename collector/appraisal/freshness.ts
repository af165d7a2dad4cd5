import { LIMITS } from '../../shared/limits.ts'
import { SIGNALS, type Facts, type SignalId } from '../../shared/signals.ts'

/** The newest evidence of a device. */
export type Evidence = {
  facts: Facts
  /** When these facts were received. */
  receivedAt: Date
  /** When the device last said, by evidence or by `unchanged`, that they hold. */
  confirmedAt: Date
}

/** Whether facts say anything of now, and until when; or since when they no longer do, or from when on they will. */
export type Freshness =
  { state: 'fresh'; until: Date } | { state: 'old'; since: Date } | { state: 'ahead'; until: Date }

/** How fresh the evidence is for a check that looks at these signals. */
export function freshnessOf(
  evidence: Evidence,
  signals: readonly SignalId[],
  { freshnessMs, now }: { freshnessMs: number; now: Date },
): Freshness {
  const counts = countsFrom(evidence)
  if (now < counts) return { state: 'ahead', until: counts }
  const end = endOfFreshness(evidence, signals, freshnessMs)
  return now < end ? { state: 'fresh', until: end } : { state: 'old', since: end }
}

/**
 * From when on evidence says anything. What is dated ahead of the clock by more than clocks may differ is of no known age:
 * somebody set the clock back since.
 */
export function countsFrom({ confirmedAt }: Pick<Evidence, 'confirmedAt'>): Date {
  return new Date(confirmedAt.getTime() - LIMITS.clockSkewSeconds * 1000)
}

/** Evidence as a whole grows stale, and so does each signal by its own age; the first end is the end of the check. */
function endOfFreshness({ facts, receivedAt, confirmedAt }: Evidence, signals: readonly SignalId[], ms: number): Date {
  const ages = signals.map((id) => {
    const observedAt = facts[id]?.observedAt
    const ageAtReceipt = observedAt === undefined ? 0 : Math.max(0, receivedAt.getTime() - Date.parse(observedAt))
    return SIGNALS[id].maxAgeSeconds * 1000 - ageAtReceipt
  })
  return new Date(confirmedAt.getTime() + Math.min(ms, ...ages))
}
