import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readShowSuper } from './bcachefs.ts'

const superblock = (sections: string, more = '') => `External UUID:                              1234
Version:                                    1.7: mi_btree_bitmap
Sections:                                   ${sections}
Features:                                   zstd,journal_seq_blacklist_v3

members_v2 (size 136):
  Device:                                   0
${more}`
const CRYPT = 'crypt (size 64):\n  KFD:               0\n'

describe('readShowSuper', () => {
  test.each([
    { name: 'plain', stdout: superblock('members_v1,replicas_v0,clean,members_v2'), hasKey: false },
    { name: 'with a key', stdout: superblock('members_v1,crypt,members_v2', CRYPT), hasKey: true },
    { name: 'with a key that its list lacks', stdout: superblock('members_v2', CRYPT), hasKey: true },
  ])('$name', ({ stdout, hasKey }) => {
    expect(readShowSuper(stdout)).toEqual({ kind: 'value', value: { hasKey } })
    expect(readShowSuper(stdout.replaceAll('\n', '\r\n'))).toEqual({ kind: 'value', value: { hasKey } })
  })

  test.each(['', 'Error opening /dev/sda1: Permission denied\n', superblock(''), superblock('cry'), superblock('ext')])(
    'unreadable: %j',
    (stdout) => {
      expect(readShowSuper(stdout)).toMatchObject({ kind: 'unreadable' })
    },
  )

  test('damage never throws', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const told = readShowSuper(mutated(superblock('members_v1,members_v2'), seed))
      expect(told).not.toMatchObject({ value: { hasKey: true } })
    }
  })
})
