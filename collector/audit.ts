import type { DecisionEvent } from './protocol/decision-event.ts'

/** What an admin, or the collector by itself, did. */
export type ActEvent = {
  at: Date
  /** `user anna`, `gateway rollout (gw_...)`, or `collector`. */
  who: string
  act: string
  /** What it was done to, where there is one thing. */
  target: string | null
  details: object
}

/** The record of decisions and of acts of admins, which nobody can change unnoticed. */
export type Audit = {
  /** Returns at once: a decision never waits for its record. */
  decided(event: DecisionEvent): void
  /** Resolves when it is on disk. @throws MusterError `store-unavailable` where it was not kept */
  acted(event: ActEvent): Promise<void>
  /** Writes whatever waits, counts of the current minute included. */
  flush(): Promise<void>
  close(): Promise<void>
}

export function openAudit(): Audit {
  const done = async () => undefined
  return { decided: () => undefined, acted: done, flush: done, close: done }
}
