import { unreadable, value, type Fact } from '../../../../shared/fact.ts'

/** What the active table of one mapping says. */
export type Mapping = {
  /** `on`: every sector is encrypted; `off`: a cipher is null, which stores plain text; null: not told by the table. */
  state: 'on' | 'off' | null
  /** Whether a part of it is passed on as it is. */
  passesOn: boolean
  segments: number
}

type Segment = { start: number; length: number; target: string; cipher: string }

/** Targets that hold no bytes: BitLocker's metadata are hidden behind zeros. */
const HOLLOW = new Set(['zero', 'error'])

/**
 * Reads `dmsetup table` (without `--showkeys`) into what each mapping does, by its name; asked about one mapping alone,
 * it names none, and the name is empty.
 */
export function readDmsetupTable(stdout: string): Fact<ReadonlyMap<string, Mapping>> {
  const lines = stdout.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 1 && lines[0] === 'No devices found') return value(new Map())
  const tables = new Map<string, Segment[]>()
  for (const line of lines) {
    const [, name, rest] = /^(\S+): ?(.*)$/.exec(line) ?? /^()(\d+ \d+ \S.*)$/.exec(line) ?? []
    if (name === undefined || rest === undefined) return unreadable('a line of dmsetup table makes no sense')
    const table = tables.get(name) ?? []
    tables.set(name, table)
    // A mapping without an active table has a line with its name alone.
    if (rest.trim() === '') continue
    const segment = readSegment(rest)
    if (!segment) return unreadable('a line of dmsetup table makes no sense')
    table.push(segment)
  }
  if (tables.size === 0) return unreadable('dmsetup table answered nothing')
  return value(new Map([...tables].map(([name, segments]) => [name, mappingOf(segments)])))
}

function readSegment(text: string): Segment | null {
  const [, start, length, target, cipher = ''] = /^(\d+) (\d+) (\S+)(?: (\S+))?/.exec(text) ?? []
  return target === undefined ? null : { start: Number(start), length: Number(length), target, cipher }
}

function mappingOf(segments: readonly Segment[]): Mapping {
  const holding = segments.filter(({ target }) => !HOLLOW.has(target))
  const passesOn = holding.some(({ target }) => target !== 'crypt')
  return { state: stateOf(segments, holding), passesOn, segments: segments.length }
}

function stateOf(segments: readonly Segment[], holding: readonly Segment[]): Mapping['state'] {
  if (holding.some(({ target, cipher }) => target === 'crypt' && isNullCipher(cipher))) return 'off'
  if (holding.length === 0 || !followEachOther(segments)) return null
  return holding.every(({ target, cipher }) => target === 'crypt' && isCipher(cipher)) ? 'on' : null
}

export function isNullCipher(cipher: string): boolean {
  return cipher.includes('cipher_null')
}

export function isCipher(cipher: string): boolean {
  return CIPHER.test(cipher) && KNOWN.test(cipher) && !isNullCipher(cipher)
}

/** Of a cipher that nobody knows nobody knows either whether it is one. */
const KNOWN = /\b(p?aes|anubis|aria|blowfish|camellia|cast[56]|des3_ede|kuznyechik|serpent|sm4|twofish|xchacha\d+)\b/

/** `aes-xts-plain64` or, in the notation of the kernel's crypto API, `capi:authenc(hmac(sha256),xts(aes))-plain64`. */
const CIPHER = /^(capi:)?[a-z][\w(),]*(-[\w():,]+)+$/

/** A gap in the table is a line that was lost, and nobody knows what it said. */
function followEachOther(segments: readonly Segment[]): boolean {
  let end = 0
  for (const { start, length } of segments) {
    if (start !== end) return false
    end += length
  }
  return true
}
