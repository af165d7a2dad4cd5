import { printable } from '../printable.ts'

/** What makers leave in the field when they do not fill it in (seen in SMBIOS tables, and in lists of other tools). */
const PLACEHOLDERS = [
  /^to be filled/,
  /^default string$/,
  /^(?:system|chassis|base ?board|product)? ?serial ?(?:number|num|no|#)?\.?$/,
  /^(?:none|null|nil|empty|unknown|undefined|invalid|oem|o\.e\.m\.|xxx+|fff+|tbd|n\/?a)$/,
  /^not ?(?:specified|applicable|available|defined|set|settable|present|provided)$/,
  /^no ?(?:serial|asset|enclosure)/,
  /^(?:123456789(?:0(?:12?3?4?5?)?)?|012345678(?:9)?|1234567|0123456)$/,
] as const

/** A serial number that names one machine; empty for a placeholder, which many machines share. */
export function meaningfulSerial(serial: string): string {
  const trimmed = printable(serial, 100)
  const plain = trimmed.toLowerCase().replaceAll(/\s+/g, ' ')
  const isOneCharacter = new Set(plain.replaceAll(/[\s.-]/g, '')).size < 2
  return isOneCharacter || PLACEHOLDERS.some((placeholder) => placeholder.test(plain)) ? '' : trimmed
}
