import type { DpopChecker, DpopCode } from './dpop.ts'
import type {
  Attestation,
  Refusal,
  RefusedRequest,
  RequestHeaders,
  RequestRefusal,
  TokenVerifier,
  Verifier,
} from './gateway-api.ts'
import { REFUSALS } from './refusal.ts'

/** `error` is what the challenge says (RFC 6750, section 3.1, and RFC 9449, section 7.1); nothing where nothing was tried. */
type Answer = { status: 401 | 403 | 503; error?: string; title: string; fix: string }

const ANOTHER = 'Ask the collector for a new attestation, and send it as "Authorization: DPoP <attestation>".'

/** Why a request is not let through, where it is not because of its attestation; and the answer. */
export const REQUEST_REFUSALS: Readonly<Record<Exclude<RequestRefusal, Refusal>, Answer>> = {
  'device-not-named': {
    status: 401,
    title: 'The request names no device.',
    fix: 'Send "Authorization: DPoP <attestation>" with a DPoP proof.',
  },
  'bearer-refused': {
    status: 401,
    error: 'invalid_token',
    title: 'A bearer token says nothing of the device that sends it.',
    fix: 'Send "Authorization: DPoP <attestation>" with a DPoP proof: whoever reads an attestation could pass for the device otherwise.',
  },
  'proof-invalid': {
    status: 401,
    error: 'invalid_dpop_proof',
    title: 'The DPoP proof is missing, or is not one of this request.',
    fix: 'Send exactly one DPoP header: a proof for this method, address and attestation, signed with the key of the device.',
  },
  'proof-nonce-needed': {
    status: 401,
    error: 'use_dpop_nonce',
    title: 'The DPoP proof needs a nonce of this server.',
    fix: 'Make the proof again with the nonce of the DPoP-Nonce header.',
  },
  'proof-replayed': {
    status: 401,
    error: 'invalid_dpop_proof',
    title: 'The DPoP proof was used before.',
    fix: 'Make a proof of its own for each request.',
  },
  'not-admitted': {
    status: 403,
    error: 'insufficient_scope',
    title: 'The device is not admitted to this tier.',
    fix: 'Mend what the agent names, then check again.',
  },
}

/** What is no fault of the client, and not known: nobody is let in, and the client may come again. */
const UNAVAILABLE: Pick<Answer, 'status' | 'fix'> = { status: 503, fix: 'Try again in a moment.' }
const NOT_KNOWN: ReadonlySet<RequestRefusal> = new Set(['keys-unavailable', 'status-unavailable'])

const BY_PROOF: Readonly<Record<DpopCode, RequestRefusal>> = {
  'proof-missing': 'proof-invalid',
  'proof-invalid': 'proof-invalid',
  'nonce-needed': 'proof-nonce-needed',
  'proof-replayed': 'proof-replayed',
}

/** Decides about requests by what a verifier says of their attestations, and a checker of their proofs. */
export function openRequests(verifier: TokenVerifier, dpop: DpopChecker): Pick<Verifier, 'verifyRequest'> {
  function refuse(code: RequestRefusal, problem?: string): RefusedRequest {
    const { status, error, title, fix } = answerTo(code)
    const challenge = error === undefined ? 'DPoP algs="ES256"' : `DPoP error="${error}", algs="ES256"`
    const headers = {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(status === 503 ? { 'Retry-After': '1' } : { 'WWW-Authenticate': challenge, 'DPoP-Nonce': dpop.nonce() }),
    }
    // What was wrong with an answer of the collector names places in our network: that is for the log.
    const detail = status === 503 || problem === undefined ? {} : { detail: problem }
    const body = { type: `urn:muster:error:${code}`, title, status, code, ...detail, fix }
    return { admitted: false, status, code, problem: problem ?? title, headers, body }
  }

  return {
    async verifyRequest({ method, url, headers }, { tier }) {
      if (typeof tier !== 'string' || tier === '') throw new TypeError('verifyRequest: tier has to name a tier')
      const [authorization, ...more] = valuesOf(headers, 'authorization')
      if (authorization === undefined) return refuse('device-not-named')
      const { scheme, token } = credentialsOf(authorization)
      if (scheme === 'bearer') return refuse('bearer-refused')
      if (scheme !== 'dpop') return refuse('device-not-named')
      if (more.length > 0) return refuse('token-malformed', 'there is more than one Authorization header')
      const verified = await verifier.verify(token)
      if (!verified.ok) return refuse(verified.code, verified.problem)
      const { attestation } = verified
      const proofs = valuesOf(headers, 'dpop')
      const proof = dpop.check({ proofs, method, url, token, jkt: attestation.jkt })
      if (!proof.ok) return refuse(BY_PROOF[proof.code], proof.problem)
      if (!attestation.tiers.includes(tier)) return refuse('not-admitted', missing(tier, attestation))
      return { admitted: true, attestation, headers: { 'DPoP-Nonce': dpop.nonce() } }
    },
  }
}

function answerTo(code: RequestRefusal): Answer {
  if (!isOfToken(code)) return REQUEST_REFUSALS[code]
  const title = REFUSALS[code]
  return NOT_KNOWN.has(code) ? { ...UNAVAILABLE, title } : { status: 401, error: 'invalid_token', title, fix: ANOTHER }
}

function isOfToken(code: RequestRefusal): code is Refusal {
  return Object.hasOwn(REFUSALS, code)
}

/** All values of a header. `Headers` and Node join several into one, with a comma, which no proof and no token has. */
function valuesOf(headers: RequestHeaders, name: string): string[] {
  const found: unknown[] = isHeaders(headers)
    ? [headers.get(name)]
    : Object.entries(headers).flatMap(([key, value]) => (key.toLowerCase() === name ? value : []))
  return found.filter((value) => typeof value === 'string')
}

function isHeaders(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return 'get' in headers && typeof headers.get === 'function'
}

/** The scheme in small letters, and what follows it (RFC 9110, section 11.4). */
function credentialsOf(authorization: string): { scheme: string; token: string } {
  const [, scheme = '', token = ''] = /^([\w!#$%&'*+.^`|~-]+) +(\S*) *$/.exec(authorization) ?? []
  return { scheme: scheme.toLowerCase(), token }
}

function missing(tier: string, { tiers, checks }: Attestation): string {
  const closing = checks.filter(({ verdict }) => !OPEN.has(verdict)).map(({ id, verdict }) => `${id} (${verdict})`)
  const found = closing.length === 0 ? '' : `; checks that do not pass: ${closing.join(', ')}`
  return `admitted to ${tiers.join(', ') || 'nothing'}, not to ${tier}${found}`
}

/** Verdicts that close no tier. */
const OPEN: ReadonlySet<string> = new Set(['pass', 'grace', 'excepted', 'not-applicable'])
