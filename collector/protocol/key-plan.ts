import { LIMITS } from '../../shared/limits.ts'

/**
 * How long a verifier may keep the public keys, and how long a key is published before it signs. The wait is longer
 * than the ten minutes for which `jose` keeps keys by itself, so that also those who do not look at the header know it.
 */
export const JWKS_SECONDS = 300
export const PUBLISHED_SECONDS = 900
/** The life of a signed status list, which is made anew long before. */
export const STATUS_LIST_SECONDS = 600
/** What a key signed last has ended by then, whichever kind of token it was, with a clock that is a little behind. */
const KEPT_SECONDS = LIMITS.attestationSeconds + STATUS_LIST_SECONDS

const DAY_MS = 86_400_000

/** `next`: published, signs nothing yet. `active`: signs. `retired`: verifies what it signed until that has ended. */
export const KEY_STAGES = ['next', 'active', 'retired'] as const
export type KeyStage = (typeof KEY_STAGES)[number]
export type PlannedKey = { state: KeyStage; since: Date }

const LASTS_SECONDS = { next: PUBLISHED_SECONDS, active: Infinity } as const
const lasts = (state: KeyStage, kept: number) => (state === 'retired' ? kept : LASTS_SECONDS[state])

/**
 * When a key leaves the stage that it is in by time alone; null for an active one, which waits for a successor. `kept` is
 * for how many seconds a retired one is still needed.
 */
export function endOf({ state, since }: PlannedKey, kept = KEPT_SECONDS): Date | null {
  return state === 'active' ? null : new Date(since.getTime() + lasts(state, kept) * 1000)
}

/**
 * The keys as they have to be now: a published one takes over when its wait is over, and one that nobody needs any more
 * is gone. Gives back the same list where nothing is due. A time ahead of now, from before a clock was set back, is now.
 */
export function advanced<Key extends PlannedKey>(keys: readonly Key[], now: Date, kept = KEPT_SECONDS): readonly Key[] {
  if (keys.some(({ since }) => since > now)) {
    return advanced(
      keys.map((key) => (key.since > now ? { ...key, since: now } : key)),
      now,
      kept,
    )
  }
  const isOver = ({ state, since }: Key) => now.getTime() >= since.getTime() + lasts(state, kept) * 1000
  const needed = keys.filter((key) => key.state !== 'retired' || !isOver(key))
  const successor = needed.find((key) => key.state === 'next' && isOver(key))
  if (!successor) return needed.length < keys.length ? needed : keys
  return needed.map((key) => {
    if (key === successor) return { ...key, state: 'active', since: now }
    return key.state === 'active' ? { ...key, state: 'retired', since: now } : key
  })
}

/** When the active key is to have a successor; null where that is left to people, or one is on its way. */
export function rotationDue(keys: readonly PlannedKey[], keyDays: number): Date | null {
  const active = keys.find(({ state }) => state === 'active')
  if (!active || keyDays === 0 || keys.some(({ state }) => state === 'next')) return null
  return new Date(active.since.getTime() + keyDays * DAY_MS)
}

/** The next moment at which something is due. */
export function nextDue(keys: readonly PlannedKey[], keyDays: number, kept = KEPT_SECONDS): Date | null {
  const moments = [...keys.map((key) => endOf(key, kept)), rotationDue(keys, keyDays)].filter(
    (moment) => moment !== null,
  )
  return moments.reduce<Date | null>((first, moment) => (first && first < moment ? first : moment), null)
}

/** A clock that was set moves the times with it: how long a key is published or kept is a matter of time that went by. */
export function shifted<Key extends PlannedKey>(keys: readonly Key[], milliseconds: number): Key[] {
  return keys.map((key) => ({ ...key, since: new Date(key.since.getTime() + milliseconds) }))
}
