import { expect, test } from 'vitest'
import { recordedHost } from '../../host/recorded.ts'
import { decode } from '../../host/text.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readNetsh } from './netsh.ts'
import { readFirewall } from './probe.ts'
import { firewallOf, isFiltering, PROFILES, readNetFirewallProfiles } from './profiles.ts'

const ASK = 'powershell Get-NetFirewallProfile'
const NETSH = 'netsh advfirewall show allprofiles'
const services = (state: string) => ({
  'powershell Get-Service': {
    stdout: JSON.stringify([
      { Name: 'EventLog', State: 'Running', StartMode: 'Auto', ProcessId: 9 },
      { Name: 'mpssvc', State: state, StartMode: 'Auto', ProcessId: 7 },
    ]),
  },
})
const RUNS = services('Running')
const sc = (state: string) => `\r\nSERVICE_NAME: mpssvc \r\n        STATE              : ${state} \r\n`
const profile = (Name: string, Enabled: unknown, DefaultInboundAction: unknown = 4) => ({
  Name,
  Enabled,
  DefaultInboundAction,
})
const all = (...states: unknown[]) => JSON.stringify(PROFILES.map((name, at) => profile(name, states[at] ?? 1)))
const section = (heading: string, state: string, policy = 'BlockInbound,AllowOutbound') =>
  `${heading}\r\n${'-'.repeat(70)}\r\nX                                     ${state}\r\nY                                     ${policy}\r\n\r\nZ:\r\nLog                                   OFF\r\n\r\n`
const german = (...states: string[]) => `\r\n${states.map((it) => section('Einstellungen:', it)).join('')}OK.\r\n`
const LOCAL = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy'
const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall'
const on = { EnableFirewall: 1 }
const off = { EnableFirewall: 0 }
const BY_HAND = { [`${LOCAL}\\DomainProfile`]: on, [`${LOCAL}\\StandardProfile`]: on, [`${LOCAL}\\PublicProfile`]: on }

const ON = { enabled: true, profiles: { Domain: true, Private: true, Public: true } }
const values: readonly { name: string; it: Omit<Laptop, 'files'>; expected: object; source?: string }[] = [
  { name: 'all on', it: { programs: { ...RUNS, [ASK]: { stdout: all() } } }, expected: ON },
  {
    name: 'one off',
    it: { programs: { ...RUNS, [ASK]: { stdout: all(1, 0) } } },
    expected: { enabled: false, profiles: { Domain: true, Private: false, Public: true } },
  },
  {
    name: 'one that lets all in',
    it: { programs: { ...RUNS, [ASK]: { stdout: JSON.stringify([...PROFILES].map((it) => profile(it, 1, 2))) } } },
    expected: { enabled: false, profiles: { Domain: false } },
  },
  {
    name: 'the service is stopped',
    it: { programs: { ...services('Stopped'), [ASK]: { stdout: all() } } },
    expected: { enabled: false },
  },
  {
    name: 'the service, asked for alone',
    it: { programs: { 'sc query mpssvc': { stdout: sc('4  RUNNING') }, [ASK]: { stdout: all() } } },
    expected: ON,
  },
  {
    name: 'the service, asked for alone, is stopped',
    it: { programs: { 'sc query mpssvc': { stdout: sc('1  STOPPED') }, [ASK]: { stdout: all() } } },
    expected: { enabled: false },
  },
  {
    name: 'one that is off, whatever the service does',
    it: { programs: { [ASK]: { stdout: all(1, 0) } } },
    expected: { enabled: false, profiles: { Private: false } },
  },
  { name: 'by the registry', it: { programs: RUNS, registry: BY_HAND }, expected: ON, source: 'mpssvc, registry' },
  {
    name: 'a policy wins',
    it: { programs: RUNS, registry: { ...BY_HAND, [`${POLICY}\\PublicProfile`]: off } },
    expected: { enabled: false, profiles: { Public: false } },
  },
  {
    name: 'an old policy is for two profiles',
    it: { programs: RUNS, registry: { ...BY_HAND, [`${POLICY}\\StandardProfile`]: off } },
    expected: { profiles: { Domain: true, Private: false, Public: false } },
  },
  {
    name: 'management wins over the hand',
    it: { programs: RUNS, registry: { ...BY_HAND, [`${LOCAL}\\Mdm\\DomainProfile`]: off } },
    expected: { profiles: { Domain: false, Private: true } },
  },
  {
    name: 'a policy that lets all in',
    it: { programs: RUNS, registry: { ...BY_HAND, [`${POLICY}\\DomainProfile`]: { DefaultInboundAction: 1 } } },
    expected: { enabled: false, profiles: { Domain: false } },
  },
  {
    name: 'by netsh',
    it: { programs: { ...RUNS, [NETSH]: { stdout: german('EIN', 'EIN', 'EIN') } } },
    expected: ON,
    source: 'mpssvc, netsh',
  },
]

