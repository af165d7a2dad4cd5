import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { isCipher, isNullCipher, type Mapping } from './dmsetup.ts'

/** What `cryptsetup status NAME` says of one open mapping. */
export type CryptStatus = {
  method: Volume['method']
  /** Null: it is no mapping that encrypts, or from what to what it is being changed is not told. */
  state: 'on' | 'off' | 'locked' | null
  /** As its table would say, had `dmsetup` been there to show it. */
  mapping: Mapping
}

/** `crypt_get_type` in cryptsetup's lib/setup.c. */
const TYPES: ReadonlyMap<string, Volume['method']> = new Map([
  ['LUKS1', 'luks1'],
  ['LUKS2', 'luks2'],
  ['PLAIN', 'dm-crypt'],
  ['LOOPAES', 'dm-crypt'],
  ['TCRYPT', 'veracrypt'],
  ['BITLK', 'bitlocker'],
  ['FVAULT2', 'filevault'],
])

/**
 * Reads `cryptsetup status NAME` (`action_status` in cryptsetup's src/cryptsetup.c, whose words are not translated).
 * That a mapping is active says nothing yet: logical volumes and dm-integrity are too.
 */
export function readCryptStatus(stdout: string): Fact<CryptStatus> {
  const lines = stdout.split(/\r?\n/)
  // Warnings may stand before it.
  const start = lines.findIndex((line) => /^\S.* is active(?: and is in use)?[.:]?\s*$/.test(line))
  if (start < 0) return unreadable('cryptsetup shows no active mapping')
  const keys = new Map<string, string>()
  for (const line of lines.slice(start + 1)) {
    const [, key, said] = /^ {2}(\S[^:]*?):\s+(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && said !== undefined && !keys.has(key)) keys.set(key, said)
  }
  const type = keys.get('type')
  // Up to version 1.1 it told no type.
  const method = type === undefined ? null : (TYPES.get(type) ?? null)
  return value(type === undefined || method !== null ? statusOf(keys, method) : notEncrypting(null))
}

function statusOf(keys: ReadonlyMap<string, string>, method: Volume['method']): CryptStatus {
  const cipher = keys.get('cipher') ?? ''
  if (isNullCipher(cipher)) return { method, state: 'off', mapping: { state: 'off', passesOn: false, segments: 1 } }
  if (keys.has('reencryption')) return notEncrypting(method)
  if (keys.get('encryption') === 'HW OPAL only') {
    return { method: 'opal', state: 'on', mapping: { state: null, passesOn: true, segments: 1 } }
  }
  // A key without a size encrypts nothing.
  if (!isCipher(cipher) || !/^[1-9]\d* /.test(keys.get('keysize') ?? '')) return notEncrypting(method)
  const isSuspended = keys.get('mode')?.includes('(suspended)') === true
  return {
    method,
    state: isSuspended ? 'locked' : 'on',
    mapping: { state: 'on', passesOn: false, segments: 1 },
  }
}

function notEncrypting(method: Volume['method']): CryptStatus {
  return { method, state: null, mapping: { state: null, passesOn: false, segments: 0 } }
}
