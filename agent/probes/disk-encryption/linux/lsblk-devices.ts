import type { BlockDevice } from './block-devices.ts'
import { DM_CRYPT_UNTOLD } from './layers.ts'

/** A row of `lsblk`, and what lies below it. */
export type Node = {
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

/** The device as sysfs would show it. */
export function deviceOf(node: Node, nodes: ReadonlyMap<string, Node>): BlockDevice {
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

export function bareDisk(name: string): BlockDevice {
  return { name, mapping: null, partitionOf: null, below: [], removable: false }
}

/** The disk of a partition by the kernel's way to name partitions, for the disks of laptops; null for other names. */
export function diskOfName(name: string): string | null {
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
