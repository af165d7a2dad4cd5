import { statusOf, type EarStatus } from '../../shared/standing.ts'

/** The claims of the AR4SI trustworthiness vector that posture has something to say about (draft-ietf-rats-ar4si-09). */
export type TrustClaim = 'instance-identity' | 'configuration' | 'executables' | 'hardware' | 'storage-opaque'
export type TrustVector = Partial<Record<TrustClaim, number>>

/** Codes that we assert, by their AR4SI meaning. */
export const TRUST = {
  affirming: 2,
  knownVulnerabilities: 32, // configuration; the same number is "known bugs", "software-held keys" in other claims
  notVisible: 36, // configuration: security-relevant parts could not be seen
  contraindicated: 96,
  evidenceForged: 99, // cryptographic validation of the evidence failed
} as const

const RANK: Record<EarStatus, number> = { affirming: 0, none: 1, warning: 2, contraindicated: 3 }

/** The status of a vector: that of its worst claim, so that it is never better than any of them. */
export function worstStatus(vector: TrustVector): EarStatus {
  const statuses = Object.values(vector).map(statusOf)
  if (statuses.length === 0) return 'none'
  return statuses.reduce((worst, status) => (RANK[status] > RANK[worst] ? status : worst))
}

/** One finding about one claim; null means that the fact could not be seen. */
export type Finding = { claim: TrustClaim; code: number | null }

/**
 * Combines findings: the worst known code of a claim wins. Where a fact could not be seen, the claim that it would have
 * decided is left out unless what was seen is bad already, and `configuration` says that parts were not visible.
 */
export function trustVector(findings: readonly Finding[]): TrustVector {
  const vector: TrustVector = {}
  const unseen = new Set<TrustClaim>()
  for (const { claim, code } of findings) {
    if (code === null) unseen.add(claim)
    else vector[claim] = worse(vector[claim], code)
  }
  for (const claim of unseen) {
    const seen = vector[claim]
    if (seen !== undefined && statusOf(seen) === 'affirming') delete vector[claim]
  }
  if (unseen.size > 0) vector.configuration = worse(vector.configuration, TRUST.notVisible)
  return vector
}

function worse(a: number | undefined, b: number): number {
  if (a === undefined) return b
  const [rankA, rankB] = [RANK[statusOf(a)], RANK[statusOf(b)]]
  if (rankA !== rankB) return rankA > rankB ? a : b
  return Math.max(a, b)
}
