import type { WindowsEdition } from '../catalogue.ts'

/** What the name of a release of Windows says: which it is, and for which editions its end of support holds. */
export type WindowsCycle = { title: string; editions: WindowsEdition[] | null }

/** The marks that endoflife.date puts behind a name, in the order of the alphabet: (E), (W), (E) (LTS), IoT (LTS). */
const MARKS: ReadonlyMap<string, { editions: WindowsEdition[]; title: string }> = new Map([
  ['w', { editions: ['home-pro'], title: 'Home and Pro' }],
  ['e', { editions: ['enterprise'], title: 'Enterprise and Education' }],
  ['e w', { editions: ['home-pro', 'enterprise'], title: '' }],
  ['e lts', { editions: ['ltsc'], title: 'Enterprise LTSC' }],
  ['iot lts', { editions: ['iot-ltsc'], title: 'IoT Enterprise LTSC' }],
])
const MARK = /^(?:e|w|lts|iot)$/
/** `11`, `8.1`, `24h2`, `1809`, `sp1`. */
const WHICH = /^(?:\d{1,4}|\d\.\d|\d\dh\d|sp\d)$/

/**
 * Reads `11-24h2-e-lts`, `10-22h2`, `8.1`, and what these were called in other years (`Windows 10, version 21H2 (E)`).
 * Null for a name with a word that is not known: its end is not that of the editions that we know.
 */
export function windowsCycleOf(name: string): WindowsCycle | null {
  const words = (name.toLowerCase().match(/[a-z0-9.]+/g) ?? []).filter((it) => !/^(?:windows|version)$/.test(it))
  const firstMark = words.findIndex((word) => MARK.test(word))
  const which = firstMark === -1 ? words : words.slice(0, firstMark)
  const marks = firstMark === -1 ? [] : words.slice(firstMark)
  const [first = ''] = which
  if (!/^\d+(?:\.\d)?$/.test(first) || !which.every((word) => WHICH.test(word)) || which.length > 3) return null
  const title = `Windows ${which.join(' ').toUpperCase()}`

  if (marks.length === 0) {
    // The long-term channels of Windows 10 and 11 always have a line of their own.
    return { title, editions: /^1[01]$/.test(first) ? ['home-pro', 'enterprise'] : null }
  }
  const known = MARKS.get(marks.toSorted().join(' '))
  return known ? { title: `${title} ${known.title}`.trim(), editions: known.editions } : null
}

/** The build family of `10.0.26100` or `6.3.9600`; null where it is none. */
export function windowsBuildOf(version: string): string | null {
  return /^\d{1,2}\.\d\.(\d{4,5})(?:\.\d{1,6})?$/.exec(version)?.[1] ?? null
}
