import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readBootctl, readKernelLog, readMokutil } from './boot-tools.ts'
import { readSecureBoot } from './probe.ts'

test.each([
  ['SecureBoot enabled\n', true],
  ['SecureBoot disabled\n', false],
  ['SecureBoot disabled\nPlatform is in Setup Mode\n', false],
  ['SecureBoot enabled\nPlatform is in Setup Mode\n', false],
  ['SecureBoot enabled\nSecureBoot validation is disabled in shim\n', false],
  ["This system doesn't support Secure Boot\n", false],
  ['EFI variables are not supported on this system\n', null],
  ['Cannot determine secure boot state.\n', null],
  ['SecureBoot enabled\nSecureBoot disabled\n', null],
  ['SecureBoot aktiviert\n', null],
  ['', null],
])('mokutil: %j is %s', (text, expected) => {
  const read = readMokutil(text)
  expect(read.kind === 'value' ? read.value.enabled : null).toBe(expected)
})

const bootctl = (...lines: string[]) =>
  ['\u001B[0mSystem:', '      Firmware: UEFI 2.70 (Example 1.00)', ...lines, '  TPM2 Support: yes', ''].join('\n')

test.each([
  [bootctl('   Secure Boot: enabled (user)'), true],
  [bootctl('   Secure Boot: \u001B[0;1;32menabled\u001B[0m (deployed)'), true],
  [bootctl('   Secure Boot: enabled', '    Setup Mode: user'), true],
  [bootctl('   Secure Boot: enabled', '    Setup Mode: setup'), false],
  [bootctl('   Secure Boot: disabled (setup)'), false],
  [bootctl('   Secure Boot: disabled (unsupported)'), false],
  [bootctl('   Secure Boot: unknown'), null],
  [bootctl('   Secure Boot: enabled (user)', '   Secure Boot: disabled'), null],
  ['System:\n     Not booted with EFI\n', null],
  ['', null],
])('bootctl: %j is %s', (text, expected) => {
  const read = readBootctl(text)
  expect(read.kind === 'value' ? read.value.enabled : null).toBe(expected)
})

test('bootctl tells of a TPM 2.0, or of none that is known', () => {
  const text = bootctl('   Secure Boot: enabled')
  expect(readBootctl(text)).toMatchObject({ value: { tpm: '2.0' } })
  expect(readBootctl(text.replace('yes', 'firmware only, driver unavailable'))).toMatchObject({ value: { tpm: null } })
})

const log = (...messages: string[]) =>
  ['Linux version 6.12.0', ...messages, 'x'].map((it, at) => `[    ${at}.000000] ${it}\n`).join('')

test.each([
  [log('secureboot: Secure boot enabled'), true],
  [log('Secure boot enabled'), true],
  [log('secureboot: Secure boot disabled'), false],
  [log('secureboot: Secure boot enabled').replaceAll('[', 'kern  :info  : ['), true],
  [log('secureboot: Secure boot could not be determined (mode 0)'), null],
  [log('usb 1-1: Product: Secure boot enabled'), null],
  [log('integrity: Loaded X.509 cert "Secure Boot Signing: 0a1b"'), null],
  [log('Secure boot enabled', 'Secure boot disabled'), null],
  ['dmesg: read kernel buffer failed: Operation not permitted\n', null],
  ['', null],
])('dmesg: %j is %s', (text, expected) => {
  const read = readKernelLog(text)
  expect(read.kind === 'value' ? read.value.enabled : null).toBe(expected)
})

test('dmesg tells of the TPM that the kernel found', () => {
  const text = log('Secure boot disabled', 'tpm_tis MSFT0101:00: 2.0 TPM (device-id 0x1B, rev-id 22)')
  expect(readKernelLog(text)).toMatchObject({ value: { tpm: '2.0' } })
  expect(readKernelLog(text.replace('2.0 TPM', '1.2 TPM'))).toMatchObject({ value: { tpm: '1.2' } })
  const crb = (message: string) => readKernelLog(log('Secure boot disabled', `tpm_crb MSFT0101:00: ${message}`))
  expect(crb('Disabling hwrng')).toMatchObject({ value: { tpm: '2.0' } })
  expect(crb('probe with driver tpm_crb failed with error -16')).toMatchObject({ value: { tpm: null } })
  expect(readKernelLog(log('Secure boot disabled', 'ima: No TPM chip found'))).toMatchObject({ value: { tpm: null } })
})

test('mokutil and bootctl are asked only where the variables cannot be seen', async () => {
  const files = { '/sys/firmware/efi/systab': '' }
  const folders = ['/sys/firmware/efi/efivars']
  const programs = { 'mokutil --sb-state': { stdout: 'SecureBoot enabled\n' } }
  const hidden = laptop({ files, folders, programs })
  expect(await readSecureBoot(hidden)).toMatchObject({ kind: 'value', value: { enabled: true } })
  const bios = laptop({ files: { '/sys/firmware/acpi/x': '' }, programs })
  expect(await readSecureBoot(bios)).toMatchObject({ kind: 'value', value: { enabled: false } })
  expect([hidden.ran.length, bios.ran.length]).toEqual([1, 0])
  const other = laptop({
    files,
    folders,
    programs: { 'bootctl status --no-pager': { stdout: bootctl('   Secure Boot: disabled') } },
  })
  expect(await readSecureBoot(other)).toMatchObject({
    kind: 'value',
    value: { enabled: false },
    source: 'bootctl, /sys/class/tpm',
  })
  const realTime = laptop({ files, folders, programs: { dmesg: { stdout: log('Secure boot enabled') } } })
  expect(await readSecureBoot(realTime)).toMatchObject({ value: { enabled: true }, source: 'dmesg, /sys/class/tpm' })
})

test('damage never switches Secure Boot on', () => {
  for (const text of mutations('SecureBoot disabled\nPlatform is in Setup Mode\n', 10_000)) {
    const read = readMokutil(text)
    expect(read.kind === 'value' && read.value.enabled).toBe(false)
  }
  for (const text of mutations(log('secureboot: Secure boot disabled', 'tpm_tis A:00: 2.0 TPM (x)'), 10_000)) {
    const read = readKernelLog(text)
    expect(read.kind === 'value' && read.value.enabled).toBe(false)
  }
  for (const text of mutations(bootctl('   Secure Boot: disabled (setup)'), 10_000)) {
    const read = readBootctl(text)
    expect(read.kind === 'value' && read.value.enabled).toBe(false)
  }
})
