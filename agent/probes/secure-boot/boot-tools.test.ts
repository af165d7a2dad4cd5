import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readBootctl, readMokutil } from './boot-tools.ts'
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
})

test('damage never switches Secure Boot on', () => {
  for (const text of mutations('SecureBoot disabled\nPlatform is in Setup Mode\n', 10_000)) {
    const read = readMokutil(text)
    expect(read.kind === 'value' && read.value.enabled).toBe(false)
  }
  for (const text of mutations(bootctl('   Secure Boot: disabled (setup)'), 10_000)) {
    const read = readBootctl(text)
    expect(read.kind === 'value' && read.value.enabled).toBe(false)
  }
})
