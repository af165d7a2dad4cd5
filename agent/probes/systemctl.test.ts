import { expect, test } from 'vitest'
import { laptop } from '../../test/fakes/laptop.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { askUnits, readIsActive, readIsEnabled, readUnits, type UnitState } from './systemctl.ts'

const block = (unit: string, load: string, active: string, sub: string, file: string) =>
  `SubState=${sub}\nId=${unit}\nLoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n`

const states: readonly { name: string; text: string; state: Partial<UnitState> }[] = [
  {
    name: 'runs and starts at boot',
    text: block('a.service', 'loaded', 'active', 'running', 'enabled'),
    state: { name: 'a.service', names: ['a.service'], isInstalled: true, isRunning: true, isEnabled: true },
  },
  {
    name: 'stopped, not started at boot',
    text: block('a.service', 'loaded', 'inactive', 'dead', 'disabled'),
    state: { isInstalled: true, isRunning: false, isEnabled: false },
  },
  {
    name: 'not installed',
    text: block('a.service', 'not-found', 'inactive', 'dead', ''),
    state: { isInstalled: false, isRunning: false, isEnabled: false },
  },
  {
    name: 'removed while it ran',
    text: block('a.service', 'not-found', 'active', 'running', ''),
    state: { isInstalled: false, isRunning: true },
  },
  {
    name: 'masked',
    text: block('a.service', 'masked', 'inactive', 'dead', 'masked'),
    state: { isInstalled: true, isRunning: false, isEnabled: false },
  },
  {
    name: 'ran once and is over',
    text: block('a.service', 'loaded', 'active', 'exited', 'enabled'),
    state: { isRunning: null, isEnabled: true },
  },
  { name: 'failed', text: block('a.service', 'loaded', 'failed', 'failed', 'static'), state: { isRunning: false } },
  {
    name: 'crashes again and again',
    text: block('a.service', 'loaded', 'activating', 'auto-restart', 'enabled'),
    state: { isRunning: null },
  },
  {
    name: 'started by others',
    text: block('a.service', 'loaded', 'active', 'running', 'static'),
    state: { isEnabled: null },
  },
  { name: 'a timer', text: block('a.timer', 'loaded', 'active', 'waiting', 'enabled'), state: { isRunning: true } },
  {
    name: 'asked for by another name',
    text: `Names=ssh.service sshd.service\n${block('ssh.service', 'loaded', 'active', 'running', 'enabled')}`,
    state: { name: 'ssh.service', names: ['ssh.service', 'sshd.service'] },
  },
  {
    name: 'named by its names alone',
    text: 'Names=a.service b.service\nActiveState=active\nSubState=running\n',
    state: { name: 'a.service', names: ['a.service', 'b.service'], isRunning: true },
  },
  {
    name: 'asked for two properties only',
    text: 'Id=a@b\\x2dc.service\r\nLoadState=loaded\r\nActiveState=active\r\n',
    state: { name: 'a@b\\x2dc.service', isRunning: true, isEnabled: null },
  },
]

for (const { name, text, state } of states) {
  test(`a unit: ${name}`, () => {
    expect(readUnits(text)).toMatchObject({ kind: 'value', value: [state] })
  })
}

test('a unit that was asked for alone need not name itself', () => {
  expect(readUnits('ActiveState=active\nSubState=running\n', ['a.service'])).toMatchObject({
    value: [{ name: 'a.service', isInstalled: null, isRunning: true }],
  })
  expect(readUnits('LoadState=loaded\n', ['a.service', 'b.service']).kind).toBe('unreadable')
})

test('units that were asked for answer in that order where none names itself', () => {
  const asked = ['a.service', 'b.service']
  const [first, second] = ['LoadState=not-found\nActiveState=inactive\n', 'LoadState=loaded\nActiveState=active\n']
  expect(readUnits(`${first}\n${second}`, asked)).toMatchObject({
    value: [
      { name: 'a.service', isInstalled: false, isRunning: false },
      { name: 'b.service', isInstalled: true, isRunning: true },
    ],
  })
  expect(readUnits(`${first}\n${second}\n${second}`, asked).kind).toBe('unreadable')
  expect(readUnits(`Id=b.service\n${second}\n${first}`, asked).kind).toBe('unreadable')
})

test('each unit has a block of its own', () => {
  const text = [
    block('b.service', 'loaded', 'inactive', 'dead', 'disabled'),
    block('a.service', 'loaded', 'active', 'running', 'enabled'),
  ].join('\n')
  expect(readUnits(text)).toMatchObject({
    value: [
      { name: 'b.service', isRunning: false },
      { name: 'a.service', isRunning: true },
    ],
  })
})

