import type { NoValue } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { isAside } from './block-devices.ts'
import { isHome } from './homes.ts'
import { findProtection, unknown, type Finding, type Stack } from './layers.ts'
import { isDataFolder, type Place } from './places.ts'
import { inOrder, LIMITS } from '../told-volume.ts'
import type { Zfs } from './zfs-pools.ts'

/** What becomes of the bytes of a place on their way down, where it is ZFS's business also by its word. */
export function findingOf(place: Place, stack: Stack, zfs: Zfs): Finding {
  if (place.holder?.fsType === 'zfs') return zfs.find(place.holder.source, stack)
  if (place.devices === null) return unknown('which devices hold it is not known')
  const finding = findProtection(place.devices, stack)
  if (place.holder?.fsType !== 'bcachefs' || finding.state === 'on') return finding
  const isPlain = stack.plainBcachefs.has(place.holder.source)
  return isPlain ? finding : unknown('bcachefs encrypts by itself, which cannot be seen')
}

export function volumeOf(place: Place, finding: Finding, stack: Stack): Volume {
  const { state, method, layers, detail } = finding
  const isData = place.role === 'data' && !isDataFolder(place.label) && !isHome(place.label)
  const role = isData && isAside(place.devices ?? [], stack.devices) ? 'removable' : place.role
  const [layer] = layers
  // Of a mirror with one plain half the key of the other half protects nothing.
  const isProtected = state !== 'off' && layers.length === 1
  const header = isProtected && layer !== undefined ? stack.headers.get(layer) : undefined
  const keyProtector = header?.keyProtector ?? finding.keyProtector ?? null
  const volume: Volume = { mount: place.label, role, state, method, keyProtector }
  return detail === null ? volume : { ...volume, detail: detail.slice(0, LIMITS.detailChars) }
}

export function unknownSwap({ why }: NoValue): Volume {
  const detail = why.slice(0, LIMITS.detailChars)
  return { mount: 'swap', role: 'swap', state: 'unknown', method: null, keyProtector: null, detail }
}

/** As they are reported, one dataset for all that are like it. */
export function tidy(volumes: readonly Volume[], places: readonly Place[]): Volume[] {
  return inOrder(volumes.filter((volume, at) => !isAnotherDataset(volume, at, volumes, places))).map((volume) => ({
    ...volume,
    mount: volume.mount.slice(0, LIMITS.mountChars),
  }))
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
