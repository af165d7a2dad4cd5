import { value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'
import type { DeviceNames } from './block-devices.ts'
import { isOnDisk, mountHolding, type Mount, type Swap } from './mounts.ts'

/** Something whose encryption counts, before anybody looked: a mount or a swap, and the mount that its bytes lie in. */
export type Place = {
  label: string
  role: Exclude<Volume['role'], 'removable'>
  /** Null for a swap that is a device of its own. */
  holder: Mount | null
  /** The devices that hold its bytes; null where they are not known, or are ZFS's own business. */
  devices: readonly string[] | null
}

/** The members of every btrfs, or why they are not known. */
export type BtrfsMembers = Fact<readonly (readonly string[])[]>

/** Where people and programs keep their data: reported by name, wherever it lies. */
const DATA_FOLDERS = new Set(['/home', '/var', '/srv', '/usr', '/opt'])

export function isDataFolder(label: string): boolean {
  return DATA_FOLDERS.has(label)
}

/** Needed in the clear to start the machine; EFI partitions and kernels hold no data. */
const BOOT = /^\/(boot|efi)(\/|$)/
/** File systems that are made once as an image: snaps, live systems, discs. */
const IMAGES = new Set(['squashfs', 'erofs', 'iso9660', 'cramfs', 'romfs'])

/** The mounts that count: the system, and whatever keeps data on a disk of this machine. Of bind mounts one is enough. */
export function placesOfMounts(mounts: readonly Mount[], system: Mount, devicesOf: DevicesOf): Place[] {
  const place = (label: string, role: Place['role'], holder: Mount): Place => {
    return { label, role, holder, devices: devicesOf(holder) }
  }
  const data = mounts.filter(
    (mount) =>
      mount.point !== '/' &&
      mount !== system &&
      isOnDisk(mount) &&
      !isMemory(devicesOf(mount)) &&
      countsAsData(mount.point, mount.fsType) &&
      (!mount.readOnly || isDataFolder(mount.point)),
  )
  const seen = new Set([system.number])
  const distinct = data.filter((mount) => {
    const isAgain = seen.has(mount.number)
    seen.add(mount.number)
    return !isAgain || isDataFolder(mount.point)
  })
  return [place('/', 'system', system), ...distinct.map((mount) => place(mount.point, 'data', mount))]
}

export function countsAsData(point: string, fsType: string): boolean {
  return !BOOT.test(point) && !IMAGES.has(fsType)
}

export function isMemory(devices: readonly string[] | null): boolean {
  return devices !== null && devices.every((name) => /^z?ram\d/.test(name))
}

export type DevicesOf = (mount: Mount) => readonly string[] | null

/** A swap file is as encrypted as the file system that it lies in. */
export function placeOfSwap(swap: Swap, mounts: readonly Mount[], names: DeviceNames, devicesOf: DevicesOf): Place {
  const holder = swap.kind === 'file' ? mountHolding(swap.path, mounts) : null
  const device = names.byPath.get(swap.path)
  const devices = holder ? devicesOf(holder) : device && swap.kind === 'partition' ? [device] : null
  return { label: swap.path, role: 'swap', holder, devices }
}

/**
 * The devices below a mount. btrfs and bcachefs may lie on several, and have a number that belongs to no device; which
 * datasets lie where only ZFS knows.
 */
export function devicesOfMount(mount: Mount, names: DeviceNames, btrfs: BtrfsMembers): readonly string[] | null {
  switch (mount.fsType) {
    case 'zfs':
      return null
    case 'btrfs': {
      const source = names.byPath.get(mount.source)
      if (btrfs.kind !== 'value' || source === undefined) return null
      return btrfs.value.find((members) => members.includes(source)) ?? null
    }
    case 'bcachefs': {
      const members = mount.source.split(':').map((path) => names.byPath.get(path))
      const known = members.filter((name) => name !== undefined)
      return known.length === members.length ? known : null
    }
    default: {
      const device = names.byNumber.get(mount.number)
      return device === undefined ? null : [device]
    }
  }
}

const BTRFS = '/sys/fs/btrfs'

/** sysfs lists the devices of every btrfs by its uuid; a mount names only one of them. */
export async function readBtrfsMembers(host: Host): Promise<BtrfsMembers> {
  const folder = await host.readDirectory(BTRFS)
  if (!folder.ok) return unreadableBecause(folder)
  const members: string[][] = []
  for (const uuid of folder.names.filter((name) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name))) {
    const devices = await host.readDirectory(`${BTRFS}/${uuid}/devices`)
    if (!devices.ok) return unreadableBecause(devices)
    members.push(devices.names)
  }
  return value(members)
}
