import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { dpopProof } from '../../../test/fakes/dpop.ts'
import { fakeIssuer } from '../../../test/fakes/issuer.ts'
import { createVerifier } from './gateway.ts'

const now = () => new Date()

test('works on what the platform has, with nothing but an issuer', async () => {
  const paths: (string | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    void collector.fetch(`${collector.url}${request.url}`, {}).then(async (answer) => response.end(await answer.text()))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const collector = fakeIssuer(url, now)
  const verifier = createVerifier({ issuer: `${url}/` })
  const token = await collector.attest()
  expect(await verifier.verify(token)).toMatchObject({ ok: true, attestation: { deviceId: collector.device.id } })

  const request = async (nonce?: string) => {
    const said = { url: 'https://wiki.example/', token, now: now(), ...(nonce !== undefined && { nonce }) }
    const headers = { authorization: `DPoP ${token}`, dpop: await dpopProof(collector.device, said) }
    return verifier.verifyRequest({ method: 'GET', url: 'https://wiki.example/', headers }, { tier: 'internal' })
  }
  const first = await request()
  expect(first).toMatchObject({ admitted: false, status: 401, code: 'proof-nonce-needed' })
  expect(await request(first.headers['DPoP-Nonce'])).toMatchObject({ admitted: true })
  expect(paths).toEqual(['/.well-known/jwks.json', '/v1/status-lists/1'])
  server.close().closeAllConnections()
})

/** The nonce of a verifier that was made for it. */
async function challenge(): Promise<string | undefined> {
  const verifier = createVerifier({ issuer: 'https://muster.example.com' })
  const asked = { method: 'GET', url: 'https://wiki.example/', headers: {} }
  return (await verifier.verifyRequest(asked, { tier: 'internal' })).headers['DPoP-Nonce']
}

test('has nonces of its own each time', async () => {
  expect(await challenge()).toMatch(/^[\w-]{43}$/)
  expect(await challenge()).not.toBe(await challenge())
})

describe('an issuer from which keys cannot be had safely is refused:', () => {
  test.each([
    '',
    'muster.example.com',
    'http://muster.example.com',
    'http://127.0.0.1.evil.example',
    'http://localhost@evil.example',
    'https://ana@muster.example.com',
    'https://muster.example.com/path',
    'https://muster.example.com?query',
    'https://muster.example.com//',
    'https://muster example.com',
    'ftp://muster.example.com',
    'file:///etc/passwd',
    'https://[::1',
    undefined as unknown as string,
    {} as unknown as string,
  ])('%j', (issuer) => {
    expect(() => createVerifier({ issuer })).toThrow(/issuer/)
  })

  test.each([
    'https://muster.example.com',
    'https://muster.example.com/',
    'https://Muster.Example.com:8443',
    'http://localhost:7400',
    'http://127.0.0.1:7400',
    'http://[::1]:7400',
  ])('but not %s', (issuer) => {
    expect(createVerifier({ issuer })).toEqual({ verify: expect.any(Function), verifyRequest: expect.any(Function) })
  })
})
