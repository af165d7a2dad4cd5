import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'
import { allBelow, isDisk, type BlockDevices } from './block-devices.ts'
import { readShowSuper } from './bcachefs.ts'
import { readCryptStatus } from './crypt-status.ts'
import { readDmsetupTable, type Mapping } from './dmsetup.ts'
import { luks2HeaderPath, mappingsToVerify, type Finding, type Stack } from './layers.ts'
import { readLuksDump } from './luks-header.ts'
import type { Place } from './places.ts'
import { readSedutilQuery, sedutilArguments, type DriveLock } from './sedutil.ts'
import { readVeraCryptList, VERACRYPT_LIST, VERACRYPT_MAPPING } from './veracrypt.ts'

/** What becomes of a place by what is known. */
type Find = (place: Place, stack: Stack) => Finding

/** Each costs a program. */
const MOST = { mappings: 8, disks: 4 } as const

/** For what adds to an answer that is there already: a drive that hangs must not cost the whole. */
const SHORT = { timeoutMs: 3000 } as const

/**
 * What files do not tell, and mostly only root may see: whether the ciphers encrypt, one LUKS header, for what the
 * tables leave open and for what protects the key, what VeraCrypt holds, and whether a bare drive encrypts by itself.
 */
export async function verify(host: Host, places: readonly Place[], stack: Stack, find: Find): Promise<Stack> {
  const names = mappingsToVerify(stack.devices)
  const isRoot = host.privileged !== false
  const tables = names.length > 0 ? await readTables(host, isRoot, names) : stack.tables
  const veraCrypt = await readVeraCrypt(host, names, tables)
  const told = { ...stack, tables, veraCrypt }
  if (!isRoot) return told
  told.plainBcachefs = await readBcachefs(host, places)
  const findings = places.map((place) => find(place, told))
  const header = headerToLookInto(findings, stack.devices)
  const headers = header ? await readHeader(host, header) : stack.headers
  return { ...told, headers, drives: await readDrives(host, places, told, find) }
}

async function readTables(host: Host, isRoot: boolean, names: readonly string[]): Promise<Stack['tables']> {
  if (!isRoot) return unreadable('needs root')
  const table = await host.run('dmsetup', ['table'])
  if (table.ok) {
    return table.exitCode === 0
      ? readDmsetupTable(table.stdout)
      : unreadable(`dmsetup table ended with ${table.exitCode}`)
  }
  const isThere = table.reason !== 'missing' && table.reason !== 'not-recorded'
  return isThere ? unreadableBecause(table) : ((await readStatuses(host, names)) ?? unreadableBecause(table))
}

/** Small systems have cryptsetup without dmsetup (Alpine, for one); it is asked about each mapping by its name. */
async function readStatuses(host: Host, names: readonly string[]): Promise<Fact<Map<string, Mapping>> | null> {
  const mappings = new Map<string, Mapping>()
  // A name that begins with a hyphen would be taken for an option.
  for (const name of names.filter((it) => /^[^-]/.test(it)).slice(0, MOST.mappings)) {
    const ran = await host.run('cryptsetup', ['status', name])
    if (!ran.ok) break
    const status = ran.exitCode === 0 ? readCryptStatus(ran.stdout) : null
    if (status?.kind === 'value') mappings.set(name, status.value.mapping)
  }
  return mappings.size > 0 ? value(mappings) : null
}

/** Its own list is asked for only where a mapping looks like one of VeraCrypt's and no table tells what it does. */
async function readVeraCrypt(
  host: Host,
  names: readonly string[],
  tables: Stack['tables'],
): Promise<ReadonlySet<string>> {
  const open = names.filter((name) => VERACRYPT_MAPPING.test(name))
  if (open.every((name) => tables.kind === 'value' && tables.value.has(name))) return new Set()
  const ran = await host.run('veracrypt', VERACRYPT_LIST, SHORT)
  const volumes = ran.ok && ran.exitCode === 0 ? readVeraCryptList(ran.stdout) : null
  return new Set(volumes?.kind === 'value' ? volumes.value.flatMap(({ mapping }) => mapping ?? []) : [])
}

type Header = { layer: string; path: string }

/** First a volume whose table leaves it open, else the first of all, which is the system where that has a header. */
function headerToLookInto(findings: readonly Finding[], devices: BlockDevices): Header | undefined {
  const headers = findings.flatMap(({ state, layers: [layer, ...others] }) => {
    const path = layer !== undefined && others.length === 0 ? luks2HeaderPath(layer, devices) : null
    return layer !== undefined && path !== null ? [{ layer, path, isOpen: state !== 'on' && state !== 'off' }] : []
  })
  return headers.find(({ isOpen }) => isOpen) ?? headers[0]
}

async function readHeader(host: Host, { layer, path }: Header): Promise<Stack['headers']> {
  const dump = await host.run('cryptsetup', ['luksDump', path])
  const header = dump.ok && dump.exitCode === 0 ? readLuksDump(dump.stdout) : null
  return new Map(header?.kind === 'value' ? [[layer, header.value]] : [])
}

/** Of a file system on several devices each has the same superblock. */
async function readBcachefs(host: Host, places: readonly Place[]): Promise<ReadonlySet<string>> {
  const plain = new Set<string>()
  const sources = places.flatMap(({ holder }) => (holder?.fsType === 'bcachefs' ? [holder.source] : []))
  for (const source of new Set(sources.filter((it) => it.startsWith('/')))) {
    const [device = ''] = source.split(':')
    const ran = await host.run('bcachefs', ['show-super', device], SHORT)
    if (!ran.ok) break
    const told = ran.exitCode === 0 ? readShowSuper(ran.stdout) : null
    if (told?.kind === 'value' && !told.value.hasKey) plain.add(source)
  }
  return plain
}

/** Drives are asked only where the system lies bare on them; few machines have the program. */
async function readDrives(
  host: Host,
  places: readonly Place[],
  stack: Stack,
  find: Find,
): Promise<ReadonlyMap<string, DriveLock>> {
  const drives = new Map<string, DriveLock>()
  const system = places.find(({ role }) => role === 'system')
  if (!system?.devices || find(system, stack).state !== 'off') return drives
  const disks = allBelow(system.devices, stack.devices).filter(
    (it) => isDisk(it) && /^(nvme\d+n\d+|sd[a-z]+)$/.test(it.name),
  )
  for (const { name } of disks.slice(0, MOST.disks)) {
    const ran = await host.run('sedutil-cli', sedutilArguments(name), SHORT)
    if (!ran.ok) break
    const lock = ran.exitCode === 0 ? readSedutilQuery(ran.stdout) : null
    if (lock?.kind === 'value') drives.set(name, lock.value)
  }
  return drives
}
