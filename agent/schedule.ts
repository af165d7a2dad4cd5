import type { ErrorCode } from '../shared/errors.ts'

/** How a connection to the collector ended, or did not come about. */
export type Loss =
  /** The collector said goodbye; null where a person has to act before coming back makes sense. */
  | { how: 'dismissed'; code: ErrorCode; retryAfterSeconds: number | null }
  /** The other end went away in the middle of a conversation: it fell over, or something between us did. */
  | { how: 'cut-off' }
  /** It could not be reached, or fell silent: the network, or the sleep of this laptop. */
  | { how: 'unreachable' }

export type Retry = {
  delayMs: number
  /** How many tries have failed since the last conversation; given back at the next loss. */
  attempt: number
  /** Only a person can mend it, so it is tried rarely. */
  hopeless: boolean
}

export type RetryCircumstances = {
  attempt: number
  /** The collector serves this machine alone, so that there is no fleet to come back all at once. */
  alone: boolean
  /** A number from 0 up to 1. */
  random: number
}

const SECOND = 1000
const LONGEST_MS = 60 * SECOND
const MINUTE = 60 * SECOND
/** Where only a person can mend it, the agent still asks now and then, so that nobody has to come to the laptop. */
const HOPELESS_MS = 10 * MINUTE
const SUPERSEDED_MS = 60 * SECOND
/** From here on the window of the back-off is as long as it gets. */
const LAST_STEP = 6

/**
 * When to try again. Back-off with full jitter: a random moment in a window that doubles from 1 s to 60 s. A laptop
 * whose own network failed begins with the short window. A collector that stops or falls over loses all its agents in
 * one moment, so they begin with the long one and come back spread over a minute, unless it serves this machine alone.
 */
export function retryAfter(loss: Loss, { attempt, alone, random }: RetryCircumstances): Retry {
  switch (loss.how) {
    case 'unreachable':
      return retry(0, attempt, random)
    case 'cut-off':
      return retry(0, alone ? attempt : LAST_STEP, random)
    case 'dismissed': {
      if (loss.retryAfterSeconds === null && loss.code !== 'superseded') {
        return { delayMs: HOPELESS_MS + random * 2 * MINUTE, attempt: attempt + 1, hopeless: true }
      }
      const asked = (loss.retryAfterSeconds ?? 0) * SECOND
      if (loss.code === 'superseded') return retry(Math.max(asked, SUPERSEDED_MS), attempt, random)
      const fleetComesBack = loss.code === 'collector-stopping' && !alone
      return retry(asked, fleetComesBack ? LAST_STEP : attempt, random)
    }
  }
}

function retry(earliestMs: number, attempt: number, random: number): Retry {
  const windowMs = Math.min(LONGEST_MS, SECOND * 2 ** attempt)
  return { delayMs: earliestMs + random * windowMs, attempt: attempt + 1, hopeless: false }
}

/** Later than this, a timer was not merely late: the laptop was asleep. */
const SLEEP_MS = 30 * SECOND

/** Whether the laptop slept between two looks at the clock that should be `everySeconds` apart. */
export function hasSlept(last: Date, now: Date, everySeconds: number): boolean {
  return now.getTime() - last.getTime() > everySeconds * SECOND + SLEEP_MS
}
