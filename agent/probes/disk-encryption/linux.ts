import { unsupported, value, type Fact, type NoValue } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import type { ProgramName } from '../../host/programs.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { allBelow, readBlockDevices, readDeviceNames, type DeviceNames } from './linux/block-devices.ts'
import { mountedHomes, readFscryptHomes } from './linux/homes.ts'
import { unverified, type Finding, type Stack } from './linux/layers.ts'
import { pathsIn, readFromLsblk } from './linux/lsblk.ts'
import { mountHolding, readMountinfo, readSwaps, systemMount, type Mount, type Swap } from './linux/mounts.ts'
import {
  devicesOfMount,
  placeOfSwap,
  placesOfMounts,
  readBtrfsMembers,
  type DevicesOf,
  type Place,
} from './linux/places.ts'
import { verify } from './linux/verify.ts'
import { findingOf, tidy, unknownSwap, volumeOf } from './linux/volumes.ts'
import { NO_ZFS, readZfs, type Zfs } from './linux/zfs-pools.ts'

type DiskEncryption = SignalValue['disk-encryption']

const FILES = '/proc/self/mountinfo, /proc/swaps, /proc/partitions, /sys/class/block'

/** Reads which volumes are encrypted, without rights; as root also whether a cipher really encrypts. */
export async function readLinux(host: Host): Promise<Reading<DiskEncryption>> {
  const programs = new Set<ProgramName>()
  const fact = await readVolumes({
    ...host,
    async run(program, args, options) {
      const ran = await host.run(program, args, options)
      if (ran.ok) programs.add(program)
      return ran
    },
  })
  return { ...fact, source: [FILES, ...programs].join(', ') }
}

/** The volumes before they were judged, and what is known of them. */
type Found = { places: Place[]; stack: Stack; zfs: Zfs }

async function readVolumes(host: Host): Promise<Fact<DiskEncryption>> {
  const container = await findContainer(host)
  if (container) return container
  const mountinfo = await host.readFile('/proc/self/mountinfo')
  if (!mountinfo.ok) return readWithoutMounts(host, unreadableBecause(mountinfo))
  const mounts = readMountinfo(mountinfo.text)
  if (mounts.kind !== 'value') return mounts
  const system = systemMount(mounts.value)
  if (system.kind !== 'value') return system

  const swaps = await readSwapsOnDisk(host)
  const found = await readFound(host, mounts.value, system.value, swaps)
  if (found.kind !== 'value') return found
  const { places, zfs } = found.value
  const stack = await verify(host, places, found.value.stack, (place, known) => findingOf(place, known, zfs))
  const volumes = places.map((place) => volumeOf(place, findingOf(place, stack, zfs), stack))
  if (swaps.kind !== 'value' && !places.some(({ role }) => role === 'swap')) volumes.push(unknownSwap(swaps))
  // What lies on an encrypted volume is encrypted already.
  const isBare = (holder: Mount | null) => {
    const place = places.find((it) => holder !== null && it.holder?.number === holder.number)
    return !place || findingOf(place, stack, zfs).state !== 'on'
  }
  const homes = mountedHomes(mounts.value).filter(({ holder }) => isBare(holder))
  homes.push(...(await readFscryptHomes(host, mounts.value, isBare)))
  return value({ volumes: tidy([...volumes, ...homes.map(({ volume }) => volume)], places) })
}

/** Where nobody tells the mounts, `lsblk` does, but for those that lie on no device of its list. */
async function readWithoutMounts(host: Host, failed: NoValue): Promise<Fact<DiskEncryption>> {
  const listed = await readFromLsblk(host, null)
  if (listed.kind !== 'value' || !listed.value.places.some(({ role }) => role === 'system')) return failed
  const { devices, places } = listed.value
  const stack = await verify(host, places, unverified(devices, 'nobody looked'), findWithoutZfs)
  const volumes = places.map((place) => volumeOf(place, findWithoutZfs(place, stack), stack))
  return value({ volumes: tidy(volumes, places) })
}

function findWithoutZfs(place: Place, stack: Stack): Finding {
  return findingOf(place, stack, NO_ZFS)
}

