import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readExtensionDatabase, readExtensionList, readSystemExtensions } from './system-extensions.ts'

const HEAD = 'enabled\tactive\tteamID\tbundleID (version)\tname\t[state]'
const row = (stars: string, name: string, state: string) =>
  `${stars}\tABCDE12345\tcom.example.${name} (7.1/7.1.100)\tExample (Pro) ${name}\t[${state}]`
const LIST = [
  '3 extension(s)',
  "--- com.apple.system_extension.network_extension (Go to 'System Settings > Network Extensions' to modify)",
  HEAD,
  row('\t*', 'filter', 'activated waiting for user'),
  '--- com.apple.system_extension.endpoint_security',
  HEAD,
  row('*\t*', 'sensor', 'activated enabled'),
  row('\t', 'old', 'terminated waiting to uninstall on reboot'),
  '',
].join('\n')

test('reads what works and what only stands there', () => {
  for (const text of [LIST, LIST.replaceAll('\n', '\r\n'), LIST.replaceAll('\t', ' ')]) {
    const fact = readExtensionList(text)
    expect(
      fact.kind === 'value' && fact.value.map(({ bundleId, enabled, active }) => [bundleId, enabled, active]),
    ).toEqual([
      ['com.example.filter', false, false],
      ['com.example.sensor', true, true],
      ['com.example.old', false, false],
    ])
  }
  expect(readExtensionList(LIST)).toMatchObject({
    value: [
      { category: 'network_extension', teamId: 'ABCDE12345', version: '7.1' },
      { category: 'endpoint_security' },
      { category: 'endpoint_security' },
    ],
  })
})

test('an extension that no team signed', () => {
  const text = `1 extension(s)\n${HEAD}\n*\t*\t\tcom.example.own (1/1)\tOwn\t[activated enabled]\n`
  expect(readExtensionList(text)).toMatchObject({ value: [{ bundleId: 'com.example.own', teamId: '' }] })
})

test.each(['0 extension(s)\n', 'Category: com.apple.system_extension.network_extension\n0 extension(s)\n'])(
  'none: %j',
  (text) => {
    expect(readExtensionList(text)).toEqual({ kind: 'value', value: [] })
  },
)

test.each(['', HEAD, LIST.slice(0, 300), 'systemextensionsctl: error', '1 extension(s)'])(
  'nothing is drawn from %j',
  (text) => {
    expect(readExtensionList(text).kind).toBe('unreadable')
  },
)

const entry = (changes: object) => ({
  identifier: 'com.example.sensor',
  teamID: 'ABCDE12345',
  state: 'activated_enabled',
  categories: ['com.apple.system_extension.network_extension', 'com.apple.system_extension.endpoint_security'],
  bundleVersion: { CFBundleShortVersionString: '7.1', CFBundleVersion: '7.1.100' },
  ...changes,
})

test('reads the database behind the list', () => {
  const sensor = { bundleId: 'com.example.sensor', teamId: 'ABCDE12345', version: '7.1', category: 'endpoint_security' }
  const states = [
    'activated_enabled',
    'activated_disabled',
    'activated_waiting_for_user',
    'terminated_waiting_to_uninstall_on_reboot',
  ]
  expect(readExtensionDatabase({ extensions: states.map((state) => entry({ state })) })).toEqual({
    kind: 'value',
    value: states.map((_, at) => ({ ...sensor, enabled: at === 0, active: at === 0 })),
  })
  expect(readExtensionDatabase({ extensions: [] })).toEqual({ kind: 'value', value: [] })
})

test.each([{}, { extensions: 'x' }, { extensions: [7] }, { extensions: [entry({ state: 1 })] }, { extensions: [{}] }])(
  'no database: %j',
  (plist) => {
    expect(readExtensionDatabase(plist).kind).toBe('unreadable')
  },
)

test('where the list cannot be had, the database answers', async () => {
  const plist = `<plist version="1.0"><dict><key>extensions</key><array><dict><key>identifier</key><string>com.example.sensor</string><key>teamID</key><string>ABCDE12345</string><key>state</key><string>activated_enabled</string></dict></array></dict></plist>`
  const host = laptop({ platform: 'macos', files: { '/Library/SystemExtensions/db.plist': plist } })
  expect(await readSystemExtensions(host)).toMatchObject({ kind: 'value', value: [{ enabled: true }] })
})

test('an error is no empty list', async () => {
  const host = laptop({
    platform: 'macos',
    files: {},
    programs: { 'systemextensionsctl list': { stdout: LIST, exitCode: 1 } },
  })
  expect((await readSystemExtensions(host)).kind).toBe('unreadable')
})

test('damage never switches an extension on', () => {
  const bad = LIST.replace('activated enabled', 'activated disabled')
  for (const text of mutations(bad, 10_000)) {
    const fact = readExtensionList(text)
    expect(fact.kind === 'value' && fact.value.some(({ enabled, active }) => enabled || active)).toBe(false)
  }
})

test('empty lines without end take no time', () => {
  const before = performance.now()
  expect(readExtensionList('\n'.repeat(200_000)).kind).toBe('unreadable')
  expect(performance.now() - before).toBeLessThan(500)
})
