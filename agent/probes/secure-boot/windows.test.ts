import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readConfirmSecureBoot } from './confirm.ts'
import { readSecureBoot } from './probe.ts'
import { readTpm, readTpmDevice } from './windows-tpm.ts'
import { STATE } from './windows.ts'

const json = (...items: unknown[]) => ({ stdout: JSON.stringify(items) })
const state = (it: number) => ({ [STATE]: { UEFISecureBootEnabled: it } })
const TPM = 'powershell Win32_Tpm'
const GET_TPM = 'powershell Get-Tpm'
const DEVICES = 'powershell Win32_PnPEntity'
const CONFIRM = 'powershell Confirm-SecureBootUEFI'
const TPM2 = {
  SpecVersion: '2.0, 0, 1.59',
  IsEnabled_InitialValue: true,
  IsActivated_InitialValue: true,
  IsOwned_InitialValue: true,
}
const DENIED = { exitCode: 1, stderr: 'HRESULT 0x80041003,X: Access denied' }
const DEVICE = { DeviceID: 'ACPI\\MSFT0101\\1', HardwareID: ['ACPI\\VEN_MSFT&DEV_0101', '*MSFT0101'], Present: true }

const cases: readonly { name: string; it: Omit<Laptop, 'files'>; expected: object }[] = [
  { name: 'on', it: { registry: state(1), programs: { [TPM]: json(TPM2) } }, expected: { enabled: true, tpm: '2.0' } },
  {
    name: 'off',
    it: { registry: state(0), programs: { [TPM]: json(TPM2) } },
    expected: { enabled: false, tpm: '2.0' },
  },
  { name: 'a legacy BIOS', it: { programs: { [TPM]: json() } }, expected: { enabled: false, tpm: null } },
  {
    name: 'no TPM',
    it: { registry: state(1), programs: { [TPM]: json(), [GET_TPM]: json({ TpmPresent: false, TpmReady: false }) } },
    expected: { tpm: 'none' },
  },
  {
    name: 'without rights',
    it: { registry: state(1), programs: { [TPM]: DENIED, [GET_TPM]: DENIED, [DEVICES]: json(DEVICE) } },
    expected: { enabled: true, tpm: '2.0' },
  },
  {
    name: 'without rights, and no device that is known',
    it: { registry: state(1), programs: { [TPM]: DENIED, [GET_TPM]: DENIED, [DEVICES]: json() } },
    expected: { enabled: true, tpm: null },
  },
  {
    name: 'the registry does not tell',
    it: { registry: { [STATE]: {} }, programs: { [CONFIRM]: json({ Enabled: true, SetupMode: false }) } },
    expected: { enabled: true, tpm: null },
  },
  {
    name: 'the registry does not tell, and Windows says it cannot be',
    it: {
      registry: { [STATE]: {} },
      programs: { [CONFIRM]: { exitCode: 1, stderr: 'GetFWVarFailed,X: Nicht unterstützt: 0xC0000002' } },
    },
    expected: { enabled: false },
  },
]

for (const { name, it, expected } of cases) {
  test(`secure boot of Windows: ${name}`, async () => {
    const read = await readSecureBoot(laptop({ files: {}, platform: 'windows', ...it }))
    expect(read).toMatchObject({ kind: 'value', value: expected })
  })
}

test('secure boot of Windows is not known where nothing tells', async () => {
  for (const values of [{}, { UEFISecureBootEnabled: 2 }, { UEFISecureBootEnabled: 'yes' }]) {
    const host = laptop({
      files: {},
      platform: 'windows',
      registry: { [STATE]: values },
      programs: { [CONFIRM]: DENIED },
    })
    expect((await readSecureBoot(host)).kind).toBe('unreadable')
  }
})

