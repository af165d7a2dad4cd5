import type { Host, RegistryValues } from '../../host/host.ts'
import { anyOf } from './answer.ts'

const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU'
const MANAGEMENT = 'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update'
const SETTINGS = 'HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\Settings'
const SERVICE = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\wuauserv'
const UPDATE = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update'
const SERVICING = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing'

/** Keys that exist while the machine owes a restart; the answer of the first two is needed for "no". */
const WAITING = [`${UPDATE}\\RebootRequired`, `${SERVICING}\\RebootPending`] as const
const BUSY = [`${SERVICING}\\RebootInProgress`, `${SERVICING}\\PackagesPending`] as const

/** Whether the machine looks for updates by itself: by policy, by its service, and unless they are paused. */
export async function isWindowsAutomatic(host: Host): Promise<boolean | null> {
  const [policy, management, settings, service] = await Promise.all(
    [POLICY, MANAGEMENT, SETTINGS, SERVICE].map((key) => valuesOf(host, key)),
  )
  const stated = [
    policy && isAutomaticByPolicy(policy),
    management && isAutomaticByManagement(management),
    service && isServiceUsable(service),
    settings && !isPaused(settings, host.now()),
  ]
  if (stated.includes(false)) return false
  // What is not stated is left to Windows, which looks; what could not be read may forbid it.
  const isAllRead = policy && management && settings && service
  return isAllRead && isServiceUsable(service) === true ? true : null
}

/** What group policy says; null where it says nothing. 2 asks before each download, and still looks for updates. */
export function isAutomaticByPolicy({ NoAutoUpdate, AUOptions }: RegistryValues): boolean | null {
  if (NoAutoUpdate === 1 || AUOptions === 1) return false
  if (typeof AUOptions === 'number' && AUOptions >= 2 && AUOptions <= 7) return true
  return NoAutoUpdate === 0 ? true : null
}

/** What the management of the device says (AllowAutoUpdate of the Update CSP): 5 switches automatic updates off. */
export function isAutomaticByManagement({ AllowAutoUpdate }: RegistryValues): boolean | null {
  if (AllowAutoUpdate === 5) return false
  return typeof AllowAutoUpdate === 'number' && AllowAutoUpdate >= 0 && AllowAutoUpdate < 5 ? true : null
}

/** Whether the service can be started: 2 by itself, 3 when it is needed, 4 not at all. */
function isServiceUsable({ Start }: RegistryValues): boolean | null {
  if (Start === 4) return false
  return Start === 2 || Start === 3 ? true : null
}

/** Whether somebody has paused updates until a moment that is still to come. One that has passed is left behind. */
function isPaused(settings: RegistryValues, now: Date): boolean {
  return ['PauseUpdatesExpiryTime', 'PauseQualityUpdatesEndTime'].some((name) => {
    const until = settings[name]
    const isTime = typeof until === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(until)
    return isTime && Date.parse(until) > now.getTime()
  })
}

/** Whether Windows waits for a restart, by keys that exist only then; renames that are due are no sign of it. */
export async function isRestartOwedByWindows(host: Host): Promise<boolean | null> {
  const [waiting, busy] = await Promise.all(
    [WAITING, BUSY].map((keys) => Promise.all(keys.map((key) => exists(host, key)))),
  )
  return busy?.includes(true) ? true : anyOf(waiting ?? [null])
}

async function exists(host: Host, key: string): Promise<boolean | null> {
  const found = await host.readRegistry(key)
  return found.ok ? true : found.reason === 'missing' ? false : null
}

/** The values of a key, none where there is no such key; null where it cannot be read. */
async function valuesOf(host: Host, key: string): Promise<RegistryValues | null> {
  const found = await host.readRegistry(key)
  return found.ok ? found.values : found.reason === 'missing' ? {} : null
}
