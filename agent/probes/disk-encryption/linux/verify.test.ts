import { describe, expect, test } from 'vitest'
import { crypt, type Laptop } from '../../../../test/fakes/disks.ts'
import { LUKS, NVME, ON_LVM, summaryOf, volumesOf } from '../../../../test/fakes/volumes.ts'

const TABLES = {
  real: 'root: 0 1669087 crypt aes-xts-plain64 :64:logon:cryptsetup:29abbee9-d0 0 259:6 32768\n',
  null: 'root: 0 1574879 crypt cipher_null-ecb 0 0 259:2 4096\n',
  begun: 'root: 0 32768 linear 259:2 1800159\nroot: 32768 1734623 linear 259:2 32768\n',
  half: 'root: 0 32768 linear 259:2 9\nroot: 32768 100 crypt aes-xts-plain64 00 0 259:2 32768\n',
  onePiece: 'root: 0 32768 linear 259:2 9\n',
  other: 'home: 0 32768 crypt aes-xts-plain64 00 0 259:2 9\n',
}

const header = (segments: string, more: { slot?: string; token?: string } = {}) =>
  [
    'LUKS header information\nVersion:       \t2\n',
    `Data segments:\n${segments}`,
    `Keyslots:\n  0: luks2\n\tKey:        512 bits\n${more.slot ?? ''}`,
    `Tokens:\n${more.token ?? ''}Digests:\n  0: pbkdf2\n`,
  ].join('\n')

const CRYPT = '  0: crypt\n\tcipher: aes-xts-plain64\n'
const LINEAR = '  0: linear\n\tcipher: (no SW encryption)\n'
const OPAL = '  0: hw-opal\n\tcipher: (no SW encryption)\n'

