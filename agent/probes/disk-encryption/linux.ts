import { unreadable, unsupported, value, type Fact, type NoValue } from '../../../shared/fact.ts'
import type { SignalValue, Volume } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import type { ProgramName } from '../../host/programs.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { isAside, readBlockDevices, readDeviceNames, type BlockDevices, type DeviceNames } from './block-devices.ts'
import { readDmsetupTable } from './dmsetup.ts'
import { findProtection, hasMappingsToVerify, luks2HeaderPath, unknown, type Finding, type Stack } from './layers.ts'
import { readLuksDump } from './luks-header.ts'
import { mountHolding, readMountinfo, readSwaps, systemMount, type Mount, type Swap } from './mounts.ts'
import {
  devicesOfMount,
  isDataFolder,
  placeOfSwap,
  placesOfMounts,
  readBtrfsMembers,
  type DevicesOf,
  type Place,
} from './places.ts'
import { readZfs, type Zfs } from './zfs-pools.ts'

type DiskEncryption = SignalValue['disk-encryption']

const FILES = '/proc/self/mountinfo, /proc/swaps, /proc/partitions, /sys/class/block'
const LIMITS = { volumes: 64, labelChars: 256, detailChars: 200 } as const

/** Reads which volumes are encrypted, without rights; as root also whether a cipher really encrypts. */
export async function readLinux(host: Host): Promise<Reading<DiskEncryption>> {
  const programs: ProgramName[] = []
  const fact = await readVolumes({
    ...host,
    run(program, args, options) {
      programs.push(program)
      return host.run(program, args, options)
    },
  })
  return { ...fact, source: [FILES, ...programs].join(', ') }
}

async function readVolumes(host: Host): Promise<Fact<DiskEncryption>> {
  const container = await findContainer(host)
  if (container) return container
  const mountinfo = await host.readFile('/proc/self/mountinfo')
  if (!mountinfo.ok) return unreadableBecause(mountinfo)
  const mounts = readMountinfo(mountinfo.text)
  if (mounts.kind !== 'value') return mounts
  const system = systemMount(mounts.value)
  if (system.kind !== 'value') return system
  const names = await readDeviceNames(host)
  if (names.kind !== 'value') return names

  const devicesOf = await devicesByMount(host, mounts.value, names.value)
  const swaps = await readSwapsOnDisk(host)
  const places = placesOfMounts(mounts.value, system.value, devicesOf)
  if (swaps.kind === 'value') {
    places.push(...swaps.value.map((swap) => placeOfSwap(swap, mounts.value, names.value, devicesOf)))
  }
  const zfs = await readZfs(host, places, names.value)
  const starts = [...places.flatMap(({ devices }) => devices ?? []), ...zfs.devices]
  const devices = await readBlockDevices(host, starts, (file) => holdersOf(file, mounts.value, devicesOf))
  const stack = await verify(host, places, zfs, {
    devices,
    tables: unreadable('nobody looked'),
    headers: new Map(),
  })
  const volumes = places.map((place) => volumeOf(place, findingOf(place, stack, zfs), stack))
  if (swaps.kind !== 'value') volumes.push(unknownSwap(swaps))
  return value({ volumes: tidy(volumes, places) })
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

/**
 * What only root may see, in at most two programs: the tables of all mappings, and one LUKS header, for what the tables
 * leave open and for what protects the key.
 */
async function verify(host: Host, places: readonly Place[], zfs: Zfs, stack: Stack): Promise<Stack> {
  if (!hasMappingsToVerify(stack.devices)) return stack
  if (host.privileged === false) return { ...stack, tables: unreadable('needs root') }
  const table = await host.run('dmsetup', ['table'])
  if (!table.ok) return { ...stack, tables: unreadableBecause(table) }
  if (table.exitCode !== 0) return { ...stack, tables: unreadable(`dmsetup table ended with ${table.exitCode}`) }
  const verified = { ...stack, tables: readDmsetupTable(table.stdout) }

  const header = headerToLookInto(
    places.map((place) => findingOf(place, verified, zfs)),
    stack.devices,
  )
  if (!header) return verified
  const dump = await host.run('cryptsetup', ['luksDump', header.path])
  const told = dump.ok && dump.exitCode === 0 ? readLuksDump(dump.stdout) : null
  return told?.kind === 'value' ? { ...verified, headers: new Map([[header.layer, told.value]]) } : verified
}

/** First a volume whose table leaves it open, else the first of all, which is the system where that has a header. */
function headerToLookInto(findings: readonly Finding[], devices: BlockDevices) {
  const headers = findings.flatMap(({ state, layers: [layer, ...others] }) => {
    const path = layer !== undefined && others.length === 0 ? luks2HeaderPath(layer, devices) : null
    return layer !== undefined && path !== null ? [{ layer, path, isOpen: state !== 'on' && state !== 'off' }] : []
  })
  return headers.find(({ isOpen }) => isOpen) ?? headers[0]
}

function findingOf(place: Place, stack: Stack, zfs: Zfs): Finding {
  if (place.holder?.fsType === 'zfs') return zfs.find(place.holder.source, stack)
  if (place.devices === null) return unknown('which devices hold it is not known')
  const finding = findProtection(place.devices, stack)
  const mayHideEncryption = place.holder?.fsType === 'bcachefs' && finding.state !== 'on'
  return mayHideEncryption ? unknown('bcachefs encrypts by itself, which cannot be seen') : finding
}

function volumeOf(place: Place, finding: Finding, stack: Stack): Volume {
  const { state, method, layers, detail } = finding
  const isData = place.role === 'data' && !isDataFolder(place.label)
  const role = isData && isAside(place.devices ?? [], stack.devices) ? 'removable' : place.role
  const [layer] = layers
  // Of a mirror with one plain half the key of the other half protects nothing.
  const isProtected = state !== 'off' && layers.length === 1
  const header = isProtected && layer !== undefined ? stack.headers.get(layer) : undefined
  const keyProtector = header?.keyProtector ?? finding.keyProtector ?? null
  const volume: Volume = { mount: place.label.slice(0, LIMITS.labelChars), role, state, method, keyProtector }
  return detail === null ? volume : { ...volume, detail: detail.slice(0, LIMITS.detailChars) }
}

function unknownSwap({ why }: NoValue): Volume {
  const detail = why.slice(0, LIMITS.detailChars)
  return { mount: 'swap', role: 'swap', state: 'unknown', method: null, keyProtector: null, detail }
}

const ROLES = ['system', 'data', 'swap', 'removable'] as const

function rank({ role, state }: Volume): number {
  return ROLES.indexOf(role) * 2 + (state === 'on' ? 1 : 0)
}

/** The system first, what decides before what does not, and of many volumes those that are not encrypted. */
function tidy(volumes: readonly Volume[], places: readonly Place[]): Volume[] {
  return volumes
    .filter((volume, at) => !isAnotherDataset(volume, at, volumes, places))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, LIMITS.volumes)
}

/** ZFS systems have dozens of datasets: those of one pool that are alike are told once, by the first. */
function isAnotherDataset(volume: Volume, at: number, volumes: readonly Volume[], places: readonly Place[]): boolean {
  const pool = poolOf(places[at])
  if (pool === null || volume.role !== 'data' || isDataFolder(volume.mount)) return false
  return volumes.some((other, index) => index < at && poolOf(places[index]) === pool && other.state === volume.state)
}

function poolOf(place: Place | undefined): string | null {
  return place?.holder?.fsType === 'zfs' ? (place.holder.source.split('/', 1)[0] ?? null) : null
}
