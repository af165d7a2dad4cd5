import { describe, expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readApfsList, readApfsListText, toldByApfsList } from './diskutil-apfs.ts'
import { readDiskutilInfo, readDiskutilInfoText } from './diskutil-info.ts'
import { readMountedDataVolumes } from './diskutil-list.ts'
import { toldByDiskutil, type DiskutilVolume } from './diskutil-volume.ts'
import type { Fact } from '../../../../shared/fact.ts'
import { plistOf } from '../../../../test/fakes/plist.ts'
import type { ToldVolume } from '../told-volume.ts'

const statesOf = (volumes: string | readonly ToldVolume[]) =>
  typeof volumes === 'string' ? [] : volumes.map(({ state }) => state)

const ROOT = {
  DeviceIdentifier: 'disk3s1s1',
  DeviceNode: '/dev/disk3s1s1',
  Encryption: true,
  FileVault: true,
  FilesystemType: 'apfs',
  Internal: true,
  Locked: false,
  MountPoint: '/',
  RemovableMediaOrExternalDevice: false,
  VolumeName: 'Macintosh HD',
  WholeDisk: false,
}
const HFS = {
  DeviceIdentifier: 'disk4s2',
  FilesystemType: 'hfs',
  Internal: false,
  MountPoint: '/Volumes/X',
  WholeDisk: false,
}

function told(fact: Fact<DiskutilVolume>) {
  return fact.kind === 'value' ? toldByDiskutil(fact.value) : fact.kind
}

describe('diskutil info -plist', () => {
  test.each([
    {
      name: 'FileVault on',
      it: ROOT,
      volume: { mount: '/', device: '/dev/disk3s1s1', state: 'on', method: 'filevault' },
    },
    { name: 'the disk alone encrypts itself', it: { ...ROOT, FileVault: false }, volume: { state: 'off' } },
    { name: 'nothing encrypts', it: { ...ROOT, FileVault: false, Encryption: false }, volume: { state: 'off' } },
    { name: 'locked', it: { ...ROOT, MountPoint: '/Volumes/X', Locked: true }, volume: { state: 'locked' } },
    { name: 'on its way', it: { ...ROOT, CryptoMigrationOn: true }, volume: { state: 'encrypting' } },
    { name: 'FileVault not told', it: { ...ROOT, FileVault: undefined }, volume: { state: 'unknown' } },
    { name: 'FileVault told in words', it: { ...ROOT, FileVault: 'Yes' }, volume: { state: 'unknown' } },
    {
      name: 'a plain disk of another kind',
      it: HFS,
      volume: { mount: '/Volumes/X', device: '/dev/disk4s2', role: 'removable', state: 'off' },
    },
    { name: 'CoreStorage below', it: { ...HFS, CoreStorageLVUUID: 'X' }, volume: { state: 'unknown' } },
    { name: 'an image', it: { ...HFS, BusProtocol: 'Disk Image' }, volume: { state: 'unknown' } },
    { name: 'a file system that is not known', it: { ...HFS, FilesystemType: 'lifs' }, volume: { state: 'unknown' } },
  ])('$name', ({ it, volume }) => {
    expect(told(readDiskutilInfo(plistOf(it)))).toMatchObject(volume)
  })

  test.each([
    '',
    'Could not find disk: /',
    plistOf({ Error: true, ErrorMessage: 'Could not find disk: /', ExitCode: 1 }),
    plistOf({ ...ROOT, Error: true }),
    plistOf({ FileVault: true }),
    plistOf({ ...ROOT, WholeDisk: true }),
    plistOf(ROOT).slice(0, -20),
  ])('unreadable: %j', (text) => {
    expect(told(readDiskutilInfo(text))).toBe('unreadable')
  })

  test('damage never makes FileVault on', () => {
    const { FileVault: _, Encryption: __, ...others } = ROOT
    const text = plistOf({ FileVault: false, ...others, Encryption: true })
    for (const it of mutations(text, 10_000)) {
      const volume = told(readDiskutilInfo(it))
      expect(typeof volume === 'string' ? volume : volume.state).not.toBe('on')
    }
  })
})

const INFO = `   Device Identifier:         disk3s1s1
   Device Node:               /dev/disk3s1s1
   Whole:                     No
   Volume Name:               Macintosh HD
   Mounted:                   Yes
   Mount Point:               /
   Type (Bundle):             apfs
   Protocol:                  Apple Fabric
   Device Location:           Internal
   Encrypted:                 No
   FileVault:                 Yes
   Sealed:                    Broken
   Locked:                    No
`

