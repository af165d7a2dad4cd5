import type { Static, TSchema } from 'typebox'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { nullable } from '../../../shared/schema.ts'

/** A key that a feed may leave out, or give as null. */
export const maybe = <S extends TSchema>(schema: S) => Type.Optional(nullable(schema))

/**
 * Tells whether an entry has a shape. Where most entries are about something else, as in a feed of 20 MB, there is no time
 * to find out what is wrong with each.
 */
export function shapeOf<S extends TSchema>(schema: S): (it: unknown) => it is Static<S> {
  let compiled: ReturnType<typeof Compile<S>> | undefined
  return (it): it is Static<S> => (compiled ??= Compile(schema)).Check(it)
}
