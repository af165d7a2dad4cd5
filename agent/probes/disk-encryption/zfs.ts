import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Volume } from '../../../shared/signals.ts'

/** ZFS's own encryption of one dataset; `off` says nothing of what lies below the pool. */
export type Dataset = { state: 'on' | 'off' | 'locked' | 'unknown'; keyProtector: Volume['keyProtector'] }

/** The arguments of `zfs` whose answer `readZfsGet` reads: only these datasets, for there may be thousands. */
export function zfsGetArguments(datasets: readonly string[]): string[] {
  return ['get', '-H', '-o', 'name,property,value', 'encryption,keystatus,encryptionroot,keyformat', ...datasets]
}

/** Links resolved, whole paths: what `readZpoolStatus` can be compared with device names by. */
export const ZPOOL_STATUS = ['status', '-L', '-P'] as const

/** Reads `zfs get -H` with the columns name, property, value (and more). */
export function readZfsGet(stdout: string): Fact<ReadonlyMap<string, Dataset>> {
  const properties = new Map<string, Map<string, string>>()
  for (const line of stdout.split('\n')) {
    const [name, property, said] = line.split('\t')
    if (!name || !property || said === undefined) continue
    const own = properties.get(name) ?? new Map<string, string>()
    properties.set(name, own.set(property, said))
  }
  if (properties.size === 0) return unreadable('zfs get answered nothing')
  return value(new Map([...properties].map(([name, own]) => [name, datasetOf(own)])))
}

function datasetOf(own: ReadonlyMap<string, string>): Dataset {
  const keyProtector = own.get('keyformat') === 'passphrase' ? 'passphrase' : null
  const cipher = own.get('encryption') ?? ''
  if (cipher === 'off') return { state: 'off', keyProtector: null }
  if (!/^aes-(128|192|256)-(ccm|gcm)$/.test(cipher)) return { state: 'unknown', keyProtector: null }
  switch (own.get('keystatus')) {
    case 'available':
      return { state: 'on', keyProtector }
    case 'unavailable':
      return { state: 'locked', keyProtector }
    default:
      return { state: 'unknown', keyProtector: null }
  }
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
