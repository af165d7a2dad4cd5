import { Type, type Static, type TSchema } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { nullable, strict, text } from '../../shared/schema.ts'

/** What is asked of a list: it is answered a page at a time, since there may be 100,000 of anything. */
export const PageAsked = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  /** The `next` of the page before. */
  after: Type.Optional(text(100)),
}
const Asked = strict(PageAsked)

export const PAGE = 100

/** A page of items, and where the next one begins; null after the last. */
export const pageSchema = <S extends TSchema>(item: S) =>
  strict({ items: Type.Array(item), next: nullable(Type.String()) })

/**
 * A page of a list that has an order of its own. What is no longer listed still says where to go on.
 * @throws MusterError `request-invalid` where `after` is not of it
 */
export function pageOf<T>(
  all: readonly T[],
  { limit = PAGE, after }: Static<typeof Asked>,
  idOf: (it: T) => string,
  isListed: (it: T) => boolean = () => true,
) {
  const before = after === undefined ? -1 : all.findIndex((it) => idOf(it) === after)
  if (after !== undefined && before === -1)
    throw new MusterError('request-invalid', `there is no "${after}" to go on after`)
  const rest = all.slice(before + 1).filter(isListed)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, next: last !== undefined && rest.length > limit ? idOf(last) : null }
}
