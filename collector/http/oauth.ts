import type { FastifyInstance, FastifyReply } from 'fastify'
import { codeOf } from './problem.ts'
import { challengeOf } from './auth.ts'
import { ERRORS } from '../../shared/errors.ts'

/** The errors of RFC 6749, section 5.2, and RFC 6750, section 3.1, that we give, with their status. */
const OAUTH_ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
} as const
type OAuthCode = keyof typeof OAUTH_ERRORS

/** What an OAuth client did wrong. The description never contains a secret. */
export class OAuthError extends Error {
  readonly code: OAuthCode

  constructor(code: OAuthCode, description: string) {
    super(description)
    this.name = 'OAuthError'
    this.code = code
  }
}

/** The parameters of a form, each of them once and none of them empty. */
export type Form = ReadonlyMap<string, string>

/** Has everything in a scope speak as OAuth does: forms come in, `{ error, error_description }` goes out, and nothing is kept. */
export function speakOAuth(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  scope.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  })
  scope.setErrorHandler((error: Error, request, reply) => {
    const { code, description, challenge } = inOAuth(error)
    if (code === 'server_error') request.log.error({ err: error, url: request.routeOptions.url }, 'internal')
    if (challenge !== undefined) reply.header('www-authenticate', challenge)
    return sendError(reply, code, description)
  })
}

/**
 * Reads the body of a request.
 * @throws OAuthError `invalid_request`
 */
export function formOf(body: unknown): Form {
  const form = new Map<string, string>()
  if (body !== undefined && body !== null && typeof body !== 'string')
    throw new OAuthError('invalid_request', 'the body is not a form')
  for (const [name, value] of new URLSearchParams(body ?? '')) {
    if (form.has(name)) throw new OAuthError('invalid_request', 'a parameter is there more than once')
    // One without a value is as good as none (RFC 6749, section 3.2), and may still not come twice.
    form.set(name, value)
  }
  for (const [name, value] of form) if (value === '') form.delete(name)
  return form
}

function inOAuth(error: Error): { code: OAuthCode; description: string; challenge?: string | undefined } {
  if (error instanceof OAuthError) {
    const { code, message } = error
    return {
      code,
      description: message,
      challenge: code === 'invalid_client' ? 'Basic realm="muster", charset="UTF-8"' : undefined,
    }
  }
  const { code, detail } = codeOf(error)
  const { status, title } = ERRORS[code]
  return {
    code: BY_STATUS[status] ?? 'invalid_request',
    description: code === 'internal' ? title : (detail ?? title),
    challenge: challengeOf(code),
  }
}

const BY_STATUS: Readonly<Record<number, OAuthCode>> = {
  401: 'invalid_token',
  403: 'insufficient_scope',
  500: 'server_error',
  503: 'temporarily_unavailable',
}

/** A description has only printable characters of ASCII, and neither quotes nor backslashes (RFC 6749, section 5.2). */
function sendError(reply: FastifyReply, code: OAuthCode, description: string): FastifyReply {
  const plain = description.replace(/"/g, "'").replace(/[^\x20-\x7e]|\\/g, ' ')
  return reply.code(OAUTH_ERRORS[code]).send({ error: code, error_description: plain })
}
