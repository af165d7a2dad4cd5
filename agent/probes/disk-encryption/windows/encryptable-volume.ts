import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { isJsonObject } from '../../json.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../../powershell-text.ts'
import { wordOf } from '../../powershell.ts'
import {
  CONVERSIONS,
  NOTHING_TOLD,
  protectorOf,
  type BitLocker,
  type Cipher,
  type Conversion,
  type Protector,
} from './bitlocker.ts'

/**
 * Reads the volumes of Win32_EncryptableVolume (root\CIMV2\Security\MicrosoftVolumeEncryption), with what its methods
 * returned in objects beside the properties, or of `Get-BitLockerVolume`, which says the same in words: as JSON, as the
 * list or table that people see, or as wmic lists it. Volumes without a letter (recovery, EFI) do not count.
 */
export function readEncryptableVolumes(text: string): Fact<readonly BitLocker[]> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const told = records.value.map(bitLockerOf)
  const isTold = told.some((it) => it.conversion !== null || it.protection !== null || it.isLocked !== null)
  const volumes = told.filter(({ mount }) => mount !== null)
  return isTold && volumes.length > 0 ? value(volumes) : unreadable('this tells of no volume that BitLocker knows')
}

function bitLockerOf(record: PowerShellRecord): BitLocker {
  const parts = [record, ...Object.values(record).filter(isAnswer)]
  const one = <T>(name: string, read: (it: unknown) => T | null) => agreed(parts, [name], read)
  return {
    ...NOTHING_TOLD,
    mount: agreed(parts, ['DriveLetter', 'MountPoint'], mountOf),
    device: one('DeviceID', (it) => (typeof it === 'string' && it !== '' ? it : null)),
    role: one('VolumeType', (it) => named(it, ROLES)),
    conversion: agreed(parts, ['ConversionStatus', 'VolumeStatus'], (it) => named(it, STATUSES)),
    protection: one('ProtectionStatus', (it) => named(it, PROTECTIONS)),
    isLocked: one('LockStatus', (it) => named(it, LOCKS)),
    percent: one('EncryptionPercentage', (it) => within(it, 100)),
    cipher: one('EncryptionMethod', cipherOf),
    protectors: protectorsOf(parts),
    suspendedFor: agreed(parts, ['SuspendCount'], (it) => within(it, 1000)),
    autoUnlock: agreed(parts, ['AutoUnlockEnabled', 'IsAutoUnlockEnabled'], (it) => named(it, FLAGS)),
  }
}

/** Who prints it writes the letters of names as they please, and may call an answer as what it holds. */
function valuesOf(part: PowerShellRecord, names: RegExp): unknown[] {
  return Object.entries(part).flatMap(([name, it]) => (names.test(name) ? [it] : []))
}

/** The volume's properties, or what one of its methods returned; a method that failed returned nothing. */
function isAnswer(it: unknown): it is PowerShellRecord {
  return isJsonObject(it) && (!('ReturnValue' in it) || Number(it.ReturnValue) === 0)
}

/** What all that tell it agree on; null where nobody tells it, or they do not agree. */
function agreed<T>(parts: readonly PowerShellRecord[], names: readonly string[], read: (it: unknown) => T | null) {
  const wanted = new RegExp(`^(?:${names.join('|')})$`, 'i')
  const told = new Set(parts.flatMap((part) => valuesOf(part, wanted).flatMap((it) => read(it) ?? [])))
  const [first = null] = told
  return told.size === 1 ? first : null
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])
const LOCKS: ReadonlyMap<string, boolean> = new Map([
  ['0', false],
  ['unlocked', false],
  ['1', true],
  ['locked', true],
])
const PROTECTIONS: ReadonlyMap<string, NonNullable<BitLocker['protection']>> = new Map([
  ['0', 'off'],
  ['off', 'off'],
  ['1', 'on'],
  ['on', 'on'],
  ['2', 'unknown'],
  ['unknown', 'unknown'],
])
const ROLES: ReadonlyMap<string, Volume['role']> = new Map([
  ['0', 'system'],
  ['operatingsystem', 'system'],
  ['1', 'data'],
  ['data', 'data'],
  ['fixeddata', 'data'],
  ['2', 'removable'],
  ['removabledata', 'removable'],
])
/** `Get-BitLockerVolume` has two more, for the time that free space is wiped after all is encrypted. */
const STATUSES: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ...CONVERSIONS.map((it, number) => [String(number), it] as const),
  ['fullydecrypted', 'decrypted'],
  ['fullyencrypted', 'encrypted'],
  ['encryptioninprogress', 'encrypting'],
  ['decryptioninprogress', 'decrypting'],
  ['encryptionpaused', 'encryption paused'],
  ['encryptionsuspended', 'encryption paused'],
  ['decryptionpaused', 'decryption paused'],
  ['decryptionsuspended', 'decryption paused'],
  ...['6', '7', 'fullyencryptedwipeinprogress', 'fullyencryptedwipesuspended', 'fullyencryptedwipepaused'].map(
    (it) => [it, 'encrypted'] as const,
  ),
])

