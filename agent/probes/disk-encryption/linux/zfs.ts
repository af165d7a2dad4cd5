import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'

/** ZFS's own encryption of one dataset; `off` says nothing of what lies below the pool. */
export type Dataset = {
  state: 'on' | 'off' | 'locked' | 'unknown'
  keyProtector: Volume['keyProtector']
  /** Null where ZFS does not mount it by itself, as with `legacy`. */
  mountPoint: string | null
}

/** The arguments of `zfs` whose answer `readZfsGet` reads: only these datasets, for there may be thousands. */
export function zfsGetArguments(datasets: readonly string[]): string[] {
  return ['get', '-H', '-o', 'name,property,value', 'encryption,keystatus,encryptionroot,keyformat', ...datasets]
}

/** The same of all datasets, as people ask; a recording may have nothing else. */
export const ZFS_GET_OF_PEOPLE = [
  ['get', '-H', '-o', 'name,property,value', 'encryption,keystatus,encryptionroot'],
  ['get', '-H', '-o', 'name,property,value', 'encryption,keystatus'],
  ['get', '-H', '-o', 'name,property,value', 'encryption,keystatus,encryptionroot,keyformat'],
  [
    'get',
    '-H',
    '-o',
    'name,property,value,source',
    'encryption,keystatus,keylocation,keyformat,encryptionroot,mountpoint',
  ],
  ['get', '-H', 'all'],
  ['get', 'encryption,keystatus'],
  ['get', 'all'],
  ['list', '-o', 'name,encryption,keystatus,mountpoint'],
] as const

/** Links resolved, whole paths: what `readZpoolStatus` can be compared with device names by. */
export const ZPOOL_STATUS = [['status', '-L', '-P'], ['status', '-P'], ['status']] as const

/**
 * Reads `zfs get` with the columns name, property, value (and more): with `-H`, or as a table under a heading; or
 * `zfs list` with a column for each property.
 */
export function readZfsGet(stdout: string): Fact<ReadonlyMap<string, Dataset>> {
  const lines = stdout.split(/\r?\n/)
  const properties = /^NAME +(?!PROPERTY)[A-Z]/.test(lines[0] ?? '') ? listed(lines) : got(lines)
  if (properties.size === 0) return unreadable('zfs answered nothing')
  return value(new Map([...properties].map(([name, own]) => [name, datasetOf(own)])))
}

type Properties = Map<string, Map<string, string>>

/** Two spaces part the columns, some of which stand right, and none is empty. */
function listed([heading = '', ...rows]: readonly string[]): Properties {
  const names = heading.trim().toLowerCase().split(/ {2,}/)
  const whole = rows.map((row) => row.trim().split(/ {2,}/)).filter((row) => row.length === names.length)
  return new Map(
    whole.map((row) => [row[0] ?? '', new Map(names.map((name, at) => [name, row[at] ?? ''] as const))] as const),
  )
}

function got(lines: readonly string[]): Properties {
  const properties: Properties = new Map()
  const cut = /^(NAME +)(PROPERTY +)VALUE\b/.exec(lines[0] ?? '')
  for (const line of lines.slice(cut ? 1 : 0)) {
    const [name, property, said] = cut ? cells(line, cut) : line.split('\t')
    if (!name || !property || said === undefined) continue
    const own = properties.get(name) ?? new Map<string, string>()
    properties.set(name, own.set(property, said))
  }
  return properties
}

/** Of a table the names are cut where its heading says: they may have spaces in them. */
function cells(line: string, [, name = '', property = '']: RegExpExecArray): string[] {
  const rest = line.slice(name.length + property.length)
  return [
    line.slice(0, name.length).trim(),
    line.slice(name.length).trim().split(/ +/, 1)[0] ?? '',
    rest.split(/ {2,}/, 1)[0] ?? '',
  ]
}

function datasetOf(own: ReadonlyMap<string, string>): Dataset {
  const path = own.get('mountpoint')
  const mountPoint = path?.startsWith('/') && own.get('mounted') !== 'no' ? path : null
  const state = stateOf(own)
  const isTold = state === 'on' || state === 'locked'
  return { state, mountPoint, keyProtector: isTold && own.get('keyformat') === 'passphrase' ? 'passphrase' : null }
}

function stateOf(own: ReadonlyMap<string, string>): Dataset['state'] {
  const cipher = own.get('encryption') ?? ''
  if (cipher === 'off') return 'off'
  if (!/^aes-(128|192|256)-(ccm|gcm)$/.test(cipher)) return 'unknown'
  const key = own.get('keystatus')
  return key === 'available' ? 'on' : key === 'unavailable' ? 'locked' : 'unknown'
}

/**
 * Reads `zpool status -P` into the names of what holds each pool's bytes, as printed: paths, or a number where a device
 * is gone. Spares hold nothing until they are used, and then they stand among the others.
 */
export function readZpoolStatus(stdout: string): Fact<ReadonlyMap<string, readonly string[]>> {
  const pools = new Map<string, readonly string[]>()
  for (const section of stdout.split(/^ *pool: /m).slice(1)) {
    const name = section.split('\n', 1)[0]?.trim() ?? ''
    const [, table] = /^\tNAME .*\n((?:\t.*\n?)+)/m.exec(section) ?? []
    if (name && table) pools.set(name, leavesOf(table))
  }
  return pools.size > 0 ? value(pools) : unreadable('zpool status shows no pool')
}

function leavesOf(table: string): string[] {
  const rows = table.split('\n').filter((row) => row.trim() !== '')
  const leaves: string[] = []
  let group = ''
  for (const [at, row] of rows.entries()) {
    const name = row.trim().split(/\s+/, 1)[0] ?? ''
    const depth = indent(row)
    if (depth === 1) group = name
    const hasRowsBelow = indent(rows[at + 1] ?? '') > depth
    if (!hasRowsBelow && depth > 1 && group !== 'spares') leaves.push(name)
  }
  return leaves
}

/** A tab, and two spaces for each step down. */
function indent(row: string): number {
  return row.length - row.trimStart().length
}
