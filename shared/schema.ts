import { Type, type Static, type TProperties, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'

/** What became of a piece of input: the typed value, or one sentence that says what is wrong with it. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string }

/** An object that refuses keys it does not know: everything we sign or verify is one of these. */
export const strict = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })

/** A string of at most `maxLength` characters. */
export const text = (maxLength: number) => Type.String({ maxLength })

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

/** One of the given words. */
export const oneOf = <const W extends readonly string[]>(words: W) =>
  Type.Unsafe<W[number]>({ type: 'string', enum: [...words] })

/** The function that admits input of a schema's shape and no other. */
export function parserOf<S extends TSchema>(schema: S): (input: unknown) => Parsed<Static<S>> {
  // Compiled when it is first needed: a program pays only for what it parses.
  let validator: ReturnType<typeof Compile<S>> | undefined
  return (input) => {
    const compiled = (validator ??= Compile(schema))
    if (compiled.Check(input)) return { ok: true, value: input }
    const [first] = compiled.Errors(input)
    const where = first?.instancePath ? first.instancePath.slice(1).replaceAll('/', '.') : 'it'
    return { ok: false, problem: `${where.slice(0, 100)} ${first ? inWords(first) : 'has the wrong shape'}` }
  }
}

/** What the validator found, for a person: its own words where they say enough. */
export function inWords(error: TLocalizedValidationError): string {
  if (error.keyword === 'boolean') return 'is not a key that is known here'
  return error.keyword === 'enum' ? `must be one of: ${error.params.allowedValues.join(', ')}` : error.message
}

/** Parses JSON text of the given schema. Input that is not JSON is a problem like any other, never an exception. */
export function jsonParserOf<S extends TSchema>(schema: S): (json: string) => Parsed<Static<S>> {
  const parse = parserOf(schema)
  return (json) => {
    let input: unknown
    try {
      input = JSON.parse(json)
    } catch {
      return { ok: false, problem: 'it is not JSON' }
    }
    return parse(input)
  }
}

/** The keys of a table, typed by it. */
export function keysOf<T extends object>(table: T): (keyof T & string)[] {
  // A literal table has the keys that its type says, and no others.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.keys(table) as (keyof T & string)[]
}
