import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { compareVersions, macosOs, majorOf, readSwVers, readSystemVersion } from './macos-version.ts'
import { readSysctl } from './macos.ts'
import { readOs } from './probe.ts'

const SYSTEM = '/System/Library/CoreServices/SystemVersion.plist'
const CRYPTEX = '/System/Cryptexes/OS/System/Library/CoreServices/SystemVersion.plist'

const plist = (fields: Readonly<Record<string, string>>) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>${Object.entries(fields)
    .map(([name, it]) => `<key>${name}</key><string>${it}</string>`)
    .join('')}</dict></plist>`

const TAHOE = {
  ProductName: 'macOS',
  ProductVersion: '26.3.1',
  ProductBuildVersion: '25D2128',
  iOSSupportVersion: '26.3',
}
const PATCHED = { ...TAHOE, ProductBuildVersion: '25D771280a', ProductVersionExtra: '(a)' }
const SW_VERS = 'ProductName:\t\tmacOS\nProductVersion:\t\t26.3.1\nBuildVersion:\t\t25D2128\n'

test('the file tells the version, and no rapid response where it has none', () => {
  expect(readSystemVersion(plist(TAHOE))).toEqual({
    kind: 'value',
    value: { name: 'macOS', version: '26.3.1', build: '25D2128', rapidResponse: null },
  })
  expect(readSystemVersion(plist(PATCHED))).toMatchObject({ value: { build: '25D771280a', rapidResponse: '(a)' } })
})

test.each([
  [SW_VERS, { version: '26.3.1', build: '25D2128', rapidResponse: null }],
  ['ProductName:\tMac OS X\nProductVersion:\t10.15.7\nBuildVersion:\t19H2\n', { name: 'Mac OS X', version: '10.15.7' }],
  [
    'ProductName:\t\tmacOS\r\nProductVersion:\t\t13.3.1\r\nProductVersionExtra:\t(a)\r\nBuildVersion:\t\t22E772610a\r\n',
    {
      version: '13.3.1',
      rapidResponse: '(a)',
    },
  ],
])('sw_vers: %j', (text, version) => {
  expect(readSwVers(text)).toMatchObject({ kind: 'value', value: version })
})

test.each([
  ['', 'nothing'],
  [SW_VERS.slice(0, 40), 'a cut answer'],
  [SW_VERS.replace('26.3.1', '16.3.1'), 'the version for old programs'],
  [SW_VERS.replace('26.3.1', '10.16'), 'the version for older programs'],
  [SW_VERS.replace('macOS', 'iPhone OS'), 'another system'],
  [SW_VERS.replace('26.3.1', '26.x'), 'no number'],
  [SW_VERS + SW_VERS, 'two answers'],
  ['sw_vers: command not found\n', 'an error'],
  ['26.3.1\n', 'a number alone'],
])('sw_vers: nothing is drawn from %j (%s)', (text) => {
  expect(readSwVers(text).kind).toBe('unreadable')
})

test.each([
  ['26.7', '26.7.0', 0],
  ['26.10', '26.9', 1],
  ['15.7.3', '26.0', -1],
  ['27', '26.7.1', 1],
  ['26.3.1 (a)', '26.3.1', 1],
  ['26.3.1 (a)', '26.3.1 (b)', -1],
  ['26.3.2', '26.3.1 (c)', 1],
  ['10.15.7', '11.0', -1],
])('%s beside %s', (one, other, sign) => {
  expect(Math.sign(compareVersions(one, other))).toBe(sign)
  expect(Math.sign(compareVersions(other, one))).toBe(-sign || 0)
})

test('the releases before macOS 11 have two numbers of their own', () => {
  expect(['10.15.7', '10.16', '11.0', '26.3.1 (a)', '27'].map(majorOf)).toEqual(['10.15', '10.16', '11', '26', '27'])
})

test.each([
  ['hw.optional.arm64: 1\nhw.machine: arm64\nkern.osrelease: 25.3.0\n', { arch: 'aarch64', kernel: '25.3.0' }],
  ['hw.optional.arm64: 1\nhw.machine: x86_64\n', { arch: 'aarch64', kernel: null }],
  ['hw.machine: x86_64\nkern.osrelease: 24.6.0\n', { arch: 'x86_64', kernel: '24.6.0' }],
  ['', { arch: '', kernel: null }],
  ["sysctl: unknown oid 'hw.machine'\n", { arch: '', kernel: null }],
])('sysctl: %j', (text, kernel) => expect(readSysctl(text)).toEqual(kernel))

const macos = (files: Record<string, string>, programs = {}) => laptop({ files, platform: 'macos', programs })
const SYSCTL = {
  'sysctl hw.optional.arm64 hw.machine kern.osrelease': {
    stdout: 'hw.optional.arm64: 1\nhw.machine: arm64\nkern.osrelease: 25.3.0\n',
  },
}

test('a rapid response shows in the copy of the cryptex, if that is of the same version', async () => {
  expect(await readOs(macos({ [SYSTEM]: plist(TAHOE), [CRYPTEX]: plist(PATCHED) }, SYSCTL))).toEqual({
    kind: 'value',
    value: {
      platform: 'macos',
      name: 'macOS',
      version: '26.3.1',
      build: '25D771280a',
      rapidResponse: '(a)',
      kernel: '25.3.0',
      arch: 'aarch64',
    },
    source: `${SYSTEM}, ${CRYPTEX}`,
  })
  const other = plist({ ...PATCHED, ProductVersion: '26.4' })
  expect(await readOs(macos({ [SYSTEM]: plist(TAHOE), [CRYPTEX]: other }))).toMatchObject({
    value: { version: '26.3.1', build: '25D2128' },
    source: SYSTEM,
  })
})

test('without the file sw_vers tells it, and without that nobody does', async () => {
  expect(await readOs(macos({}, { sw_vers: { stdout: SW_VERS } }))).toMatchObject({
    value: { version: '26.3.1', arch: '' },
    source: 'sw_vers',
  })
  expect((await readOs(macos({ [SYSTEM]: plist({ ProductName: 'macOS' }) }))).kind).toBe('unreadable')
})

test('whatever stands in the file or is printed, it is a fact that a collector takes, or unreadable', () => {
  const parse = parserOf(SIGNALS.os.value)
  const read = [...mutations(plist(PATCHED), 2000)].map(readSystemVersion)
  for (const version of [...read, ...[...mutations(SW_VERS, 10_000)].map(readSwVers)]) {
    expect(version.kind !== 'value' || parse(macosOs(version.value, { kernel: null, arch: '' })).ok).toBe(true)
  }
})
