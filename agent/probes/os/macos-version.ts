import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { readPlist, type Plist } from '../plist.ts'

/** Which macOS this is. */
export type MacosVersion = {
  name: string
  version: string
  build: string
  /** `(a)`: a rapid response (since macOS 26 a background security improvement) that is installed on top. */
  rapidResponse: string | null
}

/** Reads SystemVersion.plist, which never pretends to be an older system. A rapid response shows only in the copy of the cryptex. */
export function readSystemVersion(text: string): Fact<MacosVersion> {
  const plist = readPlist(text)
  return plist.kind === 'value' ? versionOf(fieldsIn(plist.value)) : plist
}

/** Reads what `sw_vers` prints: a line for each field, with one or two tabs after the colon. */
export function readSwVers(stdout: string): Fact<MacosVersion> {
  const fields = new Map<string, string>()
  for (const line of stdout.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const [, name, field] = /^(\w+):\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || fields.has(name)) return unreadable('sw_vers printed a line that is not known')
    fields.set(name, field ?? '')
  }
  return versionOf(fields)
}

/**
 * Compares two versions number by number, and then by the letter of their rapid response (`26.3.1 (a)`): below 0 where
 * the first is the older one. A number that is not there is 0.
 */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbersIn(one), numbersIn(other)]
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return letterOf(one).localeCompare(letterOf(other), 'en')
}

/** `15`, `26`, and `10.15` of the releases before macOS 11: what Apple counts as one macOS. */
export function majorOf(version: string): string {
  const [first = 0, second = 0] = numbersIn(version)
  return first === 10 ? `10.${second}` : String(first)
}

const numbersIn = (version: string): number[] => (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)
const letterOf = (version: string): string => /\(([a-z]{1,2})\)/.exec(version)?.[1] ?? ''

/** The fact of a version, on a processor and a kernel that other sources tell. */
export function macosOs(version: MacosVersion, extra: { kernel: string | null; arch: string }): SignalValue['os'] {
  const { name, version: number, build, rapidResponse } = version
  return {
    platform: 'macos',
    name,
    version: number,
    build,
    ...(rapidResponse !== null && { rapidResponse }),
    ...(extra.kernel !== null && { kernel: extra.kernel }),
    arch: extra.arch,
  }
}

function fieldsIn(plist: Plist): ReadonlyMap<string, string> {
  return new Map(Object.entries(plist).flatMap(([name, it]) => (typeof it === 'string' ? [[name, it.trim()]] : [])))
}

function versionOf(fields: ReadonlyMap<string, string>): Fact<MacosVersion> {
  const name = fields.get('ProductName') ?? ''
  if (!/^(?:macOS|Mac OS X)$/.test(name)) return unreadable('what tells the version does not name macOS')
  const version = fields.get('ProductVersion') ?? ''
  if (!/^\d{1,3}(?:\.\d{1,3}){0,3}$/.test(version)) return unreadable('the version of macOS is not told')
  // What is told to programs that were built for an older system, which cannot know of macOS 11 or 26.
  if (/^(?:10\.16|16)(?:\.|$)/.test(version)) {
    return unreadable(`${version} is told to old programs in place of the real version`)
  }
  const build = fields.get('BuildVersion') ?? fields.get('ProductBuildVersion') ?? ''
  // A release that the number of its build does not belong to: 22 is macOS 13.
  if (!/^\d{1,3}[A-Z]\d{1,6}[a-z]?$/.test(build)) return unreadable('the build of macOS is not told')
  const extra = fields.get('ProductVersionExtra') ?? ''
  if (!/^(?:\([a-z]{1,2}\))?$/.test(extra)) return unreadable('the rapid response is none that is known')
  return value({ name, version, build, rapidResponse: extra === '' ? null : extra })
}
