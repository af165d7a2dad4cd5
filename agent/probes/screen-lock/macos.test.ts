import { expect, test } from 'vitest'
import { unread } from '../../host/host.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readDisplaySleep } from './pmset.ts'
import { readScreenLock } from './probe.ts'
import { readScreenLockStatus } from './sysadminctl.ts'

const OWNER = 'stat -f %u %Su /dev/console'
const LOCK = 'sysadminctl -screenLock status'
const IDLE = 'defaults -currentHost read com.apple.screensaver idleTime'
const DISPLAY = 'pmset -g custom'
const said = (words: string) => `2026-11-20 12:00:00.123 sysadminctl[812:9f01] screenLock ${words}\n`
const source = (name: string, minutes: string) =>
  `${name} Power:\n Sleep On Power Button 1\n standby              1\n displaysleep         ${minutes}\n sleep                1\n`
const UNSET = { exitCode: 1, stderr: '\nThe domain/default pair of (com.apple.screensaver, idleTime) does not exist\n' }
const MANAGED = '/Library/Managed Preferences/com.apple.screensaver.plist'
const plist = (idle: number) =>
  `<?xml version="1.0"?>\n<plist version="1.0"><dict><key>idleTime</key><integer>${idle}</integer></dict></plist>`

type Answers = { owner?: string; lock?: string; idle?: object; display?: string; files?: Laptop['files'] }
const mac = ({ owner = '501 ada\n', lock = 'delay is immediate', idle = UNSET, display, files = {} }: Answers) =>
  laptop({
    files,
    platform: 'macos',
    programs: {
      [OWNER]: { stdout: owner },
      [LOCK]: { stderr: said(lock) },
      [IDLE]: idle,
      ...(display !== undefined && { [DISPLAY]: { stdout: display } }),
    },
  })

const BOTH = source('Battery', '2') + source('AC', '10')
const cases: readonly { name: string; it: Answers; enabled: boolean; after: number | null }[] = [
  { name: 'the display goes off first', it: { display: BOTH }, enabled: true, after: 600 },
  { name: 'and later the password', it: { display: BOTH, lock: 'delay is 300 seconds' }, enabled: true, after: 900 },
  { name: 'the screen saver is first', it: { display: BOTH, idle: { stdout: '120\n' } }, enabled: true, after: 120 },
  { name: 'the usual time', it: { display: source('AC', '0') }, enabled: true, after: 1200 },
  { name: 'never idle', it: { display: source('AC', '0'), idle: { stdout: '0\n' } }, enabled: false, after: null },
  {
    name: 'never idle on one source of power',
    it: { display: source('Battery', '2') + source('AC', '0'), idle: { stdout: '0' } },
    enabled: false,
    after: null,
  },
  { name: 'no password', it: { lock: 'is off', display: BOTH }, enabled: false, after: null },
  { name: 'pmset does not answer', it: {}, enabled: true, after: null },
  { name: 'defaults complains', it: { display: BOTH, idle: { exitCode: 1, stderr: 'x' } }, enabled: true, after: null },
  {
    name: 'a profile that makes no sense',
    it: { display: BOTH, idle: { stdout: '60' }, files: { [MANAGED]: 'x' } },
    enabled: true,
    after: null,
  },
  {
    name: 'a profile before the user',
    it: { display: BOTH, idle: { stdout: '0' }, files: { [MANAGED]: plist(60) } },
    enabled: true,
    after: 60,
  },
]

for (const { name, it, enabled, after } of cases) {
  test(`screen lock of macOS: ${name}`, async () => {
    expect(await readScreenLock(mac(it))).toMatchObject({ kind: 'value', value: { enabled, afterSeconds: after } })
  })
}

test.each([
  ['nobody is signed in', { owner: '0 root\n', display: BOTH }],
  ['the assistant of a new Mac', { owner: '248 _mbsetupuser\n', display: BOTH }],
  ['the owner is not told', { owner: '', display: BOTH }],
  ['no screen saver, and pmset does not answer', { idle: { stdout: '0' } }],
  [
    'a display that stays on, and defaults complains',
    { display: source('AC', '0'), idle: { exitCode: 1, stderr: 'x' } },
  ],
  ['sysadminctl says something else', { lock: 'delay is unknown', display: BOTH }],
])('screen lock of macOS is not known: %s', async (_, it) => {
  expect((await readScreenLock(mac(it))).kind).toBe('unreadable')
})

test('the user is asked as themself, and no more than is needed', async () => {
  const host = mac({ lock: 'is off' })
  await readScreenLock(host)
  expect(host.ran).toEqual([OWNER, LOCK])
  expect(host.ranAs[1]).toMatchObject({ uid: 501 })
})

function asSelf(uid: string) {
  const host = mac({ lock: 'is off' })
  const run: typeof host.run = async (program, args, options) =>
    program === 'id' ? { ok: true, exitCode: 0, stdout: `${uid}\n`, stderr: '' } : host.run(program, args, options)
  return readScreenLock({ ...host, privileged: false, run })
}

test('without root only oneself can be read', async () => {
  expect((await asSelf('501')).kind).toBe('value')
  expect((await asSelf('502')).kind).toBe('unreadable')
})

test.each([
  [said('is off'), { isAsked: false }],
  [`${said('delay is immediate')}\n`, { isAsked: true, afterSeconds: 0 }],
  ['screenLock delay is 1 second', { isAsked: true, afterSeconds: 1 }],
  [said('delay is 300 seconds').replace(' seconds', ''), null],
  [said('is off') + said('delay is immediate'), null],
  [said('delay is immediate').repeat(2), { isAsked: true, afterSeconds: 0 }],
  [said('ist aus'), null],
  ['', null],
  ['screenLock is offline', null],
])('sysadminctl: %j', (text, expected) => {
  const read = readScreenLockStatus(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(expected)
})

test.each([
  [BOTH, [2, 10]],
  [source('AC', '0'), [0]],
  [source('AC', '10 (display sleep prevented by Example)'), [10]],
  [source('AC', 'x'), null],
  [source('Battery', '2') + 'AC Power:\n sleep 1\n', null],
  ['System-wide power settings:\n displaysleep 10\n', null],
  ['', null],
])('pmset: %j', (text, expected) => {
  const read = readDisplaySleep(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(expected)
})

test('damage never makes a lock of what is none', () => {
  for (const text of mutations(said('is off'), 10_000)) {
    const read = readScreenLockStatus(text)
    expect(read.kind === 'value' && read.value.isAsked).toBe(false)
  }
  for (const text of mutations(BOTH, 10_000)) {
    const read = readDisplaySleep(text)
    expect(read.kind !== 'value' || read.value.every((it) => Number.isInteger(it))).toBe(true)
  }
})

test('a recording by hand names nobody at the console', async () => {
  const host = mac({ display: BOTH })
  const run: typeof host.run = async (program, args, options) =>
    program === 'stat' ? unread('not-recorded', 'x') : host.run(program, args, options)
  expect(await readScreenLock({ ...host, run })).toMatchObject({ value: { enabled: true, afterSeconds: 600 } })
})
