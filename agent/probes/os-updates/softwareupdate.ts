import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Offer } from './macos-offers.ts'

/** Lines that say nothing; the rest of the log of a program is of no interest either. */
const SILENT = [
  /^\s*$/,
  /^Software Update Tool$/,
  /^Copyright [\d-]+ Apple\b/,
  /^Finding available software$/,
  /^Software Update found the following new or updated software:$/,
  /^objc\[\d+\]: /,
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* softwareupdate\[[\d:a-fx]+\] (?!.*(?:error|fail))/i,
] as const

/**
 * Reads `softwareupdate --list`: a line `* Label: ...` for each offer and one below it with its title and version, or the
 * form of macOS 10.14. That there is none is said on stderr; an error, or a line that is not known, is not none.
 */
export function readSoftwareUpdateList(stdout: string, stderr = ''): Fact<readonly Offer[]> {
  const offers: Offer[] = []
  let label: string | null = null
  let isNone = false
  for (const line of `${stdout}\n${stderr}`.split(/\r?\n/)) {
    if (label !== null) {
      const offer = offerIn(label, line)
      if (!offer) return unreadable('softwareupdate lists an update without its title')
      offers.push(offer)
      label = null
      continue
    }
    label = /^\s*[*-] (?:Label: )?(.+?)\s*$/.exec(line)?.[1] ?? null
    if (label !== null || SILENT.some((it) => it.test(line.trimEnd()))) continue
    if (line.trim() !== 'No new software available.') return unreadable(`softwareupdate says: ${line.trim()}`)
    isNone = true
  }
  if (label !== null) return unreadable('the list of softwareupdate breaks off')
  if (isNone === offers.length > 0) return unreadable('softwareupdate tells neither of updates nor that there are none')
  return value(offers)
}

function offerIn(label: string, line: string): Offer | null {
  const [, title, version = ''] =
    /^\s+Title: (.+?), Version: ([^,]*)(?:,|$)/.exec(line) ?? /^\s+(.+?) \(([^()]*)\), \d+K\b/.exec(line) ?? []
  return title === undefined ? null : { title: title.trim(), version: version.trim(), id: label }
}

/** Reads `softwareupdate --schedule`, in the words of macOS 14 and newer or in those before. */
export function readSchedule(stdout: string): Fact<boolean> {
  const [, word] = /^Automatic check(?: is|ing for updates is turned) (on|off)\s*$/.exec(stdout.trim()) ?? []
  return word === undefined
    ? unreadable('softwareupdate does not tell whether it looks for updates')
    : value(word === 'on')
}
