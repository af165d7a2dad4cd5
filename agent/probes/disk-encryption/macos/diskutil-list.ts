import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { isPlist, readPlist, type Plist } from '../../plist.ts'
import { textIn } from './diskutil-info.ts'
import type { DiskutilVolume } from './diskutil-volume.ts'

/**
 * Reads `diskutil list -plist internal` into what is mounted of the disks that are built in, but for the system with its
 * own volumes (`/` and below `/System/Volumes`). Of APFS it does not say what is encrypted.
 */
export function readMountedDataVolumes(stdout: string): Fact<readonly DiskutilVolume[]> {
  const plist = readPlist(stdout)
  if (plist.kind !== 'value') return plist
  const disks = listIn(plist.value, 'AllDisksAndPartitions')
  if (disks.length === 0) return unreadable('diskutil lists no disk')
  const volumes = disks.flatMap((disk) => [
    ...listIn(disk, 'APFSVolumes').map((it) => volumeOf(it, 'apfs')),
    ...[disk, ...listIn(disk, 'Partitions')].map((it) => volumeOf(it, FILE_SYSTEMS.get(textIn(it, 'Content') ?? ''))),
  ])
  return value(volumes.filter(({ mount }) => mount !== undefined && mount !== '/' && !mount.startsWith('/System/')))
}

/** What macOS can mount of such a partition is not encrypted. */
const FILE_SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['Apple_HFS', 'hfs'],
  ['Apple_HFSX', 'hfs'],
  ['Microsoft Basic Data', 'ntfs'],
  ['Windows_NTFS', 'ntfs'],
  ['Windows_FAT_32', 'msdos'],
  ['DOS_FAT_32', 'msdos'],
])

function volumeOf(it: Plist, fileSystem: string | undefined): DiskutilVolume {
  const [identifier, mount, label] = [
    textIn(it, 'DeviceIdentifier'),
    textIn(it, 'MountPoint'),
    textIn(it, 'VolumeName'),
  ]
  // Only a partition is plain for sure: a whole disk may be what CoreStorage shows.
  const isLayered = !/^disk\d+s\d+$/.test(identifier ?? '')
  return {
    isLayered,
    ...(fileSystem !== undefined && { fileSystem }),
    ...(identifier !== undefined && { device: `/dev/${identifier}` }),
    ...(mount !== undefined && { mount }),
    ...(label !== undefined && { label }),
  }
}

function listIn(plist: Plist, key: string): Plist[] {
  const items: unknown = plist[key]
  return Array.isArray(items) ? items.filter((it) => isPlist(it)) : []
}
