import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readFolderStatus, readFscryptMounts } from './fscrypt.ts'

const folder = (unlocked: string) => `"/home/eve" is encrypted with fscrypt.

Policy:   0123456789abcdef0123456789abcdef
Options:  padding:32  contents:AES_256_XTS  filenames:AES_256_CTS  policy_version:2
Unlocked: ${unlocked}

Protected with 1 protector:
PROTECTOR         LINKED   DESCRIPTION
1111222233334444  Yes (/)  login protector for eve
`

describe('one folder', () => {
  test.each([
    { unlocked: 'Yes', state: 'on' },
    { unlocked: 'No', state: 'locked' },
    { unlocked: 'Partially (incompletely locked)', state: 'on' },
    { unlocked: 'Partially (incompletely locked, or unlocked by another user)', state: 'on' },
  ])('$unlocked: $state', ({ unlocked, state }) => {
    const told = { kind: 'value', value: { path: '/home/eve', state } }
    expect(readFolderStatus(folder(unlocked))).toEqual(told)
    expect(readFolderStatus(folder(unlocked).replaceAll('\n', '\r\n'))).toEqual(told)
  })

  test.each([
    '',
    '[ERROR] fscrypt status: file or directory "/home/bob" is not encrypted\n',
    '[ERROR] fscrypt status: open /home/eve: permission denied\n',
    'ext4 filesystem "/" has 1 protector and 1 policy.\n\nPOLICY            UNLOCKED  PROTECTORS\n0123456789abcdef  Yes       1111222233334444\n',
    folder('Unknown'),
    folder('Ja'),
    folder('Yes').replace(/^Policy.*\n/m, ''),
    folder('Yes').split('Unlocked')[0] ?? '',
  ])('unreadable: %j', (stdout) => {
    expect(readFolderStatus(stdout)).toMatchObject({ kind: 'unreadable' })
  })

  test('damage never makes a folder encrypted', () => {
    const bare = '[ERROR] fscrypt status: file or directory "/home/bob" is not encrypted\n'
    for (let seed = 0; seed < 10_000; seed++) {
      expect(readFolderStatus(mutated(bare, seed)).kind).toBe('unreadable')
    }
  })
})

const TABLE = `filesystems supporting encryption: 2
filesystems with fscrypt metadata: 1

MOUNTPOINT  DEVICE          FILESYSTEM  ENCRYPTION     FSCRYPT
/           /dev/nvme0n1p2  ext4        supported      Yes
/boot/efi   /dev/nvme0n1p1  vfat        not supported  No
/data       /dev/sda1       ext4        not enabled    No
/more       /dev/sdb1       f2fs        supported      No
`

describe('all file systems', () => {
  test('those that are set up', () => {
    expect(readFscryptMounts(TABLE)).toEqual({ kind: 'value', value: ['/'] })
    expect(readFscryptMounts(TABLE.replace('      Yes', '      No'))).toEqual({ kind: 'value', value: [] })
  })

  test.each(['', 'fscrypt: command not found\n', TABLE.replace('FSCRYPT', 'VERSCHLÜSSELT')])(
    'unreadable: %j',
    (stdout) => {
      expect(readFscryptMounts(stdout)).toMatchObject({ kind: 'unreadable' })
    },
  )

  test('damage never throws, and sets nothing up', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const mounts = readFscryptMounts(mutated(TABLE.replace('      Yes', '      No'), seed))
      expect(mounts.kind === 'value' ? mounts.value : []).toEqual([])
    }
  })
})
