import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import type { Memory } from './memory.ts'
import type { Transition } from './transition.ts'

/** What is the same for all transitions of one appraisal. */
type About = Pick<Transition, 'deviceId' | 'at' | 'evidence' | 'policyVersion'>

/**
 * What one appraisal changed: a transition for each check whose verdict is another, or that is no longer asked. A verdict
 * that began ahead of now, because the clock was set back since, is told once more as of now.
 */
export function transitionsBetween(before: Memory, after: Memory, about: About): Transition[] {
  return CHECK_IDS.flatMap((check) => {
    const prior = before[check]
    const [from, to] = [prior?.verdict ?? null, after[check]?.verdict ?? null]
    const isAhead = prior !== undefined && prior.since > about.at
    return from === to && !isAhead ? [] : [{ check, from, to, ...about }]
  })
}

/** What held at a moment, by the transitions of one device in the order in which they happened. */
export function verdictsAt(transitions: readonly Transition[], at: Date): Map<CheckId, Transition> {
  const verdicts = new Map<CheckId, Transition>()
  for (const transition of transitions) {
    if (transition.at > at) continue
    if (transition.to === null) verdicts.delete(transition.check)
    else verdicts.set(transition.check, transition)
  }
  return verdicts
}
