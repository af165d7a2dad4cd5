import { unreadable, unsupported, value, type Fact } from '../../../../shared/fact.ts'

export type Mount = {
  point: string
  /** `major:minor` of the file system; the major is 0 where no single block device stands for it. */
  number: string
  fsType: string
  source: string
  /** Of the file system itself: a sandboxed service sees every mount read-only. */
  readOnly: boolean
}

export type Swap = { path: string; kind: 'partition' | 'file' }

/**
 * Reads `/proc/self/mountinfo` (proc_pid_mountinfo(5)). One line that makes no sense spoils the whole: it might have
 * been the volume that is not encrypted.
 */
export function readMountinfo(text: string): Fact<Mount[]> {
  const mounts = lines(text).map(readMount)
  if (mounts.length === 0) return unreadable('the mount table is empty')
  const whole = mounts.filter((mount) => mount !== null)
  return whole.length === mounts.length ? value(whole) : unreadable('a line of the mount table makes no sense')
}

function readMount(line: string): Mount | null {
  const fields = line.split(' ')
  const [, , number, , point] = fields
  // Between the mount options and the lone hyphen stands any number of optional fields.
  const [fsType, source, options] = fields.slice(fields.indexOf('-', 6) + 1)
  if (!fields.includes('-', 6) || !number || !point || !fsType || source === undefined || !options) return null
  if (!/^\d+:\d+$/.test(number) || !point.startsWith('/')) return null
  return {
    point: unescape(point),
    number,
    fsType,
    source: unescape(source),
    readOnly: options.split(',').includes('ro'),
  }
}

/** Reads `/proc/swaps`. Only its heading means that there is no swap; nothing at all means that nobody knows. */
export function readSwaps(text: string): Fact<Swap[]> {
  const [heading, ...rows] = lines(text)
  if (!heading?.startsWith('Filename')) return unreadable('/proc/swaps does not begin with its heading')
  const swaps = rows.map((row): Swap | null => {
    const [path, kind] = row.split(/\s+/)
    return path?.startsWith('/') && (kind === 'partition' || kind === 'file') ? { path: unescape(path), kind } : null
  })
  const whole = swaps.filter((swap) => swap !== null)
  return whole.length === swaps.length ? value(whole) : unreadable('a line of /proc/swaps makes no sense')
}

/** The mount that a file lies on. */
export function mountHolding(path: string, mounts: readonly Mount[]): Mount | null {
  let best: Mount | null = null
  for (const mount of mounts) {
    const folder = mount.point === '/' ? '/' : `${mount.point}/`
    // Of two mounts at one place the later one is seen.
    if (path.startsWith(folder) && mount.point.length >= (best?.point.length ?? 0)) best = mount
  }
  return best
}

const MANAGES_DISKS = new Set(['btrfs', 'zfs', 'bcachefs'])

/** Whether the file system keeps its bytes on block devices of this machine, one or several. */
export function isOnDisk(mount: Mount): boolean {
  return !mount.number.startsWith('0:') || MANAGES_DISKS.has(mount.fsType)
}

const WITHOUT_DISK: Readonly<Record<string, string>> = {
  overlay: 'made of layers, as in a container or a live system',
  aufs: 'made of layers, as in a container or a live system',
  tmpfs: 'in memory',
  ramfs: 'in memory',
  rootfs: 'in memory',
  nfs: 'on the network',
  nfs4: 'on the network',
  cifs: 'on the network',
  smb3: 'on the network',
  ceph: 'on the network',
  '9p': 'shared by a host',
  virtiofs: 'shared by a host',
}

/** The mount whose disk holds the operating system. */
export function systemMount(mounts: readonly Mount[]): Fact<Mount> {
  const root = mounts.findLast((mount) => mount.point === '/')
  if (!root) return unreadable('the mount table does not name the root file system')
  if (isOnDisk(root)) return value(root)
  // Fedora's image-based systems mount `/` as an overlay named composefs whose files lie below /sysroot
  // (https://github.com/composefs/composefs).
  const sysroot = mounts.findLast((mount) => mount.point === '/sysroot' && isOnDisk(mount))
  if (root.fsType === 'overlay' && root.source === 'composefs' && sysroot) return value(sysroot)
  const why = WITHOUT_DISK[root.fsType]
  return why
    ? unsupported(`the root file system (${root.fsType}) is ${why}: no disk holds it here`)
    : unreadable(`which disk holds the root file system (${root.fsType}) is not told`)
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** The kernel writes space, tab, line feed, backslash and `#` as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
