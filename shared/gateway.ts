import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { attestationOf, type Attestation } from './attestation.ts'
import { EAR_PROFILE } from './ear.ts'
import type { Fetch } from './fetch-text.ts'
import { openGatewayKeys } from './gateway-keys.ts'
import { openGatewayStatus } from './gateway-status.ts'
import { TYP, parseJws } from './jws.ts'
import { refused, type Refusal, type Refused } from './refusal.ts'

export type Verified = { ok: true; attestation: Attestation } | Refused

/** Verifies attestations of one collector, and asks it for nothing but its keys and its status lists. */
export type Verifier = {
  /** Never throws: whatever it is given, the answer is an attestation that holds now, or why there is none. */
  verify(token: string): Promise<Verified>
}

export type VerifierOptions = {
  /** The collector: what `iss` has to be, and where its keys and lists are. */
  issuer: string
  /** Who is asking: what `aud` has to name. */
  audience?: string
  fetch: Fetch
  clock: () => Date
  /** `ignored`: without the network a loss shows only when the attestation ends, after ten minutes at most. */
  statusLists?: 'checked' | 'ignored'
  /** How far the collector's clock may be ahead of ours. The end of an attestation is never stretched. */
  toleranceSeconds?: number
  /** How long an answer of the collector may take. */
  timeoutMs?: number
}

/** More than any attestation has. */
const TOKEN_CHARACTERS = 32 * 1024

/** Makes a verifier, which asks for nothing before the first attestation, and keeps what it fetched for as long as it may. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience = issuer, fetch, clock, statusLists = 'checked' } = options
  const { toleranceSeconds = 30, timeoutMs = 5000 } = options
  const keys = openGatewayKeys({ issuer, fetch, clock, timeoutMs })
  const statuses = openGatewayStatus({ issuer, keys, fetch, clock, timeoutMs, toleranceSeconds })

  async function verify(token: string): Promise<Verified> {
    if (typeof token !== 'string' || token.length > TOKEN_CHARACTERS) return refused('token-malformed')
    const jws = parseJws(token, TYP.attestation)
    if (!jws.ok) return refused('token-malformed', jws.problem)
    const { kid, jwk } = jws.value.header
    if (kid === undefined || jwk) return refused('token-malformed')
    const key = await keys.keysFor(kid)
    if (!key.ok) return key

    const payload = await payloadOf(token, key.value)
    if (!payload.ok) return payload
    if (payload.value['eat_profile'] !== EAR_PROFILE) return refused('profile-wrong')
    const parsed = attestationOf(payload.value)
    if (!parsed.ok) return refused('claims-invalid', parsed.problem)
    const attestation = parsed.value
    if (attestation.issuedAt.getTime() > clock().getTime() + toleranceSeconds * 1000) return refused('not-yet-valid')
    if (attestation.expiresAt <= clock()) return refused('expired')
    if (statusLists === 'ignored') return { ok: true, attestation }

    const lost = await statuses.refusalOf(attestation.reference)
    if (lost) return lost
    // The list may have been a while on its way.
    return attestation.expiresAt <= clock() ? refused('expired') : { ok: true, attestation }
  }

  async function payloadOf(token: string, find: JWTVerifyGetKey): Promise<{ ok: true; value: JWTPayload } | Refused> {
    try {
      const { payload } = await jwtVerify(token, find, {
        algorithms: ['ES256'],
        typ: TYP.attestation,
        issuer,
        audience,
        currentDate: clock(),
        clockTolerance: toleranceSeconds,
        requiredClaims: ['exp', 'iat'],
      })
      return { ok: true, value: payload }
    } catch (error) {
      return refused(refusalOf(error), String(error))
    }
  }

  return { verify }
}

/** Codes of `jose`, and the claims that it found wrong, in our words. */
const BY_CODE: Readonly<Record<string, Refusal>> = {
  ERR_JWT_EXPIRED: 'expired',
  ERR_JWT_INVALID: 'claims-invalid',
  ERR_JWKS_NO_MATCHING_KEY: 'key-unknown',
}
const BY_CLAIM: Readonly<Record<string, Refusal>> = { iss: 'issuer-wrong', aud: 'audience-wrong', nbf: 'not-yet-valid' }

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTClaimValidationFailed) return BY_CLAIM[error.claim] ?? 'claims-invalid'
  return (error instanceof errors.JOSEError && BY_CODE[error.code]) || 'signature-invalid'
}
