import type { Platform, SignalValue } from '../../shared/signals.ts'
import { dayOf } from './day.ts'
import { inWords, plural } from './duration.ts'

type OsUpdates = SignalValue['os-updates']

/** Whether the machine itself knows of something missing: an installed kernel that does not run yet protects nobody, so a restart that is due counts. */
export function isOutstanding(updates: OsUpdates): boolean | null {
  if (updates.rebootRequired === true) return true
  return updates.pendingSecurity === null ? null : updates.pendingSecurity > 0
}

/** What the machine knows to be missing. */
export type Outstanding = {
  found: string
  /** Whether a restart is all that is missing. */
  isRestart: boolean
  /** When it was first seen, and by when it has to be there. */
  since: Date
  due: Date
}

/** Null where the machine knows of nothing, or does not say. `since` is when something was first missing. */
export function outstandingOf(updates: OsUpdates, since: Date, withinMs: number): Outstanding | null {
  if (isOutstanding(updates) !== true) return null
  const count = updates.pendingSecurity ?? 0
  return {
    found: `${count > 0 ? `${plural(count, 'security update')} pending` : 'installed updates wait for a restart'}, first seen ${dayOf(since)}`,
    isRestart: count === 0,
    since,
    due: new Date(since.getTime() + withinMs),
  }
}

/**
 * A list from the future tells nothing about its age. Two days are allowed for: a clock of the collector that was set back a
 * day must not make the lists of a whole fleet worthless, and what a laptop could gain by a wrong clock is little.
 */
const CLOCKS_DIFFER = 2 * 86_400_000

/** Until when the machine's own word on what is missing may be leant on, or why it may not, and until when that is so by time alone. */
export type Word = { ok: true; until: Date; at: Date } | { ok: false; why: string; until?: Date }

/** How each platform speaks of when it last looked for updates. */
const LOOKED = {
  linux: {
    unknown: 'when the package lists were refreshed is not known',
    old: (age: string) => `the package lists are ${age} old, so what is missing is not known`,
  },
  windows: {
    unknown: 'when Windows Update last looked for updates is not known',
    old: (age: string) => `Windows Update last looked for updates ${age} ago`,
  },
  macos: {
    unknown: 'when Software Update last looked for updates is not known',
    old: (age: string) => `Software Update last looked for updates ${age} ago`,
  },
} as const satisfies Record<Platform, { unknown: string; old: (age: string) => string }>

/** `oldestMs` is how old its last look for updates may be. */
export function wordOf(updates: OsUpdates, platform: Platform, oldestMs: number, now: Date): Word {
  if (updates.pendingSecurity === null) {
    const because = updates.detail ? `: ${updates.detail}` : ''
    return { ok: false, why: `which security updates are pending is not known${because}` }
  }
  const at = updates.lastCheckedAt === null ? Number.NaN : Date.parse(updates.lastCheckedAt)
  if (Number.isNaN(at)) return { ok: false, why: LOOKED[platform].unknown }
  const from = new Date(at - CLOCKS_DIFFER)
  if (now < from) return { ok: false, why: LOOKED[platform].unknown, until: from }
  const until = new Date(at + oldestMs)
  if (now >= until) return { ok: false, why: LOOKED[platform].old(inWords(now.getTime() - at)) }
  return { ok: true, until, at: new Date(at) }
}
