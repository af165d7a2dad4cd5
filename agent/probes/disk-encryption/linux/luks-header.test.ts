import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readLuksDump } from './luks-header.ts'

const luks1 = (cipher: string) =>
  `LUKS header information for /dev/sda3\n\nVersion:       \t1\nCipher name:   \t${cipher}\nCipher mode:   \tecb\n`

const luks2 = ({
  segments = '  0: crypt\n\toffset: 16777216 [bytes]\n\tcipher: aes-xts-plain64\n',
  slots = '',
  tokens = '',
}) => `LUKS header information
Version:       \t2
Epoch:         \t3
Flags:       \t(no flags)

Data segments:
${segments}
Keyslots:
  0: luks2
\tKey:        512 bits
\tCipher:     aes-xts-plain64
\tSalt:       cd bb d8 9e
\t            f4 93 67 62
${slots}Tokens:
${tokens}Digests:
  0: pbkdf2
\tHash:       sha256
`

const reencrypt = (mode: string) => `  1: reencrypt (unbound)\n\tMode:       ${mode}\n\tDirection:  backward\n`
const token = (kind: string) => `  0: ${kind}\n\tKeyslot:    1\n`
const LINEAR = '  0: linear\n\tcipher: (no SW encryption)\n'
const BACKUP = '  1: linear\n\tcipher: (no SW encryption)\n\tflags : backup-previous\n'
const CRYPT = '  0: crypt\n\tcipher: aes-xts-plain64\n'

describe('readLuksDump', () => {
  test.each([
    { name: 'LUKS1', stdout: luks1('aes'), header: { method: 'luks1', state: null, keyProtector: null } },
    { name: 'LUKS1 with a null cipher', stdout: luks1('cipher_null'), header: { method: 'luks1', state: 'off' } },
    {
      name: 'LUKS2',
      stdout: luks2({}),
      header: { method: 'luks2', state: null, rekeying: false, keyProtector: 'passphrase' },
    },
    {
      name: 'a null cipher',
      stdout: luks2({ segments: '  0: crypt\n\tcipher: cipher_null-ecb\n' }),
      header: { state: 'off' },
    },
    {
      name: 'a first encryption',
      stdout: luks2({ segments: LINEAR, slots: reencrypt('encrypt') }),
      header: { state: 'encrypting' },
    },
    {
      name: 'a decryption',
      stdout: luks2({ segments: CRYPT, slots: reencrypt('decrypt') }),
      header: { state: 'decrypting' },
    },
    {
      name: 'a change of keys',
      stdout: luks2({ slots: reencrypt('reencrypt') }),
      header: { state: null, rekeying: true },
    },
    {
      name: 'a plain part that nothing explains',
      stdout: luks2({ segments: LINEAR }),
      header: { state: 'encrypting' },
    },
    { name: 'what was before', stdout: luks2({ segments: CRYPT + BACKUP }), header: { state: null } },
    {
      name: 'a drive that encrypts',
      stdout: luks2({ segments: '  0: hw-opal\n\tcipher: (no SW encryption)\n' }),
      header: { method: 'opal', state: null },
    },
    {
      name: 'drive and system encrypt',
      stdout: luks2({ segments: '  0: hw-opal-crypt\n\tcipher: aes-xts-plain64\n' }),
      header: { method: 'luks2', state: null },
    },
    { name: 'a TPM', stdout: luks2({ tokens: token('systemd-tpm2') }), header: { keyProtector: 'hardware' } },
    { name: 'a security key', stdout: luks2({ tokens: token('systemd-fido2') }), header: { keyProtector: 'hardware' } },
    { name: 'clevis', stdout: luks2({ tokens: token('clevis') }), header: { keyProtector: null } },
    { name: 'a recovery key', stdout: luks2({ tokens: token('systemd-recovery') }), header: { keyProtector: null } },
    { name: 'cut before the tokens', stdout: luks2({}).split('Tokens:')[0] ?? '', header: { keyProtector: null } },
  ])('$name', ({ stdout, header }) => {
    expect(readLuksDump(stdout)).toMatchObject({ kind: 'value', value: header })
    const noisy = `WARNING: Locking directory /run/cryptsetup is missing!\n${stdout}`.replaceAll('\n', '\r\n')
    expect(readLuksDump(noisy)).toMatchObject({ kind: 'value', value: header })
  })

  test.each([
    '',
    'Device /dev/nvme0n1p3 does not exist or access denied.\n',
    'LUKS header information\n',
    'LUKS header information\nVersion:       \t3\n',
    'LUKS header information\nVersion:       \t1\n',
    luks2({ segments: '' }),
    luks2({ segments: '  0: newkind\n\tcipher: x\n' }),
  ])('unreadable: %j', (stdout) => {
    expect(readLuksDump(stdout)).toMatchObject({ kind: 'unreadable' })
  })

  test('broken headers never throw, and a passphrase never becomes hardware', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const header = readLuksDump(mutated(luks2({ segments: LINEAR, slots: reencrypt('encrypt') }), seed))
      expect(header).not.toMatchObject({ value: { keyProtector: 'hardware' } })
    }
  })
})
