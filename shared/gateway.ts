import { Type } from 'typebox'
import { attestationOf } from './attestation.ts'
import { EAR_PROFILE } from './ear.ts'
import type { Attestation, Refused, TokenVerifier, Verified, VerifierOptions } from './gateway-api.ts'
import { openGatewayKeys, type FoundKey } from './gateway-keys.ts'
import { openGatewayStatus } from './gateway-status.ts'
import { TYP, isSignedBy, parseJws } from './jws.ts'
import { refused } from './refusal.ts'
import { parserOf } from './schema.ts'
import { frozen, openVerifiedTokens, type KnownToken } from './verified-tokens.ts'

/** What a program has to lend to the library. */
export type Platform = { fetch: NonNullable<VerifierOptions['fetch']>; clock: () => Date }

/** More than any attestation has. */
const TOKEN_CHARACTERS = 32 * 1024
/** How many verified tokens are known again: about 20 MB when full. Each device needs one. */
const KNOWN_TOKENS = 10_000

/** What any JWT may say of itself (RFC 7519, section 4.1); that it says it of us is for the verifier. */
const parseClaims = parserOf(
  Type.Object({
    iss: Type.Optional(Type.Unknown()),
    aud: Type.Optional(Type.Unknown()),
    iat: Type.Number(),
    nbf: Type.Optional(Type.Number()),
    eat_profile: Type.Optional(Type.Unknown()),
  }),
)

/** Makes a verifier, which asks for nothing before the first attestation, and keeps what it fetched for as long as it may. */
export function createVerifier(options: VerifierOptions & Platform): TokenVerifier {
  const { issuer, audience = issuer, fetch, clock, statusLists = 'checked' } = options
  const { toleranceSeconds = 30, timeoutMs = 5000, statusSeconds = Infinity } = options
  const keys = openGatewayKeys({ issuer, fetch, clock, timeoutMs })
  const statuses = openGatewayStatus({ issuer, keys, fetch, clock, timeoutMs, toleranceSeconds, statusSeconds })
  const tokens = openVerifiedTokens(KNOWN_TOKENS)

  function verify(token: string): Promise<Verified> {
    if (typeof token !== 'string' || token.length > TOKEN_CHARACTERS) return Promise.resolve(refused('token-malformed'))
    const known = tokens.find(token)
    const now = clock().getTime()
    return known && known.from <= now && now < known.until ? known.answer : verifyAnew(token, known)
  }

  async function verifyAnew(token: string, known: KnownToken | undefined): Promise<Verified> {
    const from = clock().getTime()
    const read = await (known ? readAgain(known) : readToken(token))
    if (!read.ok) return read
    const { attestation, kid, key, notBefore } = read
    if (notBefore > clock().getTime() + toleranceSeconds * 1000) return refused('not-yet-valid')
    if (attestation.expiresAt <= clock()) return refused('expired')
    const status = statusLists === 'checked' ? await statuses.holds(attestation.reference) : key
    if (!status.ok) return status
    // The list may have been a while on its way.
    if (attestation.expiresAt <= clock()) return refused('expired')
    const until = Math.min(attestation.expiresAt.getTime(), key.until.getTime(), status.until.getTime())
    const answer: Verified = Object.freeze({ ok: true, attestation })
    tokens.keep({ token, kid, key: key.value, attestation, notBefore, answer: Promise.resolve(answer), from, until })
    return answer
  }

  type Read = { ok: true; attestation: Attestation; notBefore: number; kid: string; key: FoundKey } | Refused

  /** A signature that a key made stays made: the question is only whether the collector still has the key. */
  async function readAgain({ token, kid, key: before, attestation, notBefore }: KnownToken): Promise<Read> {
    const key = await keys.keyFor(kid)
    if (!key.ok) return key
    return key.value === before ? { ok: true, attestation, notBefore, kid, key } : readToken(token)
  }

  async function readToken(token: string): Promise<Read> {
    const jws = parseJws(token, TYP.attestation)
    if (!jws.ok) return refused('token-malformed', jws.problem)
    const { kid, jwk } = jws.value.header
    if (kid === undefined || jwk) return refused('token-malformed')
    const key = await keys.keyFor(kid)
    if (!key.ok) return key
    if (!isSignedBy(jws.value, key.value)) return refused('signature-invalid')
    const claims = parseClaims(jws.value.claims)
    if (!claims.ok) return refused('claims-invalid', claims.problem)
    const { iss, aud, eat_profile: profile, iat, nbf = iat } = claims.value
    if (iss !== issuer) return refused('issuer-wrong')
    if (![aud].flat().includes(audience)) return refused('audience-wrong')
    if (profile !== EAR_PROFILE) return refused('profile-wrong')
    const parsed = attestationOf(jws.value.claims)
    if (!parsed.ok) return refused('claims-invalid', parsed.problem)
    return { ok: true, attestation: frozen(parsed.value), notBefore: Math.max(iat, nbf) * 1000, kid, key }
  }

  return { verify }
}
