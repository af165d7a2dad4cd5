import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { readEfiFlag } from './linux.ts'
import { readSecureBoot } from './probe.ts'

const EFI = '/sys/firmware/efi/efivars'
const SECURE_BOOT = `${EFI}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`
const SETUP_MODE = `${EFI}/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c`
const SHIM = `${EFI}/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23`
const ON = '\u0006\0\0\0\u0001'
const OFF = '\u0006\0\0\0\0'
const TPM2 = { '/sys/class/tpm/tpm0/tpm_version_major': '2\n' }

const cases: readonly { name: string; laptop: Laptop; expected: object }[] = [
  {
    name: 'on, with a TPM',
    laptop: { files: { [SECURE_BOOT]: ON, [SETUP_MODE]: OFF, ...TPM2 } },
    expected: { enabled: true, tpm: '2.0' },
  },
  { name: 'off', laptop: { files: { [SECURE_BOOT]: OFF, ...TPM2 } }, expected: { enabled: false, tpm: '2.0' } },
  {
    name: 'on, but anyone may change the keys',
    laptop: { files: { [SECURE_BOOT]: ON, [SETUP_MODE]: ON } },
    expected: { enabled: false, tpm: 'none' },
  },
  {
    name: 'on, but shim checks nothing',
    laptop: { files: { [SECURE_BOOT]: ON, [SHIM]: ON } },
    expected: { enabled: false },
  },
  {
    name: 'a legacy BIOS',
    laptop: { files: { '/sys/firmware/acpi/x': '' } },
    expected: { enabled: false, tpm: 'none' },
  },
  {
    name: 'firmware without Secure Boot',
    laptop: { files: { [`${EFI}/BootOrder-x`]: OFF } },
    expected: { enabled: false },
  },
  {
    name: 'an old TPM and an old kernel',
    laptop: {
      files: { [SECURE_BOOT]: ON, '/sys/class/tpm/tpm0/device/caps': 'Manufacturer: 0x1\nTCG version: 1.2\n' },
    },
    expected: { tpm: '1.2' },
  },
  {
    name: 'a TPM 2.0 and an old kernel',
    laptop: { files: { [SECURE_BOOT]: ON, '/sys/class/tpm/tpm0/dev': '', '/sys/class/tpmrm/tpmrm0/dev': '' } },
    expected: { tpm: '2.0' },
  },
  {
    name: 'a TPM of a version to come',
    laptop: { files: { [SECURE_BOOT]: ON, '/sys/class/tpm/tpm0/tpm_version_major': '3' } },
    expected: { tpm: null },
  },
  { name: 'no TPM', laptop: { files: { [SECURE_BOOT]: ON }, folders: ['/sys/class/tpm'] }, expected: { tpm: 'none' } },
]

for (const { name, laptop: it, expected } of cases) {
  test(`secure boot: ${name}`, async () => {
    expect(await readSecureBoot(laptop(it))).toMatchObject({ kind: 'value', value: expected })
  })
}

const unknown: readonly { name: string; laptop: Laptop }[] = [
  { name: 'the variable is closed', laptop: { files: { [SECURE_BOOT]: ON }, denied: [SECURE_BOOT] } },
  { name: 'what shim does is closed', laptop: { files: { [SECURE_BOOT]: ON, [SHIM]: OFF }, denied: [SHIM] } },
  { name: 'the variable is broken off', laptop: { files: { [SECURE_BOOT]: '\u0006\0\0' } } },
  { name: 'SetupMode makes no sense', laptop: { files: { [SECURE_BOOT]: ON, [SETUP_MODE]: '' } } },
  {
    name: 'a kernel that keeps away from the firmware',
    laptop: { files: { '/sys/firmware/efi/systab': '' }, folders: [EFI] },
  },
  { name: 'variables that are not mounted', laptop: { files: { '/sys/firmware/efi/systab': '' } } },
  { name: 'a container', laptop: { files: {}, folders: ['/sys/firmware'] } },
  { name: 'a sandbox without /sys', laptop: { files: {} } },
]

for (const { name, laptop: it } of unknown) {
  test(`secure boot is not known: ${name}`, async () => {
    expect((await readSecureBoot(laptop(it))).kind).toBe('unreadable')
  })
}

test('a flag of the firmware is exactly five bytes', () => {
  for (const text of [
    '',
    '\u0001',
    ON.slice(1),
    `${ON}\n`,
    '\u0006\0\0\0\u0002',
    '00001',
    '\ufffd\0\0\0\u0001\u0001',
  ]) {
    expect(readEfiFlag(text).kind).toBe('unreadable')
  }
})
