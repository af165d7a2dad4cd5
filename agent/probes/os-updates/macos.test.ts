import { expect, test } from 'vitest'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import type { MacosVersion } from '../os/macos-version.ts'
import { readPlist } from '../plist.ts'
import { lastUpdateIn, readInstallHistory } from './install-history.ts'
import { countOffers, together, type Offer } from './macos-offers.ts'
import { updateSettingsOf } from './macos-settings.ts'
import { osUpdates } from './probe.ts'
import { readSchedule, readSoftwareUpdateList } from './softwareupdate.ts'

const HEAD = 'Software Update Tool\n\nFinding available software\n'
const FOUND = 'Software Update found the following new or updated software:\n'
const item = (label: string, title: string, version: string) =>
  `* Label: ${label}\n\tTitle: ${title}, Version: ${version}, Size: 868648KiB, Recommended: YES, Action: restart, \n`
const TAHOE = item('macOS Tahoe 26.7-25G229', 'macOS Tahoe 26.7', '26.7')
const SAFARI = '* Label: Safari27.0TahoeAuto-27.0\n\tTitle: Safari, Version: 27.0, Size: 190512KiB, Recommended: YES,\n'
const TOOLS = item('Command Line Tools for Xcode 27.0-27.0', 'Command Line Tools for Xcode 27.0', '27.0')
const NEXT = item('macOS 27-26A428', 'macOS 27', '27')
const LIST = HEAD + FOUND + TAHOE + SAFARI + TOOLS + NEXT
const NONE = 'No new software available.\n'

test('the list names what is on offer', () => {
  expect(readSoftwareUpdateList(LIST)).toEqual({
    kind: 'value',
    value: [
      { title: 'macOS Tahoe 26.7', version: '26.7', id: 'macOS Tahoe 26.7-25G229' },
      { title: 'Safari', version: '27.0', id: 'Safari27.0TahoeAuto-27.0' },
      { title: 'Command Line Tools for Xcode 27.0', version: '27.0', id: 'Command Line Tools for Xcode 27.0-27.0' },
      { title: 'macOS 27', version: '27', id: 'macOS 27-26A428' },
    ],
  })
  const old = `${HEAD}${FOUND}   * macOS 10.14.6 Update-\n\tmacOS 10.14.6 Update ( ), 2096K [recommended] [restart]\n   - Command Line Tools (macOS Mojave) for Xcode-10.3\n\tCommand Line Tools (macOS Mojave) for Xcode (10.3), 199140K\n`
  expect(readSoftwareUpdateList(old)).toMatchObject({
    value: [
      { title: 'macOS 10.14.6 Update', version: '' },
      { title: 'Command Line Tools (macOS Mojave) for Xcode', version: '10.3' },
    ],
  })
})

test.each([
  [HEAD + NONE, ''],
  ['Software Update Tool\r\n\r\n', 'No new software available.\r\n'],
  [HEAD, `2026-11-20 12:00:00.123 softwareupdate[71:4a2f] connected\n${NONE}`],
])('nothing is on offer: %j and %j', (stdout, stderr) => {
  expect(readSoftwareUpdateList(stdout, stderr)).toEqual({ kind: 'value', value: [] })
})

test.each([
  ['', ''],
  [HEAD, ''],
  [HEAD + FOUND, ''],
  [HEAD + FOUND + TAHOE.slice(0, 40), ''],
  [HEAD + FOUND + TAHOE.split('\n')[0], ''],
  [HEAD + FOUND + TAHOE + NONE, ''],
  [`${HEAD}Scan finished with error: The network connection was lost.\n`, ''],
  [HEAD, `Scan finished with error: Error Domain=NSURLErrorDomain Code=-1009\n${NONE}`],
  [HEAD, `2026-11-20 12:00:00.123 softwareupdate[71:4a2f] Failed to connect\n${NONE}`],
  [`${HEAD}Keine neue Software verf\u00fcgbar.\n`, ''],
  ["Can't connect to the Apple Software Update server\n", ''],
])('no offer is drawn from %j and %j', (stdout, stderr) => {
  expect(readSoftwareUpdateList(stdout, stderr).kind).toBe('unreadable')
})

test('damage never makes a list empty', () => {
  const emptied = [...mutations(LIST, 10_000)].filter((text) => {
    const offers = readSoftwareUpdateList(text)
    return offers.kind === 'value' && offers.value.length === 0
  })
  expect(emptied).toEqual([])
})

