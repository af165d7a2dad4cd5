import { closest, distance } from 'fastest-levenshtein'

/** What follows a word that is not known: the one that was probably meant, as `; did you mean "policy"?`. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === null ? '' : `; did you mean "${meant}"?`
}

/** The word that is nearest, where it is near enough that a slip of the fingers lies between them. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null
  const meant = closest(word, known)
  return distance(word, meant) <= Math.min(3, Math.ceil(meant.length / 2)) ? meant : null
}
