import { Type, type Static, type TSchema } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { jsonParserOf, parserOf, type Parsed } from '../../shared/schema.ts'

/** A moment as it is stored: milliseconds since 1970, within what a `Date` can hold. */
export const Millis = Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 })

const FIRST = -8.64e15
const LAST = 8.64e15

/** A span of time as a question to the database: from the first moment that counts to the first that no longer does. */
export function spanOf({ from, to }: { from?: Date; to?: Date }): [from: number, to: number] {
  return [from?.getTime() ?? FIRST, to?.getTime() ?? LAST + 1]
}

/** What a row says is checked like any other input: a damaged row is an error, never a value. */
export function rowReaderOf<S extends TSchema>(table: string, schema: S): (row: unknown) => Static<S> {
  const parse = parserOf(schema)
  return (row) => sound(parse(row), nameOf(table, row))
}

/** The same for a column of JSON; `what` names the row that it is of. */
export function jsonReaderOf<S extends TSchema>(schema: S): (json: string, what: string) => Static<S> {
  const parse = jsonParserOf(schema)
  return (json, what) => sound(parse(json), what)
}

export const readStrings = jsonReaderOf(Type.Array(Type.String()))

function sound<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value
  throw new MusterError('store-unavailable', `${what} is damaged: ${parsed.problem}`)
}

function nameOf(table: string, row: unknown): string {
  const hasId = typeof row === 'object' && row !== null && 'id' in row
  return hasId ? `${table} ${String(row.id)}` : table
}

export function dateOrNull(ms: number | null | undefined): Date | null {
  return ms === null || ms === undefined ? null : new Date(ms)
}

export function millisOrNull(date: Date | null): number | null {
  return date === null ? null : date.getTime()
}
