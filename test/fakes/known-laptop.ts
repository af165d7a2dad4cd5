import type { Exception } from '../../collector/appraisal/exception.ts'
import { unreadable, value } from '../../shared/fact.ts'
import { SIGNALS, type Facts } from '../../shared/signals.ts'
import { healthyValues, read } from './facts.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What the month is about: facts that come and go, with graces of very different length. */
export const ASKED = ['disk-encryption', 'endpoint-protection', 'firewall', 'screen-lock'] as const
export type Asked = (typeof ASKED)[number]

const GRACE: Record<Asked, number> = {
  'disk-encryption': 3 * DAY,
  'endpoint-protection': 0,
  firewall: 2 * HOUR,
  'screen-lock': DAY,
}
/** The policy of the month; `restricted` is what its most sensitive tier asks besides. */
export const monthPolicy = (restricted: '' | 'screen-lock') => `version: 1
freshness: 12h
tiers:
  public: []
  internal: [disk-encryption]
  confidential: { checks: [endpoint-protection, firewall], unknown: grace }
  restricted: [${restricted}]
default-tier: internal
checks:
  disk-encryption: { grace: 3d }
  endpoint-protection: { grace: 0m }
  firewall: { grace: 2h }
  screen-lock: { grace: 1d }
`

export type State = 'good' | 'bad' | 'unseen'

/** A laptop, and what a collector can know of it: kept apart from all code under test. */
export type Laptop = {
  id: string
  tag: string
  sequence: number
  isLockedOut: boolean
  isDoubted: boolean
  isGone: boolean
  states: Record<Asked, State>
  /** When it was heard last, by what has gone by. */
  heardAt: number
  /** When a check began to fail, and when it was good again, by the clock; a failure is over after a good day. */
  worseSince: Partial<Record<Asked, number>>
  goodSince: Partial<Record<Asked, number>>
  everGood: Set<Asked>
}

export function newLaptop(id: string, tag: string): Laptop {
  const machine = { id, tag, sequence: 0, isLockedOut: false, isDoubted: false, isGone: false }
  return { ...machine, ...unheard() }
}

/** Nothing is known of it: it is new, or enrolled anew. */
export function unheard() {
  const states = { 'disk-encryption': 'good', 'endpoint-protection': 'good', firewall: 'good', 'screen-lock': 'good' }
  return {
    states: states as Record<Asked, State>,
    heardAt: -Infinity,
    worseSince: {},
    goodSince: {},
    everGood: new Set<Asked>(),
  }
}

export function factsOf(states: Laptop['states'], now: Date): Facts {
  const good = healthyValues(now)
  const values = {
    'disk-encryption': {
      good: good['disk-encryption'],
      bad: { volumes: good['disk-encryption'].volumes.map((it) => ({ ...it, state: 'off' as const })) },
    },
    'endpoint-protection': { good: good['endpoint-protection'], bad: { products: [] } },
    firewall: { good: { enabled: true }, bad: { enabled: false } },
    'screen-lock': { good: good['screen-lock'], bad: { enabled: false, afterSeconds: null } },
  }
  const facts = ASKED.map((check) => {
    const state = states[check]
    return [check, read(state === 'unseen' ? unreadable('denied') : value<unknown>(values[check][state]), now)]
  })
  return Object.fromEntries(facts)
}

/** It was heard, and that was kept. `passed` is what has gone by, `now` what the clock says. */
export function heard(
  laptop: Laptop,
  states: Laptop['states'],
  { now, passed }: { now: number; passed: number },
): void {
  for (const check of ASKED) {
    const { worseSince, goodSince, everGood } = laptop
    const wasGood = laptop.states[check] === 'good' && goodSince[check] !== undefined
    // What was good and not heard of any more was good for as long as the last report could be leant on.
    const seenUntil = Math.min(now, now - passed + laptop.heardAt + SIGNALS[check].maxAgeSeconds * 1000)
    const goodUntil = states[check] === 'good' ? now : seenUntil
    if (wasGood && goodUntil - (goodSince[check] ?? now) >= DAY) delete worseSince[check]
    if (states[check] === 'good') {
      everGood.add(check)
      goodSince[check] ??= now
    } else {
      delete goodSince[check]
      worseSince[check] ??= now
    }
  }
  Object.assign(laptop, { states: { ...states }, heardAt: passed })
}

/** The policy begins to ask: nothing of the check is remembered from before, and what is not fresh says nothing of now. */
export function newlyAsked(laptop: Laptop, check: Asked, { now, passed }: { now: number; passed: number }): void {
  const { states, worseSince, goodSince, everGood, heardAt } = laptop
  delete worseSince[check]
  delete goodSince[check]
  everGood.delete(check)
  if (passed >= heardAt + SIGNALS[check].maxAgeSeconds * 1000) return
  if (states[check] === 'good') goodSince[check] = now
  else worseSince[check] = now
}

/** The clock was set back: what lies ahead of now began now at the latest. */
export function setBack(laptop: Laptop, now: number): void {
  for (const since of [laptop.worseSince, laptop.goodSince]) {
    for (const check of ASKED) if ((since[check] ?? now) > now) since[check] = now
  }
}

/** What else is known: the exceptions, and since when the screen lock is asked for; null where it is not. */
export type Known = { exceptions: readonly Exception[]; asksSince: number | null; now: number; passed: number }

/** The checks over which a tier could not be open now, by the best that anybody could say of what was reported. */
export function closedBy(laptop: Laptop, tier: string, known: Known): Asked[] {
  const checks = ASKED.slice(0, tier === 'internal' ? 1 : 3)
  if (tier === 'restricted' && known.asksSince !== null) checks.push('screen-lock')
  return checks.filter((check) => !mayHoldOpen(laptop, check, tier, known))
}

function mayHoldOpen(laptop: Laptop, check: Asked, tier: string, known: Known): boolean {
  const { heardAt, states, worseSince, everGood } = laptop
  const { asksSince, now, passed } = known
  if (laptop.isLockedOut || laptop.isDoubted) return false
  if (passed >= heardAt + SIGNALS[check].maxAgeSeconds * 1000) return false
  if (states[check] === 'good' || isExcepted(laptop, check, known)) return true
  if (states[check] === 'unseen' && tier === 'restricted') return false
  const isNew = check === 'screen-lock' && asksSince !== null
  const from = Math.max(worseSince[check] ?? Infinity, isNew ? asksSince : 0)
  return (everGood.has(check) || isNew) && now < from + GRACE[check]
}

function isExcepted({ id, tag }: Laptop, check: Asked, { exceptions, now }: Known): boolean {
  return exceptions.some(
    ({ target, check: about, createdAt, expiresAt, endedAt }) =>
      about === check &&
      endedAt === null &&
      createdAt.getTime() <= now &&
      now < expiresAt.getTime() &&
      ('device' in target ? target.device === id : 'tag' in target && target.tag === tag),
  )
}
