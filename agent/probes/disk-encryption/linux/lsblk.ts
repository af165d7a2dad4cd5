import { unreadable, value, type Fact, type NoValue } from '../../../../shared/fact.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'
import { devicePath, type BlockDevice, type BlockDevices } from './block-devices.ts'
import { DM_CRYPT_UNTOLD } from './layers.ts'
import { readRows, type LsblkRow } from './lsblk-rows.ts'
import { countsAsData, isMemory, type Place } from './places.ts'

/** The devices as sysfs would show them, and what is mounted on them. A ZFS dataset is on no device of this list. */
export type Lsblk = { devices: BlockDevices; places: Place[] }

/** From the newest lsblk to the oldest; one that does not know a column ends with an error. */
const ARGUMENTS = [
  ['-J', '-o', 'NAME,KNAME,TYPE,FSTYPE,FSVER,UUID,MOUNTPOINTS,RM,TRAN'],
  ['-J', '-o', 'NAME,KNAME,TYPE,FSTYPE,UUID,MOUNTPOINT,RM,TRAN'],
  [],
] as const

/** As people ask; a machine has answered one of the above, a recording may have nothing else. */
const OF_PEOPLE = [
  ['-J', '-o', 'NAME,KNAME,PKNAME,PATH,TYPE,FSTYPE,FSVER,UUID,MOUNTPOINTS,RM,RO,SIZE,TRAN'],
  ['-J', '-o', 'NAME,TYPE,FSTYPE,MOUNTPOINTS'],
  ['-J', '-o', 'NAME,TYPE,FSTYPE,MOUNTPOINT'],
  ['-J'],
  ['-f', '-J'],
  ['-fJ'],
  ['-f'],
] as const

/** Asks `lsblk`, which takes from udev's database what sysfs does not show; of the system by its source where it is known. */
export async function readFromLsblk(host: Host, source: string | null): Promise<Fact<Lsblk>> {
  const ofSource = source?.startsWith('/dev/') === true ? [['-sJ', '-o', 'NAME,TYPE,FSTYPE,MOUNTPOINTS', source]] : []
  let failed: NoValue = unreadable('lsblk ended with an error')
  for (const args of [...ARGUMENTS, ...OF_PEOPLE, ...ofSource]) {
    const ran = await host.run('lsblk', args)
    if (ran.ok && ran.exitCode === 0) return readDevices(ran.stdout)
    if (ran.ok) continue
    failed = unreadableBecause(ran)
    if (ran.reason !== 'not-recorded') break
  }
  return failed
}

/** Paths of what is listed, by which mounts and pools name it. */
export function pathsIn(devices: BlockDevices): ReadonlyMap<string, string> {
  return new Map(
    [...devices.values()].flatMap(({ name, mapping }) => [
      [devicePath(name), name] as const,
      ...(mapping ? [[`/dev/mapper/${mapping.name}`, name] as const] : []),
    ]),
  )
}

type Node = {
  name: string
  kernelName: string
  /** Undefined where the column was not asked for. */
  type: string | undefined
  /** The signature; empty where there is none, undefined where the column was not asked for. */
  fsType: string | undefined
  fsVersion: string
  uuid: string
  mounts: string[]
  /** By kernel name; null where it was not told. */
  below: Set<string> | null
  removable: boolean
}

/** Reads what `lsblk` prints, in any of its forms, right way up or turned round (`-s`). */
export function readLsblk(stdout: string): Fact<Lsblk> {
  const listed = readDevices(stdout)
  const isBare = listed.kind === 'value' && listed.value.places.length === 0
  return isBare ? unreadable('lsblk shows no volume that is mounted') : listed
}

/** With devices alone, where what is mounted is on none of them. */
function readDevices(stdout: string): Fact<Lsblk> {
  const rows = readRows(stdout)
  if (!rows) return unreadable('lsblk shows no devices that make sense')
  const nodes = new Map<string, Node>()
  for (const row of rows) {
    const node = nodeOf(row)
    const known = nodes.get(node.kernelName)
    // Above a RAID a device stands below each of its disks again.
    if (known) known.mounts.push(...node.mounts.filter((it) => !known.mounts.includes(it)))
    else nodes.set(node.kernelName, node)
  }
  connect(rows, nodes)
  const devices = new Map([...nodes.values()].map((node) => [node.kernelName, deviceOf(node, nodes)]))
  for (const { partitionOf } of devices.values()) {
    if (partitionOf !== null && !devices.has(partitionOf)) devices.set(partitionOf, bareDisk(partitionOf))
  }
  const places = [...nodes.values()].flatMap((node) => placesOf(node, nodes))
  if (places.filter(({ role }) => role === 'system').length > 1) return unreadable('lsblk shows two systems')
  return value({ devices, places })
}

