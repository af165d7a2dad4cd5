import { Type } from 'typebox'
import { jsonParserOf } from '../../../shared/schema.ts'
import { isNote } from './dnf-notes.ts'

/**
 * The packages (`name.architecture`) that advisories have newer versions of. A package stands in each of its
 * advisories, and counts once; one that stands in a security advisory and in another is in both sets.
 */
export type Advisories = { security: ReadonlySet<string>; others: ReadonlySet<string> }

/** Reads one line as an advisory: its kind and its package, or null where it is none. */
type ReadLine = (line: string) => { kind: string; nevra: string } | null

/**
 * Reads what dnf 4 and yum print for `updateinfo list`; null where a line is of another kind than they print. Lines
 * marked with `i` are of advisories that are installed already.
 */
export function readUpdateinfo(stdout: string): Advisories | null {
  return readLines(stdout, /^i /, (line) => {
    const [, kind, nevra] = /^\s*[\w:.-]+\s+(\S+)\s+(\S+)\s*$/.exec(line) ?? []
    return kind === undefined || nevra === undefined ? null : { kind: kind.replace(/^\w+\/Sec\.$/, 'security'), nevra }
  })
}

/** The same from the table of dnf 5's `advisory list`; null where the heading is missing, which it has whenever it lists any. */
export function readAdvisoryTable(stdout: string): Advisories | null {
  if (!/^Name\s+Type\s+Severity\s+Package\s+Issued\s*$/m.test(stdout)) return null
  return readLines(stdout, /^Name\s+Type\s/, (line) => {
    const [, kind, nevra] =
      /^\S+\s+(\w+)\s+(?:\S+\s+)?(\S+-\S+-\S+\.\w+)\s+\d{4}-\d\d-\d\d(?: [\d:]+)?\s*$/.exec(line) ?? []
    return kind === undefined || nevra === undefined ? null : { kind, nevra }
  })
}

function readLines(stdout: string, besides: RegExp, readLine: ReadLine): Advisories | null {
  const lines: { kind: string; nevra: string }[] = []
  for (const line of stdout.split(/\r?\n/)) {
    if (isNote(line) || besides.test(line)) continue
    const read = readLine(line)
    if (read === null) return null
    lines.push(read)
  }
  return advisoriesOf(lines)
}

const OTHER_KINDS = /^(?:bugfix|enhancement|newpackage|unknown|unspecified)$/

function advisoriesOf(lines: readonly { kind: string; nevra: string }[]): Advisories | null {
  const security = new Set<string>()
  const others = new Set<string>()
  for (const { kind, nevra } of lines) {
    const name = nameOf(nevra)
    if (name === null || (kind !== 'security' && !OTHER_KINDS.test(kind))) return null
    if (kind === 'security') security.add(name)
    else others.add(name)
  }
  return { security, others }
}

const parseAdvisories = jsonParserOf(Type.Array(Type.Object({ type: Type.String(), nevra: Type.String() })))

/** The same from dnf 5's `advisory list --json`; null where it is not that. */
export function readAdvisories(stdout: string): Advisories | null {
  // What was fetched on the way may stand before it.
  const advisories = parseAdvisories(stdout.slice(Math.max(0, stdout.search(/^\[/m))))
  return advisories.ok ? advisoriesOf(advisories.value.map(({ type, nevra }) => ({ kind: type, nevra }))) : null
}

/** `iwl1000-firmware.noarch` of `iwl1000-firmware-1:39.31.5.1-115.fc32.noarch`; versions and releases have no dash. */
function nameOf(nevra: string): string | null {
  const [, name, arch] = /^(\S+)-[^\s-]+-[^\s-]+\.(\w+)$/.exec(nevra) ?? []
  return name === undefined || arch === undefined ? null : `${name}.${arch}`
}
