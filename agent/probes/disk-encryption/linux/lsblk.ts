import { unreadable, value, type Fact, type NoValue } from '../../../../shared/fact.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'
import { devicePath, type BlockDevices } from './block-devices.ts'
import { bareDisk, deviceOf, diskOfName, type Node } from './lsblk-devices.ts'
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
