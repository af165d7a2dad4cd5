import { readShowSuper } from '../../../agent/probes/disk-encryption/linux/bcachefs.ts'
import type { BlockDevice } from '../../../agent/probes/disk-encryption/linux/block-devices.ts'
import { readCryptStatus } from '../../../agent/probes/disk-encryption/linux/crypt-status.ts'
import { readDmsetupTable } from '../../../agent/probes/disk-encryption/linux/dmsetup.ts'
import { readFolderStatus, readFscryptMounts } from '../../../agent/probes/disk-encryption/linux/fscrypt.ts'
import { mountedHomes } from '../../../agent/probes/disk-encryption/linux/homes.ts'
import { findProtection, unverified } from '../../../agent/probes/disk-encryption/linux/layers.ts'
import { readLsblk } from '../../../agent/probes/disk-encryption/linux/lsblk.ts'
import { readLuksDump } from '../../../agent/probes/disk-encryption/linux/luks-header.ts'
import { readMountinfo, readSwaps, systemMount } from '../../../agent/probes/disk-encryption/linux/mounts.ts'
import { placesOfMounts } from '../../../agent/probes/disk-encryption/linux/places.ts'
import { readSedutilQuery } from '../../../agent/probes/disk-encryption/linux/sedutil.ts'
import { readVeraCryptList } from '../../../agent/probes/disk-encryption/linux/veracrypt.ts'
import { findingOf, volumeOf } from '../../../agent/probes/disk-encryption/linux/volumes.ts'
import { NO_ZFS } from '../../../agent/probes/disk-encryption/linux/zfs-pools.ts'
import { readZfsGet, readZpoolStatus } from '../../../agent/probes/disk-encryption/linux/zfs.ts'
import { value, type Fact } from '../../../shared/fact.ts'
import type { Volume } from '../../../shared/signals.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, mapped, type CorpusReader, type NotStarted } from '../reader.ts'

type Told = Partial<Omit<Volume, 'state'>> & { state?: Volume['state'] | null; device?: string }

/** What is `unknown` to the agent is not claimed. */
function volumes(fact: Fact<readonly Told[]>): Concluded {
  return concluded(fact, (told) => ({
    volumes: told.map(({ state = null, ...rest }) => ({ ...rest, state: state === 'unknown' ? null : state })),
  }))
}

/** As the agent takes a program that ended with an error: for nothing. */
function program(name: RegExp, args: RegExp, read: (capture: Capture) => Concluded): CorpusReader {
  return {
    of: { os: 'linux', program: name, args },
    read: (capture) =>
      (capture.exitCode ?? 0) === 0 ? read(capture) : { unreadable: `it ended with ${capture.exitCode}` },
  }
}

function file(path: RegExp, read: (text: string) => Fact<readonly Told[]>): CorpusReader {
  return { of: { os: 'linux', program: /^file$/, args: path }, read: ({ text }) => volumes(read(text)) }
}

function readMounts(text: string): Fact<readonly Told[]> {
  const mounts = readMountinfo(text)
  if (mounts.kind !== 'value') return mounts
  const homes = mountedHomes(mounts.value).map(({ volume }) => volume)
  const system = systemMount(mounts.value)
  if (system.kind !== 'value') return homes.length > 0 ? value(homes) : system
  const places = placesOfMounts(mounts.value, system.value, () => null)
  const told = places.map(({ label, role, holder }) => ({ mount: label, role, device: holder?.source ?? '' }))
  return value([...told, ...homes])
}

/** One file of sysfs, of which only the uuid tells something. */
function readUuid(text: string): Fact<readonly Told[]> {
  const mapping = { name: 'asked', uuid: text.trim() }
  const device: BlockDevice = { name: 'dm', mapping, partitionOf: null, below: null, removable: false }
  const { state, method } = findProtection(['dm'], unverified(new Map([['dm', device]]), 'a file has no table'))
  return value([{ state, method }])
}

/** A listing of sysfs: a line for each file, the names in a folder behind one another. */
function readSysfs(text: string): Fact<readonly Told[]> {
  const devices = new Map<string, BlockDevice>()
  const mappings = new Map<string, { name: string; uuid: string | null }>()
  for (const [, name = '', key, said = ''] of text.matchAll(
    /^\S*\/(dm-\d+)\/(dm\/name|dm\/uuid|slaves): ?(.*?)\s*$/gm,
  )) {
    const mapping = mappings.get(name) ?? { name, uuid: null }
    mappings.set(name, mapping)
    if (key === 'dm/name') mapping.name = said
    if (key === 'dm/uuid') mapping.uuid = said
    const device = devices.get(name) ?? { name, mapping, partitionOf: null, below: null, removable: false }
    devices.set(name, key === 'slaves' ? { ...device, below: said.split(/\s+/).filter(Boolean) } : device)
  }
  const stack = unverified(devices, 'a listing has no tables')
  return value(
    [...devices.keys()].map((name) => {
      const { state, method } = findProtection([name], stack)
      return { device: `/dev/${name}`, state, method }
    }),
  )
}

