import type { FastifyRequest } from 'fastify'
import type { Gateways } from '../gateways.ts'
import type { GatewayRecord } from '../store/store.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { OAuthError, type Form } from './oauth.ts'

/** A gateway as a client of OAuth, and its own certificate (SHA-256) where it showed that. */
export type Client = { gateway: GatewayRecord; certificate: string | null }

/** How a client may authenticate (RFC 8414, section 2): its key is its secret, its id or its name the client id. */
export function clientAuthentication(mutualTls: boolean): string[] {
  return ['client_secret_basic', 'client_secret_post', ...(mutualTls ? ['self_signed_tls_client_auth'] : [])]
}

/** Whether a request tries to authenticate as a client of OAuth does. */
export function triesAsClient({ headers }: FastifyRequest, form: Form): boolean {
  return isBasic(headers.authorization) || form.has('client_secret')
}

/**
 * The gateway that a request is of, by HTTP Basic or by the form (RFC 6749, section 2.3.1), or by its client certificate and
 * its id (RFC 8705, section 2.2).
 * @throws OAuthError `invalid_client`, and `invalid_request` where it authenticates in two ways
 */
export function clientOf(request: FastifyRequest, form: Form, gateways: Gateways): Client {
  const { authorization } = request.headers
  const presented = clientCertificateOf(request.raw.socket)
  const certified = presented && gateways.ofCertificate(presented)
  if (authorization !== undefined && form.has('client_secret')) {
    throw new OAuthError('invalid_request', 'the client authenticates in the header and in the body: use one of them')
  }
  const given = isBasic(authorization)
    ? basicOf(authorization)
    : { id: form.get('client_id'), secret: form.get('client_secret') }
  const { id, secret } = given
  if (form.has('client_id') && form.get('client_id') !== id) {
    throw new OAuthError('invalid_request', 'the header and the body name different clients')
  }
  if (id === undefined) throw new OAuthError('invalid_client', 'the request does not say which gateway it is of')
  const gateway = secret === undefined ? certified : gateways.find(secret)
  // Which of the two is wrong is nobody's business.
  if (!gateway || !isNamed(gateway, id))
    throw new OAuthError('invalid_client', 'no gateway of this id or name has this secret or certificate')
  return { gateway, certificate: certified?.id === gateway.id ? certified.certificate : null }
}

const isNamed = ({ id, name }: GatewayRecord, given: string) => given === id || given === name

function isBasic(authorization: string | undefined): authorization is string {
  return authorization !== undefined && /^Basic(?: |$)/i.test(authorization)
}

/** Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function basicOf(authorization: string): { id: string; secret: string } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization) ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  try {
    if (colon === -1) throw new Error('no colon')
    return { id: formDecoded(text.slice(0, colon)), secret: formDecoded(text.slice(colon + 1)) }
  } catch {
    throw new OAuthError('invalid_client', 'the Authorization header is not one of HTTP Basic')
  }
}

function formDecoded(part: string): string {
  return decodeURIComponent(part.replaceAll('+', ' '))
}
