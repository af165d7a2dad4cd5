import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'

/** One block device as sysfs shows it. */
export type BlockDevice = {
  name: string
  /** Only what device mapper made has it; the uuid is null where it could not be read. */
  mapping: { name: string; uuid: string | null } | null
  /** The disk, if this is a partition. */
  partitionOf: string | null
  /** The devices that hold its bytes: none for a disk, null where that could not be read. */
  below: readonly string[] | null
  /** A stick, a card or a disc. */
  removable: boolean
}

export type BlockDevices = ReadonlyMap<string, BlockDevice>

/** How the kernel names its block devices: by number, and by the path that mounts and swaps are listed under. */
export type DeviceNames = { byNumber: ReadonlyMap<string, string>; byPath: ReadonlyMap<string, string> }

const SYSFS = '/sys/class/block'
/** More than any laptop has; a bound for what a broken sysfs can make us read. */
const MAX_DEVICES = 1000

/** Reads `/proc/partitions` into `major:minor` and sysfs name. */
export function readPartitions(text: string): Fact<Map<string, string>> {
  const rows = text.matchAll(/^ *(\d+) +(\d+) +\d+ +(\S+)$/gm)
  // sysfs cannot have a slash in a name (`cciss/c0d0`) and writes an exclamation mark.
  const names = new Map(
    [...rows].map(([, major, minor, name = '']) => [`${major}:${minor}`, name.replaceAll('/', '!')]),
  )
  return names.size > 0 ? value(names) : unreadable('/proc/partitions names no block device')
}

/** Names all block devices, those of device mapper also as `/dev/mapper/NAME`. */
export async function readDeviceNames(host: Host): Promise<Fact<DeviceNames>> {
  const file = await host.readFile('/proc/partitions')
  if (!file.ok) return unreadableBecause(file)
  const byNumber = readPartitions(file.text)
  if (byNumber.kind !== 'value') return byNumber
  const byPath = new Map<string, string>()
  for (const name of byNumber.value.values()) {
    byPath.set(devicePath(name), name)
    if (!isMapping(name)) continue
    const mapped = await readLine(host, `${SYSFS}/${name}/dm/name`)
    if (mapped) byPath.set(`/dev/mapper/${mapped}`, name)
  }
  return value({ byNumber: byNumber.value, byPath })
}

export function devicePath(name: string): string {
  return `/dev/${name.replaceAll('!', '/')}`
}

/**
 * Reads the given devices and all that lies below them. What a loop device lies on is a file, and only the mounts know
 * which devices hold a file.
 */
export async function readBlockDevices(
  host: Host,
  names: readonly string[],
  holdersOf: (file: string) => readonly string[] | null,
): Promise<BlockDevices> {
  const devices = new Map<string, BlockDevice>()
  const queue = [...names]
  for (let name = queue.shift(); name !== undefined && devices.size < MAX_DEVICES; name = queue.shift()) {
    if (devices.has(name)) continue
    const device = await readBlockDevice(host, name, holdersOf)
    devices.set(name, device)
    queue.push(...(device.below ?? []))
  }
  return devices
}

async function readBlockDevice(
  host: Host,
  name: string,
  holdersOf: (file: string) => readonly string[] | null,
): Promise<BlockDevice> {
  const folder = `${SYSFS}/${name}`
  const device: BlockDevice = { name, mapping: null, partitionOf: null, below: null, removable: false }
  if (isMapping(name)) {
    const mapped = await readLine(host, `${folder}/dm/name`)
    device.mapping = { name: mapped ?? name, uuid: await readLine(host, `${folder}/dm/uuid`) }
    return { ...device, below: await slavesOf(host, folder) }
  }
  if (name.startsWith('loop')) {
    const file = await readLine(host, `${folder}/loop/backing_file`)
    if (file !== null) return { ...device, below: holdersOf(file) }
  }
  const uevent = await host.readFile(`${folder}/uevent`)
  if (!uevent.ok) return device
  const disk = diskOf(name, uevent.text)
  if (disk !== null) return { ...device, partitionOf: disk, below: [disk] }
  const below = name.startsWith('loop') ? null : await slavesOf(host, folder)
  const isWhole = below?.length === 0
  return { ...device, below, removable: isWhole && (await isRemovable(host, name, uevent.text)) }
}

/**
 * The disk of a partition, which the kernel forms its name from: `sda` and 2 give `sda2`, a name that ends in a digit
 * gets a `p` between (`nvme0n1p2`). A partition has no folder `slaves` of its own.
 */
export function diskOf(name: string, uevent: string): string | null {
  // The label of a partition comes last and may hold anything: only the first line of a key counts.
  if (keyOf(uevent, 'DEVTYPE') !== 'partition') return null
  const number = keyOf(uevent, 'PARTN')
  if (number === null || !/^\d+$/.test(number) || !name.endsWith(number)) return null
  const stem = name.slice(0, -number.length)
  return /\dp$/.test(stem) ? stem.slice(0, -1) : stem
}

async function isRemovable(host: Host, name: string, uevent: string): Promise<boolean> {
  if ((await readLine(host, `${SYSFS}/${name}/removable`)) === '1') return true
  // A card reader on the board says that its slot is fixed; the card tells its own kind.
  if (name.startsWith('mmcblk')) return (await readLine(host, `${SYSFS}/${name}/device/type`)) === 'SD'
  // Disks in a USB case say that their medium is fixed; udev knows the bus.
  const udev = await host.readFile(`/run/udev/data/b${keyOf(uevent, 'MAJOR')}:${keyOf(uevent, 'MINOR')}`)
  return udev.ok && /^E:(ID_BUS=usb|ID_USB_DRIVER=.+|ID_PATH=.*-usb-.*)$/m.test(udev.text)
}

/** Whether it can be carried away alone (all its disks can), or is a file on another volume: then it decides nothing. */
export function isAside(names: readonly string[], devices: BlockDevices): boolean {
  const below = allBelow(names, devices)
  const disks = below.filter(isDisk)
  return below.some(({ name }) => name.startsWith('loop')) || (disks.length > 0 && disks.every((it) => it.removable))
}

/** These devices and all that lies below them. */
export function allBelow(names: readonly string[], devices: BlockDevices): BlockDevice[] {
  const found = new Map<string, BlockDevice>()
  const queue = [...names]
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const device = devices.get(name)
    if (found.has(name) || !device) continue
    found.set(name, device)
    queue.push(...(device.below ?? []))
  }
  return [...found.values()]
}

export function isDisk({ below, mapping }: BlockDevice): boolean {
  return below?.length === 0 && mapping === null
}

function isMapping(name: string): boolean {
  return name.startsWith('dm-')
}

async function slavesOf(host: Host, folder: string): Promise<string[] | null> {
  const slaves = await host.readDirectory(`${folder}/slaves`)
  return slaves.ok ? slaves.names : null
}

async function readLine(host: Host, path: string): Promise<string | null> {
  const file = await host.readFile(path)
  return file.ok ? file.text.replace(/\n$/, '') : null
}

function keyOf(uevent: string, key: string): string | null {
  const line = uevent.split('\n').find((it) => it.startsWith(`${key}=`))
  return line?.slice(key.length + 1) ?? null
}