for (const { name, it, expected, source } of values) {
  test(`firewall of Windows: ${name}`, async () => {
    const read = await readFirewall(laptop({ files: {}, platform: 'windows', ...it }))
    expect(read).toMatchObject({ kind: 'value', value: expected, ...(source !== undefined && { source }) })
  })
}

const unknown: readonly { name: string; it: Omit<Laptop, 'files'> }[] = [
  { name: 'nothing answers', it: {} },
  { name: 'the services do not answer', it: { programs: { [ASK]: { stdout: all() } } } },
  {
    name: 'an error',
    it: { programs: { ...RUNS, [ASK]: { exitCode: 1, stdout: all(), stderr: 'HRESULT 0x80041003' } } },
  },
  { name: 'a profile lacks', it: { programs: { ...RUNS, [ASK]: { stdout: JSON.stringify([profile('Domain', 1)]) } } } },
  { name: 'a profile that is left open', it: { programs: { ...RUNS, [ASK]: { stdout: all(1, 2) } } } },
  { name: 'a key that is empty', it: { programs: RUNS, registry: { ...BY_HAND, [`${LOCAL}\\PublicProfile`]: {} } } },
  {
    name: 'netsh in a language that is not known',
    it: { programs: { ...RUNS, [NETSH]: { stdout: german('X', 'X', 'X') } } },
  },
]

for (const { name, it } of unknown) {
  test(`firewall of Windows is not known: ${name}`, async () => {
    expect((await readFirewall(laptop({ files: {}, platform: 'windows', ...it }))).kind).toBe('unreadable')
  })
}

test('a policy that may not be read could say anything', async () => {
  const host = laptop({ files: {}, platform: 'windows', programs: RUNS, registry: BY_HAND })
  const read = await readFirewall({
    ...host,
    readRegistry: async (key) =>
      key.startsWith(POLICY) ? { ok: false, reason: 'denied', why: 'denied' } : host.readRegistry(key),
  })
  expect(read.kind).toBe('unreadable')
})

test.each([
  ['words', JSON.stringify(PROFILES.map((name) => profile(name, 'True', 'Block')))],
  ['enumerations as objects', JSON.stringify(PROFILES.map((name) => profile(name, { value: 1, Value: 'True' })))],
  ['a wrapped array', `{"value":${all()},"Count":3}`],
  [
    'a list',
    PROFILES.map((name) => `Name                  : ${name}\r\nEnabled               : True\r\n`).join('\r\n'),
  ],
  [
    'a table',
    `Name    Enabled\r\n----    -------\r\n${PROFILES.map((name) => `${name.padEnd(8)}   True`).join('\r\n')}`,
  ],
])('reads profiles as %s', (_, text) => {
  const read = readNetFirewallProfiles(text)
  expect(read.kind === 'value' && isFiltering(read.value)).toBe(true)
})

function summary(text: string) {
  const fact = readNetFirewallProfiles(text)
  return fact.kind === 'value' ? [fact.value.length, isFiltering(fact.value)] : fact.kind
}

test('a part tells of its profiles, and of the whole only what is off', () => {
  expect(summary(JSON.stringify([profile('Private', 1), profile('Public', 1)]))).toEqual([2, null])
  expect(summary(JSON.stringify([profile('Private', 1), profile('Public', 0)]))).toEqual([2, false])
  expect(summary(JSON.stringify([profile('Private', 1), profile('Private', 1)]))).toBe('unreadable')
  expect(summary('[]')).toBe('unreadable')
  expect(summary('Get-NetFirewallProfile : Access is denied.')).toBe('unreadable')
})

