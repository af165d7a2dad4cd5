import { unreadable, unsupported, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RunOptions } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { CINNAMON, GNOME, lockOf, MATE, readSettings, type Schemas } from './gnome.ts'
import { readKscreenlocker } from './kde.ts'
import { accountIn, accountOfManager, foremost, readSession, type Account, type Session } from './sessions.ts'

type ScreenLock = SignalValue['screen-lock']

const SESSIONS = '/run/systemd/sessions'

/** Reads the lock of the desktop that is in use. */
export async function readLinux(host: Host): Promise<Reading<ScreenLock>> {
  const session = await readForemost(host)
  if (session.kind !== 'value') return { ...session, source: SESSIONS }
  const desktop = DESKTOPS.find(({ name }) => name.test(session.value.desktop))
  if (!desktop) {
    const name = session.value.desktop.slice(0, 60) || 'a desktop without a name'
    return { ...unreadable(`how ${name} locks the screen is not known to this agent`), source: SESSIONS }
  }
  const account = await readAccount(host, session.value)
  const fact = account.kind === 'value' ? await desktop.read(host, account.value) : account
  return { ...fact, source: `${SESSIONS}, ${desktop.source}` }
}

type Desktop = { name: RegExp; source: string; read: (host: Host, account: Account) => Promise<Fact<ScreenLock>> }

/** By the name of the session's file: Ubuntu's, Pop's and Zorin's are GNOME. */
const DESKTOPS: readonly Desktop[] = [
  {
    name: /^(?:gnome|ubuntu|pop|zorin)(?:[-:]|$)/i,
    source: 'gsettings',
    read: (host, account) => readGsettings(host, account, GNOME),
  },
  {
    name: /^cinnamon/i,
    source: 'gsettings',
    read: (host, account) => readGsettings(host, account, CINNAMON),
  },
  { name: /^mate(?:[-:]|$)/i, source: 'gsettings', read: (host, account) => readGsettings(host, account, MATE) },
  { name: /^(?:plasma|kde)/i, source: 'kscreenlockerrc', read: readKde },
]

async function readForemost(host: Host): Promise<Fact<Session>> {
  const folder = await host.readDirectory(SESSIONS)
  if (!folder.ok && folder.reason !== 'missing') return unreadableBecause(folder)
  // Beside each session stands a pipe, `.ref`, which must not be opened: reading it would never end.
  const names = folder.ok ? folder.names.filter((name) => /^\w+$/.test(name)) : []
  const files = await Promise.all(names.map((name) => host.readFile(`${SESSIONS}/${name}`)))
  const session = foremost(files.flatMap((file) => (file.ok ? (readSession(file.text) ?? []) : [])))
  if (session) return value(session)
  const hidden = files.find((file) => !file.ok && file.reason !== 'missing')
  if (hidden && !hidden.ok) return unreadableBecause(hidden)
  return whyNobody(host)
}

/** A desktop begins by a login screen, or by hand from one of the sessions that are installed. */
const DESKTOP_PLACES = ['/usr/share/xsessions', '/usr/share/wayland-sessions'] as const
const LOGIN_SCREEN = '/etc/systemd/system/display-manager.service'

async function whyNobody(host: Host): Promise<Fact<never>> {
  const manager = await host.readFile(LOGIN_SCREEN)
  const places = await Promise.all(DESKTOP_PLACES.map((place) => host.readDirectory(place)))
  if (manager.ok || places.some((place) => place.ok && place.names.length > 0)) {
    return unreadable('nobody is signed in to the desktop')
  }
  const failed = [manager, ...places].find((it) => !it.ok && it.reason !== 'missing')
  if (failed && !failed.ok) return unreadableBecause(failed)
  return unsupported('a server has no screen to lock: no desktop is installed')
}

/** Whose settings to read. Without root only one's own: asked as another user, gsettings prints the defaults. */
async function readAccount(host: Host, { uid }: Session): Promise<Fact<Account>> {
  if (host.privileged === false) {
    const status = await host.readFile('/proc/self/status')
    if (!status.ok) return unreadableBecause(status)
    const [, own] = /^Uid:\t(\d+)\t/m.exec(status.text) ?? []
    if (own !== String(uid)) return unreadable('the settings of another user can be read by root only')
  }
  const passwd = await host.readFile('/etc/passwd')
  const listed = passwd.ok ? accountIn(passwd.text, uid) : null
  if (listed) return value(listed)

  // The first process of a user is their service manager, which the system starts with their home.
  const group = `/sys/fs/cgroup/user.slice/user-${uid}.slice/user@${uid}.service/init.scope/cgroup.procs`
  const members = await host.readFile(group)
  const [, pid] = /^(\d+)$/m.exec(members.ok ? members.text : '') ?? []
  const [environ, status] = pid
    ? await Promise.all([host.readFile(`/proc/${pid}/environ`), host.readFile(`/proc/${pid}/status`)])
    : []
  const found = environ?.ok && status?.ok ? accountOfManager(environ.text, status.text, uid) : null
  return found ? value(found) : unreadable('the home of whoever is signed in is not known')
}

async function readGsettings(host: Host, account: Account, schemas: Schemas): Promise<Fact<ScreenLock>> {
  const { desktop, screensaver, session, lockdown } = schemas
  // Also for oneself: their home and their bus are not in the environment that programs get.
  const options: RunOptions = { asUser: account }
  const settings = new Map<string, string>()
  const asksLockdown = await mayDisable(host, account)
  for (const schema of [screensaver, session, ...(asksLockdown ? [lockdown] : [])]) {
    const told = await askProgram(host, 'gsettings', ['list-recursively', schema], readSettings, options)
    if (told.kind !== 'value') return told
    for (const [key, text] of told.value) settings.set(key, text)
  }
  if (asksLockdown && !settings.has(`${lockdown} disable-lock-screen`)) {
    return unreadable(`${desktop} does not tell whether the lock screen is disabled`)
  }
  return lockOf(settings, schemas)
}

/**
 * Users can disable the lock screen as a whole, in a schema that hardly anybody touches. Their database (dconf's GVDB)
 * holds the names of the keys that were ever set as plain text, which spares a third program everywhere else.
 */
async function mayDisable(host: Host, { home }: Account): Promise<boolean> {
  const database = await host.readFile(`${home}/.config/dconf/user`)
  if (database.ok) return database.text.includes('disable-lock-screen')
  return database.reason !== 'missing' && database.reason !== 'not-recorded'
}

async function readKde(host: Host, { home }: Account): Promise<Fact<ScreenLock>> {
  const files = await Promise.all(
    ['/etc/xdg/kscreenlockerrc', `${home}/.config/kscreenlockerrc`].map((path) => host.readFile(path)),
  )
  const texts: string[] = []
  for (const file of files) {
    // Only a file that is certainly not there stands for the defaults.
    if (!file.ok && file.reason !== 'missing') return unreadableBecause(file)
    texts.push(file.ok ? file.text : '')
  }
  return readKscreenlocker(texts[0] ?? '', texts[1] ?? '')
}
