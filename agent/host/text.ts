/**
 * The bytes that a program printed or a file holds, as text. Programs of Windows write UTF-16 with a mark, UTF-8 or,
 * the old ones, the code page of the console, of which nobody tells us the number: there only the ASCII signs are
 * sure, and a reader that needs more has to go by the layout.
 */
export function decode(bytes: Uint8Array): string {
  const encoding = ENCODINGS.find(({ mark }) => mark.every((byte, at) => bytes[at] === byte))?.encoding
  if (encoding !== undefined) return new TextDecoder(encoding).decode(bytes)
  if (looksLikeUtf16(bytes)) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return UTF8.decode(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

const ENCODINGS = [
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/** A tool whose output is redirected may leave the mark out: then every other byte of what is ASCII is zero. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 64)
  if (head.length < 4 || head.length % 2 !== 0) return false
  const zeros = head.filter((byte, at) => at % 2 === 1 && byte === 0).length
  return zeros * 2 === head.length && head.some((byte, at) => at % 2 === 0 && byte !== 0)
}
