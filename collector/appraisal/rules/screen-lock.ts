import { Type } from 'typebox'
import { durationBetween, inWords, milliseconds } from '../duration.ts'
import { defineRule, fail, pass, unknown } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const parameters = {
  /** The longest idle time before the screen locks. */
  within: Type.Optional(durationBetween('1s', '1d')),
}

export const screenLock = defineRule({
  signal: 'screen-lock',
  claim: 'configuration',
  parameters,
  fixUnread: 'Sign in to the desktop of the laptop, so that its settings can be read.',
  ask: ({ within = '15m' }) => `The screen locks by itself after at most ${inWords(milliseconds(within))}.`,

  judge({ enabled, afterSeconds }, { within = '15m' }) {
    const limit = milliseconds(within)
    const fix = `Set the screen to lock after at most ${inWords(limit)}.`
    if (!enabled) return fail('the screen does not lock by itself', fix, TRUST.knownVulnerabilities)
    if (afterSeconds === null) return unknown('after how long the screen locks is not known', fix)
    const after = inWords(afterSeconds * 1000)
    if (afterSeconds * 1000 <= limit) return pass(`the screen locks after ${after}`)
    return fail(`the screen locks only after ${after}`, fix, TRUST.knownVulnerabilities)
  },
})