describe('diskutil info', () => {
  test.each([
    { name: 'on', text: INFO, state: 'on' },
    {
      name: 'off',
      text: INFO.replace('FileVault:                 Yes', 'FileVault:                 No'),
      state: 'off',
    },
    { name: 'cut before FileVault', text: INFO.slice(0, INFO.indexOf('   FileVault')), state: 'unknown' },
    { name: 'FileVault said twice', text: `${INFO}   FileVault:                 No\n`, state: 'unknown' },
    {
      name: 'locked',
      text: INFO.replace('Locked:                    No', 'Locked:                    Yes'),
      state: 'locked',
    },
    {
      name: 'CoreStorage',
      text: `${INFO.replace('apfs', 'hfs').replace(/.*FileVault.*\n/, '')}   LV UUID:  1\n`,
      state: 'unknown',
    },
  ])('$name', ({ text, state }) => {
    expect(told(readDiskutilInfoText(text))).toMatchObject({ mount: '/', state })
  })

  test.each(['', '   Sealed:                    Broken\n', 'Could not find disk: /'])('unreadable: %j', (text) => {
    expect(told(readDiskutilInfoText(text))).toBe('unreadable')
  })
})

const apfs = (...volumes: object[]) => plistOf({ Containers: [{ ContainerReference: 'disk3', Volumes: volumes }] })
const system = {
  DeviceIdentifier: 'disk3s1',
  Roles: ['System'],
  FileVault: true,
  Encryption: true,
  Locked: false,
  CryptoMigrationOn: false,
}
const data = { ...system, DeviceIdentifier: 'disk3s5', Roles: ['Data'], Name: 'Data' }
const preboot = { ...system, DeviceIdentifier: 'disk3s2', Roles: ['Preboot'], FileVault: false }

function listed(fact: Fact<readonly DiskutilVolume[]>) {
  return fact.kind === 'value' ? toldByApfsList(fact.value) : fact.kind
}

describe('diskutil apfs list -plist', () => {
  test('the system and its data, and nothing of what APFS keeps for itself', () => {
    expect(listed(readApfsList(apfs(preboot, system, data)))).toEqual([
      { device: '/dev/disk3s1', role: 'system', state: 'on', method: 'filevault' },
      { device: '/dev/disk3s5', label: 'Data', role: 'data', state: 'on', method: 'filevault' },
    ])
  })

  test.each([
    { name: 'on its way', it: { ...system, CryptoMigrationOn: true }, state: 'encrypting' },
    {
      name: 'on its way back',
      it: { ...system, CryptoMigrationOn: true, CryptoMigrationDirection: 'Decrypting' },
      state: 'decrypting',
    },
    { name: 'locked', it: { ...system, Locked: true }, state: 'locked' },
    { name: 'off, and encrypted at rest', it: { ...system, FileVault: false }, state: 'off' },
    { name: 'not told', it: { ...system, FileVault: undefined }, state: 'unknown' },
  ])('$name: $state', ({ it, state }) => {
    expect(listed(readApfsList(apfs(it)))).toMatchObject([{ role: 'system', state }])
  })

  test('of two systems nobody knows which was started', () => {
    const volumes = listed(readApfsList(apfs(system, { ...system, DeviceIdentifier: 'disk5s1', FileVault: false })))
    expect(Array.isArray(volumes) ? volumes.map(({ role }) => role) : volumes).toEqual([undefined, undefined])
  })

  test.each(['', plistOf({}), plistOf({ Containers: [] }), apfs(system).slice(0, -30)])('unreadable: %j', (text) => {
    expect(listed(readApfsList(text))).toBe('unreadable')
  })
})

