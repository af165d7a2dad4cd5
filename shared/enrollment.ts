import { Type, type Static } from 'typebox'
import { DEVICE_ID } from './evidence.ts'
import { MusterError } from './errors.ts'
import { jsonParserOf, oneOf, parserOf, strict } from './schema.ts'

const Url = Type.String({ pattern: '^https?://[^\\s/?#]+$', maxLength: 300 })

/** What the string holds that an admin hands out: where to enrol, and the right to do so. */
export const EnrollmentTicket = strict({
  /** The issuer URL of the collector, without a path. */
  url: Url,
  /** SHA-256 over the SubjectPublicKeyInfo of a certificate that no public authority has signed, base64url. */
  pin: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  secret: Type.String({ pattern: '^[A-Za-z0-9_-]{32,86}$' }),
})
export type EnrollmentTicket = Static<typeof EnrollmentTicket>

const parseTicket = jsonParserOf(EnrollmentTicket)
const PREFIX = 'muster1.'

/** The string that a user pastes: `muster1.` and base64url JSON. */
export function enrollmentString(ticket: EnrollmentTicket): string {
  return PREFIX + Buffer.from(JSON.stringify(ticket)).toString('base64url')
}

/**
 * Reads a pasted enrolment string, or the link `muster://enroll?e=...` that carries one. White space around it and
 * line breaks inside it, which e-mail adds, are ignored.
 * @throws MusterError `enrollment-string-invalid`
 */
export function parseEnrollmentString(pasted: string): EnrollmentTicket {
  const compact = pasted.replace(/\s+/g, '').replace(/^muster:\/\/enroll\/?\?e=/, '')
  if (!compact.startsWith(PREFIX)) throw new MusterError('enrollment-string-invalid')
  const ticket = parseTicket(Buffer.from(compact.slice(PREFIX.length), 'base64url').toString())
  if (!ticket.ok) throw new MusterError('enrollment-string-invalid', ticket.problem)
  return ticket.value
}

/** Answer of `POST /v1/enrollments/nonce`. */
export const EnrollmentNonce = Type.Object({ nonce: Type.String(), expiresIn: Type.Integer() })

/** Body of `POST /v1/enrollments`: the proof is a JWS of `EnrollmentClaims` with the key in its header. */
export const EnrollmentRequest = strict({ proof: Type.String({ minLength: 1, maxLength: 16 * 1024 }) })

/** Answer of `POST /v1/enrollments`, 201. */
export const Enrolled = Type.Object({
  deviceId: Type.String({ pattern: DEVICE_ID }),
  issuer: Type.String(),
  status: oneOf(['active', 'pending']),
})
export type Enrolled = Static<typeof Enrolled>

/** Header of `DELETE /v1/enrollments/{deviceId}` that carries a JWS of `UnenrollmentClaims`. */
export const PROOF_HEADER = 'muster-proof'

export const parseEnrollmentNonce = parserOf(EnrollmentNonce)
export const parseEnrolled = parserOf(Enrolled)
