import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import type { Memory } from './appraise.ts'
import type { Transition } from './transition.ts'

/** What is the same for all transitions of one appraisal. */
type About = Pick<Transition, 'deviceId' | 'at' | 'evidence' | 'policyVersion'>

/** What one appraisal changed: a transition for each check whose verdict is another, or is no longer asked for. */
export function transitionsBetween(before: Memory, after: Memory, about: About): Transition[] {
  return CHECK_IDS.flatMap((check) => {
    const [from, to] = [before[check]?.verdict ?? null, after[check]?.verdict ?? null]
    return from === to ? [] : [{ check, from, to, ...about }]
  })
}

/** What held at a moment, by the transitions of one device in the order of time: the last one of each check. */
export function verdictsAt(transitions: readonly Transition[], at: Date): Map<CheckId, Transition> {
  const verdicts = new Map<CheckId, Transition>()
  for (const transition of transitions) {
    if (transition.at > at) continue
    if (transition.to === null) verdicts.delete(transition.check)
    else verdicts.set(transition.check, transition)
  }
  return verdicts
}
