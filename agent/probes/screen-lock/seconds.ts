/** A year: the longest time that the signal carries. */
const MOST_SECONDS = 31_536_000

/** Some settings mean "never" by a number beyond all measure. */
export const capped = (seconds: number): number => Math.min(Math.round(seconds), MOST_SECONDS)
