import type { Appraisal } from '../appraisal/appraise.ts'
import { DEVICE_PROFILE, type StatusReference } from '../../shared/attestation.ts'
import { EAR_PROFILE } from '../../shared/ear.ts'
import type { PublicJwk } from '../../shared/jws.ts'
import { thumbprint } from '../../shared/jws.ts'
import { LIMITS } from '../../shared/limits.ts'
import type { CheckResult, EarStatus } from '../../shared/standing.ts'
import type { PackedStatusList } from '../../shared/status-list.ts'
import type { TrustVector } from '../appraisal/trust-vector.ts'

/** The claims of an attestation: what was concluded of one device, for how long, and for whom. */
export type AttestationClaims = {
  iss: string
  sub: string
  aud: string[]
  jti: string
  iat: number
  nbf: number
  exp: number
  cnf: { jkt: string }
  /** Where to look whether it still holds (Token Status List, section 6.1). */
  status: { status_list: StatusReference }
  eat_profile: typeof EAR_PROFILE
  ear_verifier_id: { developer: string; build: string }
  ear_status: EarStatus
  submods: {
    device: {
      eat_profile: typeof DEVICE_PROFILE
      ear_status: EarStatus
      ear_trustworthiness_vector: TrustVector
      ear_appraisal_policy_ids: string[]
      ear_verifier_claims: {
        tiers: string[]
        checks: Pick<CheckResult, 'id' | 'verdict' | 'since' | 'deadline'>[]
        keyProtection: string
        attested: boolean
        evidenceAt: string
      }
    }
  }
}

/** The claims before it is known where to look whether they still hold. */
export type UnreferencedClaims = Omit<AttestationClaims, 'status'>

/** The claims of a signed status list (Token Status List, section 5.1). */
export type StatusListClaims = {
  sub: string
  iat: number
  exp: number
  /** Seconds for which a verifier may go by it before it looks again. */
  ttl: number
  status_list: PackedStatusList
}

export type AttestationInput = {
  issuer: string
  audience: string
  device: { id: string; jwk: PublicJwk; keyProtection: string; attested: boolean; status: string }
  appraisal: Appraisal
  evidenceAt: Date
  freshnessMs: number
  policyId: string
  build: string
  jti: string
  now: Date
}

/**
 * Makes the claims of an attestation but for its entry in a status list, which is lent for as long as these say. Null for
 * a device that is not active, and where its life would be over before it began: it ends with the earliest of ten minutes,
 * the next moment at which time changes the answer, each deadline that it leans on, and the freshness of the evidence.
 */
export function attestationClaims(input: AttestationInput): UnreferencedClaims | null {
  const { device, appraisal, evidenceAt, now } = input
  if (device.status !== 'active') return null
  const iat = seconds(now)
  const ends = [now.getTime() + LIMITS.attestationSeconds * 1000, evidenceAt.getTime() + input.freshnessMs]
  if (appraisal.nextChange) ends.push(appraisal.nextChange.getTime())
  for (const { deadline, mode } of appraisal.checks) {
    if (deadline !== undefined && mode === 'enforce') ends.push(Date.parse(deadline))
  }
  const exp = Math.floor(Math.min(...ends) / 1000)
  if (exp <= iat) return null
  return {
    iss: input.issuer,
    sub: device.id,
    aud: [input.audience],
    jti: input.jti,
    iat,
    nbf: iat,
    exp,
    cnf: { jkt: thumbprint(device.jwk) },
    eat_profile: EAR_PROFILE,
    ear_verifier_id: { developer: 'https://muster.example', build: input.build },
    ear_status: appraisal.earStatus,
    submods: {
      device: {
        eat_profile: DEVICE_PROFILE,
        ear_status: appraisal.earStatus,
        ear_trustworthiness_vector: appraisal.vector,
        ear_appraisal_policy_ids: [input.policyId],
        ear_verifier_claims: {
          tiers: appraisal.tiers,
          checks: appraisal.checks.map(({ id, verdict, since, deadline }) => ({
            id,
            verdict,
            since,
            ...(deadline !== undefined && { deadline }),
          })),
          keyProtection: device.keyProtection,
          attested: device.attested,
          evidenceAt: evidenceAt.toISOString(),
        },
      },
    },
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
