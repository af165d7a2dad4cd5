/** Code pages of consoles whose letters are beyond ASCII altogether; of the others the ASCII letters are enough. */
const PAGES = ['ibm866', 'shift_jis', 'gbk', 'big5', 'euc-kr'] as const

/** What `decode` makes of each byte where it knows no better. */
function bytesBySign(): ReadonlyMap<string, number> {
  const signs = new TextDecoder('latin1').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))
  return new Map(signs.split('').map((sign, byte) => [sign, byte]))
}

/**
 * A text as `decode` gave it, and as it reads in each code page that its bytes may be of: whoever knows what it should
 * say finds it in one of them. A text of other letters was never one of those bytes.
 */
export function readingsOf(text: string): string[] {
  const table = bytesBySign()
  const bytes = text.split('').map((sign) => table.get(sign))
  const known = bytes.filter((byte) => byte !== undefined)
  if (known.length < bytes.length || known.every((byte) => byte < 0x80)) return [text]
  return [text, ...PAGES.flatMap((page) => readingIn(page, Uint8Array.from(known)))]
}

function readingIn(page: string, bytes: Uint8Array): string[] {
  try {
    return [new TextDecoder(page, { fatal: true }).decode(bytes)]
  } catch {
    return []
  }
}