const TREE = `APFS Container (1 found)
|
+-- Container disk3 4DD1F8A1
    ====================================================
    APFS Container Reference:     disk3
    |
    +-< Physical Store disk0s2 AAC07A98
    |   APFS Physical Store Disk:   disk0s2
    |
    +-> Volume disk3s1 6484E2A5
    |   ---------------------------------------------------
    |   APFS Volume Disk (Role):   disk3s1 (System)
    |   Name:                      Macintosh HD (Case-insensitive)
    |   Mount Point:               /System/Volumes/Update/mnt1
    |   FileVault:                 Yes (Unlocked)
    |   Encrypted:                 No
    |   |
    |   Snapshot:                  65485A48
    |   Snapshot Mount Point:      /
    |
    +-> Volume disk3s2 0A0B
    |   APFS Volume Disk (Role):   disk3s2 (Preboot)
    |   Mount Point:               /System/Volumes/Preboot
    |   FileVault:                 No
    |
    +-> Volume disk3s7 0C0D
        APFS Volume Disk (Role):   disk3s7 (No specific role)
        Name:                      Ablage (Case-sensitive)
        Mount Point:               Not Mounted
        FileVault:                 Yes (Locked)
`

describe('diskutil apfs list', () => {
  test('the tree', () => {
    expect(listed(readApfsListText(TREE))).toEqual([
      { mount: '/', device: '/dev/disk3s1', label: 'Macintosh HD', role: 'system', state: 'on', method: 'filevault' },
      { device: '/dev/disk3s7', label: 'Ablage', state: 'locked', method: 'filevault' },
    ])
  })

  test.each([
    { name: 'encrypted at rest', from: 'Yes (Unlocked)', to: 'No (Encrypted at rest)', state: 'off' },
    { name: 'a word that is not known', from: 'Yes (Unlocked)', to: 'Ja', state: 'unknown' },
    {
      name: 'on its way',
      from: 'Encrypted:                 No',
      to: 'Encryption Progress:       34.0% (Unlocked)',
      state: 'encrypting',
    },
    { name: 'said twice', from: '    |   Encrypted: ', to: '    |   FileVault: ', state: 'unknown' },
    {
      name: 'a part left out',
      from: '    |   FileVault:                 Yes',
      to: '[...]\n    |   FileVault:                 Yes',
      state: 'unknown',
    },
  ])('$name: $state', ({ from, to, state }) => {
    const volumes = listed(readApfsListText(TREE.replace(from, to)))
    expect(Array.isArray(volumes) ? volumes.find(({ device }) => device === '/dev/disk3s1')?.state : volumes).toBe(
      state,
    )
  })

  test('damage never makes a volume encrypted that is not', () => {
    const text = TREE.replace('Yes (Unlocked)', 'No').replace('Yes (Locked)', 'No')
    for (const it of mutations(text, 10_000)) {
      const volumes = listed(readApfsListText(it))
      expect(statesOf(volumes)).not.toContain('on')
    }
  })
})

test('a long line is soon over', () => {
  const began = performance.now()
  for (const piece of [' ', '\r', 'a: ', '<plist>']) {
    const text = `+-> Volume x\n   A${piece.repeat(100_000)}b`
    for (const read of [readApfsListText, readDiskutilInfoText, readApfsList])
      expect(read(text).kind).toBe('unreadable')
  }
  expect(performance.now() - began).toBeLessThan(2000)
})

test('diskutil list -plist internal: what is mounted beside the system', () => {
  const disks = plistOf({
    AllDisksAndPartitions: [
      {
        DeviceIdentifier: 'disk0',
        Content: 'GUID_partition_scheme',
        Partitions: [
          { DeviceIdentifier: 'disk0s1', Content: 'EFI' },
          { DeviceIdentifier: 'disk0s3', Content: 'Apple_HFS', MountPoint: '/Volumes/Old', VolumeName: 'Old' },
        ],
      },
      {
        DeviceIdentifier: 'disk3',
        APFSVolumes: [
          { DeviceIdentifier: 'disk3s1', MountedSnapshots: [{ SnapshotMountPoint: '/' }] },
          { DeviceIdentifier: 'disk3s1s1', MountPoint: '/' },
          { DeviceIdentifier: 'disk3s5', MountPoint: '/System/Volumes/Data' },
          { DeviceIdentifier: 'disk3s7', MountPoint: '/nix' },
        ],
      },
      { DeviceIdentifier: 'disk5', Content: 'Apple_HFS', MountPoint: '/Volumes/LV' },
    ],
  })
  const volumes = readMountedDataVolumes(disks)
  expect(volumes.kind === 'value' && volumes.value.map(toldByDiskutil)).toMatchObject([
    { mount: '/Volumes/Old', state: 'off' },
    { mount: '/nix', state: 'unknown' },
    { mount: '/Volumes/LV', state: 'unknown' },
  ])
  expect(readMountedDataVolumes(plistOf({}))).toMatchObject({ kind: 'unreadable' })
})