const meaningless = [
  '',
  '\n\n',
  'Failed to get properties: Connection timed out\n',
  'Failed to connect to bus: No such file or directory\n',
  'Id=a.service\nUnitFileState=enabled\n',
  'ActiveState=active\n',
  'Id=a.service\nActiveState=aktiv\n',
  'LoadState=loaded\nActiveState=active\n',
  'active\nrunning\n',
  'Id=a.service\nLoadState=geladen\nActiveState=aktiv\n',
  `${block('a.service', 'loaded', 'active', 'running', 'enabled')}\nId=b.serv`,
]

for (const text of meaningless) {
  test(`a unit: nothing is drawn from ${JSON.stringify(text.slice(-50))}`, () => {
    expect(readUnits(text).kind).toBe('unreadable')
  })
}

const words: readonly { read: typeof readIsActive; text: string; units: number; flags: (boolean | null)[] | null }[] = [
  { read: readIsActive, text: 'active\n', units: 1, flags: [true] },
  { read: readIsActive, text: 'inactive\nfailed\nactivating\n', units: 3, flags: [false, false, null] },
  { read: readIsActive, text: 'active\n', units: 2, flags: null },
  { read: readIsActive, text: 'Failed to retrieve unit state: Connection timed out\n', units: 1, flags: null },
  { read: readIsActive, text: 'aktiv\n', units: 1, flags: null },
  { read: readIsActive, text: '', units: 0, flags: null },
  { read: readIsEnabled, text: 'enabled\nnot-found\ndisabled\n', units: 3, flags: [true, false, false] },
  { read: readIsEnabled, text: 'static\nindirect\nmasked-runtime\n', units: 3, flags: [null, null, false] },
  {
    read: readIsEnabled,
    text: 'Failed to get unit file state for a.service: No such file or directory\n',
    units: 1,
    flags: [false],
  },
  {
    read: readIsEnabled,
    text: 'Failed to get unit file state for a.service: Connection timed out\n',
    units: 1,
    flags: null,
  },
  {
    read: readIsEnabled,
    text: 'a.service is not a native service, redirecting to systemd-sysv-install.\nExecuting: /x is-enabled a\nenabled\n',
    units: 1,
    flags: [true],
  },
  { read: readIsEnabled, text: 'Executing: /x is-enabled a\n', units: 1, flags: null },
  { read: readIsEnabled, text: '', units: 1, flags: null },
]

for (const { read, text, units, flags } of words) {
  test(`${read.name}: ${JSON.stringify(text.slice(0, 40))} of ${units}`, () => {
    const fact = read(text, units)
    expect(fact.kind === 'value' ? fact.value : null).toEqual(flags)
  })
}

const SHOW =
  'systemctl show a.service b.service --property=Id,Names,LoadState,ActiveState,SubState,UnitFileState --no-pager'

test('systemd is asked once about all units, and only its success counts', async () => {
  const stdout = block('a.service', 'loaded', 'active', 'running', 'enabled')
  const units = ['a.service', 'b.service']
  const host = laptop({ files: {}, programs: { [SHOW]: { stdout } } })
  expect(await askUnits(host, units)).toMatchObject({ kind: 'value', value: [{ name: 'a.service' }] })
  expect(host.ran).toEqual([SHOW])
  const failing = laptop({ files: {}, programs: { [SHOW]: { stdout, exitCode: 1 } } })
  expect(await askUnits(failing, units)).toMatchObject({ kind: 'unreadable', why: 'systemctl show ended with 1' })
  expect((await askUnits(laptop({ files: {} }), units)).kind).toBe('unreadable')
})

test('damage never throws, and never makes a unit run or start that does not', () => {
  const text = [
    block('a.service', 'loaded', 'inactive', 'dead', 'disabled'),
    block('b.service', 'loaded', 'failed', 'failed', 'masked'),
  ].join('\n')
  for (const damaged of mutations(text, 10_000)) {
    const fact = readUnits(damaged)
    if (fact.kind !== 'value') continue
    expect(fact.value.some(({ isRunning, isEnabled }) => isRunning === true || isEnabled === true)).toBe(false)
  }
  for (const damaged of mutations('inactive\ndisabled\nnot-found\n', 10_000)) {
    for (const read of [readIsActive, readIsEnabled]) {
      const fact = read(damaged, 3)
      expect(fact.kind === 'value' && fact.value.includes(true)).toBe(false)
    }
  }
})