test.each([
  ['Automatic checking for updates is turned on\n', true],
  ['Automatic check is on', true],
  ['Automatic checking for updates is turned off\r\n', false],
  ['Automatic check is off\n', false],
  ['', null],
  ['Automatic check is', null],
  ['Automatische Suche ist aktiviert', null],
  ['softwareupdate: unrecognized option `--schedule`', null],
])('the schedule: %j', (text, is) => {
  const schedule = readSchedule(text)
  expect(schedule.kind === 'value' ? schedule.value : null).toBe(is)
})

const at = (version: string, build = '25F71', rapidResponse: string | null = null): MacosVersion => ({
  name: 'macOS',
  version,
  build,
  rapidResponse,
})
const offer = (title: string, version: string, id = title): Offer => ({ title, version, id })
const MINOR = offer('macOS Tahoe 26.7', '26.7', 'MSU_UPDATE_25G229_patch_26.7_minor')
const MAJOR = offer('macOS 27', '27', 'MSU_UPDATE_26A428_patch_27.0_major')
const RESPONSE = offer('macOS Background Security Improvement (a)', '26.6 (a)', 'macOS Background Security Improvement (a)-25F771280a') // prettier-ignore
const BETA = offer('macOS Tahoe 26.7 Beta 3', '26.7', 'macOS Tahoe 26.7 Beta 3-25G5210c')
const SAFARI_OFFER = offer('Safari', '27.0', 'Safari27.0TahoeAuto')
const CATALINA = offer('Security Update 2022-005', '10.15.7', 'Security Update 2022-005-19H2026')

const counts: readonly { name: string; offers: Offer[]; on: MacosVersion | null; security: number | null; pending: number }[] = [
  { name: 'nothing', offers: [], on: at('26.6'), security: 0, pending: 0 },
  { name: 'an update of this macOS', offers: [MINOR], on: at('26.6'), security: 1, pending: 1 },
  { name: 'another macOS by its id', offers: [MAJOR], on: at('26.6'), security: 0, pending: 0 },
  { name: 'another macOS by its version', offers: [offer('macOS Golden Gate 27.0.1', '27.0.1')], on: at('26.7'), security: 0, pending: 0 },
  { name: 'the macOS before last on 10.15', offers: [offer('macOS Big Sur 11.7', '11.7')], on: at('10.15.7', '19H2'), security: 0, pending: 0 },
  { name: 'an update of 10.15', offers: [offer('macOS 10.15.7', '10.15.7')], on: at('10.15.6', '19G73'), security: 1, pending: 1 },
  { name: 'one that is installed by now', offers: [MINOR], on: at('26.7', '25G229'), security: 0, pending: 0 },
  { name: 'one older than the system', offers: [MINOR], on: at('26.7.1', '25H5'), security: 0, pending: 0 },
  { name: 'the same version in another build', offers: [MINOR], on: at('26.7', '25G200'), security: 1, pending: 1 },
  { name: 'a beta, from another beta', offers: [BETA], on: at('26.7', '25G5190b'), security: 1, pending: 1 },
  { name: 'a rapid response', offers: [RESPONSE], on: at('26.6'), security: 1, pending: 1 },
  { name: 'a rapid response that is installed', offers: [RESPONSE], on: at('26.6', '25F771280a', '(a)'), security: 0, pending: 0 },
  { name: 'a rapid response after another', offers: [{ ...RESPONSE, version: '26.6 (b)', id: 'x' }], on: at('26.6', '25F771280a', '(a)'), security: 1, pending: 1 },
  { name: 'Safari', offers: [SAFARI_OFFER], on: at('26.6'), security: 1, pending: 1 },
  { name: 'a preview of Safari', offers: [offer('Safari Technology Preview', '250')], on: at('26.6'), security: 0, pending: 1 },
  { name: 'tools', offers: [offer('Command Line Tools for Xcode', '27.0'), offer('SF Symbols', '7')], on: at('26.6'), security: 0, pending: 2 },
  { name: 'a security update of an older release', offers: [CATALINA], on: at('10.15.7', '19H15'), security: 1, pending: 1 },
  { name: 'a server program', offers: [offer('macOS Server', '5.12')], on: at('12.6', '21G115'), security: 0, pending: 1 },
  { name: 'a localised title', offers: [offer('Aktualisierung', '26.7', 'MSU_UPDATE_25G229_patch_26.7_minor')], on: at('26.6'), security: 1, pending: 1 },
  { name: 'a version that is not told', offers: [offer('macOS 10.14.6 Update', '')], on: at('10.14.5', '18F132'), security: 1, pending: 1 },
  { name: 'on a macOS that is not known: an update', offers: [MINOR], on: null, security: 1, pending: 1 },
  { name: 'on a macOS that is not known: an update and another macOS', offers: [MINOR, MAJOR, offer('macOS X', '27.0.1')], on: null, security: 1, pending: 1 },
  { name: 'on a macOS that is not known: the first of a macOS', offers: [offer('macOS 27', '27')], on: null, security: null, pending: 0 },
  { name: 'on a macOS that is not known: tools', offers: [offer('SF Symbols', '7')], on: null, security: 0, pending: 1 },
] // prettier-ignore