const netsh: readonly [string, string, (boolean | null)[] | null][] = [
  [
    'English',
    `${section('Domain Profile Settings:', 'ON')}${section('Private Profile Settings:', 'OFF')}`,
    [true, false],
  ],
  ['Spanish', german('ACTIVAR', 'ACTIVAR', 'DESACTIVAR'), [true, true, false]],
  ['a word with a blank', german('ATTIVO', 'NON ATTIVO', 'ATTIVO'), [true, false, true]],
  ['a code page without our letters', german('D?SACTIV?', 'ACTIV?'.replace('?', '\u201a')), [false, true]],
  [
    'Japanese, by the code page',
    decode(
      Buffer.from(
        '580d0a2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d0d0a5374617465202020202020202020202020202020202020202020202020202020202020202020834983930d0a',
        'hex',
      ),
    ),
    [true],
  ],
  ['the profile in use', section('Public Profile Settings:', 'ON'), [true]],
  ['a profile twice', section('Public Profile Settings:', 'ON').repeat(2), null],
  ['a profile that is none', section('Other Profile Settings:', 'ON'), null],
  ['no ruler', 'State                                 ON\r\nOk.\r\n', null],
  ['more profiles than there are', german('EIN', 'EIN', 'EIN', 'EIN'), null],
  ['a state that is cut', german('EIN', 'EIN').slice(0, 90), null],
  ['a sentence', 'The service has not been started.', null],
]

test.each(netsh)('netsh: %s', (_, text, states) => {
  const read = readNetsh(text)
  expect(read.kind === 'value' ? read.value.map(({ enabled }) => enabled) : null).toEqual(states)
})

test.each([
  ['Configuración de Perfil público:', 'Public'],
  ['Domänenprofil-Einstellungen:', 'Domain'],
  ['Paramètres Profil privé :', 'Private'],
  ['公用配置文件 设置:', 'Public'],
])('netsh: %s is the profile %s, whatever its place', (heading, name) => {
  expect(readNetsh(section(heading, 'EIN'), [])).toMatchObject({ value: [{ name, enabled: true }] })
})

test('netsh: one profile that was asked for, and one that lets all in', () => {
  expect(readNetsh(section('X', 'Actif'), ['Public'])).toMatchObject({ value: [{ name: 'Public', enabled: true }] })
  const open = readNetsh(german('EIN', 'EIN') + section('X', 'EIN', 'AllowInbound,AllowOutbound'))
  expect(open.kind === 'value' && isFiltering(open.value)).toBe(false)
})

test('damage never switches the firewall on', () => {
  const texts: [string, typeof readNetsh][] = [
    [german('EIN', 'AUS', 'AUS'), readNetsh],
    [all(1, 0, 0), readNetFirewallProfiles],
  ]
  for (const [text, read] of texts) {
    for (const damaged of mutations(text, 10_000)) {
      const fact = read(damaged)
      if (fact.kind !== 'value') continue
      const firewall = firewallOf(fact.value)
      expect(firewall.kind === 'value' && firewall.value.enabled).toBe(false)
    }
  }
})

const recording = (...keys: string[]) =>
  recordedHost({
    version: 1,
    platform: 'windows',
    recordedAt: '2026-11-20T12:00:00Z',
    entries: [
      ...keys.map((key) => ({ kind: 'registry' as const, key, values: key.startsWith(LOCAL) ? on : null })),
      { kind: 'command', program: 'sc', args: ['query', 'mpssvc'], exitCode: 0, stdout: sc('4  RUNNING'), stderr: '' },
    ],
  })
const locals = ['DomainProfile', 'StandardProfile', 'PublicProfile'].map((name) => `${LOCAL}\\${name}`)
const policies = PROFILES.map((name) => `${POLICY}\\${name}Profile`)

test('a recording by hand may lack what few machines have, and no more', async () => {
  expect(await readFirewall(recording(...locals, ...policies))).toMatchObject({ value: { enabled: true } })
  expect((await readFirewall(recording(...locals))).kind).toBe('unreadable')
  expect((await readFirewall(recording(...policies))).kind).toBe('unreadable')
})
