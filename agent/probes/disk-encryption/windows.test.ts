import { describe, expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { readDiskEncryption } from './probe.ts'

const CLASS = 'powershell Win32_EncryptableVolume'
const SHELL = 'powershell System.Volume.BitLockerProtection'
const BDE = 'manage-bde -status'
const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const VERACRYPT = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\veracrypt'

const denied = { exitCode: 1, stderr: 'HRESULT 0x80041003,Microsoft.Management.Infrastructure: Zugriff verweigert' }
const answer = (...it: object[]) => ({ stdout: JSON.stringify(it) })
const asked = (letter: string, type: number, statuses: object, more: object = {}) => ({
  volume: { DriveLetter: letter, VolumeType: type, ...statuses },
  ...more,
})
const on = { ProtectionStatus: 1, ConversionStatus: 1 }
const off = { ProtectionStatus: 0, ConversionStatus: 0 }
const clear = { ProtectionStatus: 0, ConversionStatus: 1 }
const tpm = { keyProtectors: [{ KeyProtectorType: 1 }, { KeyProtectorType: 3 }] }

async function read(programs: Laptop['programs'] = {}, more: Partial<Laptop> = {}) {
  const machine = laptop({ files: {}, platform: 'windows', programs, ...more })
  const reading = await readDiskEncryption(machine)
  return { ...reading, ran: machine.ran }
}

describe('as an administrator', () => {
  test('a healthy machine answers at once', async () => {
    const { value, source, ran } = {
      value: null,
      ...(await read({ [CLASS]: answer(asked('D:', 1, on), asked('C:', 0, on, tpm), asked('E:', 2, off)) })),
    }
    expect(value).toEqual({
      volumes: [
        { mount: 'C:', role: 'system', state: 'on', method: 'bitlocker', keyProtector: 'hardware' },
        { mount: 'D:', role: 'data', state: 'on', method: 'bitlocker', keyProtector: null },
        { mount: 'E:', role: 'removable', state: 'off', method: null, keyProtector: null },
      ],
    })
    expect(source).toBe('Win32_EncryptableVolume')
    expect(ran).toEqual([CLASS])
  })

  test.each([
    { name: 'off', it: asked('C:', 0, off), state: 'off' },
    { name: 'suspended', it: asked('C:', 0, clear, tpm), state: 'suspended' },
    { name: 'waiting for activation', it: asked('C:', 0, clear, { keyProtectors: [] }), state: 'off' },
    { name: 'encrypting', it: asked('C:', 0, { ...off, ConversionStatus: 2 }, tpm), state: 'encrypting' },
    { name: 'decrypting', it: asked('C:', 0, { ...off, ConversionStatus: 3 }), state: 'decrypting' },
  ])('$name', async ({ it, state }) => {
    expect(await read({ [CLASS]: answer(it) })).toMatchObject({ value: { volumes: [{ mount: 'C:', state }] } })
  })

  test('how far it is is told', async () => {
    const volume = asked('C:', 0, { ...off, ConversionStatus: 2 }, { conversionStatus: { EncryptionPercentage: 34 } })
    expect(await read({ [CLASS]: answer(volume) })).toMatchObject({
      value: { volumes: [{ state: 'encrypting', detail: '34 % encrypted' }] },
    })
  })

  test('a volume that fails does not hide the others, and the shell may know it', async () => {
    const programs = {
      [CLASS]: answer(asked('C:', 0, on, tpm), asked('D:', 1, {}), asked('E:', 1, {})),
      [SHELL]: answer({ DriveLetter: 'D:', DriveType: 3, SystemDrive: 'C:', BitLockerProtection: 1 }),
    }
    const { value, ran } = { value: null, ...(await read(programs)) }
    expect(value).toMatchObject({
      volumes: [
        { mount: 'C:', role: 'system', state: 'on', keyProtector: 'hardware' },
        { mount: 'E:', role: 'data', state: 'unknown' },
        { mount: 'D:', role: 'data', state: 'on' },
      ],
    })
    expect(ran).toEqual([CLASS, SHELL])
  })

  test('another product that starts before Windows is named, and changes nothing', async () => {
    const machine = { [CLASS]: answer(asked('C:', 0, off)) }
    expect(await read(machine, { registry: { [VERACRYPT]: { Start: 0 } } })).toMatchObject({
      value: { volumes: [{ state: 'off', detail: expect.stringContaining('VeraCrypt') }] },
    })
    const { value } = { value: null, ...(await read(machine, { registry: { [VERACRYPT]: { Start: 1 } } })) }
    expect(value).toEqual({
      volumes: [{ mount: 'C:', role: 'system', state: 'off', method: null, keyProtector: null }],
    })
  })
})

const drives = (protection: unknown) =>
  answer(
    { DriveLetter: 'C:', DriveType: 3, SystemDrive: 'C:', BitLockerProtection: protection },
    { DriveLetter: 'E:', DriveType: 2, SystemDrive: 'C:', BitLockerProtection: null },
  )

describe('without rights', () => {
  test.each([
    { protection: 1, state: 'on' },
    { protection: 5, state: 'suspended' },
    { protection: 8, state: 'off' },
    { protection: null, state: 'unknown' },
  ])('the shell says $protection: $state', async ({ protection, state }) => {
    const machine = await read({ [CLASS]: denied, [SHELL]: drives(protection) }, { privileged: false })
    expect(machine).toMatchObject({
      kind: 'value',
      value: {
        volumes: [
          { mount: 'C:', role: 'system', state },
          { mount: 'E:', role: 'removable', state: 'unknown' },
        ],
      },
      ran: [CLASS, SHELL],
    })
  })

  test('where the shell is silent too, the missing right is told', async () => {
    const machine = await read({ [CLASS]: denied, [SHELL]: { stdout: '[]' } }, { privileged: false })
    expect(machine).toMatchObject({ kind: 'unreadable', why: 'Win32_EncryptableVolume: needs an administrator' })
    expect(machine.ran).toEqual([CLASS, SHELL])
  })
})

describe('where PowerShell is blocked', () => {
  const status = [
    'Volume "C:" [System]',
    '',
    '  Size:                 9 GB',
    '  BitLocker-Version:    2.0',
    '  Konvertierungsstatus: Vollständig verschlüsselt',
    '  Verschlüsselt:        100,0 %',
    '  Methode:              XTS-AES 128',
    '  Schutzstatus:         Der Schutz ist aktiviert.',
    '  Sperrungsstatus:      Entsperrt',
    '  ID-Feld:              Kein',
    '  Schlüssel:',
    '      TPM',
    '      Numerisches Kennwort',
  ].join('\r\n')

  test('manage-bde answers, and the registry says which volume is the system', async () => {
    const registry = { [VERSION]: { SystemRoot: 'C:\\Windows' } }
    expect(await read({ [BDE]: { stdout: status } }, { registry })).toMatchObject({
      value: { volumes: [{ mount: 'C:', role: 'system', state: 'on', keyProtector: 'hardware' }] },
      ran: [CLASS, SHELL, BDE],
    })
    expect(await read({ [BDE]: { stdout: status } })).toMatchObject({
      value: { volumes: [{ mount: 'C:', role: 'data', state: 'on' }] },
    })
  })

  test.each([
    { name: 'nothing is there', programs: {} },
    { name: 'manage-bde fails', programs: { [BDE]: { stdout: status, exitCode: -1 } } },
    { name: 'manage-bde is denied', programs: { [BDE]: { stdout: 'FEHLER: Zugriff verweigert' } } },
    { name: 'answers are empty', programs: { [CLASS]: {}, [SHELL]: {}, [BDE]: {} } },
  ])('unreadable where $name', async ({ programs }) => {
    expect(await read(programs)).toMatchObject({ kind: 'unreadable' })
  })
})
