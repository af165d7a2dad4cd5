import { describe, expect, test } from 'vitest'
import { crypt, fakeLaptop, type Laptop } from '../../../../test/fakes/disks.ts'
import { LUKS, NVME, summaryOf, volumesOf } from '../../../../test/fakes/volumes.ts'
import type { Host } from '../../../host/host.ts'

const PLAIN: Laptop = { devices: NVME, mounts: ['nvme0n1p3 / ext4'], privileged: true }
const TABLE =
  'MOUNTPOINT  DEVICE          FILESYSTEM  ENCRYPTION  FSCRYPT\n/           /dev/nvme0n1p3  ext4        supported   Yes\n'
const folder = (name: string, unlocked: string) => ({
  line: `fscrypt status /home/${name}`,
  stdout: `"/home/${name}" is encrypted with fscrypt.\n\nPolicy:   0123456789abcdef\nUnlocked: ${unlocked}\n`,
})
const set = [{ line: 'fscrypt status', stdout: TABLE }, folder('amy', 'Yes'), folder('bob', 'No')]

async function withHomes(laptop: Laptop, names: string[]) {
  const { host, started } = fakeLaptop(laptop)
  const readDirectory: Host['readDirectory'] = async (path) =>
    path === '/home' ? { ok: true, names } : host.readDirectory(path)
  const { volumes } = await volumesOf(laptop, { host: { ...host, readDirectory }, started })
  return { started, volumes: volumes.map(({ mount, role, state, method }) => `${mount} ${role} ${state} ${method}`) }
}

const asked = async (laptop: Laptop) => {
  const { started } = await withHomes({ ...laptop, programs: laptop.programs ?? set }, ['amy'])
  return started.filter((line) => line.startsWith('fscrypt'))
}

describe('homes that are encrypted by themselves', () => {
  test('fscrypt: the homes are told, the system stays plain', async () => {
    const { volumes } = await withHomes({ ...PLAIN, programs: set }, ['amy', 'bob', 'cleo'])
    expect(volumes).toEqual(['/ system off null', '/home/bob data locked fscrypt', '/home/amy data on fscrypt'])
  })

  test('fscrypt: nothing is asked without rights, on an encrypted disk, or where it is not set up', async () => {
    expect(await asked({ ...PLAIN, privileged: false })).toEqual([])
    expect(await asked({ devices: LUKS, mounts: ['dm-0 / ext4'], privileged: true })).toEqual([])
    expect(await asked({ devices: NVME, mounts: ['nvme0n1p3 / xfs'], privileged: true })).toEqual([])
    const none = [{ line: 'fscrypt status', stdout: TABLE.replace('Yes', 'No') }]
    expect(await asked({ ...PLAIN, programs: none })).toEqual(['fscrypt status'])
  })

  test('fscrypt: an answer about another folder is none', async () => {
    const programs = [set[0] ?? folder('x', 'Yes'), { ...folder('amy', 'Yes'), line: 'fscrypt status /home/eve' }]
    const { volumes } = await withHomes({ ...PLAIN, programs }, ['eve'])
    expect(volumes).toEqual(['/ system off null'])
  })

  test.each([
    {
      name: 'eCryptfs',
      mount: '0:50 /home/amy ecryptfs /home/.ecryptfs/amy/.Private',
      volumes: ['/home/amy data on null'],
    },
    { name: 'gocryptfs', mount: '0:50 /home/amy fuse.gocryptfs /home/.amy', volumes: ['/home/amy data on null'] },
    {
      name: 'gocryptfs in a folder of a home',
      mount: '0:50 /home/amy/v fuse.gocryptfs /home/amy/.v',
      volumes: ['/home/amy/v removable on null'],
    },
    { name: 'gocryptfs the other way round', mount: '0:50 /home/amy fuse.gocryptfs-reverse /x', volumes: [] },
    {
      name: 'EncFS, of which nobody knows which way round',
      mount: '0:50 /home/amy fuse.encfs encfs',
      volumes: ['/home/amy data unknown null'],
    },
  ])('$name', async ({ mount, volumes }) => {
    expect(await summaryOf({ ...PLAIN, mounts: ['nvme0n1p3 / ext4', mount] })).toEqual([
      '/ system off null',
      ...volumes,
    ])
    const onLuks = await summaryOf({ devices: LUKS, mounts: ['dm-0 / ext4', mount] })
    expect(onLuks).toEqual(['/ system on luks2'])
  })

  test('systemd-homed: a home in a file on a plain disk is data', async () => {
    const laptop: Laptop = {
      devices: { ...NVME, loop0: { file: '/home/amy.home' }, 'dm-0': crypt('home-amy', 'loop0') },
      mounts: ['nvme0n1p3 / ext4', '0:44 /home/amy btrfs /dev/mapper/home-amy'],
      btrfs: [['dm-0']],
    }
    expect(await summaryOf(laptop)).toEqual(['/ system off null', '/home/amy data on luks2'])
  })
})
