/** Chance that falls the same way each time, so that a test which fails can be run again. */
export type Chance = {
  /** A whole number from 0 up to, and without, the limit. */
  below(limit: number): number
  /** True about once in so many times. */
  oneIn(times: number): boolean
  of<T>(choices: readonly [T, ...T[]]): T
}

export function chance(seed: number): Chance {
  let state = Math.imul(seed + 1, 2654435761) >>> 0
  const below = (limit: number) => {
    // Numerical Recipes' linear congruential generator; the high bits are the random ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return {
    below,
    oneIn: (times) => below(times) === 0,
    of: (choices) => choices[below(choices.length)] ?? choices[0],
  }
}
