import type { Volume } from '../../../../shared/signals.ts'
import type { Host } from '../../../host/host.ts'
import { readFolderStatus, readFscryptMounts } from './fscrypt.ts'
import { mountHolding, type Mount } from './mounts.ts'

/** A folder that is encrypted by itself, and the mount that its bytes lie in. */
export type EncryptedHome = { volume: Volume; holder: Mount | null }

/** Each costs a program. */
const MOST_HOMES = 16

/** These only add to an answer that is there already. */
const SHORT = { timeoutMs: 3000 } as const

const HOME = /^\/home\/[^/]+$/

/** Whether somebody's home is mounted there, as systemd-homed does; it is data wherever it lies. */
export function isHome(path: string): boolean {
  return HOME.test(path)
}

/**
 * File systems that encrypt a folder of another one, by their names in the mount table. EncFS has the same name when it
 * is used the other way round, with the plain files on the disk; of gocryptfs that is `fuse.gocryptfs-reverse`.
 */
const FOLDERS: readonly (readonly [fsType: string, name: string, state: Volume['state']])[] = [
  ['ecryptfs', 'eCryptfs', 'on'],
  ['fuse.gocryptfs', 'gocryptfs', 'on'],
  ['fuse.cryfs', 'CryFS', 'on'],
  ['fuse.encfs', 'EncFS', 'unknown'],
]

/** Such folders that are open. Only a whole home is data: anybody may keep a folder of theirs in this way. */
export function mountedHomes(mounts: readonly Mount[]): EncryptedHome[] {
  return mounts.flatMap((mount) => {
    const kind = FOLDERS.find(([fsType]) => fsType === mount.fsType)
    if (!kind) return []
    const [, name, state] = kind
    const detail = state === 'on' ? `a folder that ${name} encrypts` : `which side of ${name} is plain is not told`
    const volume = {
      ...home(mount.point, state, null, detail),
      role: isHome(mount.point) ? 'data' : 'removable',
    } as const
    const below = mounts.filter((it) => it !== mount)
    // The source is the folder that is encrypted, or a word of the program (`encfs`, `cryfs@/srv/box`).
    const [path] = /\/.*$/.exec(mount.source) ?? []
    return [{ volume, holder: mountHolding(path ?? mount.point, below) }]
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
  const all = await host.run('fscrypt', ['status'], SHORT)
  const setUp = all.ok && all.exitCode === 0 ? readFscryptMounts(all.stdout) : null
  if (setUp?.kind !== 'value' || setUp.value.length === 0) return []
  const folder = await host.readDirectory('/home')
  const homes: EncryptedHome[] = []
  for (const name of folder.ok ? folder.names.slice(0, MOST_HOMES) : []) {
    const path = `/home/${name}`
    const holder = holderOf(path)
    if (!holder || !setUp.value.includes(holder.point) || !isBare(holder)) continue
    const status = await host.run('fscrypt', ['status', path], SHORT)
    // One that hangs would hang for every home.
    if (!status.ok) break
    const told = status.exitCode === 0 ? readFolderStatus(status.stdout) : null
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
