import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readPowerShellRecords } from '../powershell-text.ts'
import { readOs } from './probe.ts'
import { readVer, readWindowsVersion, windowsArch, windowsOs } from './windows-version.ts'

const CURRENT_VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const ENVIRONMENT = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment'
const UPDATE = 'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update'
const CLIENT = {
  ProductName: 'Windows 10 Enterprise',
  CurrentBuild: '26100',
  CurrentBuildNumber: '26100',
  UBR: 4652,
  DisplayVersion: '24H2',
  ReleaseId: '2009',
  EditionID: 'Enterprise',
  InstallationType: 'Client',
}

const versions: readonly { name: string; values: object; os: object }[] = [
  {
    name: 'Windows 11 says 10 of itself',
    values: CLIENT,
    os: { name: 'Windows 11', version: '24H2', build: '26100.4652', edition: 'Enterprise' },
  },
  {
    name: 'Windows 10 of long service',
    values: { CurrentBuild: '17763', UBR: 1, ReleaseId: '1809', EditionID: 'EnterpriseS', InstallationType: 'Client' },
    os: { name: 'Windows 10', version: '1809', build: '17763.1', edition: 'EnterpriseS' },
  },
  {
    name: 'ReleaseId stopped at 2009',
    values: { CurrentBuild: '19045', ReleaseId: '2009', InstallationType: 'Client' },
    os: { name: 'Windows 10', version: '', build: '19045' },
  },
  {
    name: 'a server of the build of Windows 11 24H2',
    values: { ...CLIENT, ProductName: 'Windows Server 2025 Standard', InstallationType: 'Server Core' },
    os: { name: 'Windows Server 2025', build: '26100.4652' },
  },
  {
    name: 'a server without a name is told by its edition and build',
    values: { CurrentBuild: '20348', EditionID: 'ServerStandard' },
    os: { name: 'Windows Server 2022', edition: 'ServerStandard' },
  },
  {
    name: 'a client by its name alone',
    values: { CurrentBuildNumber: '22631', ProductName: 'Windows 10 Pro', UBR: 4460 },
    os: { name: 'Windows 11', build: '22631.4460' },
  },
  { name: 'a build alone may be of a server', values: { CurrentBuild: '26100' }, os: { name: 'Windows', version: '' } },
  {
    name: 'several sessions carry an edition of servers',
    values: { CurrentBuild: '26100', EditionID: 'ServerRdsh', InstallationType: 'Client' },
    os: { name: 'Windows 11' },
  },
  { name: 'an unknown kind is none', values: { ...CLIENT, InstallationType: 'IoTUAP' }, os: { name: 'Windows' } },
  {
    name: 'Get-ComputerInfo',
    values: { OsBuildNumber: '26100', WindowsUBR: 12, OSDisplayVersion: '24H2', WindowsInstallationType: 'Client' },
    os: { name: 'Windows 11', version: '24H2', build: '26100.12' },
  },
  {
    name: 'Win32_OperatingSystem',
    values: { BuildNumber: 22631, Version: '10.0.22631', ProductType: 1, OSArchitecture: 'ARM 64-bit Processor' },
    os: { name: 'Windows 11', build: '22631', arch: 'aarch64' },
  },
  {
    name: 'properties below others',
    values: { Os: { BuildNumber: '20348' }, Product: { EditionID: 'ServerDatacenter' }, Hal: '10.0.20348.9' },
    os: { name: 'Windows Server 2022', build: '20348', edition: 'ServerDatacenter' },
  },
]

test.each(versions)('windows: $name', ({ values, os }) => {
  const version = readWindowsVersion(values as Record<string, unknown>)
  expect(version.kind === 'value' && windowsOs(version.value)).toMatchObject({ value: { platform: 'windows', ...os } })
})

test.each([
  [{}],
  [{ CurrentBuild: '' }],
  [{ CurrentBuild: 'Zugriff verweigert' }],
  [{ CurrentBuild: '26100', CurrentBuildNumber: '22631' }],
  [{ BuildNumber: '26100', Version: '10.0.22631' }],
  [{ CurrentBuild: '26100', UBR: -1 }],
  [{ CurrentBuild: '26100', UBR: 4.5 }],
  [{ CurrentVersion: '6.3', ReleaseId: '2009' }],
])('windows: no version is drawn from %j', (values) => {
  expect(readWindowsVersion(values).kind).toBe('unreadable')
})

test('a part of the version is read, and is no version', () => {
  const part = readWindowsVersion({ UBR: 4652, DisplayVersion: '24H2' })
  expect(part).toMatchObject({ kind: 'value', value: { build: null, ubr: 4652, displayVersion: '24H2' } })
  expect(part.kind === 'value' && windowsOs(part.value).kind).toBe('unreadable')
})

