/** A pattern as symbols: codes of characters, or one of the two wildcards. */
export type Wildcard = readonly number[]

const STAR = -1
const GLOBSTAR = -2

/** `*` stands for anything without the separator, `**` for anything; either may stand for nothing. */
export function wildcard(text: string): Wildcard {
  const parts = text.split(/(\*\*|\*)/).map((part) => {
    if (part === '*') return [STAR]
    return part === '**' ? [GLOBSTAR] : [...codesOf(part)]
  })
  return parts.flat()
}

/**
 * Whether a pattern stands for the whole of a text. It goes through the text once: an address is for anybody to choose,
 * and would keep a regular expression of several stars busy for seconds.
 */
export function matches(pattern: Wildcard, text: string, separator: string): boolean {
  return accepts(pattern, codesOf(text), separator.charCodeAt(0))
}

/**
 * Whether a pattern stands for everything that another one stands for. It never says so where it is not; of patterns with
 * several stars it may say no where it is.
 */
export function covers(pattern: Wildcard, other: Wildcard, separator: string): boolean {
  return accepts(pattern, other, separator.charCodeAt(0))
}

/** Follows every way through the pattern at once. A wildcard among the symbols is taken only by one that is as wide. */
function accepts(pattern: Wildcard, symbols: Iterable<number>, separator: number): boolean {
  const last = pattern.length - 1
  let places: number[] = []
  enter(places, pattern, 0)
  for (const symbol of symbols) {
    if (pattern[last] === GLOBSTAR && places.includes(last)) return true
    const next: number[] = []
    for (const place of places) {
      const own = pattern[place]
      if (own === GLOBSTAR || (own === STAR && symbol !== separator && symbol !== GLOBSTAR)) enter(next, pattern, place)
      else if (own === symbol) enter(next, pattern, place + 1)
    }
    if (next.length === 0) return false
    places = next
  }
  return places.includes(pattern.length)
}

/** Comes to a place of the pattern, and to those behind it that wildcards which stand for nothing leave open. */
function enter(places: number[], pattern: Wildcard, place: number): void {
  // Places are entered in ascending order: what is not beyond the last is there.
  if (place > (places.at(-1) ?? -1)) places.push(place)
  const own = pattern[place]
  if (own === STAR || own === GLOBSTAR) enter(places, pattern, place + 1)
}

function* codesOf(text: string): Generator<number> {
  for (let index = 0; index < text.length; index++) yield text.charCodeAt(index)
}
