import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { unverified } from './layers.ts'
import { readLsblk } from './lsblk.ts'
import { findingOf, volumeOf } from './volumes.ts'
import { NO_ZFS } from './zfs-pools.ts'

/** `MOUNT ROLE STATE METHOD` of each volume. */
function read(text: string): string[] | string {
  const listed = readLsblk(text)
  if (listed.kind !== 'value') return listed.kind
  const stack = unverified(listed.value.devices, 'nobody looked')
  return listed.value.places
    .map((place) => volumeOf(place, findingOf(place, stack, NO_ZFS), stack))
    .map(({ mount, role, state, method }) => `${mount} ${role} ${state} ${method}`)
}

type Device = { name: string; children?: Device[]; [column: string]: unknown }

const json = (...blockdevices: Device[]) => JSON.stringify({ blockdevices }, null, 3)
const disk = (name: string, children: Device[], more: object = {}): Device => ({
  name,
  kname: name,
  type: 'disk',
  fstype: null,
  fsver: null,
  uuid: null,
  mountpoints: [null],
  rm: false,
  ...more,
  ...(children.length > 0 ? { children } : {}),
})
const of = (name: string, type: string, fstype: string | null, mounts: (string | null)[], ...children: Device[]) =>
  disk(name, children, { kname: name, type, fstype, mountpoints: mounts })
const luks = (name: string, version: string, ...children: Device[]) => ({
  ...of(name, 'part', 'crypto_LUKS', [null], ...children),
  fsver: version,
})

