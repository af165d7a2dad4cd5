import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { capped } from './seconds.ts'

type ScreenLock = SignalValue['screen-lock']

/** KDE's own (kscreenlocker, kscreenlockersettings.kcfg): what holds where a key is not written. */
const DEFAULTS = { Autolock: 'true', Lock: 'true', RequirePassword: 'true', Timeout: '5', LockGrace: '5' } as const
type Key = keyof typeof DEFAULTS

/** Reads kscreenlockerrc of the system and of the user; an empty text stands for a file that is not there. */
export function readKscreenlocker(system: string, user: string): Fact<ScreenLock> {
  // What is not written means the default, so that a file of another kind would mean that all is as it should be.
  if (![system, user].every(isIni)) return unreadable('kscreenlockerrc is no file of settings')
  const own = groupOf(user)
  const shared = groupOf(system)
  const settingOf = (key: Key) => {
    const ofSystem = shared.get(key)
    // What an admin marked `[$i]` cannot be changed by the user.
    const entry = ofSystem?.isFixed ? ofSystem : (own.get(key) ?? ofSystem)
    return entry?.text ?? DEFAULTS[key]
  }

  const switches = new Set((['Autolock', 'Lock', 'RequirePassword'] as const).map((key) => booleanOf(settingOf(key))))
  if (switches.has(false)) return value({ enabled: false, afterSeconds: null })
  const minutes = numberOf(settingOf('Timeout'))
  const grace = numberOf(settingOf('LockGrace'))
  if (switches.has(null) || minutes === null || grace === null) {
    return unreadable('kscreenlockerrc has a setting that makes no sense')
  }
  // Old versions wrote 0 for "never"; a grace below 0 asks for no password at all.
  if (minutes <= 0 || grace < 0) return value({ enabled: false, afterSeconds: null })
  // Its default of a few seconds, in which a touch of the mouse still cancels it, is no part of the idle time.
  const slack = grace <= Number(DEFAULTS.LockGrace) ? 0 : grace
  return value({ enabled: true, afterSeconds: capped(minutes * 60 + slack) })
}

/** Nothing at all, or groups of settings: KDE writes no setting before the heading of a group. */
function isIni(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:$|[#;])/.test(line))
  return lines.every(
    (line, at) => /^\s*(?:\[[^\]"{]+\])+\s*$/.test(line) || (at > 0 && /^[^=]*[^=\s][^=]*=/.test(line)),
  )
}

function groupOf(ini: string): Map<string, { text: string; isFixed: boolean }> {
  const settings = new Map<string, { text: string; isFixed: boolean }>()
  let isOurs = false
  let isGroupFixed = false
  for (const line of ini.split(/\r?\n/)) {
    const [, group, groupMark] = /^\s*\[([^\]$][^\]]*)\](\[\$i\])?\s*$/.exec(line) ?? []
    if (group !== undefined) {
      isOurs = group === 'Daemon'
      isGroupFixed = groupMark !== undefined
    }
    const [, key, mark, text] = /^\s*(\w+)(\[\$[a-z]+\])?\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (!isOurs || key === undefined || text === undefined) continue
    settings.set(key, { text, isFixed: isGroupFixed || mark?.includes('i') === true })
  }
  return settings
}

function booleanOf(text: string): boolean | null {
  if (/^(true|on|yes|1)$/i.test(text)) return true
  return /^(false|off|no|0)$/i.test(text) ? false : null
}

function numberOf(text: string): number | null {
  return /^-?\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : null
}
