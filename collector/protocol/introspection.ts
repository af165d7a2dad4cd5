import type { Attestation } from '../../shared/gateway-api.ts'
import type { Standing } from '../../shared/standing.ts'
import type { Policy } from '../appraisal/policy.ts'
import { decide, type Decision } from './decision.ts'
import type { HeldAttestation } from './held-attestation.ts'

/**
 * Whether an attestation still says what is so: its device may use every tier that it names, at this moment. One that names
 * none is good for nothing.
 */
export function stillHolds({ tiers }: Attestation, standing: Standing | null, policy: Policy): Decision {
  const decisions = tiers.map((tier) => decide(standing, tier, policy))
  // The most sensitive tier comes last, and is the first that is lost.
  const decision = decisions.findLast(({ allow }) => !allow) ?? decisions.at(-1)
  return decision ?? decide(standing, '', policy)
}

/** What a gateway is told of an attestation that holds (RFC 7662, section 2.2): its tiers are scopes to OAuth. */
export function introspected(attestation: HeldAttestation, standing: Standing) {
  const { tiers, deviceId, audience, issuer, expiresAt, issuedAt, id, jkt } = attestation
  const next = standing.nextChange === null ? Infinity : Date.parse(standing.nextChange)
  return {
    active: true as const,
    scope: tiers.join(' '),
    sub: deviceId,
    aud: audience,
    iss: issuer,
    exp: Math.floor(Math.min(expiresAt.getTime(), next) / 1000),
    iat: issuedAt.getTime() / 1000,
    jti: id,
    token_type: 'DPoP' as const,
    cnf: { jkt },
    tiers,
  }
}
