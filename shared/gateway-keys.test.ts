import { beforeEach, describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { JWKS, publicKey } from '../test/fakes/issuer.ts'
import { URL, fakeGateway } from '../test/fakes/gateway.ts'
import { thumbprint } from './jws.ts'

let { clock, collector, verdict, verifierOf, seconds } = fakeGateway()
beforeEach(() => {
  ;({ clock, collector, verdict, verifierOf, seconds } = fakeGateway())
})
const text = (body: string | ReadableStream, init?: ResponseInit) => () => new Response(body, init)

describe('the keys', () => {
  test('are fetched again after five minutes', async () => {
    await verdict(collector.attest())
    clock.pass(299)
    await verdict(collector.attest())
    expect(collector.asked.filter((path) => path === JWKS).length).toBe(1)
    clock.pass(1)
    await verdict(collector.attest())
    expect(collector.asked.filter((path) => path === JWKS).length).toBe(2)
  })

  test('are fetched again for one that is new, at most twice a minute', async () => {
    await verdict(collector.attest())
    clock.pass(30)
    const next = fakeDevice(URL)
    const kid = thumbprint(next.jwk)
    collector.keys.push(publicKey(next))
    expect(await verdict(collector.attest({}, { kid }, next))).toBe('good')
    for (let times = 0; times < 100; times++) {
      expect(await verdict(collector.attest({}, { kid: `made-up-${times}` }, next))).toBe('key-unknown')
    }
    expect(collector.asked.filter((path) => path === JWKS).length).toBe(2)
    clock.pass(30)
    expect(await verdict(collector.attest({}, { kid: 'made-up' }, next))).toBe('key-unknown')
    expect(collector.asked.filter((path) => path === JWKS).length).toBe(3)
  })

  test('that the collector took back are not used once it was asked', async () => {
    const token = await collector.attest({ exp: seconds(3600) })
    expect(await verdict(token)).toBe('good')
    collector.keys = []
    clock.pass(300)
    expect(await verdict(token)).toBe('key-unknown')
  })

  test('are used for a day where newer ones cannot be had, and no longer', async () => {
    const offline = verifierOf({ statusLists: 'ignored' })
    expect(await verdict(collector.attest(), offline)).toBe('good')
    collector.instead.set(JWKS, text('', { status: 500 }))
    clock.pass(86_399)
    expect(await verdict(collector.attest(), offline)).toBe('good')
    expect(await verdict(collector.attest({}, { kid: 'other' }), offline)).toBe('keys-unavailable')
    clock.pass(1)
    expect(await verdict(collector.attest(), offline)).toBe('keys-unavailable')
    collector.instead.clear()
    clock.pass(1)
    expect(await verdict(collector.attest(), offline)).toBe('good')
  })

  test('are asked for each second where there are none, and each half minute where there are', async () => {
    collector.instead.set(JWKS, text('', { status: 503 }))
    for (let times = 0; times < 10; times++) expect(await verdict(collector.attest())).toBe('keys-unavailable')
    expect(collector.asked).toEqual([JWKS])
    clock.pass(1)
    expect(await verdict(collector.attest())).toBe('keys-unavailable')
    expect(collector.asked).toEqual([JWKS, JWKS])
    clock.pass(1)
    collector.instead.clear()
    expect(await verdict(collector.attest())).toBe('good')

    collector.instead.set(JWKS, text('', { status: 503 }))
    collector.asked.length = 0
    clock.pass(300)
    for (let times = 0; times < 30; times++) {
      expect(await verdict(collector.attest())).toBe('good')
      clock.pass(1)
    }
    expect(collector.asked.filter((path) => path === JWKS).length).toBe(1)
  })

  test.each<[name: string, body: string]>([
    ['not JSON', '<html>'],
    ['no set', '{}'],
    ['more than anybody has', JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) })],
    ['larger than any set', JSON.stringify({ keys: [], more: 'x'.repeat(70_000) })],
  ])('that cannot be read are no keys: %s', async (_name, body) => {
    collector.instead.set(JWKS, text(body))
    expect(await verdict(collector.attest())).toBe('keys-unavailable')
  })

  test.each<[name: string, more: object]>([
    ['of another kind', { kty: 'OKP', crv: 'Ed25519' }],
    ['for another algorithm', { alg: 'ES384' }],
    ['for another use', { use: 'enc' }],
    ['without a name', { kid: undefined }],
    ['with a part missing', { y: undefined }],
  ])('are used where they are for this: not one %s', async (_name, more) => {
    collector.keys = [publicKey(collector.key, more)]
    expect(await verdict(collector.attest())).toBe('key-unknown')
    collector.keys.push(publicKey(collector.key))
    clock.pass(30)
    expect(await verdict(collector.attest())).toBe('good')
  })

  test('that are no point of the curve verify nothing', async () => {
    collector.keys = [publicKey(collector.key, { y: 'A'.repeat(43) })]
    expect(await verdict(collector.attest())).toBe('signature-invalid')
  })

  test('of the same name twice verify nothing, whichever comes first', async () => {
    const both = [publicKey(collector.key), publicKey(fakeDevice(URL), { kid: collector.kid })]
    for (const keys of [both, both.toReversed(), [...both, publicKey(collector.key)]]) {
      collector.keys = keys
      expect(await verdict(collector.attest(), verifierOf())).toBe('signature-invalid')
    }
  })
})

test('a network that answers nobody is given up', async () => {
  const never = verifierOf({ timeoutMs: 20, fetch: () => new Promise<never>(() => undefined) })
  const refusal = { code: 'keys-unavailable', problem: expect.stringMatching(/no answer within 20 ms/) }
  expect(await never.verify(await collector.attest())).toMatchObject(refusal)
})
