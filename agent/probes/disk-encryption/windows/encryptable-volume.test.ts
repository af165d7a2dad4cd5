import { describe, expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { toldByBitLocker } from './bitlocker.ts'
import { readEncryptableVolumes } from './encryptable-volume.ts'
import type { ToldVolume } from '../told-volume.ts'

const statesOf = (volumes: string | readonly ToldVolume[]) =>
  typeof volumes === 'string' ? [] : volumes.map(({ state }) => state)

function read(text: string) {
  const volumes = readEncryptableVolumes(text)
  return volumes.kind === 'value' ? volumes.value.map(toldByBitLocker) : volumes.kind
}

const C = { DriveLetter: 'C:', DeviceID: '\\\\?\\Volume{1}\\', VolumeType: 0 }
const ENCRYPTED = { ...C, ProtectionStatus: 1, ConversionStatus: 1, EncryptionMethod: 7 }
const PLAIN = { ...C, ProtectionStatus: 0, ConversionStatus: 0, EncryptionMethod: 0 }
const asked = (volume: object, more: object = {}) => ({ volume, ...more })
const json = (it: unknown) => JSON.stringify(it, null, 2)

describe('Win32_EncryptableVolume', () => {
  test('as the agent asks for it', () => {
    const answer = [
      asked(ENCRYPTED, {
        conversionStatus: { ConversionStatus: 1, EncryptionPercentage: 100, EncryptionFlags: 1 },
        lockStatus: { LockStatus: 0 },
        suspendCount: { SuspendCount: 0 },
        keyProtectors: [{ KeyProtectorType: 4 }, { KeyProtectorType: 3 }],
      }),
      asked({ DriveLetter: 'D:', VolumeType: 1, ProtectionStatus: 2 }, { lockStatus: { LockStatus: 1 } }),
      asked({ DriveLetter: 'E:', VolumeType: 2, ProtectionStatus: 0, ConversionStatus: 0, EncryptionMethod: 0 }),
      asked({
        DriveLetter: null,
        DeviceID: '\\\\?\\Volume{2}\\',
        VolumeType: 1,
        ProtectionStatus: 0,
        ConversionStatus: 0,
      }),
      asked({ DriveLetter: 'F:', VolumeType: 1 }),
    ]
    expect(read(json(answer))).toEqual([
      {
        mount: 'C:',
        device: '\\\\?\\Volume{1}\\',
        role: 'system',
        state: 'on',
        method: 'bitlocker',
        keyProtector: 'hardware',
        percent: 100,
      },
      { mount: 'D:', role: 'data', state: 'locked', method: 'bitlocker' },
      { mount: 'E:', role: 'removable', state: 'off' },
      { mount: 'F:', role: 'data', state: 'unknown', detail: 'how far it is encrypted was not told' },
    ])
  })

  test.each([
    { name: 'plain properties', it: ENCRYPTED, state: 'on' },
    { name: 'digits', it: { ...ENCRYPTED, ProtectionStatus: '1', ConversionStatus: '1' }, state: 'on' },
    {
      name: 'a wrapped list',
      it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: { value: [{ KeyProtectorType: 1 }], Count: 1 } },
      state: 'suspended',
    },
    {
      name: 'one protector without its list',
      it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: { KeyProtectorType: 1 } },
      state: 'suspended',
    },
    {
      name: 'ids of protectors',
      it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: { VolumeKeyProtectorID: ['{1}'] } },
      state: 'suspended',
    },
    {
      name: 'a method that returned no list',
      it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: { ReturnValue: 0, VolumeKeyProtectorID: null } },
      state: 'off',
    },
    { name: 'on, and suspended', it: { ...ENCRYPTED, SuspendCount: 2 }, state: 'unknown' },
    { name: 'a share of it', it: { ...ENCRYPTED, EncryptionPercentage: 40 }, state: 'unknown' },
    { name: 'no protector', it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: [] }, state: 'off' },
    {
      name: 'words of protectors',
      it: { ...ENCRYPTED, ProtectionStatus: 0, KeyProtector: 'Tpm RecoveryPassword' },
      state: 'suspended',
    },
    { name: 'other words', it: { ...ENCRYPTED, ProtectionStatus: 0, KeyProtector: 'System.Object' }, state: 'unknown' },
    {
      name: 'a method that failed',
      it: { ...ENCRYPTED, ProtectionStatus: 0, keyProtectors: { ReturnValue: 2150694912, VolumeKeyProtectorID: [] } },
      state: 'unknown',
    },
    {
      name: 'a suspension',
      it: { ...ENCRYPTED, ProtectionStatus: 0, suspendCount: { SuspendCount: 1 } },
      state: 'suspended',
    },
    {
      name: 'two answers that differ',
      it: { ...ENCRYPTED, conversionStatus: { ConversionStatus: 2 } },
      state: 'unknown',
    },
    { name: 'a number that is none of them', it: { ...ENCRYPTED, ConversionStatus: 9 }, state: 'unknown' },
    { name: 'the drive encrypts', it: { ...ENCRYPTED, EncryptionMethod: 5 }, state: 'on' },
    { name: 'a cipher that is not known', it: { ...ENCRYPTED, EncryptionMethod: 4294967295 }, state: 'on' },
  ])('$name: $state', ({ it, state }) => {
    expect(read(json(it))).toMatchObject([{ mount: 'C:', role: 'system', state }])
  })

  test('names in small letters', () => {
    const it = { driveLetter: 'C:', volumeType: 0, protectionStatus: 1, conversionStatus: 1, keyProtectorTypes: [1, 3] }
    expect(read(json(it))).toMatchObject([{ mount: 'C:', role: 'system', state: 'on', keyProtector: 'hardware' }])
  })

  test.each([
    'ConversionStatus  DriveLetter  ProtectionStatus  VolumeType  \r\r\n1                 C:           1                 0           \r\r\n',
    'Node,ConversionStatus,DriveLetter,ProtectionStatus,VolumeType\r\r\nLAPTOP,1,C:,1,0\r\r\n',
  ])('wmic, in other forms: %j', (text) => {
    expect(read(text)).toMatchObject([{ mount: 'C:', role: 'system', state: 'on' }])
  })

  test('wmic, with the line ends that it has', () => {
    const list = ['', '', ...Object.entries(ENCRYPTED).map(([name, it]) => `${name}=${it}`), '', ''].join('\r\r\n')
    expect(read(`${list}${list.replace('C:', 'D:').replace('VolumeType=0', 'VolumeType=1')}`)).toMatchObject([
      { mount: 'C:', role: 'system', state: 'on' },
      { mount: 'D:', role: 'data', state: 'on' },
    ])
  })
})

