import { createPublicKey, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { EVIDENCE_PROFILE, parsePublicJwk } from '../../shared/evidence.ts'
import { TYP, deviceIdOf, digest, signJws, type JwsHeader, type PublicJwk, type Sign } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'

/** What every token of a device carries. */
type Said = { nonce: string; now: Date }
/** Claims and header members that a test wants otherwise than a device makes them. */
type Otherwise = { claims?: object; header?: Partial<JwsHeader>; sign?: Sign }

/** A device that exists only in a test and signs with a real P-256 key. It says whatever the test wants it to say. */
export type FakeDevice = {
  id: string
  jwk: PublicJwk
  key: KeyObject
  privateKey: KeyObject
  sign: Sign
  session(said: Said, otherwise?: Otherwise): Promise<string>
  evidence(said: Said & { facts: Facts; seq: number }, otherwise?: Otherwise): Promise<string>
  /** `of` is the compact JWS of the evidence that still holds. */
  unchanged(said: Said & { of: string; seq: number }, otherwise?: Otherwise): Promise<string>
  enrollment(said: Said & { secret: string }, otherwise?: Otherwise): Promise<string>
  unenrollment(said: Said, otherwise?: Otherwise): Promise<string>
}

/** A device with a key of its own that talks to this collector. */
export function fakeDevice(issuer: string): FakeDevice {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = createPublicKey(privateKey)
  const { kty, crv, x, y } = key.export({ format: 'jwk' })
  const parsed = parsePublicJwk({ kty, crv, x, y })
  if (!parsed.ok) throw new Error(parsed.problem)
  const jwk = parsed.value
  const id = deviceIdOf(jwk)
  const sign: Sign = (bytes) => signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })

  const token = (header: Omit<JwsHeader, 'alg'>, claims: object, now: Date, otherwise: Otherwise = {}) =>
    signJws(
      { ...header, ...otherwise.header },
      { aud: issuer, iat: Math.floor(now.getTime() / 1000), ...claims, ...otherwise.claims },
      otherwise.sign ?? sign,
    )

  return {
    id,
    jwk,
    key,
    privateKey,
    sign,
    session: ({ nonce, now }, otherwise) =>
      token({ typ: TYP.session, kid: id }, { nonce, boot: 'boot-1' }, now, otherwise),
    evidence: ({ nonce, now, facts, seq }, otherwise) =>
      token(
        { typ: TYP.evidence, kid: id },
        { eat_profile: EVIDENCE_PROFILE, iss: id, eat_nonce: nonce, seq, facts },
        now,
        otherwise,
      ),
    unchanged: ({ nonce, now, of, seq }, otherwise) =>
      token({ typ: TYP.unchanged, kid: id }, { iss: id, eat_nonce: nonce, seq, evidence: digest(of) }, now, otherwise),
    enrollment: ({ nonce, now, secret }, otherwise) =>
      token(
        { typ: TYP.enrollment, jwk },
        {
          nonce,
          secret: digest(secret),
          keyProtection: 'software',
          device: { hostname: 'nightingale', manufacturer: 'Example', model: 'Book 14', serial: '', chassis: 'laptop' },
          platform: 'linux',
        },
        now,
        otherwise,
      ),
    unenrollment: ({ nonce, now }, otherwise) =>
      token({ typ: TYP.unenrollment, kid: id }, { iss: id, nonce }, now, otherwise),
  }
}
