import { beforeEach, describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { dpopProof } from '../test/fakes/dpop.ts'
import { URL as ISSUER, fakeGateway } from '../test/fakes/gateway.ts'
import { JWKS, LIST } from '../test/fakes/issuer.ts'
import { mutated } from '../test/fakes/mutations.ts'
import { comparableUrl } from './comparable-url.ts'
import { openDpop, type DpopChecker } from './dpop.ts'
import type { GatewayRequest, RequestAnswer, RequestRefusal, Verifier } from './gateway-api.ts'
import { REQUEST_REFUSALS, openRequests } from './gateway-request.ts'
import { REFUSALS } from './refusal.ts'
import { setStatus } from './status-list.ts'

const URL = 'https://wiki.example/page?id=1'
const TIER = { tier: 'internal' }
const stranger = fakeDevice(ISSUER)

let { clock, collector, verifierOf, seconds } = fakeGateway()
let dpop: DpopChecker
let requests: Pick<Verifier, 'verifyRequest'>
beforeEach(() => {
  ;({ clock, collector, verifierOf, seconds } = fakeGateway())
  dpop = openDpop({ clock: clock.now, secret: new Uint8Array(32) })
  requests = openRequests(verifierOf(), dpop)
})

type Otherwise = { token?: string; proof?: Parameters<typeof dpopProof>[2]; nonce?: string; headers?: object }

/** A good request of the device, or one that is otherwise where a test says so. */
async function request({ token, proof, nonce, headers }: Otherwise = {}): Promise<GatewayRequest> {
  const attestation = token ?? (await collector.attest())
  const said = { url: URL, token: attestation, nonce: nonce ?? dpop.nonce(), now: clock.now() }
  const dpopHeader = await dpopProof(collector.device, said, proof)
  return { method: 'GET', url: URL, headers: { authorization: `DPoP ${attestation}`, dpop: dpopHeader, ...headers } }
}

const codeOf = (answer: RequestAnswer) => (answer.admitted ? 'admitted' : answer.code)
const ask = async (asked: GatewayRequest, tier = TIER) => codeOf(await requests.verifyRequest(asked, tier))

describe('a device that is admitted', () => {
  test('is let through, with what is known of it and the nonce of its next proof', async () => {
    expect(await requests.verifyRequest(await request(), TIER)).toEqual({
      admitted: true,
      attestation: expect.objectContaining({ deviceId: collector.device.id, tiers: ['public', 'internal'] }),
      headers: { 'DPoP-Nonce': dpop.nonce() },
    })
  })

  test('again and again, with a proof for each request', async () => {
    const token = await collector.attest()
    for (let times = 0; times < 5; times++) expect(await ask(await request({ token }))).toBe('admitted')
    expect(collector.asked).toEqual([JWKS, LIST])
  })

  test.each<[name: string, make: (good: GatewayRequest) => GatewayRequest]>([
    ['as the platform has it', ({ headers }) => new Request(URL, { headers: headers as Record<string, string> })],
    ['with its headers in capitals', (good) => renamed(good, (name) => name.toUpperCase())],
    ['with a scheme in small letters', (good) => authorized(good, (it) => it.replace('DPoP', 'dpop'))],
    ['with more spaces', (good) => authorized(good, (it) => `${it.replace(' ', '   ')} `)],
    ['with headers in lists', (good) => ({ ...good, headers: listed(good) })],
    ['at the same address, written otherwise', (good) => ({ ...good, url: 'HTTPS://WIKI.example:443/x/../p%61ge' })],
  ])('%s', async (_name, make) => {
    expect(await ask(make(await request()))).toBe('admitted')
  })
})

type Made = Promise<GatewayRequest> | GatewayRequest
const headers = (more: object) => () => request({ headers: more })

/** What is refused, with the whole challenge of the answer. */
const CASES: [name: string, code: RequestRefusal, status: number, challenge: string | undefined, make: () => Made][] = [
  ['without headers', 'device-not-named', 401, 'DPoP algs="ES256"', () => ({ method: 'GET', url: URL, headers: {} })],
  ['without a token', 'device-not-named', 401, 'DPoP algs="ES256"', headers({ authorization: undefined })],
  ['with an empty one', 'device-not-named', 401, 'DPoP algs="ES256"', headers({ authorization: '' })],
  ['with a password', 'device-not-named', 401, 'DPoP algs="ES256"', headers({ authorization: 'Basic YTpi' })],
  ['with a scheme alone', 'device-not-named', 401, 'DPoP algs="ES256"', headers({ authorization: 'DPoP' })],
  ['with two tokens', 'device-not-named', 401, 'DPoP algs="ES256"', headers({ authorization: 'DPoP a b' })],
  [
    'with the token as Bearer',
    'bearer-refused',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    async () => authorized(await request(), (it) => it.replace('DPoP', 'Bearer')),
  ],
  [
    'with a token that is none',
    'token-malformed',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    () => request({ token: 'abc' }),
  ],
  [
    'with a token and another one',
    'token-malformed',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    async () => authorized(await request(), (it) => [it, it]),
  ],
  [
    'with a token that is over',
    'expired',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    async () => request({ token: await collector.attest({ exp: seconds() }) }),
  ],
  [
    'of a device that is locked out',
    'device-revoked',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    () => (setStatus(collector.list, 1993, 1), request()),
  ],
  [
    'of a device that lost a tier',
    'tier-lost',
    401,
    'DPoP error="invalid_token", algs="ES256"',
    () => (setStatus(collector.list, 1993, 2), request()),
  ],
  ['while there are no keys', 'keys-unavailable', 503, undefined, () => (away(JWKS), request())],
  ['while there is no list', 'status-unavailable', 503, undefined, () => (away(LIST), request())],
  ['without a proof', 'proof-invalid', 401, 'DPoP error="invalid_dpop_proof", algs="ES256"', headers({ dpop: [] })],
  [
    'with two proofs',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => request({ headers: { dpop: [await proofAt(URL), await proofAt(URL)] } }),
  ],
  [
    'with two proofs, of which one has its header in capitals',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => request({ headers: { DPoP: await proofAt(URL) } }),
  ],
  [
    'with two proofs in a header',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => request({ headers: { dpop: `${await proofAt(URL)}, ${await proofAt(URL)}` } }),
  ],
  [
    'with the proof of somebody else',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    () => request({ proof: { header: { jwk: stranger.jwk }, sign: stranger.sign } }),
  ],
  [
    'with the proof of another address',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => ({ ...(await request()), url: 'https://wiki.example/other' }),
  ],
  [
    'with the proof of another method',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => ({ ...(await request()), method: 'POST' }),
  ],
  [
    'with the proof for another token',
    'proof-invalid',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => authorized(await request(), (it) => it, await collector.attest({ jti: 'jti-2' })),
  ],
  [
    'with a nonce of before',
    'proof-nonce-needed',
    401,
    'DPoP error="use_dpop_nonce", algs="ES256"',
    () => request({ nonce: 'old' }),
  ],
  [
    'with a proof that was used',
    'proof-replayed',
    401,
    'DPoP error="invalid_dpop_proof", algs="ES256"',
    async () => {
      const good = await request()
      await requests.verifyRequest(good, TIER)
      return good
    },
  ],
  [
    'of a device that is not admitted',
    'not-admitted',
    403,
    'DPoP error="insufficient_scope", algs="ES256"',
    async () => request({ token: await attestOf({ tiers: ['public'] }) }),
  ],
]

describe('a request that is not let through:', () => {
  test.each(CASES)('%s (%s)', async (_name, code, status, challenge, make) => {
    const answer = await requests.verifyRequest(await make(), TIER)
    if (answer.admitted) throw new Error('it was let through')
    expect(answer).toEqual({
      admitted: false,
      status,
      code,
      problem: expect.stringMatching(/\w/),
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        ...(status === 503 ? { 'Retry-After': '1' } : { 'WWW-Authenticate': challenge, 'DPoP-Nonce': dpop.nonce() }),
      },
      body: expect.objectContaining({
        type: `urn:muster:error:${code}`,
        title: expect.stringMatching(/\.$/),
        status,
        code,
        fix: expect.stringMatching(/\.$/),
      }),
    })
  })

  test('each kind of refusal that is not of the token alone is tried here', () => {
    const tried = new Set<string>(CASES.map(([, code]) => code))
    expect(Object.keys(REQUEST_REFUSALS).filter((code) => !tried.has(code))).toEqual([])
    expect(Object.keys(REQUEST_REFUSALS).filter((code) => code in REFUSALS)).toEqual([])
  })

  test('says which checks do not pass, and to which tiers the device is admitted', async () => {
    const since = '2026-11-24T07:00:00Z'
    const token = await attestOf({
      tiers: ['public'],
      checks: [
        { id: 'firewall', verdict: 'fail', since },
        { id: 'os-patch', verdict: 'grace', since },
        { id: 'secure-boot', verdict: 'unknown', since },
      ],
    })
    const answer = await requests.verifyRequest(await request({ token }), TIER)
    const detail =
      'admitted to public, not to internal; checks that do not pass: firewall (fail), secure-boot (unknown)'
    expect(answer).toMatchObject({ problem: detail, body: { detail } })
  })

  test('tells the client nothing of what went wrong in our network', async () => {
    collector.instead.set(JWKS, () => Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:7400')))
    const answer = await requests.verifyRequest(await request(), TIER)
    expect(answer).toMatchObject({ problem: expect.stringContaining('10.1.2.3') })
    expect(JSON.stringify(answer.admitted || answer.body)).not.toContain('10.1.2.3')
  })

  test('does not become another one for who asks about a tier that is called like part of an object', async () => {
    for (const tier of ['constructor', '__proto__', 'length', '0', 'INTERNAL', 'internal ', 'public,internal']) {
      expect(await ask(await request(), { tier })).toBe('not-admitted')
    }
  })

  test.each([undefined, '', null, 0, ['internal'], {}])(
    'a tier that is none is a mistake of ours: %j',
    async (tier) => {
      const asked = await request()
      await expect(requests.verifyRequest(asked, { tier: tier as string })).rejects.toThrow(/tier/)
    },
  )
})

describe('what no server would hand over', () => {
  test.each<[name: string, more: object]>([
    ['no method', { method: undefined }],
    ['a number for an address', { url: 7 }],
    ['no address', { url: undefined }],
    ['headers that are numbers', { headers: { authorization: 7, dpop: 8 } }],
    ['headers that are objects', { headers: { authorization: { toString: () => 'DPoP a' }, dpop: {} } }],
    ['headers with a header called get', { headers: { get: 'x', authorization: 'DPoP x' } }],
    ['headers that are a list', { headers: ['authorization', 'DPoP x'] }],
  ])('is refused: %s', async (_name, more) => {
    expect(await ask({ ...(await request()), ...more })).not.toBe('admitted')
  })
})

describe('ten thousand damaged requests are refused, each with an answer and none with an exception', () => {
  let token = ''
  let good: { authorization: string; dpop: string }
  beforeEach(async () => {
    token = await collector.attest()
    good = (await request({ token })).headers as typeof good
  })
  const isStillGood = (authorization: string) => new RegExp(`^DPoP +${token} *$`, 'i').test(authorization)

  test.each<[name: string, codes: RequestRefusal[], make: (seed: number) => Made | null]>([
    [
      'by their tokens',
      ['signature-invalid', 'token-malformed'],
      // With a proof for that very text: nothing else speaks against it.
      (seed) => (mutated(token, seed) === token ? null : request({ token: mutated(token, seed) })),
    ],
    [
      'by the header of the token',
      ['device-not-named', 'signature-invalid', 'token-malformed'],
      (seed) => {
        const authorization = mutated(good.authorization, seed)
        return isStillGood(authorization) ? null : { method: 'GET', url: URL, headers: { ...good, authorization } }
      },
    ],
    [
      'by their proofs',
      ['proof-invalid'],
      (seed) => {
        const proof = mutated(good.dpop, seed)
        return proof === good.dpop ? null : { method: 'GET', url: URL, headers: { ...good, dpop: proof } }
      },
    ],
    [
      'by their addresses',
      ['proof-invalid'],
      (seed) => {
        const url = mutated('https://wiki.example/page', seed)
        return comparableUrl(url) === comparableUrl(URL) ? null : { method: 'GET', url, headers: good }
      },
    ],
  ])('%s', async (_name, expected, make) => {
    const codes = new Set<string>()
    let tried = 0
    for (let seed = 0; seed < 2600; seed++) {
      const damaged = await make(seed)
      if (!damaged) continue
      tried++
      codes.add(await ask(damaged))
    }
    expect(codes.has('admitted')).toBe(false)
    expect([...codes]).toEqual(expect.arrayContaining(expected))
    expect(tried).toBeGreaterThan(2000)
    expect(await ask({ method: 'GET', url: URL, headers: good })).toBe('admitted')
  })
})

function authorized(good: GatewayRequest, change: (it: string) => string | string[], token?: string): GatewayRequest {
  const { authorization, ...rest } = good.headers as { authorization: string }
  const changed = token === undefined ? change(authorization) : `DPoP ${token}`
  return { ...good, headers: { ...rest, authorization: changed } }
}

function renamed(good: GatewayRequest, change: (name: string) => string): GatewayRequest {
  return { ...good, headers: Object.fromEntries(Object.entries(good.headers).map(([name, it]) => [change(name), it])) }
}

function listed(good: GatewayRequest): Record<string, string[]> {
  return Object.fromEntries(Object.entries(good.headers).map(([name, it]) => [name, [String(it)]]))
}

function away(path: string): void {
  collector.instead.set(path, () => new Response('', { status: 503 }))
}

/** A proof of the device for an attestation that nobody sends. */
function proofAt(url: string): Promise<string> {
  return dpopProof(collector.device, { url, token: 'x', nonce: dpop.nonce(), now: clock.now() })
}

function attestOf(said: object): Promise<string> {
  const { device } = collector.claims()['submods'] as { device: { ear_verifier_claims: object } }
  const claims = { ...device.ear_verifier_claims, ...said }
  return collector.attest({ submods: { device: { ...device, ear_verifier_claims: claims } } })
}
