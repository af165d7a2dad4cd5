import { EmbeddedJWK, decodeProtectedHeader, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { signDpopProof } from './dpop-proof.ts'
import { digest } from './jws.ts'

const device = fakeDevice('https://collector.example')
const asked = { method: 'GET', url: 'https://wiki.example.com/a/b?c#d', token: 'eyJ.x.y', jti: 'x'.repeat(22), iat: 1 }

test('a proof is a JWS with the public key, for one method, address and token', async () => {
  const proof = await signDpopProof({ ...asked, nonce: 'n' }, device)
  const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] })
  expect(payload).toEqual({
    jti: asked.jti,
    htm: 'GET',
    htu: 'https://wiki.example.com/a/b',
    iat: 1,
    ath: digest('eyJ.x.y'),
    nonce: 'n',
  })
  expect(decodeProtectedHeader(proof).jwk).toEqual(device.jwk)
})

test('a proof without a nonce has none', async () => {
  const { payload } = await jwtVerify(await signDpopProof(asked, device), EmbeddedJWK)
  expect(payload).not.toHaveProperty('nonce')
})

test.each(['', 'wiki.example.com/a', '/a'])('%j is no address to prove anything for', (url) => {
  expect(() => signDpopProof({ ...asked, url }, device)).toThrow(TypeError)
})
