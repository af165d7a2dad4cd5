import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { isNullCipher } from './dmsetup.ts'

/** What the header on a disk tells. It does not tell whether the volume is open. */
export type LuksHeader = {
  /** `opal`: only the drive encrypts. */
  method: 'luks1' | 'luks2' | 'opal'
  /** Null for a finished header: its data are encrypted, whether open or not. */
  state: 'off' | 'encrypting' | 'decrypting' | null
  /** The key is being changed; the data are encrypted before and after. */
  rekeying: boolean
  /** `passphrase` only where no token stands beside the key slots; of LUKS1 and foreign tokens nothing is known. */
  keyProtector: Volume['keyProtector']
}

type Entry = { section: string; kind: string; keys: Map<string, string> }

/** Reads `cryptsetup luksDump DEVICE`. Its text is not translated, and its layout has been the same since LUKS2 came. */
export function readLuksDump(stdout: string): Fact<LuksHeader> {
  const all = stdout.split(/\r?\n/)
  // Warnings may stand before it.
  const start = all.findIndex((line) => line.startsWith('LUKS header information'))
  if (start < 0) return unreadable('luksDump shows no LUKS header')
  const lines = all.slice(start)
  switch (topLevel(lines, 'Version')) {
    case '1':
      return readLuks1(lines)
    case '2':
      return readLuks2(lines)
    default:
      return unreadable('luksDump shows a version of LUKS that is not known')
  }
}

function readLuks1(lines: readonly string[]): Fact<LuksHeader> {
  const cipher = topLevel(lines, 'Cipher name')
  if (!cipher) return unreadable('the LUKS1 header names no cipher')
  return value({ method: 'luks1', state: isNullCipher(cipher) ? 'off' : null, rekeying: false, keyProtector: null })
}

function readLuks2(lines: readonly string[]): Fact<LuksHeader> {
  const entries = entriesOf(lines)
  const used = entries.filter(
    ({ section, keys }) => section === 'Data segments' && !keys.get('flags')?.includes('backup'),
  )
  if (used.length === 0) return unreadable('the LUKS2 header shows no data segment')
  if (used.some(({ kind }) => !SEGMENTS.has(kind))) return unreadable('the LUKS2 header has a segment of a new kind')
  const mode = entries.find(({ section, kind }) => section === 'Keyslots' && kind === 'reencrypt')?.keys.get('Mode')
  return value({
    method: used.every(({ kind }) => kind === 'hw-opal') ? 'opal' : 'luks2',
    state: stateOf(used, mode),
    rekeying: mode === 'reencrypt',
    keyProtector: keyProtectorOf(lines, entries),
  })
}

const SEGMENTS = new Set(['crypt', 'linear', 'hw-opal', 'hw-opal-crypt'])

function stateOf(used: readonly Entry[], mode: string | undefined): LuksHeader['state'] {
  if (used.some(({ keys }) => isNullCipher(keys.get('cipher') ?? ''))) return 'off'
  if (mode === 'decrypt') return 'decrypting'
  // A linear segment that no re-encryption explains holds plain text all the same.
  return mode === 'encrypt' || used.some(({ kind }) => kind === 'linear') ? 'encrypting' : null
}

/** A clevis token may stand for a TPM or for a server on the network (tang), and luksDump does not tell which. */
const HARDWARE_TOKENS = new Set(['systemd-tpm2', 'systemd-fido2', 'systemd-pkcs11'])

function keyProtectorOf(lines: readonly string[], entries: readonly Entry[]): Volume['keyProtector'] {
  const tokens = entries.filter(({ section }) => section === 'Tokens')
  if (tokens.some(({ kind }) => HARDWARE_TOKENS.has(kind))) return 'hardware'
  const hasKeys = entries.some(({ section, kind }) => section === 'Keyslots' && kind === 'luks2')
  const isWhole = lines.includes('Tokens:') && lines.includes('Digests:')
  return tokens.length === 0 && hasKeys && isWhole ? 'passphrase' : null
}

/** Sections stand at the margin, their entries (`  0: crypt`) are indented by two spaces, what they say by a tab. */
function entriesOf(lines: readonly string[]): Entry[] {
  const entries: Entry[] = []
  let section = ''
  for (const line of lines) {
    const [, heading] = /^(\S[^:]*):\s*$/.exec(line) ?? []
    if (heading !== undefined) section = heading
    const [, kind] = /^ {2}\d+: (\S+)/.exec(line) ?? []
    if (kind !== undefined) entries.push({ section, kind, keys: new Map() })
    const [, key, said] = /^\t(\S[^:]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined && said !== undefined) entries.at(-1)?.keys.set(key, said)
  }
  return entries
}

function topLevel(lines: readonly string[], key: string): string | null {
  const line = lines.find((it) => it.startsWith(`${key}:`))
  return line?.slice(key.length + 1).trim() ?? null
}
