const DAY_MS = 86_400_000
/** Releases come every month, so that a catalogue of more than six weeks lacks some for certain. */
const NOTABLE_DAYS = 45

/** The catalogue in the words of a verdict that leans on it, by the day until which it knows what it says: with its age where that matters. */
export function catalogueOf(asOf: string, now: Date): string {
  const age = Math.floor((now.getTime() - Date.parse(asOf)) / DAY_MS)
  const aged = age > NOTABLE_DAYS ? `, which is ${age} days old: newer releases are not known to it` : ''
  return `catalogue of ${asOf}${aged}`
}

/** The first moment after a day: a day counts to its end, in UTC. */
export function endOfDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS)
}

/** The day on which something ends that holds until a moment. */
export function lastDayBefore(moment: Date): string {
  return dayOf(new Date(moment.getTime() - 1))
}

export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}
