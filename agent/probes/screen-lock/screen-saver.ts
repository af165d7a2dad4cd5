import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { RegistryValues } from '../../host/host.ts'
import { numberOf, textOf } from '../powershell.ts'
import { capped } from './seconds.ts'

type ScreenLock = SignalValue['screen-lock']

/** What Windows keeps of a screen saver, as texts, in the user's part of the registry. */
export const SETTINGS = ['ScreenSaveActive', 'ScreenSaverIsSecure', 'ScreenSaveTimeOut', 'SCRNSAVE.EXE'] as const
type Setting = (typeof SETTINGS)[number]

/** A setting is null where it is certainly not set, and not there where nobody looked. */
export type ScreenSaver = Readonly<Partial<Record<Setting, string | number | null>>>

/** The settings of a user; those of a policy count before their own. */
export function screenSaverOf(policy: RegistryValues, own: RegistryValues): ScreenSaver {
  return Object.fromEntries(SETTINGS.map((name) => [name, policy[name] ?? own[name] ?? null]))
}

const OFF: Fact<ScreenLock> = value({ enabled: false, afterSeconds: null })

/**
 * Whether a screen saver locks: only one that is set, is active and asks for the password. One setting that says no is
 * enough for "no"; for "yes" all have to be told.
 */
export function lockOfScreenSaver(saver: ScreenSaver): Fact<ScreenLock> {
  const program = saver['SCRNSAVE.EXE']
  const isSet = program === undefined ? undefined : !/^(?:\(.*\))?$/.test(textOf(program) ?? '')
  const { ScreenSaverIsSecure: isSecure, ScreenSaveTimeOut: timeout } = saver
  // Without this setting no password is asked.
  const asks = isSecure === undefined ? undefined : isSecure === null ? false : switchOf(isSecure)
  const isActive = switchOf(saver.ScreenSaveActive)
  const seconds = timeout === undefined || timeout === null ? timeout : numberOf(timeout)
  if (isSet === false || asks === false || isActive === false || seconds === 0) return OFF
  if (isSet !== true || asks !== true || isActive !== true || seconds === undefined) {
    return unreadable('not all settings of the screen saver are told')
  }
  if (timeout !== null && (seconds === null || seconds < 0)) {
    return unreadable('the time until the screen saver makes no sense')
  }
  return value({ enabled: true, afterSeconds: seconds === null ? null : capped(seconds) })
}

function switchOf(it: string | number | null | undefined): boolean | undefined {
  const number = numberOf(it)
  return number === 0 ? false : number === 1 ? true : undefined
}
