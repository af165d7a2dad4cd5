import { expect, test } from 'vitest'
import type { RegistryValues } from '../../host/host.ts'
import { laptop, NOW } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { osUpdates } from './probe.ts'
import {
  countMissing,
  readHotFixes,
  readMissingUpdates,
  readSystemInfo,
  readUpdateHistory,
  readUpdateResults,
} from './windows-search.ts'
import { isRestartOwedByWindows, isWindowsAutomatic } from './windows-policy.ts'

const SECURITY = '0fa1201d-4330-4fa8-8ae9-b877473b6441'
const CRITICAL = 'E6CF1350-C01B-414D-A61F-263D14D133B4'
const ROLLUP = '28bc880e-0592-4cbf-8f95-c79b17911d5f'
const DEFINITIONS = 'e0789628-ce08-4437-be74-2495b842f43b'
const DRIVERS = 'ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0'
const FEATURE = '3689bdc8-b205-4af4-8d4a-a63924c5e9d5'

const update = (kb: string, categories: unknown, rest: object = {}) => ({
  Title: `2026-11 Update (KB${kb})`,
  KBArticleIDs: [kb],
  MsrcSeverity: null,
  CategoryIDs: categories,
  ...rest,
})
const LCU = update('5070001', [SECURITY])

const searches: readonly { name: string; printed: unknown; pending: number; security: number | null }[] = [
  { name: 'nothing is missing', printed: [], pending: 0, security: 0 },
  { name: 'a security update', printed: [LCU], pending: 1, security: 1 },
  { name: 'one that PowerShell 5.1 shows without its list', printed: LCU, pending: 1, security: 1 },
  { name: 'a critical update', printed: [update('1000001', [CRITICAL])], pending: 1, security: 1 },
  { name: 'a severity', printed: [update('1000001', [ROLLUP], { MsrcSeverity: 'Important' })], pending: 1, security: 1 },
  { name: 'a preview', printed: [update('5070002', [ROLLUP])], pending: 1, security: 0 },
  { name: 'the removal tool', printed: [update('890830', [ROLLUP, SECURITY])], pending: 1, security: 0 },
  { name: 'definitions by their article', printed: [update('2267602', [SECURITY])], pending: 1, security: 0 },
  { name: 'definitions by their category', printed: [update('9', [DEFINITIONS, SECURITY])], pending: 1, security: 0 },
  { name: 'the platform of Defender', printed: [update('KB4052623', null)], pending: 1, security: 0 },
  { name: 'a driver', printed: [update('9', [DRIVERS, SECURITY])], pending: 1, security: 0 },
  { name: 'a driver by its type', printed: [update('9', [SECURITY], { Type: 2 })], pending: 1, security: 0 },
  { name: 'another release of Windows', printed: [update('9', [FEATURE])], pending: 1, security: 0 },
  { name: 'one without a class', printed: [LCU, update('9', undefined)], pending: 2, security: null },
  { name: 'an article only in the title', printed: [{ Title: 'Sicherheits-Update - KB2267602' }], pending: 1, security: 0 },
  { name: 'installed and hidden ones', printed: [{ ...LCU, IsInstalled: true }, { ...LCU, IsHidden: true }], pending: 0, security: 0 },
  { name: 'categories as objects', printed: [update('9', null, { Categories: [{ Name: 'Sicherheit', CategoryID: SECURITY }] })], pending: 1, security: 1 },
  { name: 'the whole result', printed: { ResultCode: 2, Updates: [LCU, update('890830', [ROLLUP])] }, pending: 2, security: 1 },
] // prettier-ignore

test.each(searches)('a search: $name', ({ printed, pending, security }) => {
  const missing = readMissingUpdates(JSON.stringify(printed))
  expect(missing.kind === 'value' && countMissing(missing.value)).toEqual({ pending, pendingSecurity: security })
})

test.each([
  '',
  'null is no answer',
  JSON.stringify([LCU, { KBArticleIDs: ['9'] }]),
  JSON.stringify({ ResultCode: 4, Updates: [] }),
  JSON.stringify({ ResultCode: 2, Updates: 'System.__ComObject' }),
  JSON.stringify([{ Title: 'x', Operation: 1, ResultCode: 2 }]),
  JSON.stringify([LCU]).slice(0, -4),
  'Exception calling "Search" with "1" argument(s): "Exception from HRESULT: 0x8024402C"',
])('a search: nothing is drawn from %j', (text) => {
  expect(readMissingUpdates(text).kind).toBe('unreadable')
})

const entry = (at: string, rest: object = {}) => ({
  Title: '2026-11 Cumulative Update (KB5070001)',
  Operation: 1,
  ResultCode: 2,
  HResult: 0,
  Date: at,
  ...rest,
})
const [EARLY, LATE] = ['2026-10-14T08:00:00.000Z', '2026-11-12T08:00:00.000Z']
const WAITS = -2_145_116_140

