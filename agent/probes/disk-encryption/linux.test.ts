import { describe, expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import { crypt, disk, fakeLaptop, logical, type Laptop } from '../../../test/fakes/disks.ts'
import { mutated } from '../../../test/fakes/mutations.ts'
import { BOOT, LUKS, NVME, ON_LVM, summaryOf, volumesOf } from '../../../test/fakes/volumes.ts'
import { readDiskEncryption } from './probe.ts'

const hasShape = parserOf(SIGNALS['disk-encryption'].value)

describe('what holds the bytes', () => {
  const cases: { name: string; laptop: Laptop; volumes: string[] }[] = [
    {
      name: 'a plain partition',
      laptop: { devices: NVME, mounts: ['nvme0n1p3 / ext4', ...BOOT] },
      volumes: ['/ system off null'],
    },
    {
      name: 'LVM on LUKS2, the kernel partition in the clear',
      laptop: ON_LVM,
      volumes: ['/ system on luks2', '/dev/dm-2 swap on luks2'],
    },
    {
      name: 'LUKS on one logical volume, the other plain',
      laptop: {
        devices: {
          ...NVME,
          'dm-0': logical('root', 'nvme0n1p3'),
          'dm-1': logical('home', 'nvme0n1p3'),
          'dm-2': crypt('c', 'dm-0'),
        },
        mounts: ['dm-2 / ext4', 'dm-1 /home xfs'],
      },
      volumes: ['/ system on luks2', '/home data off null'],
    },
    {
      name: 'a plain system beside an encrypted home and swap',
      laptop: {
        devices: {
          ...NVME,
          'dm-0': crypt('home', 'nvme0n1p2'),
          'dm-1': { dm: { name: 's', uuid: 'CRYPT-PLAIN-s' }, on: ['nvme0n1p3'] },
        },
        mounts: ['nvme0n1p1 / ext4', 'dm-0 /home ext4'],
        swaps: ['/dev/dm-1 partition 65532 0 -2'],
      },
      volumes: ['/ system off null', '/home data on luks2', '/dev/dm-1 swap on dm-crypt'],
    },
    {
      name: 'dm-integrity alone encrypts nothing',
      laptop: { devices: { ...NVME, 'dm-0': crypt('i', 'nvme0n1p3', 'INTEGRITY') }, mounts: ['dm-0 / ext4'] },
      volumes: ['/ system off null'],
    },
    {
      name: 'dm-verity alone encrypts nothing',
      laptop: { devices: { ...NVME, 'dm-0': crypt('v', 'nvme0n1p3', 'VERITY') }, mounts: ['dm-0 / ext4 x ro'] },
      volumes: ['/ system off null'],
    },
    {
      name: 'LUKS2 above dm-integrity',
      laptop: {
        devices: { ...NVME, 'dm-0': crypt('r_dif', 'nvme0n1p3', 'SUBDEV'), 'dm-1': crypt('r', 'dm-0') },
        mounts: ['dm-1 / ext4'],
      },
      volumes: ['/ system on luks2'],
    },
    {
      name: 'other kinds of encryption',
      laptop: {
        devices: {
          ...disk('sda', 6),
          'dm-0': crypt('a', 'sda1', 'LUKS1'),
          'dm-1': crypt('b', 'sda2', 'TCRYPT'),
          'dm-2': crypt('c', 'sda3', 'BITLK'),
          'dm-3': crypt('d', 'sda4', 'FVAULT2'),
          'dm-4': crypt('e', 'sda5', 'LUKS2-OPAL'),
          'dm-5': crypt('f', 'sda6', 'NEWKIND'),
        },
        mounts: ['dm-0 / ext4', 'dm-1 /b ext4', 'dm-2 /c ntfs3', 'dm-3 /d hfsplus', 'dm-4 /e ext4', 'dm-5 /f ext4'],
      },
      volumes: [
        '/ system on luks1',
        '/f data unknown null',
        '/b data on veracrypt',
        '/c data on bitlocker',
        '/d data on filevault',
        '/e data on opal',
      ],
    },
    {
      name: 'RAID of two encrypted disks',
      laptop: {
        devices: {
          ...disk('sda', 1),
          ...disk('sdb', 1),
          'dm-0': crypt('a', 'sda1'),
          'dm-1': crypt('b', 'sdb1'),
          md0: { on: ['dm-0', 'dm-1'] },
          md0p1: { of: ['md0', 1] },
        },
        mounts: ['md0p1 / ext4'],
      },
      volumes: ['/ system on luks2'],
    },
    {
      name: 'LUKS on RAID',
      laptop: {
        devices: { ...disk('sda', 1), ...disk('sdb', 1), md127: { on: ['sda1', 'sdb1'] }, 'dm-0': crypt('a', 'md127') },
        mounts: ['dm-0 / ext4'],
      },
      volumes: ['/ system on luks2'],
    },
    {
      name: 'RAID with one plain half',
      laptop: {
        devices: { ...disk('sda', 1), ...disk('sdb', 1), 'dm-0': crypt('a', 'sda1'), md0: { on: ['dm-0', 'sdb1'] } },
        mounts: ['md0 / ext4'],
      },
      volumes: ['/ system off null'],
    },
    {
      name: 'a cache on a plain disk before an encrypted one',
      laptop: {
        devices: { sda: {}, ...NVME, 'dm-0': crypt('a', 'sda'), bcache0: { on: ['dm-0', 'nvme0n1p3'] } },
        mounts: ['bcache0 / ext4'],
      },
      volumes: ['/ system off null'],
    },
    {
      name: 'btrfs on LUKS: a number of its own, two subvolumes, a bind mount',
      laptop: {
        devices: LUKS,
        mounts: [
          '0:33 / btrfs /dev/mapper/root',
          '0:33 /home btrfs /dev/mapper/root',
          '0:33 /var/lib/machines btrfs /dev/mapper/root',
        ],
        btrfs: [['dm-0']],
      },
      volumes: ['/ system on luks2', '/home data on luks2'],
    },
    {
      name: 'btrfs on two devices, the second plain',
      laptop: {
        devices: { ...LUKS, sda: {} },
        mounts: ['0:33 / btrfs /dev/mapper/root'],
        btrfs: [['sdz'], ['dm-0', 'sda']],
      },
      volumes: ['/ system off null'],
    },
    {
      name: 'btrfs whose members are not told',
      laptop: { devices: LUKS, mounts: ['0:33 / btrfs /dev/mapper/root'], btrfs: [] },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'bcachefs, plain as far as anybody sees, and on LUKS',
      laptop: { devices: LUKS, mounts: ['nvme0n1p2 / bcachefs', 'dm-0 /home bcachefs /dev/dm-0'] },
      volumes: ['/ system unknown null', '/home data on luks2'],
    },
    {
      name: 'a mapping without a uuid that can be read',
      laptop: {
        devices: { ...NVME, 'dm-0': { dm: { name: 'r', uuid: null }, on: ['nvme0n1p3'] } },
        mounts: ['dm-0 / ext4'],
      },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'a mapping with an empty uuid',
      laptop: {
        devices: { ...NVME, 'dm-0': { dm: { name: 'veracrypt1', uuid: '' }, on: ['nvme0n1p3'] } },
        mounts: ['dm-0 / ext4'],
      },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'devices in a circle',
      laptop: { devices: { md0: { on: ['md1'] }, md1: { on: ['md0'] } }, mounts: ['md0 / ext4'] },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'a device that nobody lists',
      laptop: { devices: NVME, mounts: ['259:9 / ext4 /dev/root'] },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'a disk on the network',
      laptop: { devices: { nbd0: {} }, mounts: ['nbd0 / ext4'] },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'a system in a file of another volume',
      laptop: {
        devices: { ...LUKS, loop0: { file: '/host/ubuntu.img' } },
        mounts: ['loop0 / ext4', 'nvme0n1p2 /host ntfs3'],
      },
      volumes: ['/ system off null', '/host data off null'],
    },
    {
      name: 'a system in a file that no longer has a path',
      laptop: { devices: { loop0: { file: '/root.img' } }, mounts: ['loop0 / ext4'] },
      volumes: ['/ system unknown null'],
    },
    {
      name: 'an encrypted container file does not make the disk encrypted, nor count',
      laptop: {
        devices: { ...NVME, loop0: { file: '/vault.img' }, 'dm-0': crypt('vault', 'loop0') },
        mounts: ['nvme0n1p3 / ext4', 'dm-0 /mnt ext4 /dev/mapper/vault'],
      },
      volumes: ['/ system off null', '/mnt removable on luks2'],
    },
    {
      name: 'snaps, sticks, discs and cards never decide; an inner data disk does',
      laptop: {
        devices: {
          ...LUKS,
          loop0: { file: '/s.snap' },
          ...disk('sda', 1, { removable: true }),
          ...disk('sdb', 1, { usb: true }),
          ...disk('sdc', 1),
          zram0: {},
          sr0: { removable: true },
        },
        mounts: [
          'dm-0 / ext4',
          'loop0 /snap/core squashfs',
          'sda1 /media/a vfat',
          'sdb1 /media/b ext4',
          'sdc1 /media/c ext4',
          'zram0 /var/tmp ext4',
          'sr0 /media/d udf x ro',
        ],
      },
      volumes: [
        '/ system on luks2',
        '/media/c data off null',
        '/media/a removable off null',
        '/media/b removable off null',
      ],
    },
    {
      name: 'an encrypted USB disk does not make the system encrypted',
      laptop: {
        devices: { ...NVME, ...disk('sdb', 1, { usb: true }), 'dm-0': crypt('stick', 'sdb1') },
        mounts: ['nvme0n1p3 / ext4', 'dm-0 /media/s ext4 /dev/mapper/stick'],
      },
      volumes: ['/ system off null', '/media/s removable on luks2'],
    },
    {
      name: 'swap with a random key beside a LUKS 1 system',
      laptop: {
        devices: {
          ...NVME,
          'dm-0': crypt('r', 'nvme0n1p3', 'LUKS1'),
          'dm-1': { dm: { name: 'cryptswap1', uuid: 'CRYPT-PLAIN-cryptswap1' }, on: ['nvme0n1p2'] },
        },
        mounts: ['dm-0 / ext4'],
        swaps: ['/dev/dm-1 partition 65532 0 -2'],
      },
      volumes: ['/ system on luks1', '/dev/dm-1 swap on dm-crypt'],
    },
    {
      name: 'a home on a USB disk is data all the same',
      laptop: { devices: { ...LUKS, ...disk('sdb', 1, { usb: true }) }, mounts: ['dm-0 / ext4', 'sdb1 /home ext4'] },
      volumes: ['/ system on luks2', '/home data off null'],
    },
    {
      name: 'mounts without a disk here are no volumes',
      laptop: {
        devices: LUKS,
        mounts: [
          'dm-0 / ext4',
          '0:22 /proc proc p',
          '0:40 /home nfs4 nas:/home',
          '0:41 /usr overlay ov',
          '0:42 /mnt fuse.sshfs /dev/mapper/root',
          '0:43 /tmp tmpfs t',
        ],
      },
      volumes: ['/ system on luks2'],
    },
    {
      name: 'an image-based system whose root is composefs',
      laptop: {
        devices: LUKS,
        mounts: [
          '0:30 / overlay composefs ro',
          '0:33 /sysroot btrfs /dev/mapper/root',
          '0:33 /etc btrfs /dev/mapper/root',
          '0:33 /var btrfs /dev/mapper/root',
        ],
        btrfs: [['dm-0']],
      },
      volumes: ['/ system on luks2', '/var data on luks2'],
    },
    {
      name: 'swap in a file, in memory, and in memory with a plain disk behind it',
      laptop: {
        devices: { ...LUKS, zram0: {}, zram1: {} },
        mounts: ['dm-0 / ext4'],
        swaps: [
          '/swap\\040file file 32764 0 -2',
          '/dev/zram0 partition 65532 0 100',
          '/dev/zram1 partition 65532 0 100',
        ],
        files: {
          '/sys/class/block/zram0/backing_dev': 'none\n',
          '/sys/class/block/zram1/backing_dev': '/dev/nvme0n1p2\n',
        },
      },
      volumes: ['/ system on luks2', '/dev/nvme0n1p2 swap off null', '/swap file swap on luks2'],
    },
    {
      name: 'a kernel without swap',
      laptop: { devices: LUKS, mounts: ['dm-0 / ext4'], swaps: null },
      volumes: ['/ system on luks2'],
    },
    {
      name: 'a table of swaps that makes no sense',
      laptop: { devices: LUKS, mounts: ['dm-0 / ext4'], swaps: ['Auslagerung'] },
      volumes: ['/ system on luks2', 'swap swap unknown null'],
    },
  ]
  test.each(cases)('$name', async ({ laptop, volumes }) => {
    const read = await summaryOf(laptop)
    expect(read).toEqual(volumes)
  })

  test('names the device that is plain', async () => {
    const { volumes } = await volumesOf({
      devices: { ...disk('sda', 1), ...disk('vdb', 1), 'dm-0': crypt('a', 'sda1'), md0: { on: ['dm-0', 'vdb1'] } },
      mounts: ['md0 / ext4'],
    })
    expect(volumes[0]?.detail).toBe('vdb1 is not encrypted (encryption by the host of a virtual disk cannot be seen)')
  })

  test('keeps what fails when there are more volumes than a fact may hold', async () => {
    const many = Array.from({ length: 100 }, (_, at) => [`dm-${at + 1}`, crypt(`c${at}`, 'nvme0n1p3')] as const)
    const { volumes } = await volumesOf({
      devices: { ...LUKS, ...Object.fromEntries(many), sda: {} },
      mounts: ['dm-0 / ext4', ...many.map(([name]) => `${name} /data/${name} ext4`), 'sda /data/last ext4'],
    })
    expect(volumes).toHaveLength(64)
    expect(volumes[1]).toMatchObject({ mount: '/data/last', state: 'off' })
  })
})

test('the mark that Docker leaves on a disk does not make a machine a container', async () => {
  const laptop = { devices: NVME, mounts: ['nvme0n1p3 / ext4'], files: { '/.dockerenv': '' } }
  expect(await summaryOf(laptop)).toEqual(['/ system off null'])
})

describe('what is no value', () => {
  const cases: { name: string; laptop: Laptop; kind: string; why: RegExp }[] = [
    {
      name: 'a container by its mark',
      laptop: { devices: NVME, mounts: ['nvme0n1p3 / ext4'], files: { '/run/.containerenv': '' } },
      kind: 'unsupported',
      why: /container/,
    },
    { name: 'an overlay', laptop: { mounts: ['0:30 / overlay overlay'] }, kind: 'unsupported', why: /layers/ },
    {
      name: 'composefs without a system disk',
      laptop: { mounts: ['0:30 / overlay composefs'] },
      kind: 'unsupported',
      why: /layers/,
    },
    {
      name: 'an overlay that is not composefs above a plain sysroot',
      laptop: { devices: NVME, mounts: ['0:30 / overlay overlay', 'nvme0n1p3 /sysroot ext4'] },
      kind: 'unsupported',
      why: /layers/,
    },
    { name: 'a root in memory', laptop: { mounts: ['0:30 / tmpfs tmpfs'] }, kind: 'unsupported', why: /in memory/ },
    {
      name: 'a root on the network',
      laptop: { mounts: ['0:30 / nfs4 nas:/root'] },
      kind: 'unsupported',
      why: /network/,
    },
    { name: 'a root of a new kind', laptop: { mounts: ['0:30 / newfs /dev/dm-0'] }, kind: 'unreadable', why: /newfs/ },
    { name: 'no root', laptop: { devices: NVME, mounts: ['nvme0n1p3 /home ext4'] }, kind: 'unreadable', why: /root/ },
    { name: 'no mounts', laptop: { mounts: [] }, kind: 'unreadable', why: /empty/ },
    { name: 'no block device', laptop: { mounts: ['8:1 / ext4'] }, kind: 'unreadable', why: /partitions/ },
  ]
  test.each(cases)('$name', async ({ laptop, kind, why }) => {
    const fact = await readDiskEncryption(fakeLaptop(laptop).host)
    expect(fact).toMatchObject({ kind, why: expect.stringMatching(why) })
  })

  test.each(['macos', 'windows'] as const)('%s is not read yet', async (platform) => {
    const { host } = fakeLaptop({ mounts: [] })
    expect(await readDiskEncryption({ ...host, platform })).toMatchObject({ kind: 'unreadable' })
  })
})

const LSBLK = 'lsblk -J -o NAME,KNAME,TYPE,FSTYPE,FSVER,UUID,MOUNTPOINTS,RM,TRAN'
const listed = (mount: string, type = 'crypt') =>
  JSON.stringify({
    blockdevices: [
      {
        name: 'sda',
        kname: 'sda',
        type: 'disk',
        fstype: 'crypto_LUKS',
        fsver: '2',
        mountpoints: [null],
        children: [{ name: 'root', kname: 'dm-0', type, fstype: 'ext4', fsver: '1.0', mountpoints: [mount] }],
      },
    ],
  })
const HIDDEN: Laptop = { mounts: ['252:0 / ext4 /dev/mapper/root'], files: { '/proc/partitions': null } }
const table = (cipher: string) => ({ line: 'dmsetup table', stdout: `root: 0 9 crypt ${cipher} 00 0 8:0 0\n` })

describe('where files do not show the devices', () => {
  const cases: { name: string; programs: Laptop['programs']; volumes: string[] }[] = [
    { name: 'lsblk shows them', programs: [{ line: LSBLK, stdout: listed('/') }], volumes: ['/ system on luks2'] },
    {
      name: 'and the cipher is verified all the same',
      programs: [{ line: LSBLK, stdout: listed('/') }, table('cipher_null-ecb')],
      volumes: ['/ system off luks2'],
    },
    {
      name: 'an older lsblk shows them',
      programs: [
        { line: LSBLK, stdout: '', exitCode: 1 },
        { line: 'lsblk -J -o NAME,KNAME,TYPE,FSTYPE,UUID,MOUNTPOINT,RM,TRAN', stdout: '', exitCode: 1 },
        { line: 'lsblk', stdout: 'NAME     TYPE  MOUNTPOINT\nsda      disk\n`-root   crypt /\n' },
      ],
      volumes: ['/ system on null'],
    },
    {
      name: 'lsblk does not show the system',
      programs: [{ line: LSBLK, stdout: listed('/mnt') }],
      volumes: ['/ system unknown null', '/mnt data on luks2'],
    },
  ]
  test.each(cases)('$name', async ({ programs = [], volumes }) => {
    expect(await summaryOf({ ...HIDDEN, programs })).toEqual(volumes)
  })

  test('where sysfs cannot be read', async () => {
    const laptop: Laptop = {
      devices: NVME,
      mounts: ['nvme0n1p3 / ext4'],
      files: { '/sys/class/block/nvme0n1p3/uevent': null },
      programs: [{ line: LSBLK, stdout: listed('/') }],
    }
    expect(await summaryOf(laptop)).toEqual(['/ system on luks2'])
  })

  test('and lsblk shows none either', async () => {
    for (const stdout of ['{"blockdevices": []}', '', listed('/').slice(0, 90)]) {
      const { host } = fakeLaptop({ ...HIDDEN, programs: [{ line: LSBLK, stdout }] })
      expect(await readDiskEncryption(host)).toMatchObject({ kind: 'unreadable' })
    }
  })

  test('it is not asked where sysfs shows them', async () => {
    const { started } = await volumesOf({ ...ON_LVM, programs: [{ line: LSBLK, stdout: listed('/', 'part') }] })
    expect(started).not.toContain(LSBLK)
  })
})

/** A pool of one device. */
const pool = (leaf: string) =>
  `  pool: r\n state: ONLINE\nconfig:\n\n\tNAME  STATE READ\n\tr  ONLINE 0\n\t  ${leaf}  ONLINE 0\n\nerrors: x\n`

describe('ZFS', () => {
  const GET = 'zfs get -H -o name,property,value encryption,keystatus,encryptionroot,keyformat'
  const STATUS = 'zpool status -L -P'
  const ENCRYPTED = 'r/root\tencryption\taes-256-gcm\nr/root\tkeystatus\tavailable\nr/root\tkeyformat\tpassphrase\n'
  const BARE = 'r/root\tencryption\toff\nr/root\tkeystatus\t-\n'
  const cases: { name: string; get?: string; status?: string; expected: string }[] = [
    { name: 'encrypts by itself', get: ENCRYPTED, expected: 'on zfs passphrase' },
    { name: 'does not say', get: 'r/root\tencryption\t-\n', expected: 'unknown null null' },
    { name: 'is not there', expected: 'unknown null null' },
    { name: 'is plain on a plain disk', get: BARE, status: pool('/dev/nvme0n1p2'), expected: 'off null null' },
    { name: 'is plain on LUKS', get: BARE, status: pool('/dev/dm-0'), expected: 'on luks2 null' },
    { name: 'is plain on something unknown', get: BARE, status: pool('12345678901234'), expected: 'unknown null null' },
    { name: 'is plain, and nobody tells where', get: BARE, expected: 'unknown null null' },
  ]
  test.each(cases)('$name', async ({ get, status, expected }) => {
    const { volumes } = await volumesOf({
      devices: LUKS,
      mounts: ['0:33 / zfs r/root'],
      privileged: false,
      programs: [
        ...(get === undefined ? [] : [{ line: `${GET} r/root`, stdout: get }]),
        ...(status === undefined ? [] : [{ line: STATUS, stdout: status }]),
      ],
    })
    const [system] = volumes
    expect(`${system?.state} ${system?.method} ${system?.keyProtector}`).toBe(expected)
  })

  test('datasets of one pool that are alike are told once, one that differs is told', async () => {
    const datasets = ['r/root', 'r/home', 'r/a', 'r/b', 'r/c']
    const stdout = datasets
      .map((name) => (name === 'r/c' ? `${name}\tencryption\t-\n` : ENCRYPTED.replaceAll('r/root', name)))
      .join('')
    const read = await summaryOf({
      devices: NVME,
      mounts: ['0:1 / zfs r/root', '0:2 /home zfs r/home', '0:3 /a zfs r/a', '0:4 /b zfs r/b', '0:5 /c zfs r/c'],
      programs: [{ line: `${GET} ${datasets.join(' ')}`, stdout }],
    })
    expect(read).toEqual(['/ system on zfs', '/c data unknown null', '/home data on zfs'])
  })
})

describe('broken input', () => {
  const PATHS = new Set(['/proc/self/mountinfo', '/proc/swaps', '/proc/partitions'])

  test('never throws, and never makes a plain disk encrypted', async () => {
    const { host } = fakeLaptop({
      devices: { ...NVME, 'dm-0': logical('vg-root', 'nvme0n1p3') },
      mounts: ['dm-0 / ext4 /dev/mapper/vg-root', ...BOOT, 'dm-0 /home ext4'],
      swaps: ['/swap file 1 0 -2'],
    })
    for (let seed = 0; seed < 2000; seed++) {
      const fact = await readDiskEncryption({
        ...host,
        async readFile(path, options) {
          const file = await host.readFile(path, options)
          const isHit = file.ok && (PATHS.has(path) ? seed % 2 === 0 : seed % 2 === 1)
          return isHit ? { ok: true, text: mutated(file.text, seed) } : file
        },
      })
      if (fact.kind !== 'value') continue
      expect(hasShape(fact.value)).toMatchObject({ ok: true })
      expect(fact.value.volumes.filter(({ state }) => state === 'on')).toEqual([])
    }
  })

  test('a host that answers nothing is unreadable', async () => {
    const { host } = fakeLaptop({ mounts: [] })
    const fact = await readDiskEncryption({
      ...host,
      readFile: async (path) => ({ ok: false, reason: 'denied', why: `${path} may not be read` }),
    })
    expect(fact).toMatchObject({ kind: 'unreadable', why: '/proc/self/mountinfo may not be read (needs root)' })
  })
})
