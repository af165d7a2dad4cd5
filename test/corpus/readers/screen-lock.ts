import { readDefaultsNumber } from '../../../agent/probes/macos-defaults.ts'
import { readPowerShellRecords } from '../../../agent/probes/powershell-text.ts'
import { CINNAMON, GNOME, lockOf, MATE, readSettings } from '../../../agent/probes/screen-lock/gnome.ts'
import { readKscreenlocker } from '../../../agent/probes/screen-lock/kde.ts'
import { readPlist } from '../../../agent/probes/plist.ts'
import { readDisplaySleep } from '../../../agent/probes/screen-lock/pmset.ts'
import { lockOfScreenSaver, SETTINGS } from '../../../agent/probes/screen-lock/screen-saver.ts'
import { readScreenLockStatus } from '../../../agent/probes/screen-lock/sysadminctl.ts'
import { KEYS, machineLimit, managementLimit } from '../../../agent/probes/screen-lock/windows.ts'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted } from '../reader.ts'
import { registryIn } from '../registry.ts'

type ScreenLock = SignalValue['screen-lock']

const told = (fact: Fact<ScreenLock>): Concluded => concluded(fact, (screenLock) => ({ screenLock }))

/** `gsettings get SCHEMA KEY` prints what `list-recursively SCHEMA`, which the agent asks, prints after the names. */
function gsettings({ text, args, exitCode }: Capture): Concluded {
  if ((exitCode ?? 0) !== 0) return { unreadable: `gsettings ended with ${exitCode}` }
  const [, names] = /^get (\S+ \S+)$/.exec(args) ?? []
  const settings = readSettings(names === undefined ? text : `${names} ${text}`)
  if (settings.kind !== 'value') return told(settings)
  const [first = ''] = settings.value.keys()
  const schemas = [MATE, CINNAMON].find((it) =>
    [it.screensaver, it.session, it.lockdown].includes(first.split(' ')[0] ?? ''),
  )
  return told(lockOf(settings.value, schemas ?? GNOME))
}

/** A key as a whole shows what is not set; one value alone tells nothing of the others, nor a policy of the user's own. */
function registry(capture: Capture): Concluded {
  const shown = registryIn(capture)
  const valuesOf = (key: string) => shown.get(key.toLowerCase())
  const machine = valuesOf(KEYS.machine)
  if (machine) return limit(machineLimit(machine))
  const management = valuesOf(KEYS.management)
  if (management) return limit(managementLimit(management))
  const policy = valuesOf(KEYS.policy)
  if (policy) return told(lockOfScreenSaver(policy))
  const own = valuesOf(KEYS.own)
  if (!own) return { unreadable: 'no key that locks the screen is shown' }
  const isWhole = !/\/v\b|-Name\b|\bSelect/i.test(capture.args)
  const records = readPowerShellRecords(capture.text)
  const [record = {}] = records.kind === 'value' ? records.value : []
  const unset = SETTINGS.filter((name) => isWhole || record[name] === null).map((name) => [name, null])
  return told(lockOfScreenSaver({ ...Object.fromEntries(unset), ...own }))
}

/** Without a limit something else may lock. */
function limit(seconds: Fact<number | null>): Concluded {
  if (seconds.kind !== 'value') return told(seconds)
  return told(
    seconds.value === null ? unreadable('there is no limit') : value({ enabled: true, afterSeconds: seconds.value }),
  )
}

export const readers: readonly CorpusReader[] = [
  {
    of: { os: 'linux', program: /^gsettings$/, args: /screensaver|session|lockdown|^list-recursively$/ },
    read: gsettings,
  },
  {
    of: { os: 'linux', program: /^(?:file|cat)$/, args: /kscreenlockerrc$/ },
    read: ({ text }) => told(readKscreenlocker('', text)),
  },
  {
    of: { os: 'macos', program: /^sysadminctl$/, args: /^-screenLock status$/ },
    read: ({ text }) => concluded(readScreenLockStatus(text), ({ isAsked }) => ({ screenLock: { enabled: isAsked } })),
  },
  // Only with the answer of sysadminctl do these tell of a lock.
  {
    of: { os: 'macos', program: /^defaults$/, args: /com\.apple\.screensaver\s+idleTime$/ },
    read: ({ text }) => concluded(readDefaultsNumber(text), () => ({ screenLock: {} })),
  },
  {
    of: { os: 'macos', program: /^(?:file|plutil)$/, args: /com\.apple\.screensaver\.plist$/ },
    read: ({ text }) => concluded(readPlist(text), () => ({ screenLock: {} })),
  },
  {
    of: { os: 'macos', program: /^pmset$/, args: /^-g(?: custom| live)?$/ },
    read: ({ text }) => concluded(readDisplaySleep(text), () => ({ screenLock: {} })),
  },
  {
    of: {
      os: 'windows',
      program: /^(?:reg|registry|powershell)$/,
      args: /Control Panel\\Desktop|InactivityTimeoutSecs|Policies\\System\b|\\DeviceLock\b/i,
    },
    read: registry,
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: { os: 'macos', program: /^defaults$/, args: /com\.apple\.screensaver/ },
    instead: 'sysadminctl: whether a password is asked stands there no more',
  },
  { of: { os: 'windows', program: /^powercfg$/ }, instead: 'what locks by itself: its answers are localised' },
]
