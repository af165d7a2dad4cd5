import type { Plist } from '../plist.ts'
import { dateOf, isPlist } from '../plist.ts'
import type { Offer } from './macos-offers.ts'

/** What the settings of Software Update hold: what was found at the last look, and when that was. */
export type UpdateSettings = {
  /** Null where they do not tell what was found. */
  offers: readonly Offer[] | null
  lastCheckedAt: string | null
  /** Null where nothing is set: then macOS looks. */
  automatic: boolean | null
}

/** Reads `com.apple.SoftwareUpdate.plist`. */
export function updateSettingsOf(plist: Plist): UpdateSettings {
  const times = [plist['LastSuccessfulDate'], plist['LastFullSuccessfulDate']].flatMap((it) => timeOf(it) ?? [])
  return { offers: offersIn(plist), lastCheckedAt: times.toSorted().at(-1) ?? null, automatic: isAutomatic(plist) }
}

/** Settings that stand beside the one that counts. */
const OTHERS = ['AutomaticDownload', 'AutomaticallyInstallMacOSUpdates', 'CriticalUpdateInstall', 'ConfigDataInstall']

/** Whether it looks for updates by itself; it does where others of these are set and this one is not. */
function isAutomatic(plist: Plist): boolean | null {
  const stated = plist['AutomaticCheckEnabled']
  if (stated === undefined) return OTHERS.some((name) => name in plist) ? true : null
  return stated === true || stated === 1 ? true : stated === false || stated === 0 ? false : null
}

function offersIn(plist: Plist): readonly Offer[] | null {
  const { RecommendedUpdates: listed, LastRecommendedUpdatesAvailable: count, LastSessionSuccessful: isDone } = plist
  // Of `defaults` a flag is a number.
  const hasFailed = isDone === false || isDone === 0
  if (listed === undefined) return count === 0 && !hasFailed ? [] : null
  if (!Array.isArray(listed)) return null
  const offers = listed.map(offerOf)
  const known = offers.filter((it) => it !== null)
  if (known.length < offers.length) return null
  const isLess = typeof count === 'number' && known.length < count
  return known.length === 0 && (isLess || hasFailed) ? null : known
}

function offerOf(it: unknown): Offer | null {
  if (!isPlist(it)) return null
  const { 'Display Name': title, 'Display Version': version, Identifier: id, 'Product Key': key } = it
  if (typeof title !== 'string' || title === '') return null
  const ids = [id, key].filter((name) => typeof name === 'string')
  const known = ids.find((name) => name.startsWith('MSU_UPDATE_')) ?? ids[0] ?? ''
  // A version that stands as a number has lost its zeros: 26.10 is 26.1 there.
  const inId = /_patch_([\d.]+)/.exec(known)?.[1]
  const stated = typeof version === 'string' ? version : typeof version === 'number' ? (inId ?? String(version)) : ''
  return { title, version: stated.trim(), id: known }
}

const timeOf = (it: unknown): string | null => dateOf(it)?.toISOString() ?? null
