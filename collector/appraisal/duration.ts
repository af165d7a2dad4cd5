import { Type } from 'typebox'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const FORM = /^[0-9]{1,5}[smhd]$/

/** A length of time as people write it: `15m`, `24h`, `14d`. */
export const Duration = Type.String({
  pattern: FORM.source,
  description: 'a number and s, m, h or d (15m, 24h, 14d)',
})

export const isDuration = (text: string): boolean => FORM.test(text)

/** A duration within bounds that are written as it is. */
export function durationBetween(least: string, most: string) {
  return Type.Refine(
    Duration,
    (it: string) => milliseconds(it) >= milliseconds(least) && milliseconds(it) <= milliseconds(most),
    () => `must be from ${least} to ${most}`,
  )
}

/** Milliseconds of a duration that the schema has admitted. */
export function milliseconds(duration: string): number {
  const unit = duration.slice(-1)
  const factor = unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? UNITS[unit] : Number.NaN
  return Number(duration.slice(0, -1)) * factor
}

/** A length of time in words: `3 days`, `1 hour`, `15 minutes`. */
export function inWords(ms: number): string {
  for (const [unit, size] of [
    ['day', UNITS.d],
    ['hour', UNITS.h],
    ['minute', UNITS.m],
  ] as const) {
    if (ms >= size) return plural(Math.floor(ms / size), unit)
  }
  return plural(Math.max(0, Math.floor(ms / 1000)), 'second')
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