test.each([
  ['\r\nMicrosoft Windows [Version 10.0.26200.8457]\r\n', '26200', 8457],
  ['Microsoft Windows [versão 10.0.19045.2965]', '19045', 2965],
  ['Microsoft Windows [\u7248\u672c 10.0.22631.3007]', '22631', 3007],
  ['Microsoft Windows [Version 6.1.7601]', '7601', null],
])('ver: %j', (text, build, ubr) => {
  expect(readVer(text)).toMatchObject({ kind: 'value', value: { build, ubr, isServer: null } })
})

test.each([
  '',
  'Microsoft Windows [Version 10.0.26200.84',
  'Windows NT',
  '[Version 10.0.26200.8457]',
  'x\nMicrosoft Windows [Version 10.0.26200.1]',
])('ver: nothing is drawn from %j', (text) => expect(readVer(text).kind).toBe('unreadable'))

test.each([
  ['AMD64', 'x86_64'],
  ['64-bit', 'x86_64'],
  ['64 bits', 'x86_64'],
  ['ARM64', 'aarch64'],
  ['ARM 64-bit Processor', 'aarch64'],
  ['x86', 'i686'],
  ['32-Bit', 'i686'],
  ['', ''],
  ['IA64', ''],
])('the processor %j is %j', (stated, arch) => expect(windowsArch(stated)).toBe(arch))

const REGISTRY = { [CURRENT_VERSION]: CLIENT, [ENVIRONMENT]: { PROCESSOR_ARCHITECTURE: 'AMD64' } }
const windows = (registry: object, programs = {}) =>
  laptop({ files: {}, platform: 'windows', registry: registry as typeof REGISTRY, programs })

test('the registry tells all, and starts nothing', async () => {
  const host = windows(REGISTRY)
  expect(await readOs(host)).toEqual({
    kind: 'value',
    value: {
      platform: 'windows',
      name: 'Windows 11',
      version: '24H2',
      build: '26100.4652',
      edition: 'Enterprise',
      arch: 'x86_64',
    },
    source: `registry ${CURRENT_VERSION}`,
  })
  expect(host.ran).toEqual([])
})

test.each([
  [1, 2, 'hotpatch'],
  [1, 0, undefined],
  [0, 2, undefined],
])('updates without a restart: policy %j, virtualization-based security %j', async (policy, status, track) => {
  const host = windows(
    { ...REGISTRY, [UPDATE]: { AllowRebootlessUpdates: policy } },
    { 'powershell Win32_DeviceGuard': { stdout: JSON.stringify([{ VirtualizationBasedSecurityStatus: status }]) } },
  )
  const os = await readOs(host)
  expect(os.kind === 'value' && os.value.track).toBe(track)
})

test('where the registry cannot be read ver tells the revision, else CIM the build, else nobody', async () => {
  const ver = { 'cmd /c ver': { stdout: 'Microsoft Windows [Version 10.0.26100.4652]' } }
  const cim = { 'powershell Win32_OperatingSystem': { stdout: '[{"BuildNumber":"26100","ProductType":1}]' } }
  expect(await readOs(windows({}, { ...ver, ...cim }))).toMatchObject({ value: { build: '26100.4652' }, source: 'ver' })
  expect(await readOs(windows({}, cim))).toMatchObject({ value: { name: 'Windows 11', build: '26100' } })
  expect((await readOs(windows({}, { 'cmd /c ver': { stdout: 'Zugriff verweigert' } }))).kind).toBe('unreadable')
})

test('whatever PowerShell and ver print, it is a fact that a collector takes, or unreadable', () => {
  const parse = parserOf(SIGNALS.os.value)
  const printed = JSON.stringify([CLIENT], null, 2)
  const ver = 'Microsoft Windows [Version 10.0.26100.4652]'
  for (const text of mutations(printed, 10_000)) {
    const records = readPowerShellRecords(text)
    const version = readWindowsVersion(records.kind === 'value' ? (records.value[0] ?? {}) : {})
    const os = version.kind === 'value' ? windowsOs(version.value) : version
    expect(os.kind !== 'value' || parse(os.value).ok).toBe(true)
  }
  const invented = [...mutations(ver, 10_000)].filter((text) => {
    const read = readVer(text)
    return read.kind === 'value' && !text.includes(`${read.value.build}.${read.value.ubr ?? ''}`.replace(/\.$/, ''))
  })
  expect(invented).toEqual([])
})