function readLsblkVolumes({ text }: Capture): Concluded {
  return volumes(
    mapped(readLsblk(text), ({ devices, places }) => {
      const stack = unverified(devices, 'lsblk shows no tables')
      return places.map((place) => volumeOf(place, findingOf(place, stack, NO_ZFS), stack))
    }),
  )
}

function readZfs({ text }: Capture): Concluded {
  return volumes(
    mapped(readZfsGet(text), (datasets) =>
      [...datasets.values()].map(({ mountPoint, state, keyProtector }) => {
        const mounted = mountPoint === null ? {} : { mount: mountPoint, role: roleOf(mountPoint) }
        return { ...mounted, state, keyProtector, method: state === 'off' ? null : 'zfs' }
      }),
    ),
  )
}

function roleOf(mount: string): Volume['role'] {
  return mount === '/' ? 'system' : 'data'
}

export const readers: readonly CorpusReader[] = [
  file(/^\/proc\/(self|1|\d+)\/mountinfo$/, readMounts),
  file(/^\/proc\/swaps$/, (text) =>
    mapped(readSwaps(text), (swaps) => swaps.map(({ path }) => ({ role: 'swap', device: path }))),
  ),
  file(/^\/sys\/(class\/)?block\/dm-\d+\/dm\/uuid$/, readUuid),
  file(/^\/sys\/(class\/)?block\/dm-/, readSysfs),
  program(/^lsblk$/, /^/, readLsblkVolumes),
  program(/^dmsetup$/, /^table\b/, ({ text }) =>
    volumes(
      mapped(readDmsetupTable(text), (tables) =>
        [...tables].map(([name, { state }]) => ({ device: `/dev/mapper/${name}`, state })),
      ),
    ),
  ),
  program(/^cryptsetup$/, /\bstatus\b/, ({ text }) =>
    volumes(mapped(readCryptStatus(text), ({ state, method }) => [{ state, method }])),
  ),
  program(/^cryptsetup$/, /\bluksDump\b/, ({ text }) =>
    volumes(mapped(readLuksDump(text), ({ state, method, keyProtector }) => [{ state, method, keyProtector }])),
  ),
  program(/^zfs$/, /^(?:get\b|list\b.*\bencryption\b)/, readZfs),
  program(/^zpool$/, /^status\b/, ({ text }) => volumes(mapped(readZpoolStatus(text), () => []))),
  program(/^fscrypt$/, /^status +\S/, ({ text }) =>
    volumes(
      mapped(readFolderStatus(text), ({ path, state }) => [{ mount: path, role: 'data', state, method: 'fscrypt' }]),
    ),
  ),
  program(/^fscrypt$/, /^status *$/, ({ text }) => volumes(mapped(readFscryptMounts(text), () => []))),
  program(/^veracrypt$/, /(--list|-l)\b/, ({ text }) =>
    volumes(
      mapped(readVeraCryptList(text), (open) =>
        open.map(({ mount, mapping }) => ({
          ...(mount === null ? {} : { mount, role: roleOf(mount) }),
          device: `/dev/mapper/${mapping}`,
          state: 'on',
          method: 'veracrypt',
        })),
      ),
    ),
  ),
  program(/^bcachefs$/, /^show-super\b/, ({ text }) =>
    volumes(mapped(readShowSuper(text), ({ hasKey }) => [{ state: hasKey ? 'unknown' : 'off' }])),
  ),
  program(/^sedutil-cli$/, /--query\b/, ({ text }) =>
    volumes(mapped(readSedutilQuery(text), (state) => [{ state, method: state === 'off' ? null : 'opal' }])),
  ),
]

const LINUX = 'linux' as const
const SYSFS = 'the kernel tells the same in /proc/self/mountinfo, /proc/partitions and /sys/class/block'

export const notStarted: readonly NotStarted[] = [
  {
    of: { os: LINUX, program: /^(findmnt|mount|df|blkid|udevadm|mdadm|pvs|lvs|vgs|pvdisplay|lvdisplay)$/ },
    instead: SYSFS,
  },
  { of: { os: LINUX, program: /^file$/, args: /^\/(proc\/(self\/)?mounts|etc\/mtab|etc\/fstab)$/ }, instead: SYSFS },
  {
    of: { os: LINUX, program: /^file$/, args: /^\/etc\/crypttab$/ },
    instead: 'a wish for the next start; what is open now the kernel tells',
  },
  { of: { os: LINUX, program: /^dmsetup$/ }, instead: `${SYSFS}; of dmsetup only the table says more` },
  { of: { os: LINUX, program: /^cryptsetup$/, args: /\b(isLuks|luksUUID)\b/ }, instead: SYSFS },
  { of: { os: LINUX, program: /^systemd-cryptenroll$/ }, instead: 'the tokens that cryptsetup luksDump shows' },
  { of: { os: LINUX, program: /^sedutil-cli$/ }, instead: 'sedutil-cli --query, of the drive that holds the system' },
  { of: { os: LINUX, program: /^homectl$/ }, instead: `${SYSFS}: the homes of systemd-homed are mounts` },
  { of: { os: LINUX, program: /^zfs$/ }, instead: 'zfs get' },
]