test.each(counts)('offers: $name', ({ offers, on, security, pending }) => {
  const counted = countOffers(offers, on)
  expect([counted.pendingSecurity, counted.pending.length]).toEqual([security, pending])
})

test('what two sources offer is counted once', () => {
  expect(together([[MINOR, SAFARI_OFFER], [{ ...MINOR, id: 'macOS Tahoe 26.7-25G229' }]])).toHaveLength(2)
})

const key = (name: string, it: string) => `<key>${name}</key>${it}`
const plist = (...entries: string[]) =>
  `<?xml version="1.0"?><plist version="1.0"><dict>${entries.join('')}</dict></plist>`
const offered = (name: string, version: string, id: string) =>
  `<dict>${key('Display Name', `<string>${name}</string>`)}${key('Display Version', version)}${key('Identifier', `<string>${id}</string>`)}</dict>`
const CHECKED = key('LastFullSuccessfulDate', '<date>2026-11-20T06:00:00Z</date>')
const recommended = (...items: string[]) => key('RecommendedUpdates', `<array>${items.join('')}</array>`)
const count = (number: number) => key('LastRecommendedUpdatesAvailable', `<integer>${number}</integer>`)
const PENDING = plist(
  CHECKED,
  key('LastSuccessfulDate', '<date>2026-11-20T05:00:00Z</date>'),
  recommended(
    offered('macOS Tahoe 26.10', '<real>26.1</real>', 'MSU_UPDATE_25K9_patch_26.10_minor'),
    offered('macOS 27', '<integer>27</integer>', 'MSU_UPDATE_26A428_patch_27.0_major'),
    offered('Safari', '<string>27.0</string>', 'Safari27.0TahoeAuto'),
  ),
)

function settingsIn(text: string) {
  const read = readPlist(text)
  return updateSettingsOf(read.kind === 'value' ? read.value : {})
}

test('the settings hold what was found, and when', () => {
  expect(settingsIn(PENDING)).toEqual({
    offers: [
      { title: 'macOS Tahoe 26.10', version: '26.10', id: 'MSU_UPDATE_25K9_patch_26.10_minor' },
      { title: 'macOS 27', version: '27.0', id: 'MSU_UPDATE_26A428_patch_27.0_major' },
      { title: 'Safari', version: '27.0', id: 'Safari27.0TahoeAuto' },
    ],
    lastCheckedAt: '2026-11-20T06:00:00.000Z',
    automatic: null,
  })
})

test('damage never makes the settings say that nothing was found, and the history is read or not', () => {
  const emptied = [...mutations(PENDING, 3000)].filter((text) => settingsIn(text).offers?.length === 0)
  expect(emptied).toEqual([])
  const data = history(installed('XProtectPlistConfigData', '2026-10-01T00:00:00Z', DATA))
  const found = [...mutations(data, 3000)].filter((text) => {
    const read = readInstallHistory(text)
    return read.kind === 'value' && lastUpdateIn(read.value) !== null
  })
  expect(found).toEqual([])
})

test.each([
  ['an empty list', plist(recommended()), 0],
  ['an empty list and its count', plist(recommended(), count(0)), 0],
  ['a count of none without a list', plist(count(0)), 0],
  ['an empty list with a count of one', plist(recommended(), count(1)), null],
  ['an empty list of a search that failed', plist(recommended(), key('LastSessionSuccessful', '<false/>')), null],
  ['a number of a search that failed', '{ LastRecommendedUpdatesAvailable = 0; LastSessionSuccessful = 0; }', null],
  ['no list', plist(CHECKED), null],
  ['a list with something else in it', plist(recommended('<string>x</string>')), null],
  ['an update without a name', plist(recommended(offered('', '<string>1</string>', 'x'))), null],
])('the settings: %s', (_, text, offers) => {
  expect(settingsIn(text).offers?.length ?? null).toBe(offers)
})

