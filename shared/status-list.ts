import { constants, deflateSync, inflateSync } from 'node:zlib'
import { Type, type Static } from 'typebox'
import { parserOf, type Parsed } from './schema.ts'

/** How many bits an entry has. */
export type StatusBits = 1 | 2 | 4 | 8

/** The statuses of many tokens, packed (draft-ietf-oauth-status-list-20, section 4). */
export type StatusList = { bits: StatusBits; bytes: Uint8Array }

/** What an entry says. Higher numbers are for the issuer's own use; a verifier that does not know one refuses. */
export const STATUS = { valid: 0, invalid: 1, suspended: 2 } as const

/** The largest list that is unpacked: 2^20 entries of 8 bits. A few bytes can claim to be gigabytes. */
export const STATUS_LIST_BYTES = 2 ** 20

/** A list as a Status List Token carries it. What else it carries is for others. */
export const PackedStatusList = Type.Object({
  bits: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(4), Type.Literal(8)]),
  /** base64url, without padding, of the ZLIB form (RFC 1950) of the bytes. */
  lst: Type.String({ pattern: '^[A-Za-z0-9_-]+$' }),
})
export type PackedStatusList = Static<typeof PackedStatusList>

const parsePacked = parserOf(PackedStatusList)

/** A list in which every entry is 0. */
export function emptyStatusList(bits: StatusBits, entries: number): StatusList {
  return { bits, bytes: new Uint8Array(Math.ceil((entries * bits) / 8)) }
}

/** The status of an entry; undefined where the list has no such entry, which is not the same as 0. */
export function statusAt({ bits, bytes }: StatusList, index: number): number | undefined {
  const place = placeOf(bits, index)
  const byte = bytes[place.byte]
  return byte === undefined ? undefined : (byte >> place.shift) & place.mask
}

/**
 * Sets the status of an entry in place.
 * @throws RangeError where the list has no such entry, or the entry has no room for the status
 */
export function setStatus(list: StatusList, index: number, status: number): void {
  const { byte, shift, mask } = placeOf(list.bits, index)
  const before = list.bytes[byte]
  if (before === undefined || (status & mask) !== status) {
    throw new RangeError(`entry ${index} of ${list.bits} bits cannot be ${status}`)
  }
  list.bytes[byte] = (before & ~(mask << shift)) | (status << shift)
}

/** Entries fill a byte from its least significant bit. */
function placeOf(bits: StatusBits, index: number): { byte: number; shift: number; mask: number } {
  const isEntry = Number.isSafeInteger(index) && index >= 0
  const perByte = 8 / bits
  return {
    byte: isEntry ? Math.floor(index / perByte) : -1,
    shift: isEntry ? (index % perByte) * bits : 0,
    mask: (1 << bits) - 1,
  }
}

/** Packs a list. Runs are all that such a list can be compressed by: looking for more costs a hundred times as much. */
export function packStatusList({ bits, bytes }: StatusList): PackedStatusList {
  const packed = deflateSync(bytes, { strategy: constants.Z_RLE })
  return { bits, lst: packed.toString('base64url') }
}

/** Unpacks a list. Says what is wrong with it rather than throwing. */
export function unpackStatusList(input: unknown): Parsed<StatusList> {
  const packed = parsePacked(input)
  if (!packed.ok) return packed
  const { bits, lst } = packed.value
  const bytes = inflated(Buffer.from(lst, 'base64url'))
  return bytes
    ? { ok: true, value: { bits, bytes } }
    : { ok: false, problem: `lst is not the ZLIB form of at most ${STATUS_LIST_BYTES} bytes` }
}

function inflated(packed: Buffer): Uint8Array | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: STATUS_LIST_BYTES })
  } catch {
    return undefined
  }
}
