import { randomBytes } from 'node:crypto'
import { MusterError } from '../shared/errors.ts'
import { enrollmentString, type Enrolled } from '../shared/enrollment.ts'
import { publicKeyOf } from '../shared/jws.ts'
import { LIMITS } from '../shared/limits.ts'
import type { Fleet } from './fleet/fleet.ts'
import { nonceBook } from './nonces.ts'
import {
  comparableSerial,
  readEnrollmentProof,
  readUnenrollmentProof,
  tokenHash,
  type Applicant,
} from './protocol/enrollment.ts'
import type { DeviceRecord, DeviceStatus, Store } from './store/store.ts'

/** How devices join and leave. */
export type Enrollment = {
  nonce(): { nonce: string; expiresIn: number }
  /** @throws MusterError `enrollment-proof-invalid`, `enrollment-token-invalid`, `clock-skew` */
  enroll(proof: string): Promise<Enrolled>
  /** @throws MusterError `device-unknown`, `enrollment-proof-invalid` */
  unenroll(deviceId: string, proof: string): Promise<void>
}

export type EnrollmentOptions = {
  store: Store
  fleet: Fleet
  issuerUrl: string
  /** `manual`: a new device waits for an admin. */
  approval: 'automatic' | 'manual'
  /** Told of what an admin should look at. */
  alert: (message: string, details: object) => void
  /** Told of a device that was removed. */
  onRemoved: (deviceId: string) => void
  clock: () => Date
}

/** Nonces that are out at a time; more than a company enrols in five minutes. */
const NONCES = 10_000

export function openEnrollment(options: EnrollmentOptions): Enrollment {
  const { store, fleet, issuerUrl, approval, alert, onRemoved, clock } = options
  const nonces = nonceBook(LIMITS.enrollmentNonceSeconds, NONCES, clock)

  /** A serial number that was seen before is a new device all the same, never the old one's place. */
  async function statusFor(deviceId: string, serial: string | null): Promise<DeviceStatus> {
    const sameSerial = serial === null ? [] : await store.findBySerial(serial)
    const others = sameSerial.filter(({ id }) => id !== deviceId)
    if (others.length > 0) {
      alert('a second device enrolled with the serial number of another', {
        deviceId,
        others: others.map(({ id }) => id),
      })
    }
    const lockedOut = others.some(({ status }) => status === 'locked-out')
    return approval === 'manual' || lockedOut ? 'pending' : 'active'
  }

  return {
    nonce: () => ({ nonce: nonces.issue(), expiresIn: LIMITS.enrollmentNonceSeconds }),
    async enroll(proof) {
      const now = clock()
      const applicant = readEnrollmentProof(proof, issuerUrl, now)
      if (!nonces.spend(applicant.nonce))
        throw new MusterError('enrollment-proof-invalid', 'the nonce is not known, or spent')
      const serial = comparableSerial(applicant.claims.device.serial)
      const status = await statusFor(applicant.deviceId, serial)
      const device = await store.enroll(deviceOf(applicant, serial, status, now), applicant.tokenHash, now)
      if (device === 'token-invalid') throw new MusterError('enrollment-token-invalid')
      if (device === 'locked-out') throw new MusterError('device-locked-out')
      await fleet.add(device.id)
      return { deviceId: device.id, issuer: issuerUrl, status: device.status === 'pending' ? 'pending' : 'active' }
    },
    async unenroll(deviceId, proof) {
      const device = fleet.find(deviceId)
      const key = device && publicKeyOf(device.jwk)
      if (!device || !key) throw new MusterError('device-unknown')
      const nonce = readUnenrollmentProof(proof, { id: deviceId, key }, issuerUrl, clock())
      if (!nonces.spend(nonce)) throw new MusterError('enrollment-proof-invalid', 'the nonce is not known, or spent')
      await fleet.remove(deviceId, 'user')
      onRemoved(deviceId)
    },
  }
}

function deviceOf(applicant: Applicant, serial: string | null, status: DeviceStatus, now: Date): DeviceRecord {
  const { deviceId: id, jwk, claims } = applicant
  return {
    id,
    jwk,
    keyProtection: claims.keyProtection,
    // Only a chip that has proved itself counts as attested, and no such proof is asked for yet.
    attested: false,
    status,
    identity: 'recognised',
    platform: claims.platform,
    hostname: claims.device.hostname,
    serial,
    owner: null,
    tags: [],
    enrolledAt: now,
  }
}

export type TokenOptions = { uses: number; lifeMs: number; tags: string[]; owner: string | null }

/** Where a new device finds the collector; `pin` for a certificate that no public authority has signed. */
export type Address = { url: string; pin?: string }

/** Makes an enrolment token and returns the string that is handed to a user; the secret in it is kept nowhere else. */
export async function createToken(
  store: Pick<Store, 'addToken'>,
  address: Address,
  options: TokenOptions,
  now: Date,
): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  const { uses, lifeMs, tags, owner } = options
  await store.addToken({
    id: `tok_${randomBytes(9).toString('base64url')}`,
    hash: tokenHash(secret),
    createdAt: now,
    expiresAt: new Date(now.getTime() + lifeMs),
    uses,
    tags,
    owner,
  })
  return enrollmentString({ ...address, secret })
}