test.each([
  [key('AutomaticCheckEnabled', '<true/>'), true],
  [key('AutomaticCheckEnabled', '<integer>0</integer>'), false],
  [key('AutomaticDownload', '<integer>1</integer>'), true],
  [key('AutomaticCheckEnabled', '<string>vielleicht</string>'), null],
  ['', null],
])('automatic by %j', (entry, is) => expect(settingsIn(plist(entry)).automatic).toBe(is))

const installed = (name: string, date: string, more = '') =>
  `<dict>${key('displayName', `<string>${name}</string>`)}${key('date', `<date>${date}</date>`)}${more}</dict>`
const history = (...entries: string[]) =>
  `<?xml version="1.0"?><plist version="1.0"><array>${entries.join('')}</array></plist>`
const DATA = key('contentType', '<string>config-data</string>')

test.each([
  [history(installed('macOS 26.6', '2026-10-01T00:00:00Z'), installed('macOS 26.5', '2026-08-01T00:00:00Z')), '2026-10-01T00:00:00.000Z'],
  [history(installed('Security Update 2022-005', '2022-10-01T00:00:00Z')), '2022-10-01T00:00:00.000Z'],
  [history(installed('Safari', '2026-10-02T00:00:00Z'), installed('SF Symbols', '2026-11-02T00:00:00Z')), '2026-10-02T00:00:00.000Z'],
  [history(installed('XProtectPlistConfigData', '2026-10-01T00:00:00Z', DATA), installed('macOS 1', '2026-10-01T00:00:00Z', DATA)), null],
  [history(installed('Install macOS Tahoe', '2026-10-01T00:00:00Z'), installed('macOS Server', '2026-10-01T00:00:00Z')), null],
  [history(installed('Command Line Tools for Xcode', '2026-10-01T00:00:00Z')), null],
  [history(), null],
])('the last update in %j', (text, last) => {
  const read = readInstallHistory(text)
  expect(read.kind === 'value' && lastUpdateIn(read.value)).toBe(last)
}) // prettier-ignore

test('what is no history is unreadable', () => {
  for (const text of ['', plist(CHECKED), history(installed('macOS 1', '2026-10-01T00:00:00Z')).slice(0, -20)]) {
    expect(readInstallHistory(text).kind).toBe('unreadable')
  }
})

const SYSTEM = '/System/Library/CoreServices/SystemVersion.plist'
const SETTINGS = '/Library/Preferences/com.apple.SoftwareUpdate.plist'
const MANAGED = '/Library/Managed Preferences/com.apple.SoftwareUpdate.plist'
const HISTORY = '/Library/Receipts/InstallHistory.plist'
const VERSION = plist(...['ProductName', 'macOS', 'ProductVersion', '26.6', 'ProductBuildVersion', '25F71'].map((it, n) => (n % 2 === 0 ? `<key>${it}</key>` : `<string>${it}</string>`))) // prettier-ignore
const LISTING = 'softwareupdate --list --no-scan'
const read = (files: Record<string, string>, programs: Record<string, object> = {}) =>
  osUpdates().probe(laptop({ platform: 'macos', files: { [SYSTEM]: VERSION, ...files }, programs }))

test('the settings, the list and the history together', async () => {
  const files = { [SETTINGS]: PENDING, [HISTORY]: history(installed('macOS 26.6', '2026-10-01T00:00:00Z')) }
  expect(await read(files, { [LISTING]: { stdout: LIST } })).toEqual({
    kind: 'value',
    value: {
      pendingSecurity: 3,
      pending: 4,
      lastInstalledAt: '2026-10-01T00:00:00.000Z',
      lastCheckedAt: '2026-11-20T06:00:00.000Z',
      automatic: true,
      rebootRequired: null,
    },
    source: `${SETTINGS}, ${LISTING}`,
  })
})

test('what was installed in the future was not', async () => {
  const files = { [SETTINGS]: PENDING, [HISTORY]: history(installed('macOS 26.6', '2027-10-01T00:00:00Z')) }
  expect(await read(files)).toMatchObject({ value: { lastInstalledAt: null } })
})

