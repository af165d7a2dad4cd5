import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { isOnDisk, mountHolding, readMountinfo, readSwaps, systemMount, type Mount } from './mounts.ts'

const ROOT = '36 31 8:2 / / rw,relatime shared:1 master:2 - ext4 /dev/sda2 rw,errors=remount-ro\n'

describe('readMountinfo', () => {
  test.each([
    { name: 'optional fields', text: ROOT, mount: { point: '/', number: '8:2', source: '/dev/sda2', readOnly: false } },
    {
      name: 'no optional fields',
      text: '1 1 8:2 / / rw - ext4 /dev/sda2 ro',
      mount: { fsType: 'ext4', readOnly: true },
    },
    {
      name: 'a sandbox that sees it read-only',
      text: '1 1 8:2 / /home ro - ext4 /dev/sda2 rw',
      mount: { readOnly: false },
    },
    {
      name: 'escapes',
      text: '1 1 8:2 / /a\\040b\\134 rw - vfat /dev/x\\011y rw',
      mount: { point: '/a b\\', source: '/dev/x\ty' },
    },
    { name: 'no source', text: '1 1 0:9 / /mnt rw - tmpfs  rw', mount: { source: '' } },
  ])('$name', ({ text, mount }) => {
    expect(readMountinfo(text)).toMatchObject({ kind: 'value', value: [mount] })
  })

  test.each([
    '',
    '\n',
    ROOT.slice(0, 40),
    `${ROOT}garbage\n`,
    'Zugriff verweigert',
    '1 1 x:y / / rw - ext4 /dev/sda2 rw',
  ])('unreadable: %j', (text) => {
    expect(readMountinfo(text)).toMatchObject({ kind: 'unreadable' })
  })
})

describe('readSwaps', () => {
  const HEADING = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
  test.each([
    { text: HEADING, swaps: [] },
    {
      text: `${HEADING}/dev/dm-2                 partition\t65532\t\t0\t\t-2\n`,
      swaps: [{ path: '/dev/dm-2', kind: 'partition' }],
    },
    { text: `${HEADING}/a\\040b file 1 0 -2\n`, swaps: [{ path: '/a b', kind: 'file' }] },
  ])('$text', ({ text, swaps }) => {
    expect(readSwaps(text)).toEqual({ kind: 'value', value: swaps })
  })

  test.each(['', 'Datei Typ', `${HEADING}x partition`, `${HEADING}/dev/sda2 volume`])('unreadable: %j', (text) => {
    expect(readSwaps(text)).toMatchObject({ kind: 'unreadable' })
  })
})

const mount = (point: string, number = '8:1', fsType = 'ext4', source = '/dev/sda1'): Mount => {
  return { point, number, fsType, source, readOnly: false }
}

test('a file lies on the innermost mount, and on the later of two', () => {
  const mounts = [mount('/', '8:1'), mount('/home', '8:2'), mount('/home', '8:3'), mount('/homes', '8:4')]
  expect(mountHolding('/home/a/swap', mounts)?.number).toBe('8:3')
  expect(mountHolding('/swap', mounts)?.number).toBe('8:1')
  expect(mountHolding('/swap', [mount('/home')])).toBeNull()
})

test('the last root is the one in use', () => {
  const mounts = [mount('/', '0:2', 'rootfs', 'rootfs'), mount('/', '8:1')]
  expect(systemMount(mounts)).toMatchObject({ kind: 'value', value: { number: '8:1' } })
  expect(systemMount(mounts.toReversed())).toMatchObject({ kind: 'unsupported' })
})

test('only the kernel names what lies on a disk', () => {
  expect(isOnDisk(mount('/', '0:33', 'btrfs'))).toBe(true)
  expect(isOnDisk(mount('/', '0:33', 'fuse.zfs', '/dev/sda1'))).toBe(false)
})

test('broken tables never throw', () => {
  for (let seed = 0; seed < 10_000; seed++) {
    expect(() => {
      const mounts = readMountinfo(mutated(ROOT.repeat(3), seed))
      if (mounts.kind === 'value') systemMount(mounts.value)
      readSwaps(mutated('Filename Type\n/dev/dm-2 partition 1 0 -2\n', seed))
    }).not.toThrow()
  }
})