/** From the kernel's files, or, where these do not show what the system lies on, from `lsblk`. */
async function readFound(
  host: Host,
  mounts: readonly Mount[],
  system: Mount,
  swaps: Fact<Swap[]>,
): Promise<Fact<Found>> {
  const found = await readKernelFiles(host, mounts, system, swaps)
  if (found.kind === 'value' && isSystemShown(found.value)) return found
  const listed = await readFromLsblk(host, system.source)
  const { devices, places } = listed.kind === 'value' ? listed.value : { devices: new Map<string, never>(), places: [] }
  if (places.length === 0 && system.fsType !== 'zfs') return found
  const isThere = places.some(({ role }) => role === 'system')
  if (!isThere) places.unshift({ label: '/', role: 'system', holder: system, devices: null })
  // Datasets are on no device of its list.
  const datasets = placesOfMounts(mounts, system, () => null).filter(
    ({ role, holder }) => role !== 'system' && holder?.fsType === 'zfs',
  )
  places.push(...datasets)
  const zfs = await readZfs(host, places, { byNumber: new Map(), byPath: pathsIn(devices) })
  return value({ places, stack: unverified(devices, 'nobody looked'), zfs })
}

/** Whether sysfs shows the devices of the system; a file as a disk is another matter, and ZFS tells its own. */
function isSystemShown({ places: [system], stack }: Found): boolean {
  if (system?.holder && ['zfs', 'bcachefs'].includes(system.holder.fsType)) return true
  if (!system?.devices) return false
  const below = allBelow(system.devices, stack.devices)
  return below.length > 0 && below.every((it) => it.below !== null || it.name.startsWith('loop'))
}

async function readKernelFiles(
  host: Host,
  mounts: readonly Mount[],
  system: Mount,
  swaps: Fact<Swap[]>,
): Promise<Fact<Found>> {
  const names = await readDeviceNames(host)
  if (names.kind !== 'value') return names
  const devicesOf = await devicesByMount(host, mounts, names.value)
  const places = placesOfMounts(mounts, system, devicesOf)
  if (swaps.kind === 'value') {
    places.push(...swaps.value.map((swap) => placeOfSwap(swap, mounts, names.value, devicesOf)))
  }
  const zfs = await readZfs(host, places, names.value)
  const starts = [...places.flatMap(({ devices }) => devices ?? []), ...zfs.devices]
  const devices = await readBlockDevices(host, starts, (file) => holdersOf(file, mounts, devicesOf))
  return value({ places, stack: unverified(devices, 'nobody looked'), zfs })
}

/**
 * Written at every start by container managers (https://systemd.io/CONTAINER_INTERFACE, podman-run(1)). Docker's
 * `/.dockerenv` is no such mark: it lies on the disk, and machines that were made of an image keep it. Docker's roots
 * are overlays.
 */
const CONTAINER_MARKS = ['/run/systemd/container', '/run/.containerenv'] as const

async function findContainer(host: Host): Promise<NoValue | null> {
  for (const mark of CONTAINER_MARKS) {
    const file = await host.readFile(mark)
    if (file.ok) return unsupported(`this is a container (${mark}): its disk is its host's`)
  }
  return null
}

async function devicesByMount(host: Host, mounts: readonly Mount[], names: DeviceNames): Promise<DevicesOf> {
  const hasBtrfs = mounts.some(({ fsType }) => fsType === 'btrfs')
  const btrfs = hasBtrfs ? await readBtrfsMembers(host) : value([])
  return (mount) => devicesOfMount(mount, names, btrfs)
}

/** bcachefs encrypts by itself, so that its bare devices prove nothing of a file in it. */
function holdersOf(file: string, mounts: readonly Mount[], devicesOf: DevicesOf): readonly string[] | null {
  const holder = mountHolding(file, mounts)
  return holder && holder.fsType !== 'bcachefs' ? devicesOf(holder) : null
}

/** zram is memory and no volume, unless it writes what it cannot hold to a device (`backing_dev`). */
async function readSwapsOnDisk(host: Host): Promise<Fact<Swap[]>> {
  const file = await host.readFile('/proc/swaps')
  // A kernel built without swap has no such file.
  if (!file.ok) return file.reason === 'missing' ? value([]) : unreadableBecause(file)
  const swaps = readSwaps(file.text)
  if (swaps.kind !== 'value') return swaps
  const onDisk: Swap[] = []
  for (const swap of swaps.value) {
    const [, zram] = /^\/dev\/(zram\d+)$/.exec(swap.path) ?? []
    const backing = zram && (await host.readFile(`/sys/class/block/${zram}/backing_dev`))
    if (!backing) onDisk.push(swap)
    else if (backing.ok && backing.text.startsWith('/')) onDisk.push({ path: backing.text.trim(), kind: 'partition' })
  }
  return value(onDisk)
}
