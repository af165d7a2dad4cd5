import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { readPlist, readPlistItems, type Plist } from '../../plist.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'
import { momentOf } from '../versions-and-times.ts'

/** Reads Info.plist of XProtect's bundle, or its version alone: the version of its rules, and no date. */
export function readXProtectInfo(text: string): Fact<Told> {
  const plist = /^\s*\d{1,6}\s*$/.test(text) ? value({ CFBundleShortVersionString: text.trim() }) : readPlist(text)
  if (plist.kind !== 'value') return plist
  const { CFBundleIdentifier: bundle = RULES_BUNDLE, CFBundleShortVersionString: version }: Plist = plist.value
  // The bundle of what removes malware has a version of its own.
  if (bundle === 'com.apple.XProtectFramework.XProtect') return value({ installed: true })
  if (bundle !== RULES_BUNDLE) return unreadable('this is not the bundle of XProtect')
  // `defaults` shows it as a number.
  const told = typeof version === 'number' ? String(version) : version
  return typeof told === 'string' && /^\d{1,6}$/.test(told)
    ? value({ installed: true, version: told })
    : unreadable('XProtect told no version')
}

const RULES_BUNDLE = 'com.apple.XProtect'

const RULES = 'XProtectPlistConfigData'

/** Reads `xprotect version` (macOS 15): which rules are in use, and when they came. */
export function readXProtectVersion(stdout: string): Fact<Told> {
  const [, version, installed] = /^Version: (\d{1,6})(?: +Installed: (.{0,60}?))?[ \t]*\r?$/m.exec(stdout) ?? []
  if (version === undefined) return unreadable('XProtect told no version')
  // On a new macOS that has not fetched any yet.
  if (Number(version) === 0) return value({ installed: true, version, healthy: false, issues: ['it has no rules'] })
  const definitionsAt = momentOf(installed)
  return value({ installed: true, version, ...(definitionsAt !== undefined && { definitionsAt }) })
}

/** Reads `xprotect status` (macOS 15): whether it scans what is started, and the rest in the background. */
export function readXProtectStatus(stdout: string): Fact<Told> {
  const rows = [...stdout.matchAll(/^XProtect (launch|background) scans: (enabled|disabled)\s*$/gm)]
  if (rows.length === 0) return unreadable('XProtect gave no answer that is known')
  const off = rows.filter(([, , state]) => state === 'disabled').map(([, kind]) => `its ${kind} scans are off`)
  if (off.length > 0) return value({ installed: true, protecting: false, healthy: false, issues: off })
  const kinds = new Set(rows.map(([, kind]) => kind))
  return value({ installed: true, ...(kinds.size === 2 && { protecting: true }) })
}

/** Reads macOS's history of installations for the newest rules of XProtect; newer systems no longer list them there. */
export function readXProtectHistory(text: string): Fact<Told> {
  if (!/<plist[^>]{0,40}>\s{0,9}<array>/.test(text) || !/<\/array>\s{0,9}<\/plist>\s{0,9}$/.test(text)) {
    return unreadable('this is no whole list of installations')
  }
  // The history of years takes a tenth of a second to read as a whole.
  const entries = text.match(/<dict>(?:(?!<dict>)[\s\S])*?<\/dict>/g)?.filter((it) => it.includes(`>${RULES}<`)) ?? []
  const items = readPlistItems(`<plist version="1.0"><array>${entries.join('')}</array></plist>`)
  if (items.kind !== 'value') return items
  const rules = items.value.flatMap(({ displayName, displayVersion: version, date }) =>
    displayName === RULES && typeof version === 'string' && /^\d{1,6}$/.test(version) && date instanceof Date
      ? [{ version, at: date.toISOString() }]
      : [],
  )
  const newest = rules.toSorted((a, b) => b.at.localeCompare(a.at))[0]
  return value(newest ? { installed: true, version: newest.version, definitionsAt: newest.at } : {})
}

/**
 * What macOS has built in against known malware. It sees no attack and reports to nobody, so it is listed with its version
 * and age and is never healthy: it does not stand in for an endpoint protection.
 */
export const xprotect: CatalogueProduct = {
  id: 'xprotect',
  macos: {
    paths: ['/Library/Apple/System/Library/CoreServices/XProtect.bundle'],
    // From the oldest answer to the one that counts: later ones take the place of those before.
    asks: [
      { file: '/Library/Receipts/InstallHistory.plist', read: readXProtectHistory, needsRoot: false, isOptional: true },
      {
        file: '/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist',
        read: readXProtectInfo,
        needsRoot: false,
      },
      {
        file: '/private/var/protected/xprotect/XProtect.bundle/Contents/Info.plist',
        read: readXProtectInfo,
        needsRoot: false,
        isOptional: true,
      },
      { program: 'xprotect', args: ['version'], read: readXProtectVersion, needsRoot: false, isOptional: true },
      { program: 'xprotect', args: ['status'], read: readXProtectStatus, needsRoot: false, isOptional: true },
    ],
    healthyWhen: {},
  },
}
