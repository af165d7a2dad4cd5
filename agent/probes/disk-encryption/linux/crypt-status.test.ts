import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readCryptStatus } from './crypt-status.ts'

const open = (...rows: string[]) =>
  ['/dev/mapper/r is active and is in use.', ...rows.map((row) => `  ${row}`), ''].join('\n')
const crypt = (type: string, cipher = 'aes-xts-plain64', ...more: string[]) =>
  open(`type:    ${type}`, `cipher:  ${cipher}`, 'keysize: 512 bits', 'device:  /dev/sda3', ...more)

describe('readCryptStatus', () => {
  test.each([
    { name: 'LUKS 2', stdout: crypt('LUKS2'), status: { method: 'luks2', state: 'on' } },
    { name: 'LUKS 1', stdout: crypt('LUKS1', 'aes-cbc-essiv:sha256'), status: { method: 'luks1', state: 'on' } },
    {
      name: 'a warning before it',
      stdout: `WARNING: Locking directory /run/cryptsetup is missing!\n${crypt('LUKS2')}`,
      status: { method: 'luks2', state: 'on' },
    },
    { name: 'plain', stdout: crypt('PLAIN'), status: { method: 'dm-crypt', state: 'on' } },
    { name: 'VeraCrypt', stdout: crypt('TCRYPT'), status: { method: 'veracrypt', state: 'on' } },
    { name: 'BitLocker', stdout: crypt('BITLK', 'aes-cbc-elephant'), status: { method: 'bitlocker', state: 'on' } },
    { name: 'FileVault', stdout: crypt('FVAULT2'), status: { method: 'filevault', state: 'on' } },
    {
      name: 'the newest words, not in use',
      stdout: '/dev/mapper/r is active.\n  type:    LUKS2\n  cipher:  aes-xts-plain64\n  keysize: 512 [bits]\n',
      status: { method: 'luks2', state: 'on' },
    },
    {
      name: 'the oldest, without a type',
      stdout: '/dev/mapper/r is active:\n  cipher:  aes-cbc-essiv:sha256\n  keysize: 256 bits\n',
      status: { method: null, state: 'on' },
    },
    {
      name: 'suspended, its key wiped',
      stdout: crypt('LUKS2', 'aes-xts-plain64', 'mode:    read/write (suspended)'),
      status: { state: 'locked' },
    },
    { name: 'a null cipher', stdout: crypt('LUKS1', 'cipher_null-ecb'), status: { method: 'luks1', state: 'off' } },
    {
      name: 'being changed',
      stdout: open('type:    LUKS2', 'reencryption:  in-progress', 'cipher:  aes-xts-plain64', 'keysize: 512 bits'),
      status: { method: 'luks2', state: null },
    },
    {
      name: 'the drive alone encrypts',
      stdout: open('type:    LUKS2', 'encryption: HW OPAL only', 'OPAL keysize: 256 [bits]'),
      status: { method: 'opal', state: 'on', mapping: { state: null, passesOn: true, segments: 1 } },
    },
    { name: 'no key', stdout: crypt('LUKS2').replace('512', '0'), status: { state: null } },
    { name: 'integrity', stdout: open('type:    INTEGRITY'), status: { method: null, state: null } },
    { name: 'integrity, with words of a cipher', stdout: crypt('INTEGRITY'), status: { method: null, state: null } },
    { name: 'a logical volume', stdout: open('type:    n/a'), status: { method: null, state: null } },
    { name: 'a type of a new kind', stdout: crypt('LUKS3'), status: { method: null, state: null } },
  ])('$name', ({ stdout, status }) => {
    expect(readCryptStatus(stdout)).toMatchObject({ kind: 'value', value: status })
    expect(readCryptStatus(stdout.replaceAll('\n', '\r\n'))).toMatchObject({ kind: 'value', value: status })
  })

  test.each([
    '',
    '/dev/mapper/r is inactive.\n',
    'Device r not found\n',
    'Cannot initialize device-mapper, running as non-root user.\n',
    '/dev/mapper/r ist aktiv und wird benutzt.\n  Typ: LUKS2\n',
    '  type:    LUKS2\n  cipher:  aes-xts-plain64\n  keysize: 512 bits\n',
  ])('unreadable: %j', (stdout) => {
    expect(readCryptStatus(stdout)).toMatchObject({ kind: 'unreadable' })
  })

  test('damage never makes a mapping encrypted that is not', () => {
    for (const stdout of [crypt('LUKS1', 'cipher_null-ecb'), open('type:    INTEGRITY'), open('type:    n/a')]) {
      for (let seed = 0; seed < 3400; seed++) {
        const status = readCryptStatus(mutated(stdout, seed))
        // A cipher whose name was cut is one that nobody knows.
        expect(status.kind === 'value' ? status.value.state : null).not.toBe('on')
      }
    }
  })
})
