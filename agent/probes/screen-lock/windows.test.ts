import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import type { RegistryValues } from '../../host/host.ts'
import { readScreenLock } from './probe.ts'
import { lockOfScreenSaver, screenSaverOf } from './screen-saver.ts'
import { KEYS, machineLimit, managementLimit } from './windows.ts'

const SECURE = {
  ScreenSaveActive: '1',
  ScreenSaverIsSecure: '1',
  ScreenSaveTimeOut: '600',
  'SCRNSAVE.EXE': 'C:\\Windows\\system32\\scrnsave.scr',
}
const PLAIN = { ScreenSaveActive: '1' }
const after = (seconds: number | null) => ({ enabled: true, afterSeconds: seconds })
const OFF = { enabled: false, afterSeconds: null }

type Keys = Partial<Record<keyof typeof KEYS, RegistryValues>>
const machine = (keys: Keys) =>
  laptop({
    files: {},
    platform: 'windows',
    registry: Object.fromEntries(
      Object.entries({ winlogon: {}, ...keys }).map(([key, it]) => [KEYS[key as keyof Keys], it]),
    ),
  })

const cases: readonly { name: string; keys: Keys; expected: object }[] = [
  { name: 'nothing is set', keys: { own: PLAIN }, expected: OFF },
  {
    name: 'a limit of the machine',
    keys: { machine: { InactivityTimeoutSecs: 900 }, own: PLAIN },
    expected: after(900),
  },
  { name: 'a limit of 0 is none', keys: { machine: { InactivityTimeoutSecs: 0 }, own: PLAIN }, expected: OFF },
  { name: 'a limit, with nobody there', keys: { machine: { InactivityTimeoutSecs: 300 } }, expected: after(300) },
  {
    name: 'management, in minutes',
    keys: { management: { DevicePasswordEnabled: 0, MaxInactivityTimeDeviceLock: 15 }, own: PLAIN },
    expected: after(900),
  },
  {
    name: 'management without a password',
    keys: { management: { DevicePasswordEnabled: 1, MaxInactivityTimeDeviceLock: 15 }, own: PLAIN },
    expected: OFF,
  },
  { name: 'a screen saver', keys: { own: SECURE }, expected: after(600) },
  {
    name: 'a policy before the user',
    keys: { policy: { ScreenSaveTimeOut: '120' }, own: SECURE },
    expected: after(120),
  },
  { name: 'a policy against the user', keys: { policy: { ScreenSaverIsSecure: '0' }, own: SECURE }, expected: OFF },
  { name: 'a screen saver without a program', keys: { own: { ...SECURE, 'SCRNSAVE.EXE': '' } }, expected: OFF },
  { name: 'a screen saver without a time', keys: { own: { ...SECURE, ScreenSaveTimeOut: '0' } }, expected: OFF },
  {
    name: 'the earliest locks',
    keys: { machine: { InactivityTimeoutSecs: 900 }, own: SECURE },
    expected: after(600),
  },
  {
    name: 'the usual grace',
    keys: { own: SECURE, winlogon: { ScreenSaverGracePeriod: '5' } },
    expected: after(600),
  },
  {
    name: 'a long grace',
    keys: { own: SECURE, winlogon: { ScreenSaverGracePeriod: 3600 } },
    expected: after(4200),
  },
  {
    name: 'a grace that makes no sense',
    keys: { own: SECURE, winlogon: { ScreenSaverGracePeriod: 'x' } },
    expected: after(null),
  },
]

for (const { name, keys, expected } of cases) {
  test(`screen lock of Windows: ${name}`, async () => {
    expect(await readScreenLock(machine(keys))).toMatchObject({ kind: 'value', value: expected })
  })
}

const unknown: readonly { name: string; keys: Keys }[] = [
  { name: 'nobody is signed in', keys: {} },
  { name: 'the time makes no sense', keys: { own: { ...SECURE, ScreenSaveTimeOut: 'zehn' } } },
  { name: 'the switch makes no sense', keys: { own: { ...SECURE, ScreenSaveActive: 'ja' } } },
  { name: 'a limit makes no sense', keys: { own: PLAIN, machine: { InactivityTimeoutSecs: 'x' } } },
]

for (const { name, keys } of unknown) {
  test(`screen lock of Windows is not known: ${name}`, async () => {
    expect((await readScreenLock(machine(keys))).kind).toBe('unreadable')
  })
}

function denying(key: string) {
  const host = machine({ own: PLAIN })
  const denied = { ok: false, reason: 'denied', why: 'denied' } as const
  return readScreenLock({ ...host, readRegistry: async (it) => (it === key ? denied : host.readRegistry(it)) })
}

test('what may not be read could lock, or forbid to', async () => {
  for (const key of [KEYS.machine, KEYS.management, KEYS.policy]) expect((await denying(key)).kind).toBe('unreadable')
})

test('one setting that says no is enough; for yes all have to be told', () => {
  expect(lockOfScreenSaver({ ScreenSaverIsSecure: '0' })).toMatchObject({ value: OFF })
  expect(lockOfScreenSaver({ ScreenSaverIsSecure: null })).toMatchObject({ value: OFF })
  expect(lockOfScreenSaver({ ScreenSaverIsSecure: '1' }).kind).toBe('unreadable')
  expect(lockOfScreenSaver({}).kind).toBe('unreadable')
  expect(lockOfScreenSaver({ ...SECURE, ScreenSaveTimeOut: null })).toMatchObject({ value: after(null) })
})

const settings = (text: string) =>
  Object.fromEntries([...text.matchAll(/^([\w.]+)=(.*)$/gm)].map(([, key, it]) => [key, it]))

test('damage never makes a lock of what is none', () => {
  for (const text of mutations(
    'ScreenSaveActive=1\nScreenSaverIsSecure=0\nScreenSaveTimeOut=600\nSCRNSAVE.EXE=x.scr\n',
    10_000,
  )) {
    if (/^ScreenSaverIsSecure=1/m.test(text)) continue
    const lock = lockOfScreenSaver(screenSaverOf({}, settings(text)))
    expect(lock.kind === 'value' && lock.value.enabled).toBe(false)
    machineLimit({ InactivityTimeoutSecs: text })
    managementLimit({ DevicePasswordEnabled: 0, MaxInactivityTimeDeviceLock: text })
  }
})
