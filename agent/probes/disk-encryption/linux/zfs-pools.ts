import { unreadable, type Fact } from '../../../../shared/fact.ts'
import type { Host } from '../../../host/host.ts'
import { unreadableBecause } from '../../probe.ts'
import { runAsRecorded } from '../../as-recorded.ts'
import type { DeviceNames } from './block-devices.ts'
import { findProtection, unknown, type Finding, type Stack } from './layers.ts'
import type { Place } from './places.ts'
import { readZfsGet, readZpoolStatus, zfsGetArguments, ZFS_GET_OF_PEOPLE, ZPOOL_STATUS, type Dataset } from './zfs.ts'

/** What is known of the datasets in use, and the devices below their pools. */
export type Zfs = { devices: readonly string[]; find(dataset: string, stack: Stack): Finding }

/** Of a machine whose volumes are none of ZFS. */
export const NO_ZFS: Zfs = { devices: [], find: () => unknown('this dataset has no name') }

type Pools = Fact<ReadonlyMap<string, readonly string[]>>

/**
 * Asks ZFS about the datasets of these places, without rights; where one is not encrypted by ZFS itself, also which
 * devices hold its pool, for those may be encrypted below. Starts nothing on a machine without ZFS.
 */
export async function readZfs(host: Host, places: readonly Place[], names: DeviceNames): Promise<Zfs> {
  const mounted = places.flatMap(({ holder }) => (holder?.fsType === 'zfs' ? [holder.source] : []))
  // A dataset's name begins with a letter; anything else might be taken for an option.
  const wanted = [...new Set(mounted)].filter((name) => /^[A-Za-z]/.test(name))
  if (wanted.length === 0) return NO_ZFS

  const get = await runAsRecorded(host, 'zfs', [zfsGetArguments(wanted), ...ZFS_GET_OF_PEOPLE])
  const datasets = get.ok ? readZfsGet(get.stdout) : unreadableBecause(get)
  const isBare = datasets.kind === 'value' && wanted.some((name) => datasets.value.get(name)?.state === 'off')
  const pools: Pools = isBare ? await readPools(host) : unreadable('nobody looked')
  const members = pools.kind === 'value' ? [...pools.value.values()].flat() : []
  return {
    devices: members.flatMap((path) => names.byPath.get(path) ?? []),
    find(dataset, stack) {
      if (datasets.kind !== 'value') return unknown(datasets.why)
      const found = datasets.value.get(dataset)
      if (!found) return unknown(`zfs does not tell about ${dataset}`)
      return found.state === 'off' ? findPool(dataset, pools, names, stack) : findDataset(dataset, found)
    },
  }
}

function findDataset(name: string, { state, keyProtector }: Dataset): Finding {
  if (state === 'unknown') return unknown(`zfs does not say how ${name} is encrypted`)
  const detail = state === 'locked' ? `the key of ${name} is not loaded` : null
  return { state, method: 'zfs', layers: [], keyProtector, detail }
}

function findPool(dataset: string, pools: Pools, names: DeviceNames, stack: Stack): Finding {
  if (pools.kind !== 'value') return unknown(`what ${dataset} lies on is not known: ${pools.why}`)
  const members = pools.value.get(dataset.split('/', 1)[0] ?? '') ?? []
  // A member that is a file or is gone has no device here, and stays unknown.
  return findProtection(
    members.map((path) => names.byPath.get(path) ?? path),
    stack,
  )
}

async function readPools(host: Host): Promise<Pools> {
  const status = await runAsRecorded(host, 'zpool', ZPOOL_STATUS)
  return status.ok ? readZpoolStatus(status.stdout) : unreadableBecause(status)
}