describe('what only root sees', () => {
  const cases: { name: string; table?: string; dump?: string; expected: string }[] = [
    { name: 'a real cipher', table: TABLES.real, expected: 'on luks2 null' },
    { name: 'a null cipher', table: TABLES.null, expected: 'off luks2 null' },
    { name: 'a first encryption that has begun', table: TABLES.begun, expected: 'encrypting luks2 null' },
    { name: 'a first encryption half-way', table: TABLES.half, expected: 'encrypting luks2 null' },
    {
      name: 'a decryption, by the header',
      table: TABLES.half,
      dump: header(LINEAR, { slot: '  1: reencrypt (unbound)\n\tMode:       decrypt\n' }),
      expected: 'decrypting luks2 passphrase',
    },
    {
      name: 'a change of keys, by the header',
      table: TABLES.onePiece,
      dump: header(CRYPT, { slot: '  1: reencrypt (unbound)\n\tMode:       reencrypt\n' }),
      expected: 'on luks2 passphrase',
    },
    { name: 'a table in one plain piece', table: TABLES.onePiece, expected: 'unknown luks2 null' },
    {
      name: 'a drive that encrypts by itself, by the header',
      table: TABLES.onePiece,
      dump: header(OPAL),
      expected: 'on opal passphrase',
    },
    { name: 'a table that lacks the mapping', table: TABLES.other, expected: 'on luks2 null' },
    { name: 'a table in another language', table: 'Keine Geräte gefunden\n', expected: 'on luks2 null' },
    {
      name: 'a TPM',
      table: TABLES.real,
      dump: header(CRYPT, { token: '  0: systemd-tpm2\n\tKeyslot:    1\n' }),
      expected: 'on luks2 hardware',
    },
    { name: 'a passphrase only', table: TABLES.real, dump: header(CRYPT), expected: 'on luks2 passphrase' },
    {
      name: 'clevis, which may be a server',
      table: TABLES.real,
      dump: header(CRYPT, { token: '  0: clevis\n\tKeyslot:    1\n' }),
      expected: 'on luks2 null',
    },
    { name: 'a header that is none', table: TABLES.real, dump: 'Gerät nicht gefunden', expected: 'on luks2 null' },
  ]
  test.each(cases)('$name', async ({ table, dump, expected }) => {
    const programs = [
      ...(table === undefined ? [] : [{ line: 'dmsetup table', stdout: table }]),
      ...(dump === undefined ? [] : [{ line: 'cryptsetup luksDump /dev/nvme0n1p3', stdout: dump }]),
    ]
    const { volumes, started } = await volumesOf({ ...ON_LVM, programs, privileged: true })
    const [system, swap] = volumes
    expect(`${system?.state} ${system?.method} ${system?.keyProtector}`).toBe(expected)
    expect({ ...swap, mount: '/', role: 'system' }).toEqual(system)
    expect(started.filter((line) => /^(dmsetup|cryptsetup)/.test(line)).length).toBeLessThanOrEqual(2)
  })

  test('a cipher is verified, or the volume says that it is not', async () => {
    const programs = [{ line: 'dmsetup table', stdout: TABLES.real }]
    const verified = await volumesOf({ ...ON_LVM, programs, privileged: true })
    expect(verified.volumes[0]).not.toHaveProperty('detail')
    expect(verified.source).toMatch(/dmsetup/)
    for (const refused of [
      { ...ON_LVM, privileged: false },
      { ...ON_LVM, privileged: null },
      { ...ON_LVM, privileged: null, programs: [{ line: 'dmsetup table', stdout: '', exitCode: 1 }] },
      { ...ON_LVM, privileged: true, programs: [{ line: 'dmsetup table', stdout: '' }] },
    ]) {
      const { volumes } = await volumesOf(refused)
      expect(volumes[0]).toMatchObject({ state: 'on', detail: expect.stringMatching(/^cipher not verified: /) })
    }
  })

  test('without rights no program is started, and of a plain disk only what might encrypt it otherwise', async () => {
    const user = await volumesOf({ ...ON_LVM, privileged: false })
    expect(user.started).toEqual([])
    expect(user.volumes[0]?.detail).toBe('cipher not verified: needs root')
    const plain = await volumesOf({ devices: NVME, mounts: ['nvme0n1p3 / ext4'], privileged: true })
    expect(plain.started).toEqual(['sedutil-cli --query /dev/nvme0', 'fscrypt status'])
    expect(plain.source).not.toMatch(/sedutil|fscrypt/)
  })

  test('a null cipher above a real one is encrypted', async () => {
    const devices = { ...LUKS, 'dm-1': crypt('upper', 'dm-0') }
    const stdout = `${TABLES.real}upper: 0 9 crypt cipher_null-ecb - 0 252:0 0\n`
    const programs = [{ line: 'dmsetup table', stdout }]
    expect(await summaryOf({ devices, mounts: ['dm-1 / ext4'], programs })).toEqual(['/ system on luks2'])
  })

  test('a mapping that VeraCrypt made is told by its table', async () => {
    const devices = { ...NVME, 'dm-0': { dm: { name: 'root', uuid: '' }, on: ['nvme0n1p3'] } }
    const programs = [{ line: 'dmsetup table', stdout: TABLES.real }]
    expect(await summaryOf({ devices, mounts: ['dm-0 / ext4'], programs })).toEqual(['/ system on dm-crypt'])
  })

  test('a re-encryption that a user sees only by its helper device is not known', async () => {
    const devices = { ...NVME, 'dm-1': crypt('root-overlay', 'nvme0n1p3', 'SUBDEV'), 'dm-0': crypt('root', 'dm-1') }
    expect(await summaryOf({ devices, mounts: ['dm-0 / ext4'] })).toEqual(['/ system unknown luks2'])
  })
})

const status = (...rows: string[]) =>
  ['/dev/mapper/root is active and is in use.', ...rows.map((row) => `  ${row}`), ''].join('\n')

const dump = (text: string) => ({ line: 'cryptsetup luksDump /dev/nvme0n1p3', stdout: text })

describe('cryptsetup in place of dmsetup', () => {
  const STATUS = 'cryptsetup status root'
  const real = status('type:    LUKS2', 'cipher:  aes-xts-plain64', 'keysize: 512 bits')
  const changing = status('type:    LUKS2', 'reencryption:  in-progress', 'cipher:  aes-xts-plain64')
  test.each([
    { name: 'a cipher', programs: [{ line: STATUS, stdout: real }], state: 'on', detail: undefined },
    {
      name: 'a null cipher',
      programs: [{ line: STATUS, stdout: real.replace('aes-xts-plain64', 'cipher_null-ecb') }],
      state: 'off',
      detail: 'the cipher of dm-0 is null: it stores plain text',
    },
    { name: 'a change that nobody explains', programs: [{ line: STATUS, stdout: changing }], state: 'unknown' },
    {
      name: 'a first encryption, by the header',
      programs: [
        { line: STATUS, stdout: changing },
        dump(header(LINEAR, { slot: '  1: reencrypt (unbound)\n\tMode:       encrypt\n' })),
      ],
      state: 'encrypting',
    },
    {
      name: 'a drive that encrypts, by the header',
      programs: [{ line: STATUS, stdout: status('type:    LUKS2', 'encryption: HW OPAL only') }, dump(header(OPAL))],
      state: 'on',
    },
    {
      name: 'not told',
      programs: [{ line: STATUS, stdout: '', exitCode: 4 }],
      state: 'on',
      detail: 'cipher not verified: not in the recording: dmsetup table',
    },
  ])('$name', async ({ programs, state, detail }) => {
    const { volumes } = await volumesOf({ ...ON_LVM, programs, privileged: true })
    expect(volumes[0]).toMatchObject({ state, ...(detail === undefined ? {} : { detail }) })
  })

  test('a user is not told, so it is not asked', async () => {
    const { started } = await volumesOf({ ...ON_LVM, privileged: false })
    expect(started).toEqual([])
  })
})

