import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RunOptions } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { readDefaultsNumber } from '../macos-defaults.ts'
import { readPlistFile } from '../plist.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readDisplaySleep } from './pmset.ts'
import { capped } from './seconds.ts'
import { readScreenLockStatus } from './sysadminctl.ts'

type ScreenLock = SignalValue['screen-lock']

const SAVER = 'com.apple.screensaver'
const MANAGED = '/Library/Managed Preferences'
/** Where nothing is set the screen saver begins after 20 minutes. */
const USUAL_IDLE_SECONDS = 20 * 60

/** Reads the lock of whoever sits at the Mac: when the screen saver or the display acts, and when a password is asked then. */
export async function readMacos(host: Host): Promise<Reading<ScreenLock>> {
  return { ...(await readLock(host)), source: 'sysadminctl, defaults, pmset' }
}

async function readLock(host: Host): Promise<Fact<ScreenLock>> {
  const user = await readConsoleUser(host)
  if (user.kind !== 'value') return user
  const password = await askProgram(
    host,
    'sysadminctl',
    ['-screenLock', 'status'],
    readScreenLockStatus,
    user.value.options,
  )
  if (password.kind !== 'value') return password
  if (!password.value.isAsked) return value({ enabled: false, afterSeconds: null })
  const [saver, display] = await Promise.all([
    readIdleTime(host, user.value),
    askProgram(host, 'pmset', ['-g', 'custom'], readDisplaySleep),
  ])
  return lockAfter(password.value.afterSeconds, saver, display)
}

/**
 * When the screen locks: `delay` seconds after the screen saver has begun (after `saver` idle seconds) or the display has
 * gone off (after so many idle minutes, for each source of power), whichever is first; 0 is "never". The latest of the
 * sources of power counts, and where neither ever happens nothing locks.
 */
function lockAfter(delay: number, saver: Fact<number>, display: Fact<readonly number[]>): Fact<ScreenLock> {
  if (saver.kind !== 'value' || display.kind !== 'value') {
    // What the other one would have to make good.
    const isNever =
      (saver.kind === 'value' && saver.value === 0) || (display.kind === 'value' && display.value.includes(0))
    return isNever
      ? unreadable('whether this Mac ever goes idle is not told')
      : value({ enabled: true, afterSeconds: null })
  }
  const idle = Math.max(...display.value.map((minutes) => Math.min(never(saver.value), never(minutes * 60))))
  return idle === Infinity
    ? value({ enabled: false, afterSeconds: null })
    : value({ enabled: true, afterSeconds: capped(idle + delay) })
}

const never = (seconds: number): number => (seconds === 0 ? Infinity : seconds)

type ConsoleUser = { name: string | null; options: RunOptions }

/** The owner of the console is whoever sits there; at the login screen it is root, or one of the system's own accounts. */
async function readConsoleUser(host: Host): Promise<Fact<ConsoleUser>> {
  const owner = await host.run('stat', ['-f', '%u %Su', '/dev/console'])
  // A recording that a person wrote holds the answers that they got, and names nobody.
  if (!owner.ok && owner.reason === 'not-recorded') return value({ name: null, options: {} })
  if (!owner.ok) return unreadableBecause(owner)
  const [, uid = '', name = ''] = /^(\d{1,10}) ([\w.@-]+)\s*$/.exec(owner.stdout) ?? []
  if (uid === '') return unreadable('whoever sits at this Mac could not be told')
  if (Number(uid) < FIRST_PERSON) return unreadable('nobody is signed in')
  // Only uid counts: launchd knows the rest of the session.
  if (host.privileged !== false)
    return value({ name, options: { asUser: { uid: Number(uid), gid: STAFF, home: '/' } } })
  const self = await host.run('id', ['-u'])
  if (!self.ok) return unreadableBecause(self)
  return self.stdout.trim() === uid
    ? value({ name, options: {} })
    : unreadable('the settings of another user can be read by root only')
}

const FIRST_PERSON = 500
const STAFF = 20

/** Seconds until the screen saver begins: as a profile fixes it, as the user has set it, or as it is from the factory. */
async function readIdleTime(host: Host, { name, options }: ConsoleUser): Promise<Fact<number>> {
  for (const folder of [...(name === null ? [] : [`${MANAGED}/${name}`]), MANAGED]) {
    const path = `${folder}/${SAVER}.plist`
    const managed = await readPlistFile(host, path)
    // What is fixed there may be longer than what the user has set.
    if (managed.kind !== 'value' && (await host.stat(path)).ok) return managed
    const idle = managed.kind === 'value' ? managed.value['idleTime'] : undefined
    if (typeof idle === 'number' && idle >= 0) return value(idle)
  }
  const ran = await host.run('defaults', ['-currentHost', 'read', SAVER, 'idleTime'], options)
  if (!ran.ok) return unreadableBecause(ran)
  const idle = readDefaultsNumber(ran.stdout, ran.stderr)
  return idle.kind === 'absent' ? value(USUAL_IDLE_SECONDS) : idle
}
