import type { Capture } from './capture.ts'

/** The bytes of a file, which a dump of `od`, `xxd` or `hexdump` shows as numbers. Without a dump they are its text. */
export function bytesIn({ program, args, text }: Capture): string {
  const isText = !/^(?:od|xxd|hexdump|hd)$/.test(program)
  return isText ? text : String.fromCharCode(...text.split(/\r?\n/).flatMap((line) => bytesOfLine(line, program, args)))
}

function bytesOfLine(line: string, program: string, args: string): number[] {
  if (program === 'xxd') return hexadecimal(line.replace(/^[\da-f]+: /, '').replace(/ {2,}.*$/, ''))
  const isBare = /-An\b|-A\s+n\b|--address-radix=n/.test(args)
  const numbers = (isBare ? line : line.replace(/^[\da-f]{7,8}\b/, '')).replace(/\|.*$/, '').trim().split(/\s+/)
  if (/(?:-t\s*|--format=)u1/.test(args)) return numbers.filter(Boolean).map(Number)
  if (/(?:-t\s*|--format=)x1|-C\b/.test(args) || program === 'hd') return hexadecimal(numbers.join(''))
  // By two bytes, the lower one first; the last may stand alone.
  const radix = program === 'hexdump' || /(?:-t\s*|--format=)x2?\b|-x\b/.test(args) ? 16 : 8
  return numbers.filter(Boolean).flatMap((word) => {
    const both = Number.parseInt(word, radix)
    return [both & 255, both >> 8]
  })
}

function hexadecimal(digits: string): number[] {
  return (digits.match(/[\da-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16))
}
