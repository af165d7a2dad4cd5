import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { readScreenLock } from './probe.ts'
import { readSession } from './sessions.ts'

const SESSION = '/run/systemd/sessions/2'
const session = (desktop: string, more = '') =>
  `# This is private data. Do not parse.\nUID=1000\nUSER=ada\nACTIVE=1\nSTATE=active\nREMOTE=0\nTYPE=wayland\nCLASS=user\nSEAT=seat0\nDESKTOP=${desktop}\n${more}`
const PASSWD = { '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1001:Ada,,,:/home/ada:/bin/bash\n' }
const GNOME = { [SESSION]: session('ubuntu'), ...PASSWD }
const KDE = { [SESSION]: session('plasma'), ...PASSWD }
const SAVER = 'gsettings list-recursively org.gnome.desktop.screensaver'
const IDLE = 'gsettings list-recursively org.gnome.desktop.session'
const LOCKDOWN = 'gsettings list-recursively org.gnome.desktop.lockdown'
const programs = {
  [SAVER]: {
    stdout: 'org.gnome.desktop.screensaver lock-enabled true\norg.gnome.desktop.screensaver lock-delay uint32 0\n',
  },
  [IDLE]: { stdout: 'org.gnome.desktop.session idle-delay uint32 300\n' },
}
const ADA = { uid: 1000, gid: 1001, home: '/home/ada' }
const self = (uid: number) => ({ '/proc/self/status': `Name:\tnode\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n` })

test('GNOME is asked as whoever sits there, in two programs', async () => {
  const host = laptop({ files: GNOME, programs })
  expect(await readScreenLock(host)).toMatchObject({ kind: 'value', value: { enabled: true, afterSeconds: 300 } })
  expect(host.ran).toEqual([SAVER, IDLE])
  expect(host.ranAs).toEqual([ADA, ADA])
})

test('a lock screen that the user disabled as a whole is found', async () => {
  const files = { ...GNOME, '/home/ada/.config/dconf/user': 'GVariant\u0001disable-lock-screen\u0001' }
  const off = { [LOCKDOWN]: { stdout: 'org.gnome.desktop.lockdown disable-lock-screen true\n' } }
  expect(await readScreenLock(laptop({ files, programs: { ...programs, ...off } }))).toMatchObject({
    value: { enabled: false },
  })
  const silent = { [LOCKDOWN]: { stdout: 'org.gnome.desktop.lockdown disable-printing false\n' } }
  expect((await readScreenLock(laptop({ files, programs: { ...programs, ...silent } }))).kind).toBe('unreadable')
})

test('a user of a directory is found by their service manager', async () => {
  const files = {
    [SESSION]: session('gnome'),
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/init.scope/cgroup.procs': '1500\n1501\n',
    '/proc/1500/environ': 'PATH=/usr/bin\0HOME=/home/corp/ada\0USER=ada\0',
    '/proc/1500/status': 'Name:\tsystemd\nUid:\t1000\t1000\t1000\t1000\nGid:\t7000\t7000\t7000\t7000\n',
  }
  const host = laptop({ files, programs })
  expect((await readScreenLock(host)).kind).toBe('value')
  expect(host.ranAs[0]).toEqual({ uid: 1000, gid: 7000, home: '/home/corp/ada' })
})

const values: readonly { name: string; laptop: Laptop; expected: object }[] = [
  { name: 'KDE by its defaults', laptop: { files: KDE }, expected: { enabled: true, afterSeconds: 300 } },
  {
    name: 'KDE switched off',
    laptop: { files: { ...KDE, '/home/ada/.config/kscreenlockerrc': '[Daemon]\nAutolock=false\n' } },
    expected: { enabled: false },
  },
  {
    name: "one's own, without root",
    laptop: { files: { ...KDE, ...self(1000) }, privileged: false },
    expected: { enabled: true },
  },
]

for (const { name, laptop: it, expected } of values) {
  test(`screen lock: ${name}`, async () => {
    expect(await readScreenLock(laptop(it))).toMatchObject({ kind: 'value', value: expected })
  })
}

const GDM = { '/etc/systemd/system/display-manager.service': '[Unit]\n' }
const none: readonly { name: string; laptop: Laptop; kind: string }[] = [
  { name: 'a server', laptop: { files: {}, folders: ['/run/systemd/sessions'] }, kind: 'unsupported' },
  {
    name: 'a server with an empty folder of sessions',
    laptop: { files: {}, folders: ['/usr/share/wayland-sessions'] },
    kind: 'unsupported',
  },
  { name: 'a desktop with nobody there', laptop: { files: GDM }, kind: 'unreadable' },
  {
    name: 'a desktop that is started by hand',
    laptop: { files: { '/usr/share/wayland-sessions/sway.desktop': '' } },
    kind: 'unreadable',
  },
  {
    name: 'only the login screen',
    laptop: { files: { ...GDM, [SESSION]: session('gnome').replace('CLASS=user', 'CLASS=greeter') } },
    kind: 'unreadable',
  },
  {
    name: 'a desktop that nobody knows',
    laptop: { files: { [SESSION]: session('sway'), ...PASSWD } },
    kind: 'unreadable',
  },
  { name: 'a desktop without a name', laptop: { files: { [SESSION]: session(''), ...PASSWD } }, kind: 'unreadable' },
  { name: 'sessions that are closed', laptop: { files: GNOME, denied: ['/run/systemd/sessions'] }, kind: 'unreadable' },
  {
    name: "another user's, without root",
    laptop: { files: { ...GNOME, ...self(1002) }, programs, privileged: false },
    kind: 'unreadable',
  },
  {
    name: 'settings that are closed',
    laptop: { files: { ...KDE, '/home/ada/.config/kscreenlockerrc': '' }, denied: ['/home/ada'] },
    kind: 'unreadable',
  },
  {
    name: 'a user whom nobody knows',
    laptop: { files: { [SESSION]: session('gnome'), '/etc/passwd': '' }, programs },
    kind: 'unreadable',
  },
  { name: 'gsettings is not there', laptop: { files: GNOME }, kind: 'unreadable' },
  {
    name: 'gsettings fails',
    laptop: { files: GNOME, programs: { ...programs, [IDLE]: { exitCode: 1, stderr: 'No such schema' } } },
    kind: 'unreadable',
  },
]

for (const { name, laptop: it, kind } of none) {
  test(`screen lock is ${kind}: ${name}`, async () => {
    expect((await readScreenLock(laptop(it))).kind).toBe(kind)
  })
}

test('the pipe beside a session is never opened, and who is in front counts', async () => {
  const second = session('plasma').replace('ACTIVE=1', 'ACTIVE=0').replace('STATE=active', 'STATE=online')
  const opened: string[] = []
  const host = laptop({
    files: { '/run/systemd/sessions/1': second, [SESSION]: session('gnome'), [`${SESSION}.ref`]: '', ...PASSWD },
    programs,
  })
  const reading = await readScreenLock({ ...host, readFile: (path) => (opened.push(path), host.readFile(path)) })
  expect(opened.some((path) => path.endsWith('.ref'))).toBe(false)
  expect(reading.source).toContain('gsettings')
})

test('what is no graphical session of a person here', () => {
  const good = session('gnome')
  for (const change of ['TYPE=tty', 'CLASS=manager', 'REMOTE=1', 'STATE=closing', 'UID=ada', 'UID=']) {
    const key = change.split('=')[0]
    expect(readSession(good.replace(new RegExp(`^${key}=.*$`, 'm'), change))).toBeNull()
  }
  for (const text of ['', '\0', 'TYPE=x11\nCLASS=user\n']) expect(readSession(text)).toBeNull()
})
