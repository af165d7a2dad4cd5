import { describe, expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { plistOf } from '../../../test/fakes/plist.ts'
import { readDiskEncryption } from './probe.ts'

const STATUS = 'fdesetup status'
const ACTIVE = 'fdesetup isactive'
const INFO = 'diskutil info -plist /'
const LIST = 'diskutil list -plist internal'
const APFS = 'diskutil apfs list -plist'

const says = (...lines: string[]) => ({ stdout: `${lines.join('\n')}\n` })
const plist = (it: object) => ({ stdout: plistOf(it) })
const info = (fileVault: boolean | undefined) =>
  plist({
    DeviceNode: '/dev/disk3s1s1',
    Encryption: true,
    FileVault: fileVault,
    FilesystemType: 'apfs',
    Locked: false,
    MountPoint: '/',
  })
const disks = (...volumes: object[]) =>
  plist({
    AllDisksAndPartitions: [
      { DeviceIdentifier: 'disk3', APFSVolumes: [{ DeviceIdentifier: 'disk3s1s1', MountPoint: '/' }, ...volumes] },
    ],
  })
const apfs = (...volumes: object[]) => plist({ Containers: [{ Volumes: volumes }] })
const german = says('FileVault ist aktiviert.')

async function read(programs: Laptop['programs']) {
  const machine = laptop({
    files: {},
    platform: 'macos',
    privileged: false,
    programs: { [LIST]: disks(), ...programs },
  })
  return { ...(await readDiskEncryption(machine)), ran: machine.ran }
}

test('a healthy machine: two programs about the system, one about the rest', async () => {
  const { ran, ...reading } = await read({ [STATUS]: says('FileVault is On.'), [INFO]: info(true) })
  expect(reading).toEqual({
    kind: 'value',
    value: { volumes: [{ mount: '/', role: 'system', state: 'on', method: 'filevault', keyProtector: null }] },
    source: 'fdesetup status, diskutil info, diskutil list',
  })
  expect(ran.toSorted()).toEqual([INFO, LIST, STATUS].toSorted())
})

describe('the system', () => {
  test.each([
    { name: 'off', status: says('FileVault is Off.'), volume: info(false), state: 'off' },
    { name: 'off, diskutil is silent', status: says('FileVault is Off.'), volume: {}, state: 'off' },
    { name: 'on, diskutil is silent', status: says('FileVault is On.'), volume: {}, state: 'on' },
    { name: 'on, diskutil does not know', status: says('FileVault is On.'), volume: info(undefined), state: 'on' },
    { name: 'on and off', status: says('FileVault is On.'), volume: info(false), state: 'unknown' },
    { name: 'off and on', status: says('FileVault is Off.'), volume: info(true), state: 'unknown' },
    {
      name: 'on its way',
      status: says('FileVault is On.', 'Encryption in progress: Percent completed = 34'),
      volume: info(true),
      state: 'encrypting',
    },
    {
      name: 'on its way back',
      status: says('FileVault is Off.', 'Decryption in progress: Pending'),
      volume: info(true),
      state: 'decrypting',
    },
    { name: 'fdesetup fails', status: { ...says('FileVault is On.'), exitCode: 1 }, volume: info(false), state: 'off' },
  ])('$name: $state', async ({ status, volume, state }) => {
    expect(await read({ [STATUS]: status, [INFO]: volume })).toMatchObject({
      value: { volumes: [{ mount: '/', role: 'system', state }] },
    })
  })

  test.each([
    { name: 'active', active: says('true'), volume: info(true), state: 'on' },
    { name: 'not active', active: { ...says('false'), exitCode: 1 }, volume: info(false), state: 'off' },
    { name: 'active, diskutil says no', active: says('true'), volume: info(false), state: 'unknown' },
    { name: 'in between', active: { ...says('true'), exitCode: 2 }, volume: {}, state: 'unreadable' },
  ])('in another language, $name: $state', async ({ active, volume, state }) => {
    const reading = await read({ [STATUS]: german, [ACTIVE]: active, [INFO]: volume })
    expect(reading.kind === 'value' ? reading.value.volumes[0]?.state : reading.kind).toBe(state)
  })

  test.each([true, false])('diskutil alone, with a conversion that runs: %s', async (isRunning) => {
    const volume = { DeviceIdentifier: 'disk3s1', FileVault: true, CryptoMigrationOn: isRunning }
    const reading = await read({ [STATUS]: german, [INFO]: info(true), [APFS]: apfs(volume) })
    expect(reading).toMatchObject({ value: { volumes: [{ state: isRunning ? 'encrypting' : 'on' }] } })
  })

  test.each([
    { name: 'one system', systems: ['disk3s1'], kind: 'value' },
    { name: 'two of them', systems: ['disk3s1', 'disk5s1'], kind: 'unreadable' },
  ])('the list of volumes alone, with $name', async ({ systems, kind }) => {
    const volumes = systems.map((it) => ({ DeviceIdentifier: it, Roles: ['System'], FileVault: true, Locked: false }))
    const reading = await read({ [STATUS]: german, [APFS]: apfs(...volumes) })
    const told = reading.kind === 'value' ? reading.value.volumes.map(({ mount, state }) => [mount, state]) : []
    expect([reading.kind, ...told]).toEqual(kind === 'value' ? [kind, ['/', 'on']] : [kind])
  })

  test('diskutil as people read it', async () => {
    const text = says(
      '   Device Node:               /dev/disk3s1s1',
      '   Mount Point:               /',
      '   Type (Bundle):             apfs',
      '   FileVault:                 Yes',
    )
    expect(await read({ [STATUS]: german, 'diskutil info /': text })).toMatchObject({
      value: { volumes: [{ mount: '/', state: 'on' }] },
    })
  })

  test.each([
    { name: 'nothing answers', programs: {} },
    { name: 'answers are empty', programs: { [STATUS]: {}, [INFO]: {}, [ACTIVE]: {}, [LIST]: {} } },
    {
      name: 'diskutil tells of an error',
      programs: { [INFO]: { ...plist({ Error: true, ExitCode: 1 }), exitCode: 1 } },
    },
  ])('unreadable where $name', async ({ programs }) => {
    expect(await read(programs)).toMatchObject({ kind: 'unreadable' })
  })
})

describe('other volumes of built-in disks', () => {
  const onSystem = { [STATUS]: says('FileVault is On.'), [INFO]: info(true) }
  const nix = { DeviceIdentifier: 'disk3s7', MountPoint: '/nix', VolumeName: 'Nix Store' }

  test.each([
    { name: 'encrypted', listed: { FileVault: true, Locked: false }, state: 'on' },
    { name: 'plain', listed: { FileVault: false, Locked: false }, state: 'off' },
    { name: 'not told', listed: {}, state: 'unknown' },
  ])('$name: $state', async ({ listed, state }) => {
    const programs = { ...onSystem, [LIST]: disks(nix), [APFS]: apfs({ DeviceIdentifier: 'disk3s7', ...listed }) }
    expect(await read(programs)).toMatchObject({
      value: {
        volumes: [
          { mount: '/', state: 'on' },
          { mount: '/nix', role: 'data', state },
        ],
      },
    })
  })

  test('are not known where they cannot be listed', async () => {
    expect(await read({ ...onSystem, [LIST]: disks(nix) })).toMatchObject({
      value: {
        volumes: [
          { mount: '/', state: 'on' },
          { mount: '/nix', role: 'data', state: 'unknown' },
        ],
      },
    })
  })
})

test('volumes that could not be listed are not left out in silence', async () => {
  for (const list of [{ exitCode: 1, stderr: 'no' }, { stdout: 'Keine Festplatten' }]) {
    const reading = await read({ [STATUS]: says('FileVault is On.'), [INFO]: info(true), [LIST]: list })
    expect(reading).toMatchObject({
      value: {
        volumes: [
          { mount: '/', role: 'system', state: 'on' },
          { mount: 'other volumes', role: 'data', state: 'unknown' },
        ],
      },
    })
  }
})
