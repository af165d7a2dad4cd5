import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { isPlist, readPlistFile, type Plist } from '../plist.ts'

/** A system extension of macOS, as `systemextensionsctl list` shows it. */
export type SystemExtension = {
  bundleId: string
  teamId: string
  version: string
  /** `endpoint_security`, `network_extension`, `driver_extension`; empty where no heading told it. */
  category: string
  /** Approved and switched on. */
  enabled: boolean
  /** Running. macOS marks one that waits for the user's approval as active too; that one does nothing. */
  active: boolean
}

/** Reads the system extensions that this Mac knows. Any user may ask. */
export async function readSystemExtensions(host: Host): Promise<Fact<SystemExtension[]>> {
  const list = await askProgram(host, 'systemextensionsctl', ['list'], readExtensionList)
  if (list.kind === 'value') return list
  const file = await readPlistFile(host, '/Library/SystemExtensions/db.plist')
  const database = file.kind === 'value' ? readExtensionDatabase(file.value) : file
  return database.kind === 'value' ? database : list
}

/** Reads the file in which macOS keeps what `systemextensionsctl` shows; an entry that makes no sense spoils it. */
export function readExtensionDatabase(plist: Plist): Fact<SystemExtension[]> {
  const entries = plist['extensions']
  if (!Array.isArray(entries)) return unreadable('the database of system extensions has no list')
  const extensions = entries.map(extensionOf)
  const whole = extensions.flatMap((it) => it ?? [])
  return whole.length === extensions.length ? value(whole) : unreadable('an entry of the database makes no sense')
}

function extensionOf(entry: unknown): SystemExtension | null {
  if (!isPlist(entry)) return null
  const { identifier, teamID, state, categories, bundleVersion } = entry
  if (typeof identifier !== 'string' || typeof state !== 'string') return null
  const names = (Array.isArray(categories) ? categories : []).map((it) => String(it).split('.').at(-1) ?? '')
  const version = isPlist(bundleVersion) ? bundleVersion['CFBundleShortVersionString'] : undefined
  const works = state === 'activated_enabled'
  return {
    bundleId: identifier,
    teamId: typeof teamID === 'string' ? teamID : '',
    version: typeof version === 'string' ? version : '',
    // One that is for the network too is for the endpoint all the same.
    category: names.find((name) => name === 'endpoint_security') ?? names[0] ?? '',
    enabled: works,
    active: works,
  }
}

/**
 * `*`, `*`, team, `bundle (version)`, name, `[state]`, with tabs between them; the stars may be missing. Names have
 * brackets and blanks of their own, so the state is the last pair of brackets.
 */
const ROW = /^([*\-\t ]*?)(?:([A-Z0-9]{10})\s+)?([\w.-]+) \(([^()]*)\)\s+(.*?)\s*\[([^[\]]*)\]\s*$/

/**
 * Reads `systemextensionsctl list`. Only `activated enabled` is one that works, whatever the stars before it say. A list
 * without its count, or with fewer rows than that, is none.
 */
export function readExtensionList(stdout: string): Fact<SystemExtension[]> {
  const [, count] = /^[ \t]*(\d{1,4}) extension\(s\)[ \t]*\r?$/m.exec(stdout) ?? []
  if (count === undefined) return unreadable('systemextensionsctl gave no list')
  const extensions: SystemExtension[] = []
  let category = ''
  for (const line of stdout.split(/\r?\n/)) {
    category = /^--- com\.apple\.system_extension\.(\w+)/.exec(line)?.[1] ?? category
    const [, , teamId = '', bundleId, version, , state] = ROW.exec(line) ?? []
    if (bundleId === undefined || version === undefined) continue
    const works = state === 'activated enabled'
    extensions.push({ bundleId, teamId, version: version.split('/')[0] ?? '', category, enabled: works, active: works })
  }
  if (extensions.length < Number(count)) return unreadable('the list of system extensions breaks off')
  return value(extensions)
}