function nodeOf({ cells }: LsblkRow): Node {
  const [name = ''] = cells.get('name') ?? cells.get('kname') ?? cells.get('path') ?? []
  const [kernelName = name] = cells.get('kname') ?? []
  const text = (column: string) => cells.get(column)?.[0]
  return {
    name: withoutFolder(name),
    kernelName: withoutFolder(kernelName),
    type: text('type'),
    fsType: cells.has('fstype') ? (text('fstype') ?? '') : undefined,
    fsVersion: text('fsver') ?? '',
    uuid: text('uuid') ?? '',
    mounts: [...new Set(['mountpoints', 'mountpoint'].flatMap((column) => cells.get(column) ?? []))],
    below: null,
    removable: /^(1|true)$/.test(text('rm') ?? '') || text('tran') === 'usb',
  }
}

function withoutFolder(path: string): string {
  return path.replace(/^\/dev\/(mapper\/)?/, '')
}

type Edge = readonly [outer: Node, inner: Node]

/** What lies on what: by the tree, else by the column of parents, else by what a list alone can tell. */
function connect(rows: readonly LsblkRow[], nodes: ReadonlyMap<string, Node>) {
  const edges: Edge[] = []
  const path: Node[] = []
  for (const row of rows) {
    const node = nodes.get(nodeOf(row).kernelName)
    if (!node) continue
    path.length = Math.min(row.depth, path.length)
    const outer = path.at(-1)
    if (outer) edges.push([outer, node])
    path.push(node)
  }
  const isTurned = edges.some(isTurnedRound)
  for (const [outer, inner] of edges) {
    const [upper, lower] = isTurned ? [outer, inner] : [inner, outer]
    upper.below = (upper.below ?? new Set()).add(lower.kernelName)
  }
  if (edges.length > 0) return
  for (const row of rows) {
    const node = nodes.get(nodeOf(row).kernelName)
    const [parent] = row.cells.get('pkname') ?? []
    if (node && parent !== undefined) node.below = (node.below ?? new Set()).add(withoutFolder(parent))
  }
  if (![...nodes.values()].some(({ below }) => below)) connectList([...nodes.values()])
}

/** A disk that stands inside of something else lies below it; what is named otherwise may be a disk made of others. */
function isTurnedRound([outer, inner]: Edge): boolean {
  return diskOfName(outer.name) === inner.name || (outer.type !== 'disk' && DISK.test(inner.name))
}

const DISK = /^((sd|hd|vd|xvd)[a-z]+|nvme\d+n\d+|mmcblk\d+|loop\d+)$/

const KNOWN_PLAIN = /^(disk|part|lvm|rom|loop|raid\d+|linear|md)$/

/** In a list without a mapping that could encrypt, volumes lie on members that are plain, whichever these are. */
function connectList(nodes: readonly Node[]) {
  if (!nodes.every(({ type }) => type !== undefined && KNOWN_PLAIN.test(type))) return
  const members = nodes.filter(({ type, fsType }) => type !== 'lvm' && (fsType?.endsWith('_member') ?? false))
  for (const node of nodes) {
    if (node.type === 'lvm' && members.length > 0) node.below = new Set(members.map(({ kernelName }) => kernelName))
  }
}

function deviceOf(node: Node, nodes: ReadonlyMap<string, Node>): BlockDevice {
  const { kernelName, removable } = node
  const type = node.type ?? inferredType(node, nodes)
  const below = node.below ? [...node.below] : null
  const device: BlockDevice = { name: kernelName, mapping: null, partitionOf: null, below, removable }
  switch (type) {
    case 'disk':
    case 'rom':
      return { ...device, below: below ?? [] }
    case 'part': {
      const disk = below === null ? diskOfName(node.name) : (below[0] ?? null)
      return disk === null ? device : { ...device, partitionOf: disk, below: [disk] }
    }
    case 'loop':
      return { ...device, below: null }
    default: {
      if (/^(raid\d+|linear|md)$/.test(type)) return device
      return { ...device, mapping: { name: node.name, uuid: uuidOf(node, type, nodes) } }
    }
  }
}

function bareDisk(name: string): BlockDevice {
  return { name, mapping: null, partitionOf: null, below: [], removable: false }
}

/** The disk of a partition by the kernel's way to name partitions, for the disks of laptops; null for other names. */
function diskOfName(name: string): string | null {
  const [, disk] = /^((?:sd|hd|vd|xvd)[a-z]+)\d+$/.exec(name) ?? /^((?:nvme\d+n|mmcblk)\d+)p\d+$/.exec(name) ?? []
  return disk ?? null
}