const histories: readonly { name: string; entries: object[]; at: string | null; restart?: boolean }[] = [
  { name: 'the last one that was installed', entries: [entry(LATE), entry(EARLY)], at: LATE },
  { name: 'a time of PowerShell 5.1', entries: [entry('/Date(1794470400000)/')], at: '2026-11-12T08:00:00.000Z' },
  { name: 'in progress', entries: [entry(LATE, { ResultCode: 1 }), entry(EARLY)], at: EARLY },
  { name: 'with errors', entries: [entry(LATE, { ResultCode: 3 })], at: null },
  { name: 'failed', entries: [entry(LATE, { ResultCode: 4 })], at: null },
  { name: 'aborted', entries: [entry(LATE, { ResultCode: 5 })], at: null },
  { name: 'removed', entries: [entry(LATE, { Operation: 2 })], at: null },
  { name: 'definitions', entries: [entry(LATE, { Title: 'Definitionen - KB2267602' })], at: null },
  { name: 'a driver', entries: [entry(LATE, { Title: 'Intel - net - 22.1.2' })], at: null },
  { name: 'a driver with its class', entries: [entry(LATE, { CategoryIDs: [DRIVERS] })], at: null },
  { name: 'another release', entries: [entry(LATE, { Title: 'Windows 11, version 26H2' })], at: LATE },
  { name: 'a restart is owed', entries: [entry(LATE, { ResultCode: 1, HResult: WAITS }), entry(EARLY)], at: EARLY, restart: true },
  { name: 'one that was owed is over', entries: [entry(EARLY, { ResultCode: 1, HResult: WAITS }), entry(LATE)], at: LATE },
  { name: 'nothing', entries: [], at: null },
] // prettier-ignore

test.each(histories)('the history: $name', ({ entries, at, restart = false }) => {
  expect(readUpdateHistory(JSON.stringify(entries))).toEqual({
    kind: 'value',
    value: { lastInstalledAt: at, isRestartOwed: restart },
  })
})

test('a search is no history, and damage is neither', () => {
  for (const text of ['', JSON.stringify([LCU]), JSON.stringify([entry(LATE)]).slice(0, 40)]) {
    expect(readUpdateHistory(text).kind).toBe('unreadable')
  }
})

test.each([
  ['[{"HotFixID":"KB5070001","InstalledOn":"2026-11-12"},{"HotFixID":"KB1","InstalledOn":null}]', 2, '2026-11-12T00:00:00.000Z'],
  ['{"HotFixId":"KB1","InstalledOn":{"value":"\\/Date(1794441600000)\\/","DateTime":"x"}}', 1, '2026-11-12T00:00:00.000Z'],
  ['{"HotFixID":"KB1","InstalledOn":"11/12/2026"}', 1, null],
  ['{"HotFixID":"KB1","InstalledOn":"2026-11-12T00:00:00"}', 1, '2026-11-12T00:00:00.000Z'],
  ['{"HotFixID":"KB1","InstalledOn":"2026-11-12T08:00:00"}', 1, null],
  ['[]', 0, null],
] as const)('hotfixes: %j', (text, count, lastInstalledAt) => {
  expect(readHotFixes(text)).toEqual({ kind: 'value', value: { count, lastInstalledAt } })
}) // prettier-ignore

test('what is no list of hotfixes, no result and no answer is unreadable', () => {
  expect(readHotFixes('[{"Title":"x"}]').kind).toBe('unreadable')
  expect(readUpdateResults('[{"Title":"x"}]').kind).toBe('unreadable')
  expect(readUpdateResults('').kind).toBe('unreadable')
  expect(readSystemInfo('[{"RebootRequired":"vielleicht"}]').kind).toBe('unreadable')
})

const AU = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU'
const CSP = 'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update'
const UX = 'HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\Settings'
const SERVICE = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\wuauserv'
const WAITS_FOR_UPDATE =
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired'
const WAITS_FOR_SERVICING =
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending'
const PACKAGES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\PackagesPending'