const variable = (name: string, bytes: unknown) => JSON.stringify({ Name: name, Bytes: bytes })
test.each([
  ['True\r\n', true],
  ['False\r\n', false],
  ['true', true],
  ['[true]', true],
  ['{ "Efi": true, "Enabled": true, "SetupMode": false }', true],
  ['{ "Efi": true, "Enabled": true, "SetupMode": true }', false],
  ['{ "Efi": true, "Enabled": true, "SetupMode": 0 }', true],
  ['{ "Efi": true, "Enabled": true, "SetupMode": "x" }', null],
  ['{ "Efi": true, "Enabled": false }', false],
  ['{ "Efi": false }', false],
  ['{ "Efi": true }', null],
  [variable('SecureBoot', [1]), true],
  [`${variable('SecureBoot', [1])}\n${variable('SetupMode', [1])}`, false],
  [variable('SetupMode', [0]), null],
  ['True\r\n\r\nName       : SetupMode\r\nBytes      : {0}\r\n', true],
  ['True\r\n\r\nName       : SetupMode\r\nBytes      : {1}\r\n', false],
  ['Cmdlet not supported on this platform: 0xC0000002', false],
  ['Variable is currently undefined: 0xC0000100', false],
  ['Confirm-SecureBootUEFI : Unable to set proper privileges. Access was denied.\r\n    + CategoryInfo : x', null],
  ['True\r\nGet-SecureBootUEFI : x\r\n    + FullyQualifiedErrorId : x', null],
  ['True\r\nFalse\r\n', false],
  ['True\r\nTrue\r\n', null],
  ['Wahr', null],
  ['', null],
])('Confirm-SecureBootUEFI: %j is %s', (text, expected) => {
  const read = readConfirmSecureBoot(text)
  expect(read.kind === 'value' ? read.value : null).toBe(expected)
})

test.each([
  [JSON.stringify(TPM2), { tpm: '2.0', tpmReady: true }],
  [JSON.stringify([{ ...TPM2, IsOwned_InitialValue: false }]), { tpm: '2.0', tpmReady: false }],
  ['SpecVersion                 : 1.2, 2, 3\r\nIsEnabled_InitialValue      : True\r\n', { tpm: '1.2', tpmReady: null }],
  ['TpmPresent : True\r\nTpmReady   : False\r\nManufacturerVersion : 2.0.1.2\r\n', { tpm: null, tpmReady: false }],
  ['TpmPresent : True\r\nTpmReady   : True\r\n\r\nManagedAuthLevel : Full\r\n', { tpm: null, tpmReady: true }],
  ['TpmPresent : True\r\nTpmReady   : True\r\n\r\nTpmPresent : True\r\n', null],
  ['{"TpmPresent":true,"TpmReady":true}', { tpm: null, tpmReady: true }],
  ['{"TpmPresent":false,"TpmReady":false}', { tpm: 'none', tpmReady: false }],
  ['{"TpmPresent":null}', null],
  ['{"SpecVersion":"3.0"}', null],
  ['{"SpecVersion":"2.01"}', null],
  ['[]', null],
  ['Get-Tpm : Administrator privilege is required to execute this command.', null],
  ['', null],
])('TPM: %j', (text, expected) => {
  const read = readTpm(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(expected)
})

test.each([
  [JSON.stringify(DEVICE), '2.0'],
  [JSON.stringify([{ DeviceID: 'X' }, { PNPDeviceID: 'ACPI\\PNP0C31\\0' }]), '1.2'],
  ['Status     : OK\r\nInstanceId : ACPI\\MSFT0101\\1\r\n', '2.0'],
  ['DeviceID   : X\r\nHardwareID : {ACPI\\X, *MSFT0101}\r\n', '2.0'],
  [JSON.stringify({ ...DEVICE, Present: false }), null],
  [JSON.stringify({ DeviceID: 'ACPI\\MSFT01015\\1' }), null],
  ['[]', null],
  ['', null],
])('device: %j', (text, expected) => {
  const read = readTpmDevice(text)
  expect(read.kind === 'value' ? read.value.tpm : null).toBe(expected)
})

test('damage never switches Secure Boot on, nor makes a TPM', () => {
  const texts = [
    '{ "Efi": true, "Enabled": false, "SetupMode": true }',
    'False\r\nName       : SetupMode\r\nBytes      : {1}\r\n',
  ]
  for (const whole of texts) {
    for (const text of mutations(whole, 10_000)) {
      if (/"Enabled": *true/.test(text)) continue
      const read = readConfirmSecureBoot(text)
      expect(read.kind === 'value' && read.value).toBe(false)
    }
  }
  for (const text of mutations('TpmPresent : False\r\nTpmReady   : False\r\nManufacturerIdTxt :\r\n', 10_000)) {
    const read = readTpm(text)
    expect(read.kind === 'value' && read.value.tpm !== 'none').toBe(false)
    readTpmDevice(text)
  }
})
