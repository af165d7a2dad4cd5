import { MusterError } from '../../shared/errors.ts'
import { isWithinSkew, parseEnrollment, parseUnenrollment, type EnrollmentClaims } from '../../shared/evidence.ts'
import { TYP, deviceIdOf, digest, isSignedBy, parseJws, publicKeyOf, type PublicJwk } from '../../shared/jws.ts'
import type { KeyObject } from 'node:crypto'

/** A first contact whose proof holds: who it is, and by which token it may join. */
export type Applicant = {
  deviceId: string
  jwk: PublicJwk
  nonce: string
  /** What the store knows the token by: a digest of the digest that the proof carries. */
  tokenHash: string
  claims: EnrollmentClaims
}

/** What is stored of the secret of a token: who reads the database cannot enrol with what stands there. */
export function tokenHash(secret: string): string {
  return digest(digest(secret))
}

/**
 * Verifies the proof of an enrolment. The nonce is the caller's to spend.
 * @throws MusterError `enrollment-proof-invalid`, `clock-skew`
 */
export function readEnrollmentProof(proof: string, issuer: string, now: Date): Applicant {
  const jws = parseJws(proof, TYP.enrollment)
  if (!jws.ok) throw invalid(jws.problem)
  const { jwk } = jws.value.header
  const key = jwk && publicKeyOf(jwk)
  if (!jwk || !key) throw invalid('the header carries no P-256 key (jwk)')
  if (!isSignedBy(jws.value, key)) throw invalid('the signature is not of the key in the header')
  const claims = parseEnrollment(jws.value.claims)
  if (!claims.ok) throw invalid(claims.problem)
  requireAudience(claims.value.aud, issuer)
  requireTime(claims.value.iat, now)
  const { nonce, secret } = claims.value
  return { deviceId: deviceIdOf(jwk), jwk, nonce, tokenHash: digest(secret), claims: claims.value }
}

/**
 * Verifies that a device asks to be forgotten; returns the nonce for the caller to spend.
 * @throws MusterError `enrollment-proof-invalid`, `clock-skew`
 */
export function readUnenrollmentProof(
  proof: string,
  device: { id: string; key: KeyObject },
  issuer: string,
  now: Date,
): string {
  const jws = parseJws(proof, TYP.unenrollment)
  if (!jws.ok) throw invalid(jws.problem)
  if (!isSignedBy(jws.value, device.key)) throw invalid('the signature is not of this device')
  const claims = parseUnenrollment(jws.value.claims)
  if (!claims.ok) throw invalid(claims.problem)
  if (claims.value.iss !== device.id) throw invalid('iss is not this device')
  requireAudience(claims.value.aud, issuer)
  requireTime(claims.value.iat, now)
  return claims.value.nonce
}

function requireAudience(aud: string, issuer: string): void {
  if (aud !== issuer) throw invalid(`it is meant for ${aud}; this collector is ${issuer}`)
}

function requireTime(iat: number, now: Date): void {
  if (isWithinSkew(iat, now)) return
  const signed = new Date(iat * 1000).toISOString()
  throw new MusterError('clock-skew', `signed at ${signed}; here it is ${now.toISOString()}`)
}

function invalid(problem: string): MusterError {
  return new MusterError('enrollment-proof-invalid', problem)
}

/** Words that makers leave where a serial number should be; two machines that carry one are not the same machine. */
const PLACEHOLDER =
  /^(?:0+|1+|x+|\.+|none|n\/?a|not (?:specified|available|applicable)|default string|system serial number|to be filled by o\.?e\.?m\.?|unknown|oem|123456789|0123456789|-+)$/i

/** A serial number that can be compared, or null for an empty one or a placeholder. */
export function comparableSerial(serial: string): string | null {
  const plain = serial.trim()
  return plain.length < 4 || PLACEHOLDER.test(plain) ? null : plain
}
