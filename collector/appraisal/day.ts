/** Days are written `2026-11-25` and count in UTC, to their end. */

const DAY_MS = 86_400_000

export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** The first moment after a day. */
export function endOfDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS)
}

/** The day on which something ends that holds until a moment. */
export function lastDayBefore(moment: Date): string {
  return dayOf(new Date(moment.getTime() - 1))
}

/** The last day that somebody on earth already has at this moment: publishers write the day of their own time zone. */
export function tomorrowOf(now: Date): string {
  return dayOf(new Date(now.getTime() + DAY_MS))
}

/** Releases and ends of support outside of these days are slips or jokes, and would count for ever. */
const FIRST = '1990-01-01'
const LAST = '2099-12-31'

/** The day that a date of others names, with a time of day or without; null for what is no day of the calendar, or absurd. */
export function dayIn(date: unknown): string | null {
  const [, day] = typeof date === 'string' ? (/^(\d{4}-\d{2}-\d{2})(?:[T ].{0,40})?$/.exec(date) ?? []) : []
  if (day === undefined || day < FIRST || day > LAST) return null
  const moment = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(moment.getTime()) && dayOf(moment) === day ? day : null
}

/** The newest of some days; null where there is none. */
export function newestOf(days: readonly string[]): string | null {
  return days.reduce<string | null>((newest, day) => (newest === null || day > newest ? day : newest), null)
}
