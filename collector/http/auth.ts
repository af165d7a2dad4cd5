import type { FastifyRequest } from 'fastify'
import { MusterError } from '../../shared/errors.ts'
import type { Gateways } from '../gateways.ts'
import type { GatewayRecord, Scope } from '../store/store.ts'

/** The scheme that a 401 names for a gateway that has no key (RFC 9110, section 11.6.1). */
export const GATEWAY_CHALLENGE = 'Bearer realm="muster"'

/**
 * The gateway that asks. Its key stands in `Muster-Gateway-Key`, or in `Authorization` where that is not the user's.
 * @throws MusterError `gateway-key-missing`, `gateway-key-invalid`, `scope-missing`
 */
export function gatewayOf(request: FastifyRequest, gateways: Gateways, scope: Scope): GatewayRecord {
  const key = keyOf(request)
  if (key === null) throw new MusterError('gateway-key-missing')
  const gateway = gateways.find(key)
  if (!gateway) throw new MusterError('gateway-key-invalid')
  if (!gateway.scopes.includes(scope)) throw new MusterError('scope-missing', `this needs the scope "${scope}"`)
  return gateway
}

/** Refuses whoever may not ask, before anything of what they sent is looked at. */
export function requireGateway(gateways: Gateways, scope: Scope) {
  return async (request: FastifyRequest): Promise<void> => {
    gatewayOf(request, gateways, scope)
  }
}

function keyOf({ headers }: FastifyRequest): string | null {
  const own = headers['muster-gateway-key']
  if (typeof own === 'string') return own
  const bearer = /^Bearer +(mgw_[A-Za-z0-9_-]+) *$/i.exec(headers.authorization ?? '')
  return bearer?.[1] ?? null
}
