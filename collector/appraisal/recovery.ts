import type { Past } from './memory.ts'

/** How long a check has to pass before its failure is over; one that comes and goes within a day is one failure. */
const RECOVERY_MS = 86_400_000

/** The past of a check that passes now. */
export function passing(past: Past, now: Date): Past {
  const seen = { ...past, passed: true, passingSince: past.passingSince ?? now }
  return hasRecovered(seen, now) ? withoutFailure(seen) : seen
}

/** The past of a check that does not pass now, which includes one that could not be judged. */
export function failing(past: Past, now: Date): Past {
  const before = until(past, now)
  return { ...before, passingSince: null, failingSince: before.failingSince ?? now }
}

/** The past of a check as it was when it was last seen: what it was then, it had been up to that moment. */
export function until(past: Past, lastSeen: Date): Past {
  return past.verdict === 'pass' && hasRecovered(past, lastSeen) ? withoutFailure(past) : past
}

function hasRecovered({ passingSince }: Past, now: Date): boolean {
  return passingSince !== null && now.getTime() - passingSince.getTime() >= RECOVERY_MS
}

function withoutFailure(past: Past): Past {
  return { ...past, failingSince: null, lapsedAt: null }
}
