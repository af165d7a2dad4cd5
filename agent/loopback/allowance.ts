export type Rate = { burst: number; perSecond: number }

/** Makes a function that says whether one more is let through now: `burst` at once, and then so many a second. */
export function allowance({ burst, perSecond }: Rate, milliseconds: () => number): () => boolean {
  let left = burst
  let last = milliseconds()
  return () => {
    const now = milliseconds()
    left = Math.min(burst, left + Math.max(0, (now - last) / 1000) * perSecond)
    last = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
