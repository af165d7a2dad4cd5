import { lineNameOf, versionOf } from '../versions.ts'

/** A version of macOS as the catalogue writes it, and the line that it belongs to. */
export type MacosVersion = { version: string; line: string }

/** `26.6.2`, or `26.3.1 (a)` with the letter of a rapid response; null for what is none. */
export function macosVersionOf(text: string): MacosVersion | null {
  const version = versionOf(text)
  const [first = 0, second] = version?.numbers ?? []
  // Before macOS 11 every line was a 10.x, so that 10 alone is none.
  if (!version || first < 10 || first > 99 || (first === 10 && second === undefined)) return null
  if (version.numbers.length > 4) return null
  const response = version.response === '' ? '' : ` (${version.response})`
  return { version: `${version.numbers.join('.')}${response}`, line: lineNameOf('macos', version) }
}