const started = { [SERVICE]: { Start: 3 } }
const automatic: readonly { name: string; registry: Record<string, RegistryValues>; is: boolean | null }[] = [
  { name: 'no policy', registry: started, is: true },
  { name: 'a policy that installs', registry: { ...started, [AU]: { NoAutoUpdate: 0, AUOptions: 4 } }, is: true },
  { name: 'a policy that asks first', registry: { ...started, [AU]: { AUOptions: 2 } }, is: true },
  { name: 'a policy against it', registry: { ...started, [AU]: { NoAutoUpdate: 1, AUOptions: 4 } }, is: false },
  { name: 'an old policy against it', registry: { ...started, [AU]: { AUOptions: 1 } }, is: false },
  { name: 'management against it', registry: { ...started, [CSP]: { AllowAutoUpdate: 5 } }, is: false },
  { name: 'a service that is disabled', registry: { [SERVICE]: { Start: 4 } }, is: false },
  { name: 'a service that is not there', registry: {}, is: null },
  { name: 'a pause', registry: { ...started, [UX]: { PauseUpdatesExpiryTime: '2026-11-20T12:00:01Z' } }, is: false },
  { name: 'a pause that is over', registry: { ...started, [UX]: { PauseUpdatesExpiryTime: NOW } }, is: true },
  { name: 'a pause without a time', registry: { ...started, [UX]: { PauseUpdatesExpiryTime: 'soon' } }, is: true },
]

test.each(automatic)('automatic: $name', async ({ registry, is }) => {
  expect(await isWindowsAutomatic(laptop({ files: {}, platform: 'windows', registry }))).toBe(is)
})

const denied = async () => ({ ok: false, reason: 'denied', why: 'x' }) as const

test('keys that cannot be read say neither yes nor no', async () => {
  const host = laptop({ files: {}, platform: 'windows', registry: started })
  const readRegistry = (at: string) => (key: string) => (key === at ? denied() : host.readRegistry(key))
  expect(await isWindowsAutomatic({ ...host, readRegistry: readRegistry(AU) })).toBe(null)
  expect(await isRestartOwedByWindows({ ...host, readRegistry: readRegistry(WAITS_FOR_SERVICING) })).toBe(null)
  expect(await isRestartOwedByWindows({ ...host, readRegistry: readRegistry(PACKAGES) })).toBe(false)
})

test.each([
  [{}, false],
  [{ [WAITS_FOR_UPDATE]: {} }, true],
  [{ [WAITS_FOR_SERVICING]: {} }, true],
  [{ [PACKAGES]: {} }, true],
])('a restart is owed: %j', async (registry, is) => {
  expect(await isRestartOwedByWindows(laptop({ files: {}, platform: 'windows', registry }))).toBe(is)
})

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const question = (name: string, printed: unknown) => ({ [`powershell ${name}`]: { stdout: JSON.stringify(printed) } })
const RESULTS = question('Microsoft.Update.AutoUpdate', [
  {
    LastSearchSuccessDate: '2026-11-20T06:00:00.0000000Z',
    LastInstallationSuccessDate: '2026-11-20T06:10:00.0000000Z',
  },
])
const SYSTEM_INFO = question('Microsoft.Update.SystemInfo', [{ RebootRequired: false }])
const SEARCH = question('Microsoft.Update.Session', [LCU, update('890830', [ROLLUP])])
const HISTORY = question('QueryHistory', [entry(LATE)])

const machine = (programs: object, registry: Record<string, RegistryValues> = started) =>
  laptop({ files: {}, platform: 'windows', registry: { [VERSION]: { CurrentBuild: '26100', UBR: 4652 }, ...registry }, programs: programs as typeof RESULTS }) // prettier-ignore

test('what Windows Update and the registry tell together', async () => {
  expect(await osUpdates().probe(machine({ ...RESULTS, ...SYSTEM_INFO, ...SEARCH, ...HISTORY }))).toEqual({
    kind: 'value',
    value: {
      pendingSecurity: 1,
      pending: 2,
      lastInstalledAt: LATE,
      lastCheckedAt: '2026-11-20T06:00:00.000Z',
      automatic: true,
      rebootRequired: false,
    },
    source: 'Windows Update, registry',
  })
})

const read = async (programs: object) => osUpdates().probe(machine({ ...RESULTS, ...SEARCH, ...programs }))

test('without a history the hotfixes tell when an update was installed, and without these Windows Update', async () => {
  const fixes = question('Get-HotFix', [{ HotFixID: 'KB1', InstalledOn: '2026-11-12' }])
  expect(await read(fixes)).toMatchObject({ value: { lastInstalledAt: '2026-11-12T00:00:00.000Z' } })
  expect(await read({})).toMatchObject({ value: { lastInstalledAt: '2026-11-20T06:10:00.000Z' } })
})

test('no missing update is believed only where it is known when Windows Update looked', async () => {
  const none = question('Microsoft.Update.Session', [])
  expect(await osUpdates().probe(machine({ ...RESULTS, ...none }))).toMatchObject({ value: { pendingSecurity: 0 } })
  expect(await osUpdates().probe(machine({ ...none, ...HISTORY }))).toMatchObject({
    value: { pendingSecurity: null, pending: null, detail: expect.stringContaining('last looked') },
  })
  const ahead = question('Microsoft.Update.AutoUpdate', [{ LastSearchSuccessDate: '2027-01-01T00:00:00Z' }])
  expect(await osUpdates().probe(machine({ ...ahead, ...none }))).toMatchObject({
    value: { pendingSecurity: null, lastCheckedAt: null },
  })
})

