import type { Volume } from '../../../../shared/signals.ts'
import type { ToldVolume } from '../told-volume.ts'

/** What was told of one volume by BitLocker, whoever was asked; null is what was not told. */
export type BitLocker = {
  mount: string | null
  device: string | null
  role: Volume['role'] | null
  conversion: Conversion | null
  protection: 'off' | 'on' | 'unknown' | null
  isLocked: boolean | null
  /** Of the disk's bytes; with `used space only` of those in use. */
  percent: number | null
  cipher: Cipher | null
  protectors: readonly Protector[] | null
  /** Restarts until protection is on again by itself; 0 means not before somebody says so. */
  suspendedFor: number | null
  autoUnlock: boolean | null
}

export const CONVERSIONS = [
  'decrypted',
  'encrypted',
  'encrypting',
  'decrypting',
  'encryption paused',
  'decryption paused',
] as const
/** ConversionStatus of Win32_EncryptableVolume, by its number. */
export type Conversion = (typeof CONVERSIONS)[number]

/** What holds a key of the volume. A recovery password is on paper or in a directory, and says nothing of the everyday key. */
export type Protector = 'tpm' | 'passphrase' | 'recovery password' | 'other' | 'unknown'

/** `none` where nothing is encrypted, `drive` where the disk does it itself. */
export type Cipher = 'none' | 'drive' | 'software'

export const NOTHING_TOLD: BitLocker = {
  mount: null,
  device: null,
  role: null,
  conversion: null,
  protection: null,
  isLocked: null,
  percent: null,
  cipher: null,
  protectors: null,
  suspendedFor: null,
  autoUnlock: null,
}

/** The volume in our words. */
export function toldByBitLocker(it: BitLocker): ToldVolume {
  const { state, detail } = judge(it)
  const isEncrypted = state !== 'off' && state !== 'unknown'
  const holder = isEncrypted ? keyHolder(it.protectors) : null
  return {
    ...(it.mount !== null && { mount: it.mount }),
    ...(it.device !== null && { device: it.device }),
    ...(it.role !== null && { role: it.role }),
    state,
    ...(isEncrypted && { method: 'bitlocker' as const }),
    ...(holder !== null && { keyProtector: holder }),
    ...(it.percent !== null && { percent: it.percent }),
    ...(it.autoUnlock !== null && { autoUnlock: it.autoUnlock }),
    ...(detail !== null && { detail }),
  }
}

type Judgement = { state: Volume['state']; detail: string | null }

const say = (state: Volume['state'], detail: string | null = null): Judgement => ({ state, detail })

/**
 * The state of a volume. "Protection off" alone covers four cases: never encrypted, being encrypted, suspended, and
 * encrypted with its key beside it in the clear; how far the conversion is and whether there is a protector tell them
 * apart.
 */
function judge(it: BitLocker): Judgement {
  if (it.isLocked === true) return say('locked')
  if (it.protection === 'unknown') {
    return it.isLocked === false ? say('unknown', 'BitLocker does not know whether it protects it') : say('locked')
  }
  switch (it.conversion) {
    case 'encrypting':
      return say('encrypting')
    case 'encryption paused':
      return say('encrypting', 'encryption is paused')
    case 'decrypting':
      return say('decrypting')
    case 'decryption paused':
      return say('decrypting', 'decryption is paused')
    case 'decrypted':
      return isContradicted(it, 'none') ? say('unknown', 'its answers contradict each other') : say('off')
    case 'encrypted':
      return judgeEncrypted(it)
    case null:
      return say('unknown', 'how far it is encrypted was not told')
  }
}

function judgeEncrypted(it: BitLocker): Judgement {
  if (isContradicted(it, 'some')) return say('unknown', 'its answers contradict each other')
  if (it.protection === null) return say('unknown', 'whether it is protected was not told')
  if (it.protection === 'on') return say('on', it.cipher === 'drive' ? 'the drive itself encrypts' : null)
  if (it.protectors?.length === 0) return say('off', 'encrypted, but its key lies beside it in the clear')
  if (it.suspendedFor !== null && it.suspendedFor > 0) {
    return say('suspended', `restarts until protection is on again: ${it.suspendedFor}`)
  }
  if (it.protectors !== null) return say('suspended')
  return say('unknown', 'protection is off: suspended, or never switched on')
}

/** Whether something else says the opposite of what the conversion says. */
function isContradicted(it: BitLocker, encryption: 'none' | 'some'): boolean {
  const { protection, protectors, cipher, percent, suspendedFor } = it
  if (encryption === 'none') return protection === 'on' || (percent ?? 0) > 0
  const isSuspended = (suspendedFor ?? 0) > 0 || protectors?.length === 0
  return (percent ?? 100) < 100 || cipher === 'none' || (protection === 'on' && isSuspended)
}

function keyHolder(protectors: BitLocker['protectors']): Volume['keyProtector'] {
  if (protectors?.includes('tpm')) return 'hardware'
  return protectors?.includes('passphrase') && !protectors.includes('unknown') ? 'passphrase' : null
}

/** KeyProtectorType of Win32_EncryptableVolume, by its number. */
const PROTECTORS: readonly Protector[] = [
  'unknown',
  'tpm',
  'other', // a key on a stick
  'recovery password',
  'tpm', // with a PIN
  'tpm', // with a key on a stick
  'tpm', // with both
  'other', // a smart card
  'passphrase',
  'tpm', // with a server on the network
  'other', // an account
]

/** A protector by its number; one that is not known still is one. */
export function protectorOf(type: number): Protector {
  return PROTECTORS[type] ?? 'unknown'
}
