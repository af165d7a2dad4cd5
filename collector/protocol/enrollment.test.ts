import { describe, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import { TYP, digest } from '../../shared/jws.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { comparableSerial, readEnrollmentProof, readUnenrollmentProof, tokenHash } from './enrollment.ts'

const ISSUER = 'https://collector.example'
const NOW = new Date('2026-11-24T08:00:00.000Z')
const nonce = 'n'.repeat(32)
const secret = 's'.repeat(43)
const iat = NOW.getTime() / 1000

const device = fakeDevice(ISSUER)
const other = fakeDevice(ISSUER)
const proof = await device.enrollment({ nonce, now: NOW, secret })
const said = { nonce, now: NOW }

const signedAt = (seconds: number) => device.enrollment({ ...said, secret }, { claims: { iat: iat + seconds } })

const refused = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('the proof of an enrolment', () => {
  test('names the device by its key, and the token by the digest that is stored', () => {
    expect(readEnrollmentProof(proof, ISSUER, NOW)).toMatchObject({
      deviceId: device.id,
      jwk: device.jwk,
      nonce,
      tokenHash: tokenHash(secret),
      claims: { keyProtection: 'software', platform: 'linux' },
    })
  })

  test('does not carry what is stored, nor is it stored what is carried', () => {
    expect(new Set([secret, digest(secret), tokenHash(secret)]).size).toBe(3)
    expect(tokenHash(secret)).toBe(digest(digest(secret)))
    expect(proof).not.toContain(tokenHash(secret))
  })

  test.each([
    { name: 'nothing', proof: '', problem: 'not a compact ES256 JWS' },
    {
      name: 'no key in the header',
      proof: device.enrollment({ ...said, secret }, { header: { jwk: undefined } as never }),
      problem: 'no P-256 key',
    },
    {
      name: 'a key that is no point of the curve',
      proof: device.enrollment({ ...said, secret }, { header: { jwk: { ...device.jwk, x: 'A'.repeat(43) } } }),
      problem: 'no P-256 key',
    },
    {
      name: 'the key of another',
      proof: device.enrollment({ ...said, secret }, { header: { jwk: other.jwk } }),
      problem: 'not of the key in the header',
    },
    {
      name: 'the signature of another',
      proof: device.enrollment({ ...said, secret }, { sign: other.sign }),
      problem: 'not of the key in the header',
    },
    {
      name: 'another type',
      proof: device.enrollment({ ...said, secret }, { header: { typ: TYP.unenrollment } }),
      problem: 'typ is not muster-enrollment',
    },
    {
      name: 'another audience',
      proof: device.enrollment({ ...said, secret }, { claims: { aud: 'https://evil.example' } }),
      problem: 'meant for https://evil.example; this collector is https://collector.example',
    },
    {
      name: 'a claim of the wrong shape',
      proof: device.enrollment({ ...said, secret }, { claims: { platform: 'ios' } }),
      problem: 'platform',
    },
    {
      name: 'a claim that is not known',
      proof: device.enrollment({ ...said, secret }, { claims: { tags: ['admin'] } }),
      problem: 'tags is not a key',
    },
  ])('is refused with $name', async ({ proof: making, problem }) => {
    const bad = await making
    expect(() => readEnrollmentProof(bad, ISSUER, NOW)).toThrow(refused('enrollment-proof-invalid', problem))
  })

  test.each([120, -120])('signed %i s from now is taken', async (seconds) => {
    expect(readEnrollmentProof(await signedAt(seconds), ISSUER, NOW).deviceId).toBe(device.id)
  })

  test.each([121, -121])('signed %i s from now is refused: clock-skew, with both times', async (seconds) => {
    const signed = await signedAt(seconds)
    const times = /signed at 2026-11-24T.*; here it is 2026-11-24T08:00:00.000Z/
    expect(() => readEnrollmentProof(signed, ISSUER, NOW)).toThrow(refused('clock-skew', times))
  })

  test('damaged in any way is refused with a code', () => {
    for (const bad of mutations(proof, 3000)) {
      if (bad === proof) continue
      expect(() => readEnrollmentProof(bad, ISSUER, NOW)).toThrow(MusterError)
    }
  })
})

describe('the wish to be forgotten', () => {
  const asks = (bad: string) => readUnenrollmentProof(bad, device, ISSUER, NOW)

  test('gives the nonce to spend', async () => {
    expect(asks(await device.unenrollment(said))).toBe(nonce)
  })

  test.each([
    { name: 'nothing', proof: '', code: 'enrollment-proof-invalid', problem: 'JWS' },
    {
      name: 'the wish of another device',
      proof: other.unenrollment(said),
      code: 'enrollment-proof-invalid',
      problem: 'not of this device',
    },
    {
      name: 'the name of another device',
      proof: device.unenrollment(said, { claims: { iss: other.id } }),
      code: 'enrollment-proof-invalid',
      problem: 'iss is not this device',
    },
    {
      name: 'another type',
      proof: device.unenrollment(said, { header: { typ: TYP.session } }),
      code: 'enrollment-proof-invalid',
      problem: 'typ',
    },
    {
      name: 'another audience',
      proof: device.unenrollment(said, { claims: { aud: 'https://evil.example' } }),
      code: 'enrollment-proof-invalid',
      problem: 'meant for',
    },
    {
      name: 'a claim of the wrong shape',
      proof: device.unenrollment(said, { claims: { nonce: 1 } }),
      code: 'enrollment-proof-invalid',
      problem: 'nonce',
    },
    {
      name: 'a clock that is wrong',
      proof: device.unenrollment(said, { claims: { iat: iat - 121 } }),
      code: 'clock-skew',
      problem: 'signed at',
    },
  ])('is refused with $name: $code', async ({ proof: making, code, problem }) => {
    const bad = await making
    expect(() => asks(bad)).toThrow(refused(code, problem))
  })
})

test.each([
  { serial: 'EX-4711', expected: 'EX-4711' },
  { serial: '  EX-4711 ', expected: 'EX-4711' },
  { serial: '12345678', expected: '12345678' },
  { serial: '00001', expected: '00001' },
  { serial: 'AB12', expected: 'AB12' },
  { serial: '', expected: null },
  { serial: '   ', expected: null },
  { serial: 'abc', expected: null },
  { serial: '0000000000', expected: null },
  { serial: '1111111', expected: null },
  { serial: 'XXXXXXXX', expected: null },
  { serial: '........', expected: null },
  { serial: '--------', expected: null },
  { serial: 'None', expected: null },
  { serial: 'N/A', expected: null },
  { serial: 'Not Specified', expected: null },
  { serial: 'Not Applicable', expected: null },
  { serial: 'Default string', expected: null },
  { serial: 'System Serial Number', expected: null },
  { serial: 'To Be Filled By O.E.M.', expected: null },
  { serial: 'to be filled by OEM', expected: null },
  { serial: 'Unknown', expected: null },
  { serial: '123456789', expected: null },
  { serial: '0123456789', expected: null },
])('the serial number $serial is compared as $expected', ({ serial, expected }) => {
  expect(comparableSerial(serial)).toBe(expected)
})