describe('JSON', () => {
  const cases: { name: string; text: string; volumes: string[] | string }[] = [
    {
      name: 'a plain partition, the EFI partition beside it',
      text: json(disk('sda', [of('sda1', 'part', 'vfat', ['/boot/efi']), of('sda2', 'part', 'ext4', ['/'])])),
      volumes: ['/ system off null'],
    },
    {
      name: 'LVM on LUKS 2, swap on it',
      text: json(
        disk('sda', [
          luks(
            'sda3',
            '2',
            of('c', 'crypt', 'LVM2_member', [null], of('r', 'lvm', 'ext4', ['/']), of('s', 'lvm', 'swap', ['[SWAP]'])),
          ),
        ]),
      ),
      volumes: ['/ system on luks2', '/dev/s swap on luks2'],
    },
    {
      name: 'LUKS on one logical volume, the other plain',
      text: json(
        disk('sda', [
          of(
            'sda2',
            'part',
            'LVM2_member',
            [null],
            { ...of('vg-r', 'lvm', 'crypto_LUKS', [null], of('r', 'crypt', 'ext4', ['/'])), fsver: '1' },
            of('vg-h', 'lvm', 'xfs', ['/home']),
          ),
        ]),
      ),
      volumes: ['/ system on luks1', '/home data off null'],
    },
    {
      name: 'RAID of two disks, shown twice',
      text: json(
        ...['sda', 'sdb'].map((name) =>
          disk(name, [
            of(`${name}1`, 'part', 'linux_raid_member', [null], {
              ...of('md0', 'raid1', 'crypto_LUKS', [null], of('c', 'crypt', 'ext4', ['/'])),
              fsver: '2',
            }),
          ]),
        ),
      ),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'RAID with one plain half',
      text: json(
        disk('sda', [
          luks('sda1', '2', of('c', 'crypt', 'linux_raid_member', [null], of('md0', 'raid1', 'ext4', ['/']))),
        ]),
        disk('sdb', [of('sdb1', 'part', 'linux_raid_member', [null], of('md0', 'raid1', 'ext4', ['/']))]),
      ),
      volumes: ['/ system off null'],
    },
    {
      name: 'a detached header, and swap with a random key',
      text: json(
        disk('sda', [
          of('sda1', 'part', null, [null], of('r', 'crypt', 'ext4', ['/'])),
          of('sda2', 'part', null, [null], of('s', 'crypt', 'swap', ['[SWAP]'])),
        ]),
      ),
      volumes: ['/ system on null', '/dev/s swap on null'],
    },
    {
      name: 'LUKS 2 above its own layer of integrity',
      text: json(disk('sda', [luks('sda1', '2', of('r_dif', 'crypt', null, [null], of('r', 'crypt', 'ext4', ['/'])))])),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'integrity alone',
      text: json(disk('sda', [of('sda1', 'part', 'DM_integrity', [null], of('i', 'crypt', 'ext4', ['/']))])),
      volumes: ['/ system off null'],
    },
    {
      name: 'verity, which has two devices below',
      text: json(
        disk('sda', [
          of('sda1', 'part', 'erofs', [null], of('root', 'crypt', 'ext4', ['/'])),
          of('sda2', 'part', 'DM_verity_hash', [null], of('root', 'crypt', 'ext4', ['/'])),
        ]),
      ),
      volumes: ['/ system unknown null'],
    },
    {
      name: 'a crypt device above a file system that can be read',
      text: json(disk('sda', [of('sda1', 'part', 'ext4', [null], of('x', 'crypt', 'ext4', ['/']))])),
      volumes: ['/ system unknown null'],
    },
    {
      name: 'BitLocker, and a mapping of VeraCrypt, which is one of an unknown kind',
      text: json(
        disk('sda', [
          of('sda1', 'part', 'ext4', ['/']),
          of('sda2', 'part', 'BitLocker', [null], of('w', 'crypt', 'ntfs', ['/win'])),
          of('sda3', 'part', null, [null], of('veracrypt1', 'dm', 'ext4', ['/v'])),
        ]),
      ),
      volumes: ['/ system off null', '/win data on bitlocker', '/v data unknown null'],
    },
    {
      name: 'btrfs with several mount points',
      text: json(disk('sda', [luks('sda1', '2', of('c', 'crypt', 'btrfs', ['/home', '/']))])),
      volumes: ['/home data on luks2', '/ system on luks2'],
    },
    {
      name: 'btrfs whose second device is plain',
      text: json(disk('sda', [luks('sda1', '2', { ...of('c', 'crypt', 'btrfs', ['/']), uuid: 'u' })]), {
        ...of('sdb', 'disk', 'btrfs', [null]),
        uuid: 'u',
      }),
      volumes: ['/ system off null'],
    },
    {
      name: 'btrfs, with another plain btrfs of another uuid',
      text: json(disk('sda', [luks('sda1', '2', { ...of('c', 'crypt', 'btrfs', ['/']), uuid: 'u' })]), {
        ...of('sdb', 'disk', 'btrfs', [null]),
        uuid: 'w',
      }),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'btrfs, with another that may be a part of it',
      text: json(
        disk('sda', [luks('sda1', '2', of('c', 'crypt', 'btrfs', ['/']))]),
        of('sdb', 'disk', 'btrfs', [null]),
      ),
      volumes: ['/ system unknown null'],
    },
    {
      name: 'btrfs, with another that may be a part of it and is encrypted all the same',
      text: json(
        disk('sda', [luks('sda1', '2', of('c', 'crypt', 'btrfs', ['/']))]),
        disk('sdb', [luks('sdb1', '2', of('d', 'crypt', 'btrfs', [null]))]),
      ),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'bcachefs encrypts by itself',
      text: json(disk('sda', [of('sda1', 'part', 'bcachefs', ['/'])])),
      volumes: ['/ system unknown null'],
    },
    {
      name: 'ZFS is not shown',
      text: json(disk('sda', [of('sda1', 'part', 'zfs_member', [null])])),
      volumes: 'unreadable',
    },
    {
      name: 'snaps, discs, memory, and a stick',
      text: json(
        of('loop0', 'loop', 'squashfs', ['/snap/core/1']),
        of('sr0', 'rom', 'iso9660', ['/media/disc']),
        of('zram0', 'disk', null, ['[SWAP]']),
        disk('sda', [of('sda1', 'part', 'ext4', ['/'])]),
        disk('sdb', [of('sdb1', 'part', 'vfat', ['/media/stick'])], { rm: '1' }),
      ),
      volumes: ['/ system off null', '/media/stick removable off null'],
    },
    {
      name: 'a container file',
      text: json(
        { ...of('loop0', 'loop', 'crypto_LUKS', [null], of('v', 'crypt', 'ext4', ['/mnt'])), fsver: '2' },
        disk('sda', [of('sda1', 'part', 'ext4', ['/'])]),
      ),
      volumes: ['/mnt removable on luks2', '/ system off null'],
    },
    {
      name: 'the old columns, every value a text',
      text: JSON.stringify({
        blockdevices: [
          {
            name: 'sda',
            type: 'disk',
            rm: '0',
            mountpoint: null,
            children: [{ name: 'sda1', type: 'part', rm: '0', mountpoint: '/' }],
          },
        ],
      }),
      volumes: ['/ system off null'],
    },
    {
      name: 'turned round, without types',
      text: json({
        name: '/dev/mapper/vg-r',
        fstype: 'ext4',
        mountpoints: ['/'],
        children: [
          {
            name: '/dev/mapper/c',
            fstype: 'LVM2_member',
            mountpoints: [null],
            children: [
              {
                name: '/dev/sda3',
                fstype: 'crypto_LUKS',
                fsver: '2',
                mountpoints: [null],
                children: [{ name: '/dev/sda', fstype: null, mountpoints: [null] }],
              },
            ],
          },
        ],
      }),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'turned round, on a whole disk',
      text: json(of('c', 'crypt', 'ext4', ['/'], { ...of('sda', 'disk', 'crypto_LUKS', [null]), fsver: '2' })),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'right way up, asked about a partition',
      text: json({ ...luks('sda3', '2', of('c', 'crypt', 'ext4', ['/'])) }),
      volumes: ['/ system on luks2'],
    },
    {
      name: 'a list with parents',
      text: json(
        { name: 'sda', type: 'disk', pkname: null, mountpoint: null },
        { name: 'sda1', type: 'part', pkname: 'sda', mountpoint: null, fstype: 'crypto_LUKS' },
        { name: 'c', type: 'crypt', pkname: 'sda1', mountpoint: '/' },
      ),
      volumes: ['/ system on null'],
    },
    {
      name: 'a list without parents, in which a volume may lie on either',
      text: json(
        { name: 'sda', type: 'disk', mountpoint: null, fstype: null },
        { name: 'sda1', type: 'part', mountpoint: null, fstype: 'LVM2_member' },
        { name: 'c', type: 'crypt', mountpoint: null, fstype: 'LVM2_member' },
        { name: 'vg-r', type: 'lvm', mountpoint: '/', fstype: 'ext4' },
      ),
      volumes: ['/ system unknown null'],
    },
    { name: 'a network disk', text: json(of('nbd0', 'disk', 'ext4', ['/'])), volumes: ['/ system unknown null'] },
    { name: 'none', text: json(), volumes: 'unreadable' },
    { name: 'cut', text: json(disk('sda', [of('sda1', 'part', 'ext4', ['/'])])).slice(0, 200), volumes: 'unreadable' },
    { name: 'no names', text: json({ name: '', type: 'disk', mountpoints: ['/'] }), volumes: 'unreadable' },
    { name: 'another document', text: '{"filesystems": [{"target": "/"}]}', volumes: 'unreadable' },
  ]
  test.each(cases)('$name', ({ text, volumes }) => {
    expect(read(text)).toEqual(volumes)
  })
})

