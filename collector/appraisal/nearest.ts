import { closest, distance } from 'fastest-levenshtein'

/** Longer words than any that we know; how long a comparison takes grows with both. */
const LONGEST = 60

/** What follows a word that is not known: the one that was probably meant, as `; did you mean "firewall"?`. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === null ? '' : `; did you mean "${meant}"?`
}

/** The known word that a slip of the fingers, or a part of the word, probably stands for; null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0 || word.length > LONGEST) return null
  const meant = closest(word, known)
  if (distance(word, meant) <= Math.min(3, Math.ceil(meant.length / 3))) return meant
  const [longer = null, ...others] = known.filter((it) => word.length >= 4 && it.includes(word))
  return others.length === 0 ? longer : null
}
