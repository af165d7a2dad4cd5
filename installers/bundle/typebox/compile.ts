import type { TSchema } from 'typebox'
import { Check, Errors } from 'typebox/schema'

/** Checks by walking the schema each time. Compiled code is quicker, and larger: an agent checks a few texts a minute. */
export function Compile(schema: TSchema) {
  return {
    Check: (input: unknown) => Check(schema, input),
    Errors: (input: unknown) => Errors(schema, input)[1],
  }
}
