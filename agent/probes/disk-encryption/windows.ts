import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { askPowerShell } from '../ask-program.ts'
import { runAsRecorded } from '../as-recorded.ts'
import { toldByBitLocker } from './windows/bitlocker.ts'
import { readEncryptableVolumes } from './windows/encryptable-volume.ts'
import { readManageBde } from './windows/manage-bde.ts'
import { readShellProtection } from './windows/shell-protection.ts'
import { reportedVolumes, type ToldVolume } from './told-volume.ts'

type Told = Fact<readonly ToldVolume[]>

/**
 * Asks BitLocker's own class, which needs an administrator; where it does not tell all, the shell, which anybody may
 * ask; and where PowerShell says nothing at all, `manage-bde`.
 */
export async function readWindows(host: Host): Promise<Reading<SignalValue['disk-encryption']>> {
  const sources = ['Win32_EncryptableVolume']
  const byClass = await askClass(host)
  let told: Told = byClass
  if (!isSettled(byClass)) {
    sources.push('System.Volume.BitLockerProtection')
    told = completed(byClass, await askPowerShell(host, 'System.Volume.BitLockerProtection', readShellProtection))
  }
  if (told.kind !== 'value' && host.privileged !== false) {
    sources.push('manage-bde -status')
    told = completed(told, await askManageBde(host))
  }
  const source = sources.join(', ')
  if (told.kind !== 'value') return { ...told, source }
  const volumes = await withSystem(host, told.value)
  return { ...value({ volumes: reportedVolumes(await withForeign(host, volumes)) }), source }
}

async function askClass(host: Host): Promise<Told> {
  const ran = await host.run('powershell', ['Win32_EncryptableVolume'])
  if (!ran.ok) return unreadableBecause(ran)
  if (ran.exitCode !== 0) {
    const why = DENIED.test(ran.stderr) ? 'needs an administrator' : ran.stderr.slice(0, 100)
    return unreadable(`Win32_EncryptableVolume: ${why}`)
  }
  const volumes = readEncryptableVolumes(ran.stdout)
  return volumes.kind === 'value' ? value(volumes.value.map(toldByBitLocker)) : volumes
}

/** WBEM_E_ACCESS_DENIED and E_ACCESSDENIED, as they are and as signed numbers; the sentence beside it is localised. */
const DENIED = /0x80041003|0x80070005|-2147217405|-2147024891|UnauthorizedAccess|PermissionDenied/i

async function askManageBde(host: Host): Promise<Told> {
  const ran = await runAsRecorded(host, 'manage-bde', [['-status'], ['-status', 'C:'], ['-status', 'c:']])
  if (!ran.ok) return unreadableBecause(ran)
  if (ran.exitCode !== 0) return unreadable(`manage-bde ended with ${ran.exitCode}`)
  const volumes = readManageBde(ran.stdout)
  return volumes.kind === 'value' ? value(volumes.value.map(toldByBitLocker)) : volumes
}

/** Whether nothing is left to ask: every volume is known, and the system is among them. */
function isSettled(told: Told): boolean {
  return (
    told.kind === 'value' &&
    told.value.some(({ role }) => role === 'system') &&
    told.value.every(({ state }) => state !== 'unknown')
  )
}

/** What the first tells, and of the second what the first does not know. */
function completed(first: Told, second: Told): Told {
  if (second.kind !== 'value') return first
  if (first.kind !== 'value') return second
  const volumes = first.value.map((volume) => {
    const other = second.value.find(({ mount }) => mount === volume.mount)
    if (volume.state !== 'unknown' || !other || other.state === 'unknown') return volume
    return volume.role === undefined ? { ...volume, ...other } : { ...volume, ...other, role: volume.role }
  })
  const others = second.value.filter(({ mount }) => volumes.every((it) => it.mount !== mount))
  return value([...volumes, ...others])
}

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'

/** Of volumes whose kind was not told, that with the folder of Windows is the system. */
async function withSystem(host: Host, volumes: readonly ToldVolume[]): Promise<readonly ToldVolume[]> {
  if (volumes.every(({ role }) => role !== undefined)) return volumes
  const version = await host.readRegistry(VERSION)
  // A recording that a person wrote seldom has it.
  const isUnrecorded = !version.ok && version.reason === 'not-recorded'
  const folder = version.ok ? version.values['SystemRoot'] : isUnrecorded ? 'C:\\Windows' : undefined
  const drive = typeof folder === 'string' ? folder.slice(0, 2).toUpperCase() : null
  return volumes.map((it) => (it.role === undefined && it.mount === drive ? { ...it, role: 'system' as const } : it))
}

/** What BitLocker calls plain may be encrypted by another product, which then starts before Windows does. */
async function withForeign(host: Host, volumes: readonly ToldVolume[]): Promise<readonly ToldVolume[]> {
  if (!volumes.some(({ role, state }) => role === 'system' && state === 'off')) return volumes
  const driver = await host.readRegistry('HKLM\\SYSTEM\\CurrentControlSet\\Services\\veracrypt')
  if (!driver.ok || driver.values['Start'] !== 0) return volumes
  const detail = 'not encrypted by BitLocker; VeraCrypt starts before Windows, and what it encrypts is not read'
  return volumes.map((it) => (it.role === 'system' && it.state === 'off' ? { ...it, detail } : it))
}
