import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'

type ScreenLock = SignalValue['screen-lock']

export const SCHEMAS = {
  screensaver: 'org.gnome.desktop.screensaver',
  session: 'org.gnome.desktop.session',
  lockdown: 'org.gnome.desktop.lockdown',
} as const

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

/** Whether GNOME locks, and after how many seconds: those until it is idle, and those from then to the lock. */
export function lockOf(settings: Settings): Fact<ScreenLock> {
  const isEnabled = settings.get(`${SCHEMAS.screensaver} lock-enabled`)
  if (isEnabled === 'false') return value({ enabled: false, afterSeconds: null })
  if (isEnabled !== 'true') return unreadable('GNOME does not tell whether it locks the screen')
  // Where the lock screen is disabled altogether, the other settings change nothing.
  if (settings.get(`${SCHEMAS.lockdown} disable-lock-screen`) === 'true')
    return value({ enabled: false, afterSeconds: null })

  const idle = secondsOf(settings.get(`${SCHEMAS.session} idle-delay`))
  const delay = secondsOf(settings.get(`${SCHEMAS.screensaver} lock-delay`))
  // 0 is "never".
  if (idle === 0) return value({ enabled: false, afterSeconds: null })
  if (idle === null || delay === null) return value({ enabled: true, afterSeconds: null })
  return value({ enabled: true, afterSeconds: Math.min(idle + delay, MOST_SECONDS) })
}

export const MOST_SECONDS = 31_536_000

function secondsOf(text: string | undefined): number | null {
  const [, digits] = /^uint32 (\d{1,10})$/.exec(text ?? '') ?? []
  return digits === undefined ? null : Number(digits)
}
