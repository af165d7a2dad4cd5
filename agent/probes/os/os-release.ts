import type { Host, Unread } from '../../host/host.ts'

/** The assignments of an os-release file. */
export type OsRelease = ReadonlyMap<string, string>

const PLACES = ['/etc/os-release', '/usr/lib/os-release'] as const

/** The system's own os-release file, or the vendor's where there is none. */
export async function readOsRelease(host: Host): Promise<{ ok: true; release: OsRelease; path: string } | Unread> {
  const own = await readRelease(host, PLACES[0])
  // One that is there and cannot be read may say something else than the vendor's.
  if (own.ok || (own.reason !== 'missing' && own.reason !== 'not-recorded')) return own
  const vendors = await readRelease(host, PLACES[1])
  return vendors.ok ? vendors : own
}

async function readRelease(host: Host, path: string): Promise<{ ok: true; release: OsRelease; path: string } | Unread> {
  const file = await host.readFile(path)
  return file.ok ? { ok: true, release: parseOsRelease(file.text), path } : file
}

/** Reads os-release(5): shell assignments, of which the last of a name counts. A line that is none is passed over. */
export function parseOsRelease(text: string): OsRelease {
  const release = new Map<string, string>()
  for (const line of text.split('\n')) {
    const assignment = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trimEnd())
    const value = assignment?.[2] === undefined ? null : unquote(assignment[2])
    if (assignment?.[1] !== undefined && value !== null) release.set(assignment[1], value)
  }
  return release
}

/** One word of the shell, or null where it is not exactly one: a quote that never ends, a second word. */
function unquote(raw: string): string | null {
  let word = ''
  let quote = ''
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charAt(at)
    if (quote === "'" && char !== "'") word += char
    else if (char === '\\' && quote !== "'") {
      const escaped = raw.charAt(++at)
      if (escaped === '') return null
      // Between double quotes the shell keeps a backslash that escapes nothing.
      word += quote === '"' && !'"$`\\'.includes(escaped) ? `\\${escaped}` : escaped
    } else if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (quote === '' && /\s/.test(char)) return /^\s*(#|$)/.test(raw.slice(at)) ? word : null
    else word += char
  }
  return quote === '' ? word : null
}