const list = (more: Record<string, string>) =>
  Object.entries({
    ComputerName: 'LAPTOP',
    MountPoint: 'C:',
    EncryptionMethod: 'XtsAes256',
    AutoUnlockEnabled: '',
    VolumeStatus: 'FullyEncrypted',
    ProtectionStatus: 'On',
    LockStatus: 'Unlocked',
    EncryptionPercentage: '100',
    VolumeType: 'OperatingSystem',
    CapacityGB: '475,77',
    KeyProtector: '{Tpm, RecoveryPassword}',
    ...more,
  })
    .map(([name, it]) => `${name.padEnd(21)}: ${it}`)
    .join('\r\n')

describe('Get-BitLockerVolume', () => {
  test.each([
    { name: 'on', more: {}, volume: { role: 'system', state: 'on', keyProtector: 'hardware' } },
    { name: 'suspended', more: { ProtectionStatus: 'Off' }, volume: { state: 'suspended' } },
    { name: 'without protectors', more: { ProtectionStatus: 'Off', KeyProtector: '{}' }, volume: { state: 'off' } },
    {
      name: 'encrypting',
      more: { VolumeStatus: 'EncryptionInProgress', EncryptionPercentage: '34' },
      volume: { state: 'encrypting', percent: 34 },
    },
    {
      name: 'paused',
      more: { VolumeStatus: 'EncryptionSuspended', ProtectionStatus: 'Off' },
      volume: { state: 'encrypting' },
    },
    { name: 'wiping free space', more: { VolumeStatus: 'FullyEncryptedWipeInProgress' }, volume: { state: 'on' } },
    {
      name: 'locked',
      more: {
        VolumeStatus: '',
        ProtectionStatus: 'Unknown',
        LockStatus: 'Locked',
        VolumeType: 'Data',
        KeyProtector: '{Password}',
      },
      volume: { role: 'data', state: 'locked', keyProtector: 'passphrase' },
    },
    {
      name: 'unlocked by itself',
      more: { VolumeType: 'Data', AutoUnlockEnabled: 'True', KeyProtector: '{RecoveryPassword, ExternalKey}' },
      volume: { role: 'data', state: 'on', autoUnlock: true },
    },
    {
      name: 'in a folder',
      more: { MountPoint: 'C:\\mnt\\', VolumeType: 'Data' },
      volume: { mount: 'C:\\mnt\\', state: 'on' },
    },
    { name: 'a word that is not known', more: { ProtectionStatus: 'Ein' }, volume: { state: 'unknown' } },
  ])('as a list, $name', ({ more, volume }) => {
    expect(read(`\r\n\r\n${list(more)}\r\n\r\n`)).toMatchObject([volume])
  })

  test('as JSON, by the numbers that it has', () => {
    const it = {
      MountPoint: 'C:',
      EncryptionMethod: 6,
      VolumeStatus: 1,
      ProtectionStatus: 1,
      LockStatus: 0,
      VolumeType: 0,
      KeyProtector: [{ KeyProtectorType: 1 }, { KeyProtectorType: 3, RecoveryPassword: 'never read' }],
    }
    expect(read(json(it))).toMatchObject([{ mount: 'C:', role: 'system', state: 'on', keyProtector: 'hardware' }])
  })

  test('as a table, whose columns cut words and have names of two lines', () => {
    const table = `
   ComputerName: LAPTOP

VolumeType      Mount CapacityGB VolumeStatus           Encryption KeyProtector              AutoUnlock Protection
                Point                                   Percentage                           Enabled    Status
----------      ----- ---------- ------------           ---------- ------------              ---------- ----------
OperatingSystem C:        237.46 FullyEncrypted         100        {RecoveryPassword, Tpm}              On
Data            D:        931.51 FullyEncrypted         100        {RecoveryPassword, Pas... True       Off
`
    expect(read(table)).toMatchObject([
      { mount: 'C:', role: 'system', state: 'on', keyProtector: 'hardware' },
      { mount: 'D:', role: 'data', state: 'suspended', autoUnlock: true },
    ])
  })
})

test.each([
  '',
  '[]',
  'null',
  '{}',
  '[{"DriveLetter":"C:"}]',
  '[{"ProtectionStatus":1,"ConversionStatus":1}]',
  'Get-CimInstance : Zugriff verweigert',
  'Get-CimInstance : Access denied\n    + FullyQualifiedErrorId : HRESULT 0x80041003,Microsoft.Management',
  json([ENCRYPTED]).slice(0, -12),
])('tells of no volume: %j', (text) => {
  expect(read(text)).toBe('unreadable')
})

test('damage never makes a plain volume encrypted', () => {
  for (const text of [
    json([asked(PLAIN, { conversionStatus: { ConversionStatus: 0 } })]),
    json(PLAIN).replaceAll('"', ''),
  ]) {
    for (const damaged of mutations(text, 10_000)) {
      const volumes = read(damaged)
      expect(statesOf(volumes)).not.toContain('on')
    }
  }
})