/** Without the column TYPE (`lsblk -f`), from the name and from the signature of what lies below. */
function inferredType({ name, below }: Node, nodes: ReadonlyMap<string, Node>): string {
  const [lower] = below ?? []
  if (lower === undefined) return diskOfName(name) ? 'part' : name.startsWith('loop') ? 'loop' : 'disk'
  if (diskOfName(name) === lower || (name.startsWith(lower) && /^p?\d+$/.test(name.slice(lower.length)))) return 'part'
  const signature = nodes.get(lower)?.fsType ?? ''
  if (signature === 'crypto_LUKS' || signature === 'BitLocker') return 'crypt'
  if (signature === 'LVM2_member') return 'lvm'
  if (signature.endsWith('_raid_member')) return 'raid0'
  return signature === 'mpath_member' ? 'mpath' : 'dm'
}

/** lsblk makes TYPE of the beginning of a mapping's uuid (`get_type` in its source); this makes it a uuid again. */
function uuidOf(node: Node, type: string, nodes: ReadonlyMap<string, Node>): string | null {
  switch (type) {
    case 'crypt':
      return uuidOfCrypt(node, nodes)
    case 'lvm':
      return 'LVM-'
    case 'mpath':
      return 'mpath-'
    case 'dmraid':
      return 'DMRAID-'
    case 'stratis':
      return 'stratis-1-'
    default:
      return null
  }
}

/** dm-integrity and dm-verity are called `crypt` too; what lies below tells them apart. */
function uuidOfCrypt(node: Node, nodes: ReadonlyMap<string, Node>): string | null {
  if (node.name.endsWith('_dif') && [...nodes.values()].some((it) => `${it.name}_dif` === node.name)) {
    return 'CRYPT-SUBDEV-'
  }
  const lower = lowerOf(node, nodes)
  // Verity has its hashes on a second device.
  if (lower === 'several') return null
  const own = lower?.name === `${node.name}_dif` ? lowerOf(lower, nodes) : lower
  const signature = own === 'several' ? '?' : own?.fsType
  switch (signature) {
    case undefined:
    case '':
      return DM_CRYPT_UNTOLD
    case 'crypto_LUKS': {
      const version = own === 'several' ? '' : own?.fsVersion
      return version === '1' || version === '2' ? `CRYPT-LUKS${version}-` : DM_CRYPT_UNTOLD
    }
    case 'BitLocker':
      return 'CRYPT-BITLK-'
    case 'DM_integrity':
      return 'CRYPT-INTEGRITY-'
    case 'DM_verity_hash':
      return 'CRYPT-VERITY-'
    default:
      return null
  }
}

function lowerOf({ below }: Node, nodes: ReadonlyMap<string, Node>): Node | 'several' | undefined {
  const [first, ...more] = below ?? []
  return more.length > 0 ? 'several' : nodes.get(first ?? '')
}

function placesOf(node: Node, nodes: ReadonlyMap<string, Node>): Place[] {
  const { kernelName, fsType = '', type } = node
  if (isMemory([kernelName])) return []
  const place = (label: string, role: Place['role']): Place => {
    const holder = { point: label, number: '', fsType, source: `/dev/${kernelName}`, readOnly: false }
    return { label, role, holder: role === 'swap' ? null : holder, devices: devicesOf(node, nodes) }
  }
  return node.mounts.flatMap((point) => {
    if (point === '[SWAP]') return [place(`/dev/${kernelName}`, 'swap')]
    if (point === '/') return [place('/', 'system')]
    const isImage = type === 'rom' || kernelName.startsWith('loop')
    return !isImage && countsAsData(point, fsType) ? [place(point, 'data')] : []
  })
}

/**
 * A btrfs is shown on one of its devices only: the others have the same signature, and the same uuid. Without that,
 * another one that is not mounted may be a part of it.
 */
function devicesOf(node: Node, nodes: ReadonlyMap<string, Node>): string[] {
  if (node.fsType !== 'btrfs') return [node.kernelName]
  const others = [...nodes.values()].filter(
    (it) => it !== node && it.fsType === 'btrfs' && (node.uuid === '' ? it.mounts.length === 0 : it.uuid === node.uuid),
  )
  const isSure = node.uuid !== '' || others.every(({ type }) => type === 'crypt')
  return [node.kernelName, ...(isSure ? others.map(({ kernelName }) => kernelName) : ['another device of its btrfs'])]
}