const TREE = `NAME               MAJ:MIN RM   SIZE RO TYPE  MOUNTPOINTS
loop0                7:0    0    63M  1 loop  /snap/core20/1
nvme0n1            259:0    0 476,9G  0 disk  
├─nvme0n1p1        259:1    0   512M  0 part  /boot/efi
└─nvme0n1p2        259:2    0 476,4G  0 part  
  └─luks-1         253:0    0 476,4G  0 crypt 
    ├─fedora-root  253:1    0    70G  0 lvm   /
    └─fedora-home  253:2    0   400G  0 lvm   /home
                                              /srv
`
const ASCII = TREE.replaceAll('├─', '|-').replaceAll('└─', '`-')
const SIGNATURES = `NAME      FSTYPE      LABEL     UUID MOUNTPOINT
sda                                  
├─sda1    ext4        my boot   11   /boot
├─sda2    crypto_LUKS           22   
│ └─home  xfs         home      33   /home
└─sda3    ext4                  44   /
`

describe('tables and pairs', () => {
  test.each([
    { name: 'a tree', text: TREE, volumes: ['/ system on null', '/home data on null', '/srv data on null'] },
    { name: 'a tree in ASCII', text: ASCII, volumes: ['/ system on null', '/home data on null', '/srv data on null'] },
    {
      name: 'with carriage returns',
      text: ASCII.replaceAll('\n', '\r\n'),
      volumes: ['/ system on null', '/home data on null', '/srv data on null'],
    },
    {
      name: 'signatures, a label with a space',
      text: SIGNATURES,
      volumes: ['/home data on null', '/ system off null'],
    },
    {
      name: 'the name in another column',
      text: 'TYPE  MOUNTPOINT NAME\ndisk             sda\ncrypt /          `-c\n',
      volumes: ['/ system on null'],
    },
    {
      name: 'pairs without parents, all plain',
      text: 'NAME="sda" TYPE="disk" FSTYPE="" MOUNTPOINT=""\nNAME="sda1" TYPE="part" FSTYPE="LVM2_member" MOUNTPOINT=""\nNAME="vg-r" TYPE="lvm" FSTYPE="ext4" MOUNTPOINT="/"\n',
      volumes: ['/ system off null'],
    },
    {
      name: 'pairs with several mount points',
      text: 'NAME="sda" TYPE="disk" MAJ_MIN="8:0" MOUNTPOINTS=""\nNAME="c" TYPE="crypt" MAJ_MIN="253:0" MOUNTPOINTS="/\\x0a/home"\n',
      volumes: ['/ system on null', '/home data on null'],
    },
    {
      name: 'pairs after a complaint: what is missing is not known',
      text: 'lsblk: dm-0: failed to get device path\nNAME="sda1" TYPE="part" MOUNTPOINT="/"\n',
      volumes: 'unreadable',
    },
    { name: 'an unknown column', text: 'lsblk: unknown column: MOUNTPOINTS\n', volumes: 'unreadable' },
    { name: 'no column of mounts', text: 'NAME TYPE\nsda  disk\nc    crypt\n', volumes: 'unreadable' },
    {
      name: 'the raw form',
      text: 'NAME TYPE MOUNTPOINTS\nsda disk \nsda1 part /\nsda2 part /mnt/a\\x20b\n',
      volumes: ['/ system off null', '/mnt/a b data off null'],
    },
    {
      name: 'the raw form with parents',
      text: 'NAME PKNAME TYPE MOUNTPOINTS\nsda  disk \nsda1 sda part \nc sda1 crypt /\n',
      volumes: ['/ system on null'],
    },
    {
      name: 'the raw form, a layer of which is not told',
      text: 'NAME TYPE MOUNTPOINTS\nsda disk \nsda1 part \nc crypt \nv-r lvm /\n',
      volumes: ['/ system unknown null'],
    },
    { name: 'the raw form, cut', text: 'NAME TYPE MOUNTPOINTS\nsda disk \nsda1 part\n', volumes: 'unreadable' },
    {
      name: 'both columns of mounts',
      text: 'NAME="sda1" TYPE="part" MOUNTPOINT="/" MOUNTPOINTS="/"\n',
      volumes: ['/ system off null'],
    },
    { name: 'nothing', text: '', volumes: 'unreadable' },
    { name: 'another language', text: 'lsblk: Zugriff auf /sys/dev/block fehlgeschlagen\n', volumes: 'unreadable' },
  ])('$name', ({ text, volumes }) => {
    expect(read(text)).toEqual(volumes)
  })
})

