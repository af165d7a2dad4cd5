import type { Volume } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { readFolderStatus, readFscryptMounts } from './fscrypt.ts'
import { mountHolding, type Mount } from './mounts.ts'

/** A folder that is encrypted by itself, and the mount that its bytes lie in. */
export type EncryptedHome = { volume: Volume; holder: Mount | null }

/** Each costs a program. */
const MOST_HOMES = 16

const HOME = /^\/home\/[^/]+$/

/** Whether somebody's home is mounted there, as systemd-homed does; it is data wherever it lies. */
export function isHome(path: string): boolean {
  return HOME.test(path)
}

/**
 * Folders that a file system of their own encrypts. eCryptfs is the kernel's and mounted by root alone; a FUSE file
 * system may be mounted by anybody under any name, and counts only as a whole home. Of EncFS and of gocryptfs the other
 * way round (`fuse.gocryptfs-reverse`) the plain files lie on the disk.
 */
export function mountedHomes(mounts: readonly Mount[]): EncryptedHome[] {
  return mounts.flatMap((mount) => {
    const isEncrypted = mount.fsType === 'ecryptfs' || (mount.fsType === 'fuse.gocryptfs' && isHome(mount.point))
    if (!isEncrypted) return []
    const below = mounts.filter((it) => it !== mount)
    const detail = `a folder that ${mount.fsType === 'ecryptfs' ? 'eCryptfs' : 'gocryptfs'} encrypts`
    return [{ volume: home(mount.point, 'on', null, detail), holder: mountHolding(mount.source, below) }]
  })
}

/**
 * As root: the homes below `/home` that fscrypt encrypts, on mounts that are not encrypted already. Nothing more is
 * asked where fscrypt is not set up.
 */
export async function readFscryptHomes(
  host: Host,
  mounts: readonly Mount[],
  isBare: (mount: Mount) => boolean,
): Promise<EncryptedHome[]> {
  const holderOf = (path: string) => mountHolding(`${path}/`, mounts)
  const below = holderOf('/home')
  if (host.privileged === false || !below || !SUPPORTING.has(below.fsType) || !isBare(below)) return []
  const all = await host.run('fscrypt', ['status'])
  const setUp = all.ok && all.exitCode === 0 ? readFscryptMounts(all.stdout) : null
  if (setUp?.kind !== 'value' || setUp.value.length === 0) return []
  const folder = await host.readDirectory('/home')
  const homes: EncryptedHome[] = []
  for (const name of folder.ok ? folder.names.slice(0, MOST_HOMES) : []) {
    const path = `/home/${name}`
    const holder = holderOf(path)
    if (!holder || !setUp.value.includes(holder.point) || !isBare(holder)) continue
    const status = await host.run('fscrypt', ['status', path])
    const told = status.ok && status.exitCode === 0 ? readFolderStatus(status.stdout) : null
    if (told?.kind !== 'value' || told.value.path !== path) continue
    homes.push({ volume: home(path, told.value.state, 'fscrypt', 'a folder that fscrypt encrypts'), holder })
  }
  return homes
}

/** The file systems of https://www.kernel.org/doc/html/latest/filesystems/fscrypt.html that are on a disk. */
const SUPPORTING = new Set(['ext4', 'f2fs', 'ubifs'])

function home(mount: string, state: Volume['state'], method: Volume['method'], detail: string): Volume {
  return { mount, role: 'data', state, method, keyProtector: null, detail }
}
