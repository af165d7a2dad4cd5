import type { TSchema } from 'typebox'
import { Compile as compileSchema } from 'typebox/schema'

/** The package's own compiled check, without the conversions between types that its own entry brings along. */
export function Compile(schema: TSchema) {
  const validator = compileSchema(schema)
  return {
    Check: (input: unknown) => validator.Check(input),
    Errors: (input: unknown) => validator.Errors(input)[1],
  }
}
