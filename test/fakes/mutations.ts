const NOISE = [
  '',
  '\n',
  '\r\n',
  ' ',
  '"',
  "'",
  '\\',
  ':',
  '-',
  '0',
  '9'.repeat(400),
  '~',
  '{',
  '}',
  ';',
  '\0',
  'ä',
  '\n\n',
]

/** Damages one place of a good text: cut, doubled, dropped or overwritten, the same way for the same seed. */
export function mutated(text: string, seed: number): string {
  let state = Math.imul(seed + 1, 2654435761) >>> 0
  const upTo = (limit: number): number => {
    // Numerical Recipes' linear congruential generator; the high bits are the random ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const from = upTo(text.length)
  const to = Math.min(text.length, from + upTo(40))
  if (seed % 5 === 0) return text.slice(0, from)
  const piece = text.slice(from, to)
  const instead = [NOISE[upTo(NOISE.length)], piece + piece, piece.toUpperCase(), '']
  return text.slice(0, from) + (instead[upTo(instead.length)] ?? '') + text.slice(to)
}

/** Many damaged versions of a text. */
export function* mutations(text: string, count: number): Generator<string> {
  for (let seed = 0; seed < count; seed++) yield mutated(text, seed)
}
