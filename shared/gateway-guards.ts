import { comparableUrl } from './comparable-url.ts'
import type {
  Attestation,
  AttestationOf,
  ConnectRequest,
  ExpressGuardOf,
  FastifyGuardOf,
  GuardOptions,
  RequestAnswer,
  RequestHeaders,
  Verifier,
} from './gateway-api.ts'

/** Whom a guard let through. By the request itself, which nobody can send. */
const admitted = new WeakMap<object, Attestation>()

export const attestationOf: AttestationOf = (request) => {
  const attestation = admitted.get(request)
  if (!attestation) throw new Error('No guard has let this request through: put one in front of the route.')
  return attestation
}

export const expressGuard: ExpressGuardOf = (verifier, options) => {
  const decide = guard(verifier, options)
  return async (request, response, next) => {
    try {
      const answer = await decide(request, request.method ?? '', pathOf(request), request.headers)
      for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
      if (!answer.admitted) {
        response.statusCode = answer.status
        response.end(JSON.stringify(answer.body))
        return
      }
    } catch (error) {
      return next(error)
    }
    next()
  }
}

export const fastifyGuard: FastifyGuardOf = (verifier, options) => {
  const decide = guard(verifier, options)
  return async (request, reply) => {
    const answer = await decide(request, request.method, request.originalUrl, request.headers)
    for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value)
    if (answer.admitted) return undefined
    reply.code(answer.status)
    return reply.send(JSON.stringify(answer.body))
  }
}

type Decide = (request: object, method: string, path: string, headers: RequestHeaders) => Promise<RequestAnswer>

/** @throws TypeError where what it is told cannot protect anything */
function guard(verifier: Verifier, { tier, publicUrl, onRefused }: GuardOptions): Decide {
  if (typeof tier !== 'string' || tier === '') throw new TypeError('tier has to name the tier that a device needs')
  const base = baseOf(publicUrl)
  return async (request, method, path, headers) => {
    // A client may send a whole address, or `*`: neither goes behind ours.
    const asked = { method, url: path.startsWith('/') ? `${base}${path}` : '', headers }
    const answer = await verifier.verifyRequest(asked, { tier })
    if (answer.admitted) admitted.set(request, answer.attestation)
    else onRefused?.(answer, asked)
    return answer
  }
}

function baseOf(publicUrl: string): string {
  if (typeof publicUrl !== 'string' || /[?#]/.test(publicUrl) || comparableUrl(publicUrl) === undefined)
    throw new TypeError('publicUrl has to be where clients reach this server, such as https://wiki.example.com')
  return publicUrl.replace(/\/+$/, '')
}

/** The path that the client asked for; Express takes the place where a router is mounted away from `url`. */
function pathOf({ originalUrl, url = '' }: ConnectRequest): string {
  return originalUrl ?? url
}
