import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MusterError } from '../../../shared/errors.ts'
import type { Standing } from '../../../shared/standing.ts'
import { decide, tierOfResource, type Decision } from '../../protocol/decision.ts'
import type { AppParts } from '../app.ts'
import { gatewayOf } from '../auth.ts'
import { sendProblem } from '../problem.ts'

type Asked = FastifyRequest<{ Params: { tier: string } }>

/** The scheme that a 401 names for a request that proves no device (RFC 9449, section 7.1). */
const DEVICE_CHALLENGE = 'DPoP algs="ES256"'

/**
 * The question of nginx, Caddy, HAProxy, Traefik and Envoy: 200 lets the request through, 401 and 403 do not. The tier
 * stands in the path, which the gateway writes; nothing is read from what its client could have sent.
 */
export function forwardAuthRoutes(app: FastifyInstance, { fleet, gateways, policy, metrics }: AppParts): void {
  const answer = async (request: Asked, reply: FastifyReply) => {
    refuseOddPaths(request.url)
    const gateway = gatewayOf(request, gateways, 'decide')
    const named = request.headers['muster-device']
    if (named !== undefined && !gateway.scopes.includes('vouch')) {
      throw new MusterError('scope-missing', 'this gateway may not vouch for a device with Muster-Device')
    }
    const device = typeof named === 'string' ? named : ''
    const { tier: asked } = request.params
    const tier = asked === '-' ? tierOfResource(addressOf(request), policy()) : asked
    const standing = device === '' ? null : fleet.standing(device)
    setHeaders(reply, device, standing, null)
    if (device === '') {
      metrics.decided(false, 'forward-auth')
      return sendProblem(reply.header('www-authenticate', DEVICE_CHALLENGE), 'device-not-named')
    }

    const decision = decide(standing, tier, policy())
    metrics.decided(decision.allow, 'forward-auth')
    setHeaders(reply, device, standing, decision)
    if (decision.allow) return reply.code(200).send()
    return sendProblem(reply, decision.code ?? 'not-admitted', decision.reasonUser || decision.reasonAdmin, 403)
  }

  const schema = { summary: 'May this request pass? (forward authentication)', security: [{ gateway: [] }] }
  // The answer is given before a body is looked at: a gateway may pass on that of its client, of any type and form.
  const route = { schema, onRequest: answer }
  app.all<{ Params: { tier: string } }>('/v1/forward-auth/:tier', route, answered)
  app.all<{ Params: { tier: string } }>(
    '/v1/forward-auth/:tier/*',
    { ...route, schema: { ...schema, hide: true } },
    answered,
  )
}

/** Fastify asks for a handler; the hook before it has answered. */
const answered = async () => {
  throw new MusterError('internal')
}

/** Every header is always there, empty where nothing is known, so that a gateway overwrites what a client sent. */
function setHeaders(reply: FastifyReply, device: string, standing: Standing | null, decision: Decision | null): void {
  reply.headers({
    'x-posture-device-id': standing ? device : '',
    'x-posture-status': standing?.earStatus ?? 'none',
    'x-posture-reasons': decision?.failing.join(',') ?? '',
    'x-posture-evaluated-at': standing?.evaluatedAt ?? '',
    'x-posture-expires': standing?.nextChange ?? '',
    'x-auth-request-user': '',
    'cache-control': 'no-store',
  })
}

/** Dot segments, in any spelling, could make two programs see two different paths. */
function refuseOddPaths(url: string): void {
  const [path = ''] = url.split('?')
  let plain = path
  try {
    plain = decodeURIComponent(path)
  } catch {
    throw new MusterError('path-refused')
  }
  if (plain.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')) throw new MusterError('path-refused')
}

/** The address that the client asked the gateway for, in the header set of whichever gateway it is. */
function addressOf({ headers }: Asked): string {
  const host = headers['x-original-host'] ?? headers['x-forwarded-host']
  const uri = headers['x-original-uri'] ?? headers['x-forwarded-uri'] ?? '/'
  if (typeof host !== 'string' || typeof uri !== 'string') {
    throw new MusterError(
      'request-invalid',
      'the resource map needs the host that was asked for, in X-Original-Host or X-Forwarded-Host',
    )
  }
  return `${host}${uri.startsWith('/') ? '' : '/'}${uri}`
}