const list = (device: string) =>
  `Slot: 1\nVolume: /dev/nvme0n1p2\nVirtual Device: ${device}\nMount Directory: /data/v\nEncryption Algorithm: AES\n`

const drive = (flags: string) => ({
  line: 'sedutil-cli --query /dev/nvme0',
  stdout: `Locking function (0x0002)\n    ${flags}\n`,
})

describe('VeraCrypt and drives that encrypt by themselves', () => {
  const LIST = 'veracrypt --text --non-interactive --list --verbose'
  const OPEN: Laptop = {
    devices: { ...NVME, 'dm-0': { dm: { name: 'veracrypt1', uuid: '' }, on: ['nvme0n1p2'] } },
    mounts: ['nvme0n1p3 / ext4', 'dm-0 /data/v ext4'],
  }

  test('its word counts for its own mapping, where no table tells', async () => {
    for (const [device, expected] of [
      ['/dev/mapper/veracrypt1', 'on veracrypt'],
      ['/dev/mapper/veracrypt2', 'unknown null'],
    ] as const) {
      const programs = [{ line: LIST, stdout: list(device) }]
      expect(await summaryOf({ ...OPEN, privileged: false, programs })).toEqual([
        '/ system off null',
        `/data/v data ${expected}`,
      ])
    }
  })

  test('a table counts more', async () => {
    for (const [target, state] of [
      ['crypt aes-xts-plain64', 'on veracrypt'],
      ['linear', 'unknown null'],
    ] as const) {
      const programs = [
        { line: LIST, stdout: list('/dev/mapper/veracrypt1') },
        { line: 'dmsetup table', stdout: `veracrypt1: 0 9 ${target} 259:2 0\n` },
      ]
      const read = await summaryOf({ ...OPEN, programs })
      expect(read[1]).toBe(`/data/v data ${state}`)
    }
  })

  const YES = 'Locked = N, LockingEnabled = Y, LockingSupported = Y, MBRDone = Y, MBREnabled = Y, MediaEncrypt = Y'
  test.each([
    { flags: YES, expected: '/ system on opal' },
    { flags: YES.replace('MBREnabled = Y', 'MBREnabled = N'), expected: '/ system unknown null' },
    { flags: YES.replace('LockingEnabled = Y', 'LockingEnabled = N'), expected: '/ system off null' },
    { flags: '', expected: '/ system off null' },
  ])('a drive that says $flags', async ({ flags, expected }) => {
    const laptop: Laptop = { devices: NVME, mounts: ['nvme0n1p3 / ext4'], programs: [drive(flags)] }
    expect(await summaryOf({ ...laptop, privileged: true })).toEqual([expected])
    expect(await summaryOf({ ...laptop, privileged: false })).toEqual(['/ system off null'])
  })
})

const show = (sections: string) => ({
  line: 'bcachefs show-super /dev/nvme0n1p3',
  stdout: `Sections:   ${sections}\n`,
})

test('bcachefs without a key is as what it lies on, and with one nobody knows', async () => {
  const laptop: Laptop = { devices: NVME, mounts: ['nvme0n1p3 / bcachefs'] }
  for (const [sections, expected] of [
    ['members_v1,members_v2', '/ system off null'],
    ['members_v1,crypt,members_v2', '/ system unknown null'],
    ['', '/ system unknown null'],
  ] as const) {
    expect(await summaryOf({ ...laptop, programs: [show(sections)] })).toEqual([expected])
    const asUser = await summaryOf({ ...laptop, privileged: false, programs: [show(sections)] })
    expect(asUser).toEqual(['/ system unknown null'])
  }
})
