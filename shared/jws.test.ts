import { generateKeyPairSync } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { parsePublicJwk } from './evidence.ts'
import { TYP, deviceIdOf, digest, isSignedBy, parseJws, publicKeyOf, signJws, thumbprint } from './jws.ts'

const device = fakeDevice('https://collector.example')
const other = fakeDevice('https://collector.example')
const claims = { sub: 'ä, ö and 漢', n: 1 }
const good = await signJws({ typ: TYP.session, kid: device.id }, claims, device.sign)
const [head = '', body = '', signature = ''] = good.split('.')
const encoded = (it: unknown) => Buffer.from(JSON.stringify(it)).toString('base64url')

/** Whether a token is ours: of the right kind, and signed by the device. */
function isAccepted(compact: string): boolean {
  const jws = parseJws(compact, TYP.session)
  return jws.ok && isSignedBy(jws.value, device.key)
}

describe('a JWS', () => {
  test('that we sign is verified by jose', async () => {
    const { payload, protectedHeader } = await compactVerify(good, await importJWK(device.jwk, 'ES256'))
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: TYP.session, kid: device.id })
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims)
  })

  test('that jose signs is verified by us', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const compact = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', typ: TYP.session })
      .sign(privateKey)
    const jws = parseJws(compact, TYP.session)
    expect(jws).toMatchObject({ ok: true, value: { claims, header: { typ: TYP.session } } })
    expect(jws.ok && isSignedBy(jws.value, publicKey)).toBe(true)
    expect(jws.ok && isSignedBy(jws.value, device.key)).toBe(false)
  })

  test('is signed by a key that takes its time, too', async () => {
    const slowly = await signJws({ typ: TYP.session }, claims, async (bytes) => device.sign(bytes))
    expect(isAccepted(slowly)).toBe(true)
  })

  test('takes the media type with or without "application/", in any case (RFC 7515, section 4.1.9)', async () => {
    for (const typ of ['application/muster-session+jwt', 'MUSTER-Session+JWT']) {
      expect(isAccepted(await signJws({ typ }, claims, device.sign))).toBe(true)
    }
  })

  test('may carry a key in its header, which nobody takes for its own', async () => {
    const forged = await signJws({ typ: TYP.session, jwk: other.jwk }, claims, other.sign)
    expect(parseJws(forged, TYP.session).ok).toBe(true)
    expect(isAccepted(forged)).toBe(false)
  })

  test.each([
    { name: 'nothing', compact: '', problem: 'it is not a compact ES256 JWS' },
    { name: 'two parts', compact: `${head}.${body}`, problem: 'it is not a compact ES256 JWS' },
    { name: 'no signature', compact: `${head}.${body}.`, problem: 'it is not a compact ES256 JWS' },
    { name: 'a fourth part', compact: `${good}.${signature}`, problem: 'it is not a compact ES256 JWS' },
    { name: 'a line break at its end', compact: `${good}\n`, problem: 'it is not a compact ES256 JWS' },
    {
      name: 'a signature in DER',
      compact: `${head}.${body}.${'A'.repeat(95)}`,
      problem: 'it is not a compact ES256 JWS',
    },
    { name: 'padding', compact: `${head}==.${body}.${signature}`, problem: 'it is not a compact ES256 JWS' },
    { name: 'a header that is no JSON', compact: `bm8.${body}.${signature}`, problem: 'header: it must be object' },
    { name: 'claims that are no JSON', compact: `${head}.bm8.${signature}`, problem: 'its claims are not JSON' },
    {
      name: '"alg": "none"',
      compact: `${encoded({ alg: 'none', typ: TYP.session })}.${body}.${signature}`,
      problem: 'header: alg must be one of: ES256',
    },
    {
      name: '"alg": "HS256"',
      compact: `${encoded({ alg: 'HS256', typ: TYP.session })}.${body}.${signature}`,
      problem: 'header: alg must be one of: ES256',
    },
    {
      name: 'no typ',
      compact: `${encoded({ alg: 'ES256' })}.${body}.${signature}`,
      problem: 'header: it must have required properties typ',
    },
    {
      name: 'another typ',
      compact: `${encoded({ alg: 'ES256', typ: 'JWT' })}.${body}.${signature}`,
      problem: 'header: typ is not muster-session+jwt',
    },
    {
      name: 'a critical extension',
      compact: `${encoded({ alg: 'ES256', typ: TYP.session, crit: ['exp'] })}.${body}.${signature}`,
      problem: 'header: crit is not a key that is known here',
    },
    {
      name: 'an address of keys',
      compact: `${encoded({ alg: 'ES256', typ: TYP.session, jku: 'https://evil.example' })}.${body}.${signature}`,
      problem: 'header: jku is not a key that is known here',
    },
  ])('is refused with $name', ({ compact, problem }) => {
    expect(parseJws(compact, TYP.session)).toEqual({ ok: false, problem })
  })

  test('of each kind is refused as every other kind', async () => {
    for (const made of new Set(Object.values(TYP))) {
      const compact = await signJws({ typ: made }, claims, device.sign)
      for (const wanted of new Set(Object.values(TYP))) {
        expect(parseJws(compact, wanted).ok).toBe(made === wanted)
      }
    }
  })

  test('has one spelling: the unused bits of its last character are zero', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const accepted = alphabet.split('').filter((last) => isAccepted(good.slice(0, -1) + last))
    expect(accepted).toEqual([good.at(-1)])
  })

  test('that is damaged anywhere does not verify', () => {
    for (const damaged of mutations(good, 5000)) expect(damaged !== good && isAccepted(damaged)).toBe(false)
  })
})

describe('a public key', () => {
  test('is the point that its numbers name', () => {
    expect(publicKeyOf(device.jwk)?.equals(device.key)).toBe(true)
  })

  test('is none where the numbers are no point of the curve', () => {
    expect(publicKeyOf({ ...device.jwk, y: 'A'.repeat(43) })).toBeUndefined()
  })

  test.each([
    { name: 'with a private part', jwk: { ...device.jwk, d: 'A'.repeat(43) } },
    { name: 'of another curve', jwk: { ...device.jwk, crv: 'P-384' } },
    { name: 'of another kind', jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } },
    { name: 'with a number that is too short', jwk: { ...device.jwk, x: 'A'.repeat(42) } },
  ])('is refused $name', ({ jwk }) => {
    expect(parsePublicJwk(jwk).ok).toBe(false)
  })

  test('has the thumbprint that jose computes (RFC 7638), and the device id is made of it', async () => {
    const expected = await calculateJwkThumbprint(device.jwk)
    expect(thumbprint(device.jwk)).toBe(expected)
    expect(deviceIdOf(device.jwk)).toBe(`dev_${expected}`)
    expect(deviceIdOf(other.jwk)).not.toBe(device.id)
  })
})

test('the digest of "abc" is that of FIPS 180-4', () => {
  const expected = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex')
  expect(digest('abc')).toBe(expected.toString('base64url'))
  expect(digest(Buffer.from('abc'))).toBe(digest('abc'))
})
