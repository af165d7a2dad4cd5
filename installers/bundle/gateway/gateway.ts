import { randomBytes } from 'node:crypto'
import { openDpop } from '../../../shared/dpop.ts'
import type { AttestationOf, CreateVerifier, ExpressGuardOf, FastifyGuardOf } from '../../../shared/gateway-api.ts'
import * as guards from '../../../shared/gateway-guards.ts'
import { openRequests } from '../../../shared/gateway-request.ts'
import { createVerifier as createTokenVerifier } from '../../../shared/gateway.ts'

export type {
  Refusal,
  RequestRefusal,
  Refused,
  Attestation,
  Verified,
  VerifierOptions,
  TokenVerifier,
  RequestHeaders,
  GatewayRequest,
  Problem,
  RefusedRequest,
  RequestAnswer,
  Verifier,
  CreateVerifier,
  GuardOptions,
  ConnectRequest,
  ConnectResponse,
  ConnectGuard,
  FastifyLikeRequest,
  FastifyLikeReply,
  FastifyGuard,
  ExpressGuardOf,
  FastifyGuardOf,
  AttestationOf,
} from '../../../shared/gateway-api.ts'

/**
 * Makes a verifier for the attestations of one collector, on what the platform has.
 * @throws TypeError where the issuer is no address from which keys can be had safely
 */
export const createVerifier: CreateVerifier = (options) => {
  const { fetch = globalThis.fetch, clock = () => new Date() } = options
  const verifier = createTokenVerifier({ ...options, issuer: issuerOf(options.issuer), fetch, clock })
  const dpop = openDpop({ clock, secret: randomBytes(32) })
  return { ...verifier, ...openRequests(verifier, dpop) }
}

export const attestationOf: AttestationOf = guards.attestationOf
export const expressGuard: ExpressGuardOf = guards.expressGuard
export const fastifyGuard: FastifyGuardOf = guards.fastifyGuard

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The collector's address as it stands in its attestations, which no reader of addresses has put in another form. */
function issuerOf(issuer: string): string {
  const [, origin = ''] = /^(https?:\/\/[^\s/?#@]+)\/?$/.exec(issuer) ?? []
  if (!URL.canParse(origin))
    throw new TypeError('issuer has to be the address of the collector, such as https://muster.example.com')
  const { protocol, hostname } = new URL(origin)
  // Whoever is in between could hand out keys of their own.
  if (protocol !== 'https:' && !LOOPBACK.has(hostname))
    throw new TypeError('issuer has to begin with https://, but on this machine')
  return origin
}
