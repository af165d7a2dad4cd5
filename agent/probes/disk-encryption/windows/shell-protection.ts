import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { numberOf, textOf } from '../../powershell.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../../powershell-text.ts'
import type { ToldVolume } from '../told-volume.ts'

const WAITING = 'encrypted, but its key lies beside it in the clear'

/** The values of the property of the shell System.Volume.BitLockerProtection, from 1. */
const PROTECTIONS: readonly ToldVolume[] = [
  { state: 'on', method: 'bitlocker' },
  { state: 'off' },
  { state: 'encrypting', method: 'bitlocker' },
  { state: 'decrypting', method: 'bitlocker' },
  { state: 'suspended', method: 'bitlocker' },
  { state: 'locked', method: 'bitlocker' },
  { state: 'off', detail: 'BitLocker cannot encrypt it' },
  { state: 'off', detail: WAITING },
]

/**
 * Reads the property System.Volume.BitLockerProtection of drives, which anybody may ask for. Who asks adds `DriveType`
 * of Win32_LogicalDisk (2 removable, 3 fixed) and `SystemDrive`; a drive without a medium has no value.
 */
export function readShellProtection(text: string): Fact<readonly ToldVolume[]> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const volumes = records.value.flatMap((record) => volumeOf(record) ?? [])
  return volumes.length > 0 ? value(volumes) : unreadable('the shell names no drive')
}

function volumeOf(record: PowerShellRecord): ToldVolume | null {
  const mount = letterOf(record['DriveLetter'])
  if (mount === null) return null
  const role = roleOf(mount, letterOf(record['SystemDrive']), numberOf(record['DriveType']))
  const told = PROTECTIONS[(numberOf(record['BitLockerProtection']) ?? 0) - 1]
  return {
    mount,
    ...(role !== null && { role }),
    ...(told ?? { state: 'unknown', detail: 'the shell does not say whether BitLocker protects it' }),
  }
}

function letterOf(it: unknown): string | null {
  const text = textOf(it) ?? ''
  return /^[A-Za-z]:\\?$/.test(text) ? text.slice(0, 2).toUpperCase() : null
}

function roleOf(mount: string, system: string | null, type: number | null): Volume['role'] | null {
  if (type === 2) return 'removable'
  if (system === null) return null
  if (mount === system) return 'system'
  return type === 3 ? 'data' : null
}
