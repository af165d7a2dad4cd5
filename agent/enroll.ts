import { Type } from 'typebox'
import { parseEnrolled, parseEnrollmentNonce, PROOF_HEADER, type EnrollmentTicket } from '../shared/enrollment.ts'
import { MusterError } from '../shared/errors.ts'
import { digest, signJws, TYP } from '../shared/jws.ts'
import { jsonParserOf, type Parsed } from '../shared/schema.ts'
import type { Platform, SignalValue } from '../shared/signals.ts'
import type { DeviceKey } from './identity/key.ts'
import { request } from './request.ts'
import type { Enrollment } from './state.ts'

export type Applicant = { key: DeviceKey; platform: Platform; device: SignalValue['device'] }

const parseJson = jsonParserOf(Type.Unknown())

/**
 * Enrols this device with the string that an admin handed out.
 * @throws MusterError with the code that the collector answered, or `collector-unreachable`
 */
export async function enroll(
  ticket: EnrollmentTicket,
  { key, platform, device }: Applicant,
  clock: () => Date,
): Promise<{ enrollment: Enrollment; status: 'active' | 'pending' }> {
  const { url, pin, secret } = ticket
  const { nonce, iat } = await freshNonce(ticket, clock)
  const claims = {
    aud: url,
    nonce,
    iat,
    // The digest alone: whoever sees the proof cannot enrol with it.
    secret: digest(secret),
    keyProtection: key.protection,
    platform,
    device,
  }
  const proof = await signJws({ typ: TYP.enrollment, jwk: key.jwk }, claims, key.sign)
  const answer = await request(ticket, { method: 'POST', path: '/v1/enrollments', body: { proof } })
  const { deviceId, issuer, status } = understood(url, parsed(answer.body, parseEnrolled))
  if (deviceId !== key.id || issuer !== url) {
    throw new MusterError('enrollment-proof-invalid', `the collector at ${url} answered for another device or address`)
  }
  return { enrollment: { url, issuer, deviceId, ...(pin !== undefined && { pin }) }, status }
}

/**
 * Asks the collector to forget this device. A collector that does not know it has done so already.
 * @throws MusterError with the code that the collector answered, or `collector-unreachable`
 */
export async function unenroll(enrollment: Enrollment, key: DeviceKey, clock: () => Date): Promise<void> {
  const { nonce, iat } = await freshNonce(enrollment, clock)
  const claims = { aud: enrollment.issuer, iss: enrollment.deviceId, nonce, iat }
  const proof = await signJws({ typ: TYP.unenrollment, kid: key.id }, claims, key.sign)
  try {
    await request(enrollment, {
      method: 'DELETE',
      path: `/v1/enrollments/${enrollment.deviceId}`,
      headers: { [PROOF_HEADER]: proof },
    })
  } catch (error) {
    if (!(error instanceof MusterError && error.code === 'device-unknown')) throw error
  }
}

/** A nonce, and the signing time by the clock of the collector: that of a laptop may be wrong. */
async function freshNonce(address: { url: string; pin?: string | undefined }, clock: () => Date) {
  const answer = await request(address, { method: 'POST', path: '/v1/enrollments/nonce' })
  const { nonce } = understood(address.url, parsed(answer.body, parseEnrollmentNonce))
  return { nonce, iat: Math.floor((answer.date ?? clock()).getTime() / 1000) }
}

function parsed<T>(body: string, parse: (it: unknown) => Parsed<T>): Parsed<T> {
  const json = parseJson(body)
  return json.ok ? parse(json.value) : json
}

function understood<T>(url: string, answer: Parsed<T>): T {
  if (answer.ok) return answer.value
  throw new MusterError('collector-unreachable', `${url} does not answer as a collector does: ${answer.problem}`)
}
