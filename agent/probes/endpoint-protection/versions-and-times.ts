/** A version of numbers with dots between them, alone. */
export function versionOf(text: string | undefined): string | undefined {
  return /^\d{1,6}(?:\.\d{1,9}){1,5}$/.test(text ?? '') ? text : undefined
}

/**
 * A moment as RFC 3339 in UTC, from a text that is `2026-11-03 10:00:00` (or with a `T`, ` at ` or fractions) and a zone:
 * `Z`, `UTC`, `GMT+2`, `+0100`, `+05:30`. Undefined without a zone, or with anything else beside it.
 */
export function momentOf(text: string | undefined): string | undefined {
  const [, day, time, sign = '+', hours = '0', minutes = '0'] = MOMENT.exec(text?.trim() ?? '') ?? []
  if (day === undefined || time === undefined) return undefined
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  const at = Date.parse(`${day}T${time}Z`) - offset
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

const MOMENT =
  /^(\d{4}-\d\d-\d\d)(?:T|,? at | )(\d\d:\d\d:\d\d)(?:\.\d{1,9})? ?(?:Z|(?=[GU+-])(?:GMT|UTC)?(?:([+-])(\d{1,2}):?(\d\d)?)?)$/

/** Midnight in UTC of a day that is written as `20261120`; undefined where there is no such day. */
export function dayOf(text: string | undefined): string | undefined {
  const [, year, month, day] = /^(20\d\d)(\d\d)(\d\d)$/.exec(text ?? '') ?? []
  if (year === undefined) return undefined
  const at = new Date(`${year}-${month}-${day}T00:00:00Z`)
  // A day that the month does not have is taken for one of the next.
  return !Number.isNaN(at.getTime()) && at.getUTCDate() === Number(day) ? at.toISOString() : undefined
}
