import { inWords } from '../appraisal/duration.ts'
import { UsageError } from './command.ts'

const NUMBERS = new Intl.NumberFormat('en-GB')

/** `1,204`. */
export function number(count: number): string {
  return NUMBERS.format(count)
}

/** `1,204 devices`, `1 device`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : nouns}`
}

const two = (part: number) => String(part).padStart(2, '0')

/** A moment on the clock of whoever reads it: `2026-03-03 14:05`. */
export function moment(time: string | null): string {
  if (time === null) return '-'
  const date = new Date(time)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** To the second: `2026-03-03 14:05:59`. */
export function exactMoment(time: string): string {
  return `${moment(time)}:${two(new Date(time).getSeconds())}`
}

/** A word or nothing, so that a column is never empty. */
export function orDash(words: readonly string[] | string | null): string {
  const text = typeof words === 'string' ? words : (words ?? []).join(', ')
  return text === '' ? '-' : text
}

/**
 * The moment that a person means by a day (`2026-03-03`) or by a time (`2026-03-03T14:05`, with or without a zone; without, the
 * zone of this machine). A day means its beginning, or at the `end` the beginning of the next.
 * @throws UsageError
 */
export function timeGiven(given: string, option: string, edge: 'begin' | 'end'): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given)
  const isTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?$/.test(given)
  const date = new Date(isDay ? `${given}T00:00` : given.replace(' ', 'T'))
  if ((!isDay && !isTime) || Number.isNaN(date.getTime()) || !isRealDay(given)) {
    throw new UsageError(`${option} is a day such as 2026-03-03, or a time such as 2026-03-03T14:05`)
  }
  if (isDay && edge === 'end') date.setDate(date.getDate() + 1)
  return date
}

/** `2026-02-30` is a day to `Date`, and to nobody else. */
function isRealDay(given: string): boolean {
  const day = given.slice(0, 10)
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}

/** How long until a moment: `in 6 days`. */
export function ahead(time: string, now: Date): string {
  const ms = new Date(time).getTime() - now.getTime()
  return ms > 0 ? `in ${inWords(ms)}` : 'over'
}

/** Enough of an id to tell a device from any other, and to give to a command. */
export function shortId(id: string): string {
  return id.slice(0, 'dev_'.length + 10)
}
