import type { ToldVolume } from '../told-volume.ts'

/** What `diskutil` says of one volume, in either of its forms; undefined is what it did not say. */
export type DiskutilVolume = {
  mount?: string
  device?: string
  label?: string
  /** `apfs`, `hfs`, `exfat`. */
  fileSystem?: string
  fileVault?: boolean
  isLocked?: boolean
  /** Whether it is on its way to or from being encrypted. */
  isMigrating?: boolean
  isDecrypting?: boolean
  percent?: number
  /** True of the internal disk of every newer Mac, whose key is given away without FileVault: it never decides. */
  isEncryptedAtRest?: boolean
  isExternal?: boolean
  /** CoreStorage below, or an image: there encryption is told elsewhere. */
  isLayered?: boolean
  /** What the volume is for, in APFS: `System`, `Data`, `Preboot`. */
  roles?: readonly string[]
}

/** File systems that do not encrypt, when nothing lies below them that does. */
const PLAIN = new Set(['hfs', 'msdos', 'exfat', 'ntfs', 'udf', 'ufs', 'ext4', 'ext3', 'ext2'])

/** What the volume's own words say of it; which one is the system is for the caller to say. */
export function toldByDiskutil(it: DiskutilVolume): ToldVolume {
  return {
    ...(it.mount !== undefined && { mount: it.mount }),
    ...(it.device !== undefined && { device: it.device }),
    ...(it.label !== undefined && { label: it.label }),
    ...(it.isExternal === true && it.mount !== '/' && { role: 'removable' as const }),
    ...judge(it),
  }
}

function judge(it: DiskutilVolume): ToldVolume {
  if (it.isMigrating === true) {
    const state = it.isDecrypting === true ? 'decrypting' : 'encrypting'
    return { state, method: 'filevault', ...(it.percent !== undefined && { percent: it.percent }) }
  }
  if (it.fileVault === true) return { state: it.isLocked === true ? 'locked' : 'on', method: 'filevault' }
  if (it.isLocked === true) return { state: 'unknown', detail: 'it is locked, and FileVault is not told of it' }
  if (it.fileVault === false) {
    return it.isEncryptedAtRest === true
      ? { state: 'off', detail: 'the disk encrypts itself, but without FileVault gives its key away' }
      : { state: 'off' }
  }
  const isPlain = PLAIN.has(it.fileSystem ?? '') && it.isLayered !== true && it.isEncryptedAtRest !== true
  return isPlain ? { state: 'off' } : { state: 'unknown', detail: 'diskutil does not tell FileVault of it' }
}
