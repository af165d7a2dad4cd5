import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import { flagOf, numberOf, textOf, timeOf } from '../../powershell.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../../powershell-text.ts'
import { readAntiVirusProducts, type Registration } from '../security-center.ts'
import type { Told } from '../told.ts'

/** Some languages put a word before it: `Antivirus Microsoft Defender`. */
export const DEFENDER_NAME = /^(?:anti-?virus (?:de |di |do )?)?(?:Windows|Microsoft) Defender\b/i

/**
 * Reads `Get-MpComputerStatus`. The mode comes first: beside another antivirus Defender is passive, and all its flags may
 * still be true. Old versions have no mode, and then the flags tell nothing about it.
 */
export function readMpComputerStatus(text: string): Fact<Told> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const [status, ...others] = records.value
  if (!status || others.length > 0) return unreadable('Get-MpComputerStatus gave no answer that is known')
  const mode = textOf(status['AMRunningMode'])?.toLowerCase() ?? null
  const told: Told = { installed: true }
  const running = runningOf(status, mode)
  if (running !== undefined) told.running = running
  const realTime = realTimeOf(status)
  const passive = passiveOf(mode, realTime)
  if (passive !== undefined) told.passive = passive
  if (running === false || passive === true) told.realTime = false
  else if (realTime !== undefined) told.realTime = realTime
  if (told.realTime === false) told.healthy = false
  else if (running && realTime && (mode === null || passive === false || EDR_BLOCK.test(mode))) told.healthy = true
  const tamperProtection = flagOf(status['IsTamperProtected'])
  if (tamperProtection !== null) told.tamperProtection = tamperProtection
  const version = textOf(status['AMProductVersion']) ?? ''
  if (/^\d+(?:\.\d+)+$/.test(version) && /[1-9]/.test(version)) told.version = version
  // A Defender that never ran says that nothing is out of date.
  if (running !== false) Object.assign(told, definitionsOf(status))
  // Flags that tell nothing here are an answer all the same.
  const isAnswer = Object.entries(status).some(([name, it]) => name.endsWith('Enabled') && flagOf(it) !== null)
  return isAnswer || Object.keys(told).length > 1
    ? value(told)
    : unreadable('Get-MpComputerStatus gave no answer that is known')
}

function runningOf(status: PowerShellRecord, mode: string | null): boolean | undefined {
  if (mode === 'not running') return false
  return flagOf(status['AMServiceEnabled']) ?? (mode === 'normal' ? true : undefined)
}

/** Both the switch and what it switches, where the second is told. */
function realTimeOf(status: PowerShellRecord): boolean | undefined {
  const flags = ['RealTimeProtectionEnabled', 'OnAccessProtectionEnabled', 'AntivirusEnabled'].map((it) =>
    flagOf(status[it]),
  )
  if (flags.includes(false)) return false
  return flags[0] ?? undefined
}

/**
 * `EDR Block Mode` is a passive antivirus whose sensor blocks what it finds later; newer versions show it for an active
 * antivirus too, and then everything is switched on. Any other word is not known.
 */
function passiveOf(mode: string | null, realTime: boolean | undefined): boolean | undefined {
  if (mode === null) return undefined
  if (mode === 'normal') return false
  if (/^(?:sxs )?passive(?: mode)?$/.test(mode)) return true
  return EDR_BLOCK.test(mode) && realTime === false ? true : undefined
}

const EDR_BLOCK = /^edr (?:in )?block(?: mode)?$/

/** What stands for "never", as a number of 32 or 16 bits. */
const NEVER: ReadonlySet<number> = new Set([0xffff_ffff, 0xffff])

function definitionsOf(status: PowerShellRecord): Told {
  const age = numberOf(status['AntivirusSignatureAge'])
  if (age !== null && NEVER.has(age)) return { upToDate: false }
  const isOld = flagOf(status['DefenderSignaturesOutOfDate'])
  const updatedAt = timeOf(status['AntivirusSignatureLastUpdated'])
  return {
    ...(isOld !== null && { upToDate: !isOld }),
    ...(age !== null && Number.isInteger(age) && age >= 0 && { definitionsAgeDays: age }),
    ...(updatedAt !== null && { definitionsAt: updatedAt }),
  }
}

/** What Security Center says of Defender: it lists it as on only where no other antivirus has taken its place. */
export function readDefenderRegistration(text: string): Fact<Told> {
  const registered = readAntiVirusProducts(text)
  if (registered.kind !== 'value') return registered
  return value(passiveBy(registered.value.filter(({ displayName }) => DEFENDER_NAME.test(displayName))))
}

function passiveBy(registrations: readonly Registration[]): Told {
  const isOn = registrations.length > 0 && registrations.every(({ state }) => state === 'on')
  return isOn ? { passive: false } : {}
}

/** 1601-01-01 to 1970-01-01, in units of 100 ns. */
const FILETIME_EPOCH = 116_444_736_000_000_000

/** Reads the key that onboarding to Defender for Endpoint writes. Of the organisation only that there is one. */
export function readOnboarding(values: RegistryValues): Fact<Told> {
  const state = values['OnboardingState']
  if (state !== undefined && state !== 0 && state !== 1) return unreadable('the state of the onboarding is not known')
  const connected = values['LastConnected']
  const at = typeof connected === 'number' ? new Date((connected - FILETIME_EPOCH) / 10_000) : undefined
  const isTime = at !== undefined && at.getTime() > 0 && at.getTime() < 4_102_444_800_000
  return value({ onboarded: state === 1 && values['OrgId'] !== '', ...(isTime && { lastContactAt: at.toISOString() }) })
}
