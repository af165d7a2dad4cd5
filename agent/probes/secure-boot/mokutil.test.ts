import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readMokutil } from './mokutil.ts'
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
  expect(read.kind === 'value' ? read.value : null).toBe(expected)
})

test('mokutil is asked only where the variables cannot be seen', async () => {
  const files = { '/sys/firmware/efi/systab': '' }
  const folders = ['/sys/firmware/efi/efivars']
  const programs = { 'mokutil --sb-state': { stdout: 'SecureBoot enabled\n' } }
  const hidden = laptop({ files, folders, programs })
  expect(await readSecureBoot(hidden)).toMatchObject({ kind: 'value', value: { enabled: true } })
  const bios = laptop({ files: { '/sys/firmware/acpi/x': '' }, programs })
  expect(await readSecureBoot(bios)).toMatchObject({ kind: 'value', value: { enabled: false } })
  expect([hidden.ran.length, bios.ran.length]).toEqual([1, 0])
})

test('damage never switches Secure Boot on', () => {
  for (const text of mutations('SecureBoot disabled\nPlatform is in Setup Mode\n', 10_000)) {
    const read = readMokutil(text)
    expect(read.kind === 'value' && read.value).toBe(false)
  }
})