const none = { stdout: HEAD, stderr: NONE }
const judged: readonly { name: string; files: Record<string, string>; list?: object; security: number | null; detail?: string }[] = [
  { name: 'none by both', files: { [SETTINGS]: plist(CHECKED, recommended()) }, list: none, security: 0 },
  { name: 'none by the settings', files: { [SETTINGS]: plist(CHECKED, recommended()) }, security: 0 },
  { name: 'none by the list', files: { [SETTINGS]: plist(CHECKED) }, list: none, security: 0 },
  { name: 'none, and nobody knows when it was looked for', files: {}, list: none, security: null, detail: 'last looked' },
  { name: 'none, looked for in the future', files: { [SETTINGS]: plist(CHECKED.replace('2026', '2027')) }, list: none, security: null, detail: 'last looked' },
  { name: 'some by the settings and none by the list', files: { [SETTINGS]: PENDING }, list: none, security: 2 },
  { name: 'some by the list and none by the settings', files: { [SETTINGS]: plist(CHECKED, recommended()) }, list: { stdout: LIST }, security: 2 },
  { name: 'some, whenever it was looked for', files: {}, list: { stdout: LIST }, security: 2 },
  { name: 'a list that failed', files: { [SETTINGS]: plist(CHECKED) }, list: { stdout: HEAD, stderr: 'error' }, security: null, detail: 'error' },
  { name: 'no list', files: { [SETTINGS]: plist(CHECKED) }, security: null, detail: 'not installed' },
] // prettier-ignore

test.each(judged)('missing on macOS: $name', async ({ files, list, security, detail = '' }) => {
  const reading = await read(files, list ? { [LISTING]: list } : {})
  const updates = reading.kind === 'value' ? reading.value : null
  expect(updates?.pendingSecurity).toBe(security)
  expect(updates?.detail ?? '').toMatch(detail === '' ? /^$/ : new RegExp(detail))
})

const CHECKS = plist(CHECKED, key('AutomaticCheckEnabled', '<true/>'))
const OFF = plist(key('AutomaticCheckEnabled', '<false/>'))
test.each([
  ['set by hand', { [SETTINGS]: OFF }, false],
  ['managed over what is set', { [SETTINGS]: CHECKS, [MANAGED]: OFF }, false],
  [
    'managed about something else',
    { [SETTINGS]: OFF, [MANAGED]: plist(key('CatalogURL', '<string>x</string>')) },
    false,
  ],
  ['not set', { [SETTINGS]: plist(CHECKED) }, true],
  ['settings that make no sense', { [SETTINGS]: 'bplist00' }, null],
  ['management that makes no sense', { [SETTINGS]: CHECKS, [MANAGED]: 'bplist00' }, null],
])('automatic on macOS: %s', async (_, files, is) => {
  const reading = await read(files, { [LISTING]: { stdout: LIST } })
  expect(reading).toMatchObject({ value: { automatic: is } })
})

test('where the settings cannot be read, the schedule is asked', async () => {
  const programs = { [LISTING]: none, 'softwareupdate --schedule': { stdout: 'Automatic check is off\n' } }
  expect(await read({ [SETTINGS]: 'bplist00' }, programs)).toMatchObject({ value: { automatic: false } })
})

const byHand = (args: string[], stdout: string, stderr = ''): RecordingEntry => ({
  kind: 'command',
  program: 'softwareupdate',
  args,
  exitCode: 0,
  stdout,
  stderr,
})
test('a recording by hand may hold the question that people ask, which looks at Apple', async () => {
  const schedule = byHand(['--schedule'], 'Automatic checking for updates is turned on\n')
  const system: RecordingEntry = { kind: 'file', path: SYSTEM, content: VERSION }
  const recordedAt = '2026-11-20T12:00:00.000Z'
  const probe = (...entries: RecordingEntry[]) =>
    osUpdates().probe(recordedHost({ version: 1, platform: 'macos', recordedAt, entries: [system, ...entries] }))
  expect(await probe(byHand(['-l'], HEAD, NONE), schedule)).toMatchObject({
    value: { pendingSecurity: 0, lastCheckedAt: recordedAt, automatic: true },
  })
  expect(await probe(byHand(['--list'], LIST))).toMatchObject({ value: { pendingSecurity: 2 } })
  // What was found before tells nothing of when.
  expect(await probe(byHand(['--list', '--no-scan'], HEAD, NONE), schedule)).toMatchObject({
    value: { pendingSecurity: null, lastCheckedAt: null },
  })
})
