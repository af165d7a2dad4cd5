import { Type } from 'typebox'
import { attestationOf } from '../../shared/attestation.ts'
import { EAR_PROFILE } from '../../shared/ear.ts'
import type { Attestation } from '../../shared/gateway-api.ts'
import { TYP, isSignedBy, parseJws, publicKeyOf, type PublicJwk } from '../../shared/jws.ts'
import { parserOf, text, type Parsed } from '../../shared/schema.ts'

/** An attestation that holds as far as it can say so itself. */
export type HeldAttestation = Attestation & { issuer: string; audience: string[] }

export type ReadOptions = {
  /** The keys of this moment. */
  keys: readonly (PublicJwk & { kid: string })[]
  issuerUrl: string
  /** Whom it has to be for, one of these. */
  audiences: readonly string[]
  now: Date
}

const Addressed = Type.Object({
  iss: text(300),
  aud: Type.Array(text(300), { maxItems: 32 }),
  nbf: Type.Integer(),
  eat_profile: Type.Literal(EAR_PROFILE),
})
const parseAddressed = parserOf(Addressed)

/** Reads an attestation of our own. Whatever it is given, it says what is wrong with it rather than throwing. */
export function heldAttestation(
  token: string,
  { keys, issuerUrl, audiences, now }: ReadOptions,
): Parsed<HeldAttestation> {
  const jws = parseJws(token, TYP.attestation)
  if (!jws.ok) return jws
  const { kid, jwk } = jws.value.header
  const found = keys.find((key) => key.kid === kid)
  const key = found && publicKeyOf(plain(found))
  if (!key || jwk) return problem('it is signed by no key of this collector')
  if (!isSignedBy(jws.value, key)) return problem('its signature is wrong')
  const addressed = parseAddressed(jws.value.claims)
  if (!addressed.ok) return addressed
  const parsed = attestationOf(jws.value.claims)
  if (!parsed.ok) return parsed
  const { iss, aud, nbf } = addressed.value
  if (iss !== issuerUrl) return problem('it is of another issuer')
  if (!aud.some((it) => audiences.includes(it))) return problem('it is for another audience')
  if (now.getTime() < nbf * 1000 || parsed.value.expiresAt <= now) return problem('it is over, or not valid yet')
  return { ok: true, value: { ...parsed.value, issuer: iss, audience: aud } }
}

function plain({ kty, crv, x, y }: PublicJwk): PublicJwk {
  return { kty, crv, x, y }
}

function problem(said: string): { ok: false; problem: string } {
  return { ok: false, problem: said }
}
