// What the library for gateways offers, in types alone. The package ships this file as its declarations, as it stands: it imports nothing.

/** Why an attestation is not accepted. What each means: `docs/gateway-library.md`. */
export type Refusal =
  | 'token-malformed'
  | 'keys-unavailable'
  | 'key-unknown'
  | 'signature-invalid'
  | 'issuer-wrong'
  | 'audience-wrong'
  | 'profile-wrong'
  | 'not-yet-valid'
  | 'expired'
  | 'claims-invalid'
  | 'device-revoked'
  | 'tier-lost'
  | 'status-unavailable'

/** Why a request is not let through. */
export type RequestRefusal =
  | Refusal
  | 'device-not-named'
  | 'bearer-refused'
  | 'proof-invalid'
  | 'proof-nonce-needed'
  | 'proof-replayed'
  | 'not-admitted'

/** `problem` says what it was this time, for a log. */
export type Refused = { ok: false; code: Refusal; problem: string }

/** What an attestation says of a device. It is frozen: everybody who asks about the same token gets the same one. */
export type Attestation = {
  /** `dev_` and the thumbprint of the device's key. */
  deviceId: string
  /** What to decide by: the tiers that the device is admitted to. */
  tiers: string[]
  /** Every check of the policy with its verdict, since when, and until when it is tolerated. Times are ISO 8601. */
  checks: { id: string; verdict: string; since: string; deadline?: string }[]
  /** Describes, and may be `warning` for a device that is admitted. Decide by `tiers`. */
  status: 'none' | 'affirming' | 'warning' | 'contraindicated'
  /** AR4SI codes by claim; null where there are none. */
  vector: Record<string, number> | null
  policyIds: string[]
  /** How the device says that its key is kept, and whether that was proved. */
  keyProtection: string
  attested: boolean
  /** When the device last reported. */
  evidenceAt: string
  /** The id of this attestation. */
  id: string
  issuedAt: Date
  /** The first moment at which it says nothing any more. */
  expiresAt: Date
  /** The thumbprint of the device's key, for a proof of possession (RFC 9449). */
  jkt: string
  /** Its entry in a status list. */
  reference: { idx: number; uri: string }
}

export type Verified = { ok: true; attestation: Attestation } | Refused

export type VerifierOptions = {
  /** The collector: what `iss` has to be, and where its keys and its lists are. */
  issuer: string
  /** Who is asking: what `aud` has to name. The issuer where nothing is said. */
  audience?: string
  /** How the collector is reached: the platform's own where nothing is said. It may go through a proxy, or trust a certificate. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  clock?: () => Date
  /** `ignored`: without the network a loss shows only when the attestation ends, after ten minutes at most. */
  statusLists?: 'checked' | 'ignored'
  /** How long a status list is gone by at most, also where it says that it may be for longer: a loss shows after as long. */
  statusSeconds?: number
  /** How far the collector's clock may be ahead of ours, 30 where nothing is said. The end of an attestation is never stretched. */
  toleranceSeconds?: number
  /** How long an answer of the collector may take, 5000 where nothing is said. */
  timeoutMs?: number
}

/** Verifies attestations of one collector, and asks it for nothing but its keys and its status lists. */
export type TokenVerifier = {
  /** Never throws: whatever it is given, the answer is an attestation that holds now, or why there is none. */
  verify(token: string): Promise<Verified>
}

/** The headers of a request, by their names in any letters, or as the platform's own `Headers`. */
export type RequestHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>

/** A request that asks to be let through. The platform's own `Request` is one, where its address is the one that the client asked for. */
export type GatewayRequest = {
  method: string
  /** The absolute address that the client asked for. Never build it from what the client says in `Host` or `X-Forwarded-*`. */
  url: string
  headers: RequestHeaders
}

/** The body of a refusal (RFC 9457). */
export type Problem = {
  type: string
  title: string
  status: number
  code: RequestRefusal
  detail?: string
  fix: string
}

export type RefusedRequest = {
  admitted: false
  /** 401: another attestation or proof may do. 403: this device is not admitted. 503: it cannot be told now. */
  status: 401 | 403 | 503
  code: RequestRefusal
  /** What it was this time, for a log. */
  problem: string
  /** All headers of the answer, among them `WWW-Authenticate` and `DPoP-Nonce` as RFC 9449 has them. */
  headers: Record<string, string>
  body: Problem
}

export type RequestAnswer =
  | {
      admitted: true
      attestation: Attestation
      /** For the answer, whatever it will be: the nonce of the next proof. */
      headers: Record<string, string>
    }
  | RefusedRequest

export type Verifier = TokenVerifier & {
  /**
   * Whether a request comes from a device that is admitted to a tier: it carries `Authorization: DPoP <attestation>` and a proof
   * of this very request (RFC 9449), which counts once. Nothing that a client sends makes it throw.
   */
  verifyRequest(request: GatewayRequest, options: { tier: string }): Promise<RequestAnswer>
}

export type CreateVerifier = (options: VerifierOptions) => Verifier

export type GuardOptions = {
  /** The tier that a device needs. */
  tier: string
  /**
   * Where clients reach this server: `https://wiki.example.com`, with a path where a proxy takes one away. A proof is for one address,
   * so a server has to know its own; what clients say of it is not asked.
   */
  publicUrl: string
  /** Told of each refusal, for a log. */
  onRefused?: (refusal: RefusedRequest, request: GatewayRequest) => void
}

/** What Express, Connect and Node's own server have in common. */
export type ConnectRequest = {
  method?: string | undefined
  url?: string | undefined
  originalUrl?: string | undefined
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}
export type ConnectResponse = {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}
export type ConnectGuard = (
  request: ConnectRequest,
  response: ConnectResponse,
  next: (error?: unknown) => void,
) => Promise<void>

export type FastifyLikeRequest = {
  method: string
  originalUrl: string
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}
export type FastifyLikeReply = {
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(body: string): unknown
}
export type FastifyGuard = (request: FastifyLikeRequest, reply: FastifyLikeReply) => Promise<unknown>

/** Middleware for Express and its like. */
export type ExpressGuardOf = (verifier: Verifier, options: GuardOptions) => ConnectGuard

/** A hook for Fastify: `onRequest`, or any later one before the handler. */
export type FastifyGuardOf = (verifier: Verifier, options: GuardOptions) => FastifyGuard

/**
 * What is known of the device that a request comes from, once a guard has let it through.
 * @throws Error where no guard has: then the route is not protected
 */
export type AttestationOf = (request: object) => Attestation