test('a search that failed, or that PowerShell cannot make, is not known', async () => {
  const failed = {
    'powershell Microsoft.Update.Session': { exitCode: 1, stderr: 'RuntimeException: the search ended with 4' },
  }
  expect(await osUpdates().probe(machine({ ...RESULTS, ...failed }))).toMatchObject({
    value: { pendingSecurity: null, detail: expect.stringContaining('ended with 4') },
  })
  const host = machine({}, {})
  expect((await osUpdates().probe({ ...host, readRegistry: async () => ({ ok: false, reason: 'failed', why: 'x' }) })).kind).toBe('unreadable') // prettier-ignore
})

test('a reading does not wait for a search, and is made again when it has answered', async () => {
  const { probe, fingerprint, settled } = osUpdates()
  const host = machine({ ...RESULTS, ...SYSTEM_INFO, ...SEARCH, ...HISTORY })
  const gate = Promise.withResolvers<void>()
  const slow: typeof host = {
    ...host,
    async run(program, args) {
      if (args[0] === 'Microsoft.Update.Session') await gate.promise
      return host.run(program, args)
    },
  }
  const before = await fingerprint()
  expect(await probe(slow)).toMatchObject({
    value: {
      pendingSecurity: null,
      lastCheckedAt: '2026-11-20T06:00:00.000Z',
      detail: 'Windows Update has not answered yet',
    },
  })
  expect(await fingerprint()).toBe(before)
  gate.resolve()
  await settled()
  expect(await fingerprint()).not.toBe(before)
  expect(await probe(slow)).toMatchObject({ value: { pendingSecurity: 1 } })
})

test('what a newer search found is not said to be nothing before it is known', async () => {
  const { probe, settled } = osUpdates()
  const gate = Promise.withResolvers<void>()
  const later = question('Microsoft.Update.AutoUpdate', [{ LastSearchSuccessDate: '2026-11-20T11:00:00.0000000Z' }])
  const clean = machine({ ...RESULTS, ...SYSTEM_INFO, ...question('Microsoft.Update.Session', []), ...HISTORY })
  expect(await probe(clean)).toMatchObject({ value: { pendingSecurity: 0, lastCheckedAt: '2026-11-20T06:00:00.000Z' } })

  const host = machine({ ...later, ...SYSTEM_INFO, ...SEARCH, ...HISTORY })
  const slow: typeof host = {
    ...host,
    async run(program, args) {
      if (args[0] === 'Microsoft.Update.Session') await gate.promise
      return host.run(program, args)
    },
  }
  expect(await probe(slow)).toMatchObject({ value: { pendingSecurity: 0, lastCheckedAt: '2026-11-20T06:00:00.000Z' } })
  gate.resolve()
  await settled()
  expect(await probe(slow)).toMatchObject({ value: { pendingSecurity: 1, lastCheckedAt: '2026-11-20T11:00:00.000Z' } })
})

test('damage never makes a missing update disappear from a list that is still read', () => {
  const whole = JSON.stringify([LCU, update('5070002', [ROLLUP]), update('5070003', [CRITICAL])])
  const hidden = [...mutations(whole, 10_000)].filter((text) => {
    const missing = readMissingUpdates(text)
    return missing.kind === 'value' && missing.value.length === 0
  })
  expect(hidden).toEqual([])
})

test('damage never makes a failed update an installed one, nor a time of none', () => {
  const failed = JSON.stringify([entry(LATE, { ResultCode: 4 }), entry(EARLY, { ResultCode: 5 })])
  const installed = [...mutations(failed, 10_000)].filter((text) => {
    const history = readUpdateHistory(text)
    return history.kind === 'value' && history.value.lastInstalledAt !== null
  })
  expect(installed).toEqual([])
  const never = JSON.stringify([{ LastSearchSuccessDate: '1899-12-30T00:00:00Z', LastInstallationSuccessDate: null }])
  const found = [...mutations(never, 10_000)].filter((text) => {
    const results = readUpdateResults(text)
    return results.kind === 'value' && (results.value.lastCheckedAt ?? results.value.lastInstalledAt) !== null
  })
  expect(found).toEqual([])
  for (const text of mutations('[{"HotFixID":"KB1","InstalledOn":null},{"HotFixID":"KB2"}]', 10_000)) {
    const fixes = readHotFixes(text)
    if (fixes.kind === 'value' && fixes.value.lastInstalledAt !== null) throw new Error(text)
  }
})
