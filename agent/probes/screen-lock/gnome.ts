import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { capped } from './seconds.ts'

type ScreenLock = SignalValue['screen-lock']

/** Where GNOME and its descendants keep what locks the screen; the names of the keys are the same. */
export type Schemas = {
  desktop: string
  screensaver: string
  session: string
  lockdown: string
  /** Of `idle-delay` and `lock-delay`. */
  secondsEach: number
  /** What stands before their numbers: GVariant names every kind but its usual one. */
  kind: 'uint32 ' | ''
}

export const GNOME: Schemas = {
  desktop: 'GNOME',
  screensaver: 'org.gnome.desktop.screensaver',
  session: 'org.gnome.desktop.session',
  lockdown: 'org.gnome.desktop.lockdown',
  secondsEach: 1,
  kind: 'uint32 ',
}

export const CINNAMON: Schemas = {
  desktop: 'Cinnamon',
  screensaver: 'org.cinnamon.desktop.screensaver',
  session: 'org.cinnamon.desktop.session',
  lockdown: 'org.cinnamon.desktop.lockdown',
  secondsEach: 1,
  kind: 'uint32 ',
}

/** MATE counts in minutes. */
export const MATE: Schemas = {
  desktop: 'MATE',
  screensaver: 'org.mate.screensaver',
  session: 'org.mate.session',
  lockdown: 'org.mate.lockdown',
  secondsEach: 60,
  kind: '',
}

/** The settings of some schemas, by `SCHEMA KEY`, as `gsettings list-recursively SCHEMA` prints them. */
export type Settings = ReadonlyMap<string, string>

/**
 * Reads what gsettings printed. Where it could not reach the user's database it complains on the way, prints the
 * defaults of the schema and ends with 0: so any complaint makes the whole answer worthless.
 */
export function readSettings(stdout: string, stderr = ''): Fact<Settings> {
  const settings = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    if (line.trim() === '') continue
    const [, schema, key, text] = /^([\w.-]+) ([a-z][a-z\d-]*) (.+)$/.exec(line) ?? []
    if (schema === undefined || key === undefined || text === undefined)
      return unreadable('gsettings printed something else')
    settings.set(`${schema} ${key}`, text.trim())
  }
  if (stderr.trim() !== '') return unreadable(`gsettings complained: ${stderr.trim().replaceAll(/\s+/g, ' ')}`)
  return settings.size > 0 ? value(settings) : unreadable('gsettings printed nothing')
}

const OFF: Fact<ScreenLock> = value({ enabled: false, afterSeconds: null })

/** Whether the desktop locks, and after how many seconds: those until it is idle, and those from then to the lock. */
export function lockOf(settings: Settings, schemas: Schemas = GNOME): Fact<ScreenLock> {
  const { desktop, screensaver, session, lockdown, secondsEach, kind } = schemas
  const isEnabled = settings.get(`${screensaver} lock-enabled`)
  const idle = numberOf(settings.get(`${session} idle-delay`), kind)
  // Where the lock screen is disabled altogether, the other settings change nothing; an idle time of 0 is "never".
  if (isEnabled === 'false' || settings.get(`${lockdown} disable-lock-screen`) === 'true' || idle === 0) return OFF
  // GNOME has left this key behind unused.
  if (schemas === MATE && settings.get(`${screensaver} idle-activation-enabled`) === 'false') return OFF
  if (isEnabled !== 'true') return unreadable(`${desktop} does not tell whether it locks the screen`)

  const delay = numberOf(settings.get(`${screensaver} lock-delay`), kind)
  if (idle === null || delay === null) return value({ enabled: true, afterSeconds: null })
  return value({ enabled: true, afterSeconds: capped((idle + delay) * secondsEach) })
}

function numberOf(text = '', kind: string): number | null {
  const digits = text.startsWith(kind) ? text.slice(kind.length) : ''
  return /^\d{1,10}$/.test(digits) ? Number(digits) : null
}