test('damage never makes a plain disk encrypted, and nothing throws', () => {
  const plain = json(
    disk('sda', [
      of('sda1', 'part', 'ext4', ['/']),
      of('sda2', 'part', 'LVM2_member', [null], of('h', 'lvm', 'xfs', ['/home'])),
    ]),
  )
  const table =
    'NAME   MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS\nsda      8:0    0  20G  0 disk \n├─sda1   8:1    0   1G  0 part /boot\n└─sda2   8:2    0  19G  0 part /\n'
  const pairs = 'NAME="sda" TYPE="disk" MOUNTPOINT=""\nNAME="sda1" TYPE="part" MOUNTPOINT="/"\n'
  for (const text of [plain, table, pairs, SIGNATURES]) {
    for (let seed = 0; seed < 2500; seed++) {
      const volumes = read(mutated(text, seed))
      expect(typeof volumes === 'string' ? [] : volumes.filter((it) => it.startsWith('/ system on'))).toEqual([])
    }
  }
})

test('a tree without end is refused', () => {
  const deep = '{"blockdevices":['.concat('{"name":"a","children":['.repeat(20_000), ']}'.repeat(20_000), ']}')
  expect(read(deep)).toBe('unreadable')
  expect(read(`NAME TYPE MOUNTPOINT\n${'x'.repeat(100_000)}`)).toBe('unreadable')
})
