import { describe, expect, test } from 'vitest'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import { readDiskEncryption } from './probe.ts'
import { recordedCommand } from '../../../test/fakes/recording.ts'

const command = (line: readonly string[], stdout: string, exitCode = 0): RecordingEntry => {
  const [program = '', ...args] = line
  return recordedCommand(program, args, stdout, exitCode)
}
const file = (path: string, content: string): RecordingEntry => ({ kind: 'file', path, content })

/** What is concluded from a recording that a person wrote. */
async function read(platform: 'linux' | 'macos' | 'windows', entries: RecordingEntry[]) {
  const host = recordedHost({ version: 1, platform, recordedAt: '2026-11-01T10:00:00Z', entries })
  const fact = await readDiskEncryption(host)
  return fact.kind === 'value'
    ? fact.value.volumes.map(({ mount, role, state }) => `${mount} ${role} ${state}`)
    : fact.kind
}

const TREE = 'NAME    TYPE  MOUNTPOINTS\nsda     disk\n└─sda1  part\n  └─r   crypt /\n'
const JSON_TREE = JSON.stringify({
  blockdevices: [
    { name: 'sda', type: 'disk', mountpoints: [null], children: [{ name: 'sda1', type: 'part', mountpoints: ['/'] }] },
  ],
})
const DATASETS = 'p/r\tencryption\taes-256-gcm\np/r\tkeystatus\tavailable\np/h\tencryption\toff\np/h\tkeystatus\t-\n'
const ON_ZFS = file('/proc/self/mountinfo', '1 0 0:30 / / rw - zfs p/r rw\n2 1 0:31 / /home rw - zfs p/h rw\n')
const NO_SWAP = file('/proc/swaps', 'Filename Type Size Used Priority\n')
const ZFS_GET = ['zfs', 'get', '-H', '-o', 'name,property,value', 'encryption,keystatus,encryptionroot']
const POOL =
  '  pool: p\n state: ONLINE\nconfig:\n\n\tNAME  STATE\n\tp  ONLINE\n\t  /dev/mapper/r  ONLINE\n\nerrors: none\n'
const MEMBERS = 'NAME   FSTYPE      MOUNTPOINTS\nsda\n└─sda1 crypto_LUKS\n  └─r  zfs_member\n'

describe('on Linux', () => {
  test.each([
    { name: 'lsblk alone', entries: [command(['lsblk'], TREE)], volumes: ['/ system on'] },
    { name: 'lsblk -J alone', entries: [command(['lsblk', '-J'], JSON_TREE)], volumes: ['/ system off'] },
    {
      name: 'lsblk, and the table of a cipher that is none',
      entries: [command(['lsblk'], TREE), command(['dmsetup', 'table'], 'r: 0 9 crypt cipher_null-ecb - 0 8:1 0\n')],
      volumes: ['/ system off'],
    },
    {
      name: 'lsblk of the device of the system',
      entries: [
        file('/proc/self/mountinfo', '1 0 252:0 / / rw - ext4 /dev/mapper/r rw\n'),
        NO_SWAP,
        command(
          ['lsblk', '-sJ', '-o', 'NAME,TYPE,FSTYPE,MOUNTPOINTS', '/dev/mapper/r'],
          '{"blockdevices":[{"name":"r","type":"crypt","mountpoints":["/"],"children":[{"name":"sda","type":"disk"}]}]}',
        ),
      ],
      volumes: ['/ system on'],
    },
    {
      name: 'ZFS, asked about everything',
      entries: [ON_ZFS, NO_SWAP, command(ZFS_GET, DATASETS)],
      volumes: ['/ system on', '/home data unknown'],
    },
    {
      name: 'ZFS on LUKS',
      entries: [
        ON_ZFS,
        NO_SWAP,
        command(ZFS_GET, DATASETS),
        command(['zpool', 'status', '-P'], POOL),
        command(['lsblk', '-f'], MEMBERS),
      ],
      volumes: ['/ system on', '/home data on'],
    },
    {
      name: 'lsblk that shows no system',
      entries: [command(['lsblk'], 'NAME TYPE MOUNTPOINTS\nsda  disk /mnt\n')],
      volumes: 'unreadable',
    },
    { name: 'nothing', entries: [], volumes: 'unreadable' },
  ])('$name', async ({ entries, volumes }) => {
    expect(await read('linux', entries)).toEqual(volumes)
  })
})

const excerpt = (protection: string) =>
  `Volume C: [x]\n[OS Volume]\n\n    Conversion Status:    Fully Encrypted\n    Percentage Encrypted: 100.0%\n    Encryption Method:    AES 256\n    Protection Status:    ${protection}\n`
const volume = (protection: string) =>
  `MountPoint           : C:\nVolumeStatus         : FullyEncrypted\nProtectionStatus     : ${protection}\nVolumeType           : OperatingSystem\nKeyProtector         : {Tpm}\n`
const shell = (letter: string) =>
  `(New-Object -ComObject Shell.Application).NameSpace('${letter}:').Self.ExtendedProperty('System.Volume.BitLockerProtection')`

describe('on Windows', () => {
  test.each([
    {
      name: 'manage-bde of one volume',
      entries: [command(['manage-bde.exe', '-status', 'C:'], excerpt('Protection On'))],
      volumes: ['C: system on'],
    },
    {
      name: 'Get-BitLockerVolume',
      entries: [command(['powershell.exe', '-Command', 'Get-BitLockerVolume | Format-List'], volume('Off'))],
      volumes: ['C: system suspended'],
    },
    {
      name: 'the property of the shell',
      entries: [command(['powershell', '-Command', shell('C')], '8\r\n')],
      volumes: ['C: system off'],
    },
    {
      name: 'the property of another drive',
      entries: [command(['powershell', '-Command', shell('D')], '1\r\n')],
      volumes: ['D: data on'],
    },
    {
      name: 'the property, empty',
      entries: [command(['powershell', '-Command', shell('C')], '\r\n')],
      volumes: 'unreadable',
    },
  ])('$name', async ({ entries, volumes }) => {
    expect(await read('windows', entries)).toEqual(volumes)
  })
})

test.each([
  { line: ['/usr/bin/fdesetup', 'status'], stdout: 'FileVault is On.\n', exitCode: 0, volumes: ['/ system on'] },
  { line: ['fdesetup', 'isactive'], stdout: 'false\n', exitCode: 1, volumes: ['/ system off'] },
  { line: ['fdesetup', 'isactive'], stdout: 'true\n', exitCode: 2, volumes: 'unreadable' },
])('on macOS, $line alone', async ({ line, stdout, exitCode, volumes }) => {
  expect(await read('macos', [command(line, stdout, exitCode)])).toEqual(volumes)
})
