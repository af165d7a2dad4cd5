import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { jsonParserOf } from '../../shared/schema.ts'

/** What a token belongs to. */
type Asked = {
  kind: string
  subject?: unknown
  action?: unknown
  resource?: unknown
  context?: Record<string, unknown>
  page?: { token?: string; limit?: number }
}

const parseToken = jsonParserOf(Type.Tuple([Type.String(), Type.String()]))

/**
 * The way to the page behind an answer. A token is no secret and opens nothing: it names the search that it is of and the
 * last answer, so it stays good when the collector starts again, or when that answer is none any more.
 */
export function tokenFor(asked: Asked, last: string): string {
  return Buffer.from(JSON.stringify([fingerprint(asked), last])).toString('base64url')
}

/**
 * The last answer before the page that is asked for; null for the first page.
 * @throws MusterError `request-invalid` where the token was not made for this search
 */
export function positionOf(asked: Asked): string | null {
  const token = asked.page?.token ?? ''
  if (token === '') return null
  const parsed = parseToken(Buffer.from(token, 'base64url').toString())
  if (!parsed.ok) throw new MusterError('request-invalid', 'page.token is none that was given out here')
  const [of, last] = parsed.value
  if (of !== fingerprint(asked)) {
    throw new MusterError(
      'request-invalid',
      'page.token is of another search: only page.limit may change between pages',
    )
  }
  return last
}

/** The same for the same search, in whatever order its keys come. What proves the device is new each time. */
function fingerprint({ kind, subject, action, resource, context }: Asked): string {
  const { attestation: _, dpop: __, ...lasting } = context ?? {}
  try {
    const text = JSON.stringify([kind, subject, action, resource, lasting], (_key, value: unknown) => inOrder(value))
    return createHash('sha256').update(text).digest('base64url').slice(0, 22)
  } catch (error) {
    throw new MusterError('request-invalid', 'the search is nested too deeply', { cause: error })
  }
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
