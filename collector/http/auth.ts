import type { FastifyRequest } from 'fastify'
import { MusterError, type ErrorCode } from '../../shared/errors.ts'
import type { AccessScope } from '../access-tokens.ts'
import type { Gateways } from '../gateways.ts'
import { SCOPES, type GatewayRecord } from '../store/store.ts'
import { clientCertificateOf } from './client-certificate.ts'

/** The scheme that a 401 names for a gateway that has no key (RFC 9110, section 11.6.1). */
const GATEWAY_CHALLENGE = 'Bearer realm="muster"'

/** What a refusal of a gateway says in `WWW-Authenticate` (RFC 6750, section 3.1). */
const CHALLENGES: { readonly [Code in ErrorCode]?: string } = {
  'gateway-key-missing': GATEWAY_CHALLENGE,
  'gateway-key-invalid': GATEWAY_CHALLENGE,
  'access-token-invalid': `${GATEWAY_CHALLENGE}, error="invalid_token"`,
  'scope-missing': `${GATEWAY_CHALLENGE}, error="insufficient_scope"`,
}

export function challengeOf(code: ErrorCode): string | undefined {
  return CHALLENGES[code]
}

/** Who asks, with what it may do in this request, and until when where that ends by itself. */
export type Access = { gateway: GatewayRecord; scopes: readonly AccessScope[]; until: Date | null }

/** One scope, or several of which one is enough. */
type Asked = AccessScope | readonly AccessScope[]

/**
 * The gateway that asks, with the scopes that it has in this request. It proves itself with its key or an access token, in
 * `Muster-Gateway-Key` or, where that is not the user's, in `Authorization`; or with its client certificate.
 * @throws MusterError `gateway-key-missing`, `gateway-key-invalid`, `access-token-invalid`, `scope-missing`
 */
export function gatewayOf(request: FastifyRequest, gateways: Gateways, asked: Asked): GatewayRecord {
  return accessOf(request, gateways, asked).gateway
}

/** As `gatewayOf`, for what goes on for longer than one answer. */
export function accessOf(request: FastifyRequest, gateways: Gateways, asked: Asked): Access {
  const access = provedBy(request, gateways)
  const wanted = typeof asked === 'string' ? [asked] : asked
  if (wanted.some((scope) => allows(access.scopes, scope))) return access
  throw new MusterError('scope-missing', `this needs the scope ${wanted.map(named).join(' or ')}`)
}

/** Refuses whoever may not ask, before anything of what they sent is looked at. */
export function requireGateway(gateways: Gateways, asked: Asked) {
  return async (request: FastifyRequest): Promise<void> => {
    gatewayOf(request, gateways, asked)
  }
}

/** Whoever may have streams of its own may read and manage them, and whoever may manage them may read them. */
/** A scope as it is given to a key; those of streams are for access tokens alone. */
function named(scope: AccessScope): string {
  return scope.startsWith('ssf.') ? `"events" (or, of an access token, "${scope}")` : `"${scope}"`
}

function allows(scopes: readonly AccessScope[], asked: AccessScope): boolean {
  if (scopes.includes(asked)) return true
  if (asked === 'ssf.read') return scopes.includes('ssf.manage') || scopes.includes('events')
  return asked === 'ssf.manage' && scopes.includes('events')
}

function provedBy(request: FastifyRequest, gateways: Gateways): Access {
  const { headers, raw } = request
  const certificate = clientCertificateOf(raw.socket)
  const certified = certificate && gateways.ofCertificate(certificate)
  const own = headers['muster-gateway-key']
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const given = typeof own === 'string' ? own : bearer
  const found = given === undefined ? null : accessBy(given, certified, gateways)
  if (certified) {
    if (found?.gateway.id === certified.id) return found
    // The header for gateways has to be of the same one. What else stands in `Authorization` may be the user's.
    if (typeof own === 'string') throw new MusterError('gateway-key-invalid', 'it is not of the client certificate')
    return { ...accessFor(certified), until: certificate.validTo }
  }
  if (found) return found
  if (given !== undefined && isToken(given)) throw new MusterError('access-token-invalid')
  if (given !== undefined && (typeof own === 'string' || isKey(given))) throw new MusterError('gateway-key-invalid')
  throw new MusterError('gateway-key-missing')
}

const isKey = (given: string) => /^mgw_[A-Za-z0-9_-]+$/.test(given)
const isToken = (given: string) => given.startsWith('eyJ')

function accessBy(given: string, certified: GatewayRecord | null, gateways: Gateways): Access | null {
  if (isKey(given)) {
    const gateway = gateways.find(given)
    return gateway && accessFor(gateway)
  }
  const use = isToken(given) ? gateways.ofToken(given) : null
  if (!use) return null
  const { gateway, scopes, token } = use
  // RFC 8705, section 3: a token that was given out for a certificate is worth nothing without it.
  if (token.certificate !== null && token.certificate !== certified?.certificate) return null
  return {
    gateway: { ...gateway, scopes: SCOPES.filter((scope) => scopes.includes(scope)) },
    scopes,
    until: token.expiresAt,
  }
}

function accessFor(gateway: GatewayRecord): Access {
  return { gateway, scopes: gateway.scopes, until: null }
}
