import { expect } from 'vitest'
import { readDiskEncryption } from '../../agent/probes/disk-encryption/probe.ts'
import { parserOf } from '../../shared/schema.ts'
import { SIGNALS } from '../../shared/signals.ts'
import { crypt, disk, fakeLaptop, logical, type Laptop } from './disks.ts'

const hasShape = parserOf(SIGNALS['disk-encryption'].value)

/** What the agent reads of the volumes of a laptop, which has to be a value of the right shape with the system first. */
export async function volumesOf(laptop: Laptop, host = fakeLaptop(laptop)) {
  const fact = await readDiskEncryption(host.host)
  if (fact.kind !== 'value') throw new Error(`${fact.kind}: ${fact.why}`)
  expect(hasShape(fact.value)).toMatchObject({ ok: true })
  expect(fact.value.volumes[0]).toMatchObject({ mount: '/', role: 'system' })
  return { volumes: fact.value.volumes, started: host.started, source: fact.source }
}

/** `MOUNT ROLE STATE METHOD` of each volume. */
export async function summaryOf(laptop: Laptop): Promise<string[]> {
  const { volumes } = await volumesOf(laptop)
  return volumes.map(({ mount, role, state, method }) => `${mount} ${role} ${state} ${method}`)
}

export const NVME = disk('nvme0n1', 3)
export const LUKS = { ...NVME, 'dm-0': crypt('root', 'nvme0n1p3') }
export const BOOT = ['nvme0n1p2 /boot ext4', 'nvme0n1p1 /boot/efi vfat']

/** As Ubuntu's and Debian's installers make it. */
export const ON_LVM: Laptop = {
  devices: { ...LUKS, 'dm-1': logical('vg-root', 'dm-0'), 'dm-2': logical('vg-swap', 'dm-0') },
  mounts: ['dm-1 / ext4 /dev/mapper/vg-root', ...BOOT],
  swaps: ['/dev/dm-2 partition 65532 0 -2'],
}
