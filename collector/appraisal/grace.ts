import type { Past } from './memory.ts'

/** For how long the policy forgives. */
export type Terms = {
  /** A device that passed before, or that is newly asked. */
  graceMs: number
  /** A device that never passed. */
  enrolmentGraceMs: number
}

export type Grace = {
  /** The end of the grace, while it lasts; null where there is none, or none any more. */
  until: Date | null
  lapsedAt: Date | null
}

/**
 * The grace of a failure. It counts from the first failure; from the policy's change where that asked it newly. One that
 * is over stays over, unless the policy now gives more than it had.
 */
export function graceOf(past: Past, terms: Terms, now: Date): Grace {
  const { lapsedAt } = past
  const end = endOf(past, terms)
  if (!end) return { until: null, lapsedAt: null }
  if (now >= end) return { until: null, lapsedAt: later(end, lapsedAt) }
  return { until: lapsedAt && end <= lapsedAt ? null : end, lapsedAt }
}

function endOf({ passed, failingSince, askedSince }: Past, { graceMs, enrolmentGraceMs }: Terms): Date | null {
  if (!failingSince) return null
  if (passed) return after(later(failingSince, askedSince), graceMs)
  return askedSince ? after(askedSince, graceMs) : after(failingSince, enrolmentGraceMs)
}

function later(a: Date, b: Date | null): Date {
  return b && b > a ? b : a
}

function after(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms)
}
