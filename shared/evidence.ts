import { Type, type Static } from 'typebox'
import { PublicJwk } from './jws.ts'
import { LIMITS } from './limits.ts'
import { oneOf, parserOf, strict } from './schema.ts'
import { Facts, SIGNALS } from './signals.ts'

/** The profile of our evidence (RFC 9711, section 6): which claims it has and what they mean. */
export const EVIDENCE_PROFILE = 'tag:muster.example,2026:evidence#1'

export const DEVICE_ID = '^dev_[A-Za-z0-9_-]{43}$'
const DeviceId = Type.String({ pattern: DEVICE_ID })
const Digest = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const Audience = Type.String({ minLength: 1, maxLength: 300 })
const Nonce = Type.String({ minLength: 8, maxLength: 88 })
/** Seconds since 1970; an integer, as EAT asks (RFC 9711, section 4.3.1). */
const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 40 })
const Sequence = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const BootId = Type.String({ minLength: 1, maxLength: 64 })

/** What a device says of itself, signed with its key (RATS Evidence). */
export const EvidenceClaims = strict({
  eat_profile: oneOf([EVIDENCE_PROFILE]),
  iss: DeviceId,
  aud: Audience,
  eat_nonce: Nonce,
  iat: Seconds,
  seq: Sequence,
  facts: Facts,
})
export type EvidenceClaims = Static<typeof EvidenceClaims>

/** "I read everything again and it is what I said before": `evidence` is the digest of that compact JWS. */
export const UnchangedClaims = strict({
  iss: DeviceId,
  aud: Audience,
  eat_nonce: Nonce,
  iat: Seconds,
  seq: Sequence,
  evidence: Digest,
})
export type UnchangedClaims = Static<typeof UnchangedClaims>

/** Answers the challenge at the start of a connection. */
export const SessionClaims = strict({ aud: Audience, nonce: Nonce, iat: Seconds, boot: BootId })
export type SessionClaims = Static<typeof SessionClaims>

/** How the private key of a device is kept. */
export const KEY_PROTECTIONS = ['software', 'tpm', 'secure-enclave'] as const

/** First contact: the header carries the key, `secret` is the digest of the secret of the enrolment token. */
export const EnrollmentClaims = strict({
  aud: Audience,
  nonce: Nonce,
  iat: Seconds,
  secret: Digest,
  keyProtection: oneOf(KEY_PROTECTIONS),
  device: SIGNALS.device.value,
  platform: oneOf(['windows', 'macos', 'linux']),
})
export type EnrollmentClaims = Static<typeof EnrollmentClaims>

/** Asks to be forgotten. */
const UnenrollmentClaims = strict({ aud: Audience, iss: DeviceId, nonce: Nonce, iat: Seconds })

export const parseEvidence = parserOf(EvidenceClaims)
export const parseUnchanged = parserOf(UnchangedClaims)
export const parseSession = parserOf(SessionClaims)
export const parseEnrollment = parserOf(EnrollmentClaims)
export const parseUnenrollment = parserOf(UnenrollmentClaims)
export const parsePublicJwk = parserOf(PublicJwk)

/** Whether a signing time is near enough to the time of the collector. */
export function isWithinSkew(iatSeconds: number, now: Date): boolean {
  return Math.abs(now.getTime() / 1000 - iatSeconds) <= LIMITS.clockSkewSeconds
}
