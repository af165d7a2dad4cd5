import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RegistryValues } from '../../host/host.ts'
import { numberOf } from '../powershell.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { lockOfScreenSaver, screenSaverOf } from './screen-saver.ts'
import { capped } from './seconds.ts'

type ScreenLock = SignalValue['screen-lock']

export const KEYS = {
  machine: 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System',
  management: 'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\DeviceLock',
  winlogon: 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon',
  policy: 'HKCU\\Software\\Policies\\Microsoft\\Windows\\Control Panel\\Desktop',
  own: 'HKCU\\Control Panel\\Desktop',
} as const

/**
 * Reads what locks the screen of Windows: a limit of the machine, one of its management, or the screen saver of whoever
 * sits there. The earliest of them locks. That signing in is asked for after sleep is not counted: how long it takes to
 * fall asleep depends on what runs.
 */
export async function readWindows(host: Host): Promise<Reading<ScreenLock>> {
  const limits = await Promise.all([
    readLimit(host, KEYS.machine, machineLimit),
    readLimit(host, KEYS.management, managementLimit),
  ])
  const saver = await readScreenSaver(host)
  const seconds = limits.flatMap((it) => (it.kind === 'value' && it.value !== null ? [it.value] : []))
  return { ...earliest(seconds, [...limits, saver], saver), source: 'registry' }
}

/** The earliest lock; "none" only where nothing that could lock stayed unread. */
function earliest(
  limits: readonly number[],
  read: readonly Fact<unknown>[],
  saver: Fact<ScreenLock>,
): Fact<ScreenLock> {
  const own = saver.kind === 'value' && saver.value.enabled ? saver.value : null
  const times = [...limits, ...(own && own.afterSeconds !== null ? [own.afterSeconds] : [])]
  if (times.length > 0) return value({ enabled: true, afterSeconds: Math.min(...times) })
  if (own) return value(own)
  const unread = read.find((it) => it.kind !== 'value')
  return unread ?? value({ enabled: false, afterSeconds: null })
}

/** Seconds without input until the machine locks; null where it has no limit. */
export function machineLimit({ InactivityTimeoutSecs: seconds }: RegistryValues): Fact<number | null> {
  return limitOf(seconds, 1)
}

/** As management (MDM) has set it: minutes, and only where it asks for a password at all, which is written as 0. */
export function managementLimit(values: RegistryValues): Fact<number | null> {
  if (numberOf(values['DevicePasswordEnabled']) !== 0) return value(null)
  return limitOf(values['MaxInactivityTimeDeviceLock'], 60)
}

function limitOf(it: string | number | undefined, secondsEach: number): Fact<number | null> {
  if (it === undefined) return value(null)
  const number = numberOf(it)
  if (number === null || number < 0) return unreadable('a limit of the machine makes no sense')
  return value(number === 0 ? null : capped(number * secondsEach))
}

async function readLimit(
  host: Host,
  key: string,
  limit: (values: RegistryValues) => Fact<number | null>,
): Promise<Fact<number | null>> {
  const read = await host.readRegistry(key)
  if (read.ok) return limit(read.values)
  return read.reason === 'missing' ? value(null) : unreadableBecause(read)
}

async function readScreenSaver(host: Host): Promise<Fact<ScreenLock>> {
  const [policy, own, winlogon] = await Promise.all(
    [KEYS.policy, KEYS.own, KEYS.winlogon].map((key) => host.readRegistry(key)),
  )
  if (!policy || !own || !winlogon) return unreadable('the screen saver was not read')
  if (!policy.ok && policy.reason !== 'missing') return unreadableBecause(policy)
  if (!own.ok) return unreadableBecause(own)
  const lock = lockOfScreenSaver(screenSaverOf(policy.ok ? policy.values : {}, own.values))
  if (lock.kind !== 'value' || lock.value.afterSeconds === null) return lock
  // Seconds after the start of the screen saver in which a touch needs no password; 5 where nobody set it.
  const grace = winlogon.ok ? numberOf(winlogon.values['ScreenSaverGracePeriod'] ?? 0) : null
  if (grace === null || grace < 0) return value({ enabled: true, afterSeconds: null })
  return value({ enabled: true, afterSeconds: capped(lock.value.afterSeconds + (grace <= USUAL_GRACE ? 0 : grace)) })
}

const USUAL_GRACE = 5
