import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, Unread } from '../../host/host.ts'
import { unreadableBecause } from '../probe.ts'

export type OsUpdates = SignalValue['os-updates']

/** What a family's reader found, and where it took the count from. */
export type Answer = {
  count: Count
  source: string
  lastInstalledAt: Date | null
  lastCheckedAt: Date | null
  automatic: boolean | null
  rebootRequired: boolean | null
}

/** How many security updates are missing; null with the reason where nobody knows. */
export type Count = { pendingSecurity: number | null; pending: number | null; why: string }

/** What a program lists as missing, each by the name that it has there; without `security` it does not tell which are fixes. */
export type Listing = { pending: ReadonlySet<string>; security: ReadonlySet<string> | null }

export const notCounted = (why: string): Count => ({ pendingSecurity: null, pending: null, why })

/** Updates without a class of their own: that no security update is missing is known only where nothing is. */
export const countedWithoutClass = (pending: number, system: string): Count => ({
  pendingSecurity: pending === 0 ? 0 : null,
  pending,
  why: `${system} does not tell which updates are security updates`,
})

/** Why something could not be read, in words. */
export function reasonOf(it: Unread): string {
  return unreadableBecause(it).why
}

/** True where all are, false where one is not; null where that hangs on one that nobody knows. */
export function allOf(flags: readonly (boolean | null)[]): boolean | null {
  if (flags.includes(false)) return false
  return flags.includes(null) ? null : true
}

/** True where one is, false where none is; null where that hangs on one that nobody knows. */
export function anyOf(flags: readonly (boolean | null)[]): boolean | null {
  if (flags.includes(true)) return true
  return flags.includes(null) ? null : false
}

/** Whether a file or folder exists; null where that cannot be seen. */
export async function isThere(host: Host, path: string): Promise<boolean | null> {
  const file = await host.stat(path)
  if (file.ok) return true
  return file.reason === 'missing' ? false : null
}

/** When the last of the paths was written, of those where it can be seen. A time to come is no time. */
export async function lastWritten(host: Host, paths: readonly string[]): Promise<Date | null> {
  const files = await Promise.all(paths.map((path) => host.stat(path)))
  const now = host.now()
  return newest(files.flatMap((file) => (file.ok && file.modifiedAt <= now ? [file.modifiedAt] : [])))
}

export function newest(times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((latest, time) => (latest && latest >= time ? latest : time), null)
}

/** A moment as facts carry it; one to come is none. */
export function notAhead(time: string | null, now: Date): string | null {
  return time !== null && Date.parse(time) <= now.getTime() ? time : null
}
