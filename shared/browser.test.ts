import { describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { BROWSER_PROOF_LENGTH, parseBrowserProof, parseBrowserProofRequest, signBrowserProof } from './browser.ts'
import { TYP, isSignedBy, signJws } from './jws.ts'

const ISSUER = 'https://muster.example'
const device = fakeDevice(ISSUER)
const other = fakeDevice(ISSUER)
const IAT = 1_795_000_000
const said = {
  iss: device.id,
  aud: ISSUER,
  nonce: 'nonce-nonce-nonce',
  origin: ISSUER,
  iat: IAT,
  jti: 'jti-jti-jti-jti-jti',
}
const good = await signBrowserProof(said, device.sign)
/** A proof that some hand has made otherwise than an agent does. */
const made = (claims: object, header: object = {}) =>
  signJws({ typ: TYP.browser, kid: device.id, ...header }, { ...said, exp: IAT + 60, ...claims }, device.sign)

describe('a proof for a browser', () => {
  test('is what the agent signed, for a minute', () => {
    const proof = parseBrowserProof(good)
    expect(proof).toMatchObject({ ok: true, value: { claims: { ...said, exp: IAT + 60 } } })
    expect(proof.ok && proof.value.jws.header).toEqual({ alg: 'ES256', typ: 'muster-browser+jwt', kid: device.id })
    expect(proof.ok && isSignedBy(proof.value.jws, device.key)).toBe(true)
    expect(proof.ok && isSignedBy(proof.value.jws, other.key)).toBe(false)
  })

  test('is read when some hand has made it just so', async () => {
    expect(parseBrowserProof(await made({})).ok).toBe(true)
  })

  test.each([
    { name: 'lives longer', claims: { exp: IAT + 61 }, problem: 'it does not live as long as a proof does' },
    { name: 'was over before it began', claims: { exp: IAT }, problem: 'it does not live as long as a proof does' },
    { name: 'is of another device than its key', claims: { iss: other.id }, problem: 'its kid is not the device' },
    { name: 'names no device', claims: { iss: 'somebody' }, problem: 'claims: iss' },
    { name: 'has a claim more', claims: { admin: true }, problem: 'claims: ' },
    { name: 'has no nonce', claims: { nonce: undefined }, problem: 'claims: ' },
    { name: 'has a short nonce', claims: { nonce: 'n' }, problem: 'claims: nonce' },
    { name: 'has a nonce with a line break', claims: { nonce: `${said.nonce}\n` }, problem: 'claims: nonce' },
    { name: 'has an origin with a path', claims: { origin: `${ISSUER}/x` }, problem: 'claims: origin' },
    { name: 'has the origin of a file', claims: { origin: 'null' }, problem: 'claims: origin' },
    { name: 'has a broken time', claims: { iat: 1.5 }, problem: 'claims: iat' },
    { name: 'has no number of its own', claims: { jti: '' }, problem: 'claims: jti' },
  ])('that $name is refused', async ({ claims, problem }) => {
    const proof = parseBrowserProof(await made(claims))
    expect(proof).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })

  test.each([
    { name: 'without a kid', header: { kid: undefined }, problem: 'its kid is not the device' },
    { name: 'with the kid of another', header: { kid: other.id }, problem: 'its kid is not the device' },
    { name: 'with a key of its own', header: { jwk: other.jwk }, problem: 'header: it brings a key of its own' },
    { name: 'of another type', header: { typ: TYP.session }, problem: 'header: typ is not muster-browser+jwt' },
    { name: 'of the type of evidence', header: { typ: TYP.evidence }, problem: 'header: typ is not' },
  ])('$name is refused', async ({ header, problem }) => {
    const proof = parseBrowserProof(await made({}, header))
    expect(proof).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })

  test('that is too long is not looked at', () => {
    expect(parseBrowserProof('a'.repeat(BROWSER_PROOF_LENGTH + 1))).toEqual({ ok: false, problem: 'it is too long' })
  })

  test('with the longest claims is not too long', async () => {
    const long = `https://${'a'.repeat(292)}`
    const claims = { aud: long, origin: long, nonce: 'n'.repeat(88), jti: 'j'.repeat(64) }
    expect(parseBrowserProof(await made(claims)).ok).toBe(true)
  })

  test('is never another one after damage, and reading it never throws', () => {
    const accepted = [...mutations(good, 3000)].filter((damaged) => {
      const proof = parseBrowserProof(damaged)
      return damaged !== good && proof.ok && isSignedBy(proof.value.jws, device.key)
    })
    expect(accepted).toEqual([])
  })
})

test.each([
  { it: { nonce: said.nonce }, ok: true },
  { it: { nonce: said.nonce, origin: ISSUER }, ok: false },
  { it: { nonce: '<script>alert(1)</script>' }, ok: false },
  { it: { nonce: 7 }, ok: false },
  { it: {}, ok: false },
  { it: null, ok: false },
  { it: [], ok: false },
])('a request for a proof: $it', ({ it, ok }) => {
  expect(parseBrowserProofRequest(it).ok).toBe(ok)
})
