import { Type } from 'typebox'
import { jsonParserOf } from '../../../shared/schema.ts'

/**
 * The packages (`name.architecture`) that dnf 4's `updateinfo list --security` names; null where a line is of another
 * kind than it prints. A package stands there once for each advisory, and counts once.
 */
export function readUpdateinfo(stdout: string): Set<string> | null {
  const packages = new Set<string>()
  for (const line of stdout.split('\n')) {
    if (line.trim() === '' || NOTES.some((note) => note.test(line))) continue
    const [, kind, nevra] = /^\s*[\w:.-]+\s+(\S+)\s+(\S+)\s*$/.exec(line) ?? []
    if (kind === undefined || nevra === undefined) return null
    if (/^(?:bugfix|enhancement|newpackage)$/.test(kind)) continue
    const name = /^(?:security|\w+\/Sec\.)$/.test(kind) ? nameOf(nevra) : null
    if (name === null) return null
    packages.add(name)
  }
  return packages
}

/** What dnf and its plugins print around the answer. */
const NOTES = [/^Last metadata expiration check: /, /^Updating Subscription Management repositories\.$/]

const Advisories = Type.Array(Type.Object({ type: Type.String(), nevra: Type.String() }))
const parseAdvisories = jsonParserOf(Advisories)

/** The same from dnf 5's `advisory list --security --json`; null where it is not that. */
export function readAdvisories(stdout: string): Set<string> | null {
  const advisories = parseAdvisories(stdout)
  if (!advisories.ok) return null
  const packages = new Set<string>()
  for (const { type, nevra } of advisories.value) {
    if (type !== 'security') continue
    const name = nameOf(nevra)
    if (name === null) return null
    packages.add(name)
  }
  return packages
}

/** `iwl1000-firmware.noarch` of `iwl1000-firmware-1:39.31.5.1-115.fc32.noarch`; versions and releases have no dash. */
function nameOf(nevra: string): string | null {
  const [, name, arch] = /^(\S+)-[^\s-]+-[^\s-]+\.(\w+)$/.exec(nevra) ?? []
  return name === undefined || arch === undefined ? null : `${name}.${arch}`
}