function named<T>(it: unknown, names: ReadonlyMap<string, T>): T | null {
  return names.get(wordOf(it)) ?? null
}

function within(it: unknown, most: number): number | null {
  const word = wordOf(it)
  return /^\d{1,4}(?:\.\d+)?$/.test(word) && Number(word) <= most ? Number(word) : null
}

function mountOf(it: unknown): string | null {
  if (typeof it !== 'string') return null
  const [, letter, folder = ''] = /^([A-Za-z])(?::?\\?|:(\\.+))$/.exec(it.trim()) ?? []
  return letter === undefined ? null : `${letter.toUpperCase()}:${folder}`
}

/** EncryptionMethod, by number or word; 5 is the encryption of the drive itself, 0xFFFFFFFF is not known. */
function cipherOf(it: unknown): Cipher | null {
  const word = wordOf(it).replaceAll(/[-_ ]/g, '')
  if (word === '0' || word === 'none') return 'none'
  if (word === '5' || word === 'hardware' || word === 'hardwareencryption') return 'drive'
  return /^(?:[1-4]|[67]|(?:xts)?aes(?:128|256)(?:diffuser|withdiffuser)?)$/.test(word) ? 'software' : null
}

const PROTECTOR_LISTS = /^keyprotectors?(?:types?)?$|^VolumeKeyProtectorID$/i

function protectorsOf(parts: readonly PowerShellRecord[]): Protector[] | null {
  for (const part of parts) {
    for (const listed of valuesOf(part, PROTECTOR_LISTS)) {
      // Of none a method that did not fail returns no list at all.
      if (listed === null && part['ReturnValue'] === 0) return []
      const protectors = listOf(listed)?.map(protectorIn)
      if (protectors) return protectors
    }
  }
  return null
}

/** One protector alone is no list in the JSON of PowerShell 5, and people see the list as `{Tpm, RecoveryPassword}` or `Tpm RecoveryPassword`. */
function listOf(it: unknown): readonly unknown[] | null {
  if (Array.isArray(it)) return it
  if (isAnswer(it)) {
    if ('VolumeKeyProtectorID' in it) return listOf(it['VolumeKeyProtectorID'])
    if ('value' in it) return listOf(it['value'])
    return 'KeyProtectorType' in it ? [it] : null
  }
  if (typeof it !== 'string') return null
  const words = it.split(/[{},\s]+/).filter((word) => word !== '')
  // Without the braces it may be anything, but for the words of protectors alone.
  return it.startsWith('{') || (words.length > 0 && !words.map(protectorIn).includes('unknown')) ? words : null
}

function protectorIn(it: unknown): Protector {
  const word = wordOf(isAnswer(it) && 'KeyProtectorType' in it ? it['KeyProtectorType'] : it)
  if (/^\d{1,2}$/.test(word)) return protectorOf(Number(word))
  if (/^tpm[a-z]*$/.test(word)) return 'tpm'
  return WORDS.get(word) ?? 'unknown'
}

/** KeyProtectorType as `Get-BitLockerVolume` names it; the columns of its table cut words off. */
const WORDS: ReadonlyMap<string, Protector> = new Map([
  ['password', 'passphrase'],
  ['passphrase', 'passphrase'],
  ['recoverypassword', 'recovery password'],
  ['numericalpassword', 'recovery password'],
  ['externalkey', 'other'],
  ['publickey', 'other'],
  ['adaccountorgroup', 'other'],
  ['sid', 'other'],
])
