import { createHmac, randomBytes } from 'node:crypto'
import { EmbeddedJWK, SignJWT, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../test/fakes/clock.ts'
import { fakeDevice } from '../test/fakes/device.ts'
import { dpopProof } from '../test/fakes/dpop.ts'
import { withHeader } from '../test/fakes/issuer.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { NO_VECTORS, readVectors } from '../test/fakes/vectors.ts'
import { openDpop, type DpopAnswer, type DpopChecker, type DpopCode, type DpopRequest } from './dpop.ts'
import { digest, isSignedBy, parseJws, publicKeyOf, thumbprint } from './jws.ts'

const START = new Date('2026-11-24T08:00:10Z')
const URL = 'https://wiki.example/a'
const TOKEN = 'eyJ.attestation'
const device = fakeDevice('https://collector.example')
const stranger = fakeDevice('https://collector.example')
const jkt = thumbprint(device.jwk)

let clock: FakeClock
let checker: DpopChecker
beforeEach(() => {
  clock = fakeClock(START)
  checker = openDpop({ clock: clock.now, secret: randomBytes(32) })
})

type Otherwise = Parameters<typeof dpopProof>[2]
const proofOf = (otherwise: Otherwise = {}, nonce = checker.nonce()) =>
  dpopProof(device, { url: URL, token: TOKEN, nonce, now: clock.now() }, otherwise)
const request = (proof: string, more: Partial<DpopRequest> = {}): DpopRequest => {
  return { proofs: [proof], method: 'GET', url: URL, token: TOKEN, jkt, ...more }
}
const codeOf = (answer: DpopAnswer) => (answer.ok ? 'good' : answer.code)
const claims = (more: object) => () => proofOf({ claims: more })
const header = (more: object) => () => proofOf({ header: more })

describe('a good proof', () => {
  test.each<[name: string, make: () => Promise<string>, more?: Partial<DpopRequest>]>([
    ['as it should be', () => proofOf()],
    ['whose address is written otherwise', claims({ htu: 'HTTPS://Wiki.Example:443/x/../%61' })],
    ['whose address has a query that the request has not', claims({ htu: `${URL}?q=1#top` })],
    ['for a request with a query', () => proofOf(), { url: `${URL}?secret=1` }],
    ['of a laptop whose clock is two minutes behind', claims({ iat: seconds(-120) })],
    ['of a laptop whose clock is two minutes ahead', claims({ iat: seconds(120) })],
    ['with a part of a second', claims({ iat: seconds() + 0.25 })],
    ['that ends later', claims({ exp: seconds(1), nbf: seconds() })],
    ['with claims that nobody knows', claims({ weather: 'fine' })],
    ['with more in its header', header({ kid: 'mine' })],
    ['whose key has more to say', header({ jwk: { ...device.jwk, kid: 'mine', ext: true, key_ops: ['verify'] } })],
    ['with a type in full', header({ typ: 'application/DPoP+jwt' })],
    ['for another method', claims({ htm: 'POST' }), { method: 'POST' }],
  ])('%s', async (_name, make, more) => {
    expect(checker.check(request(await make(), more))).toEqual({ ok: true })
  })

  test('as jose writes one, and jose takes ours', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = (await exportJWK(publicKey)) as typeof device.jwk
    const said = { jti: 'abc', htm: 'GET', htu: URL, ath: digest(TOKEN), nonce: checker.nonce() }
    const proof = await new SignJWT(said)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt(clock.now())
      .sign(privateKey)
    expect(checker.check(request(proof, { jkt: thumbprint(jwk) }))).toEqual({ ok: true })
    const { payload } = await jwtVerify(await proofOf(), EmbeddedJWK, { typ: 'dpop+jwt', currentDate: clock.now() })
    expect(payload).toMatchObject({ htm: 'GET', htu: URL })
  })
})

const BAD: [name: string, make: () => Promise<string> | string, more?: Partial<DpopRequest>][] = [
  ['nothing', () => ''],
  ['a number', () => '', { proofs: [7 as unknown as string] }],
  ['more than any proof has', claims({ weather: 'x'.repeat(8 * 1024) })],
  ['two in one header', async () => `${await proofOf()}, ${await proofOf()}`],
  ['a space in front', async () => ` ${await proofOf()}`],
  ['another type', header({ typ: 'JWT' })],
  ['the type of an attestation', header({ typ: 'eat+jwt' })],
  ['no type', header({ typ: undefined })],
  ['no algorithm', async () => withHeader(await proofOf(), { alg: 'none' })],
  ['an algorithm with a shared secret', () => hmac()],
  ['another algorithm', () => es384()],
  ['no key', header({ jwk: undefined })],
  ['a private key', header({ jwk: { ...device.jwk, d: 'A'.repeat(43) } })],
  ['a shared key', header({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['a key with a shared one in it', header({ jwk: { ...device.jwk, k: 'AAAA' } })],
  ['a key of another curve', header({ jwk: { ...device.jwk, crv: 'P-384' } })],
  ['a key of another kind', header({ jwk: { ...device.jwk, kty: 'OKP' } })],
  ['a header that has to be understood', header({ crit: ['b64'], b64: false })],
  ['no point of the curve', () => offCurve()[0], { jkt: offCurve()[1] }],
  ['another key than the one of the token', () => proofOf({ header: { jwk: stranger.jwk }, sign: stranger.sign })],
  ['signed with another key', () => proofOf({ sign: stranger.sign })],
  ['changed', async () => swapped(await proofOf(), await proofOf({ claims: { htu: `${URL}/b` } }))],
  ['no id', claims({ jti: undefined })],
  ['an empty id', claims({ jti: '' })],
  ['an id that is endless', claims({ jti: 'x'.repeat(257) })],
  ['an id that is no text', claims({ jti: 7 })],
  ['no method', claims({ htm: undefined })],
  ['another method', claims({ htm: 'POST' })],
  ['a method in small letters', claims({ htm: 'get' })],
  ['no address', claims({ htu: undefined })],
  ['another path', claims({ htu: `${URL}/b` })],
  ['another host', claims({ htu: 'https://evil.example/a' })],
  ['another scheme', claims({ htu: 'http://wiki.example/a' })],
  ['an address that is none', claims({ htu: '/a' })],
  ['a request whose address is none', claims({ htu: '/a' }), { url: '/a' }],
  ['no time', claims({ iat: undefined })],
  ['a time in words', claims({ iat: 'now' })],
  ['a time that is endless', async () => raw(await proofOf(), (json) => json.replace(/"iat":\d+/, '"iat":1e999'))],
  ['too old', claims({ iat: seconds(-121) })],
  ['of the future', claims({ iat: seconds(122) })],
  ['over', claims({ exp: seconds() })],
  ['not begun', claims({ nbf: seconds(122) })],
  ['no hash of the token', claims({ ath: undefined })],
  ['the hash of another token', claims({ ath: digest('eyJ.other') })],
  ['another token', () => proofOf(), { token: 'eyJ.other' }],
  ['claims that are no object', async () => raw(await proofOf(), () => '[1]')],
  ['claims that are not JSON', async () => raw(await proofOf(), () => '{')],
]

describe('what is no proof of this request by this device is refused:', () => {
  test.each(BAD)('%s', async (_name, make, more) => {
    const answer = checker.check(request(await make(), more))
    expect(answer).toEqual({ ok: false, code: 'proof-invalid', problem: expect.stringMatching(/^DPoP proof: .{8,}/) })
  })

  test('none at all, and more than one', async () => {
    const [first, second] = [await proofOf(), await proofOf()]
    expect(codeOf(checker.check(request('', { proofs: [] })))).toBe('proof-missing')
    expect(codeOf(checker.check(request('', { proofs: [first, second] })))).toBe('proof-invalid')
    expect(codeOf(checker.check(request('', { proofs: [first, first] })))).toBe('proof-invalid')
    expect(codeOf(checker.check(request(first)))).toBe('good')
  })

  test.skipIf(NO_VECTORS !== '')(`the example of the RFC, which is not for a resource${NO_VECTORS}`, () => {
    const { dpop_rfc9449: it } = readVectors('misc/pop-and-webhook.json') as { dpop_rfc9449: Record<string, string> }
    const now = fakeClock(new Date(1562265296_000)).now
    const at = openDpop({ clock: now, secret: randomBytes(32) })
    const example = { url: 'https://server.example.com/token', method: 'POST', jkt: it['jkt']! }
    // It is for a token endpoint, so it has no `ath`; all else in it is right.
    expect(at.check(request(it['proof']!, example))).toMatchObject({ code: 'proof-invalid', problem: /ath/ as never })
    expect(digest(it['access_token_example']!)).toBe(it['ath'])
    const jws = parseJws(it['proof']!, 'dpop+jwt')
    if (!jws.ok || !jws.value.header.jwk) throw new Error('it cannot be read')
    expect(thumbprint(jws.value.header.jwk)).toBe(it['jkt'])
    expect(isSignedBy(jws.value, publicKeyOf(jws.value.header.jwk)!)).toBe(true)
  })
})

describe('the nonce', () => {
  test('is one that was given out, and not long ago', async () => {
    const nonce = checker.nonce()
    clock.pass(49)
    expect(checker.nonce()).toBe(nonce)
    clock.pass(1)
    expect(checker.nonce()).not.toBe(nonce)
    clock.pass(59)
    expect(codeOf(checker.check(request(await proofOf({}, nonce))))).toBe('good')
    clock.pass(1)
    expect(codeOf(checker.check(request(await proofOf({}, nonce))))).toBe('nonce-needed')
    expect(codeOf(checker.check(request(await proofOf())))).toBe('good')
  })

  test('is not one of a moment in which nobody asked', async () => {
    const nonce = checker.nonce()
    clock.pass(150)
    expect(codeOf(checker.check(request(await proofOf({}, nonce))))).toBe('nonce-needed')
  })

  test.each<[name: string, otherwise: () => Otherwise]>([
    ['missing', () => ({ claims: { nonce: undefined } })],
    ['empty', () => ({ claims: { nonce: '' } })],
    ['made up', () => ({ claims: { nonce: randomBytes(32).toString('base64url') } })],
    [
      'of another server',
      () => ({ claims: { nonce: openDpop({ clock: clock.now, secret: randomBytes(32) }).nonce() } }),
    ],
    ['a little longer', () => ({ claims: { nonce: `${checker.nonce()}A` } })],
  ])('has to be had first: %s', async (_name, otherwise) => {
    expect(codeOf(checker.check(request(await proofOf(otherwise()))))).toBe('nonce-needed')
  })

  test('stays what it is where our clock is set back', () => {
    const nonce = checker.nonce()
    clock.set(-90)
    expect(checker.nonce()).toBe(nonce)
    clock.set(90)
    expect(checker.nonce()).toBe(nonce)
  })

  test('is told to nobody whose proof is not good', async () => {
    expect(codeOf(checker.check(request(await proofOf({ sign: stranger.sign }, 'old'))))).toBe('proof-invalid')
  })
})

describe('a proof counts once', () => {
  test.each<[name: string, second: object]>([
    ['when it is signed again', { jti: 'one' }],
    ['when it is for another address', { jti: 'one', htu: `${URL}?q` }],
    ['when it has another time', { jti: 'one', iat: seconds(1) }],
  ])('also %s', async (_name, second) => {
    expect(codeOf(checker.check(request(await proofOf({ claims: { jti: 'one' } }))))).toBe('good')
    expect(codeOf(checker.check(request(await proofOf({ claims: second }))))).toBe('proof-replayed')
  })

  test('for as long as its nonce is taken, and afterwards it has none', async () => {
    const proof = await proofOf()
    expect(codeOf(checker.check(request(proof)))).toBe('good')
    const codes = new Set<string>()
    for (let times = 0; times < 200; times++) {
      codes.add(codeOf(checker.check(request(proof))))
      clock.pass(1)
    }
    expect(codes).toEqual(new Set(['proof-replayed', 'nonce-needed', 'proof-invalid'] satisfies DpopCode[]))
  })

  test('also where our clock is set, back or forth', async () => {
    const proof = await proofOf()
    expect(codeOf(checker.check(request(proof)))).toBe('good')
    for (const move of [-10, -3600, 3600, 60, -60, 60, 7200, -7210, 10]) {
      clock.set(move)
      checker.nonce()
      expect(codeOf(checker.check(request(proof)))).not.toBe('good')
      expect(codeOf(checker.check(request(await proofOf())))).toBe('good')
    }
  })

  test('by its device: the same id of another is another', async () => {
    const said = { url: URL, token: TOKEN, nonce: checker.nonce(), now: clock.now() }
    const id = { claims: { jti: 'one' } }
    expect(codeOf(checker.check(request(await dpopProof(device, said, id))))).toBe('good')
    const other = request(await dpopProof(stranger, said, id), { jkt: thumbprint(stranger.jwk) })
    expect(codeOf(checker.check(other))).toBe('good')
    expect(codeOf(checker.check(other))).toBe('proof-replayed')
  })

  test('and one that was refused is not spent', async () => {
    const proof = await proofOf()
    expect(codeOf(checker.check(request(proof, { method: 'POST' })))).toBe('proof-invalid')
    expect(codeOf(checker.check(request(proof)))).toBe('good')
  })

  test('but not where nobody is let in: then it is neither spent nor missed', async () => {
    const proof = await proofOf()
    expect(codeOf(checker.check(request(proof), false))).toBe('good')
    expect(codeOf(checker.check(request(proof), true))).toBe('good')
    expect(codeOf(checker.check(request(proof), false))).toBe('good')
    expect(codeOf(checker.check(request(proof), true))).toBe('proof-replayed')
    expect(codeOf(checker.check(request(await proofOf({}, 'old')), false))).toBe('nonce-needed')
  })

  test('and a memory that is full forgets nothing that could be used again', async () => {
    checker = openDpop({ clock: clock.now, secret: randomBytes(32), remembered: 3 })
    const proofs: string[] = []
    let nonces = 0
    let nonce = ''
    for (let times = 0; times < 20; times++) {
      if (checker.nonce() !== nonce) nonces++
      nonce = checker.nonce()
      const proof = await proofOf()
      expect(codeOf(checker.check(request(proof)))).toBe('good')
      proofs.push(proof)
      for (const old of proofs) expect(codeOf(checker.check(request(old)))).not.toBe('good')
      clock.pass(times % 7)
    }
    expect(nonces).toBeGreaterThan(5)
  })

  test('and a memory that is full in the window that is over ends both', async () => {
    checker = openDpop({ clock: clock.now, secret: randomBytes(32), remembered: 2 })
    const nonce = checker.nonce()
    const first = await proofOf({}, nonce)
    expect(codeOf(checker.check(request(first)))).toBe('good')
    clock.pass(60)
    const ofNow = checker.nonce()
    expect(codeOf(checker.check(request(await proofOf({}, nonce))))).toBe('good')
    expect(codeOf(checker.check(request(await proofOf({}, nonce))))).toBe('nonce-needed')
    expect(codeOf(checker.check(request(await proofOf({}, ofNow))))).toBe('nonce-needed')
    expect(codeOf(checker.check(request(await proofOf())))).toBe('good')
  })
})

test('ten thousand damaged proofs are refused, none of them with an exception', async () => {
  const proof = await proofOf()
  const codes = new Set<string>()
  for (const damaged of mutations(proof, 10_000)) {
    if (damaged !== proof) codes.add(codeOf(checker.check(request(damaged))))
  }
  expect(codes).toEqual(new Set(['proof-invalid']))
  expect(codeOf(checker.check(request(proof)))).toBe('good')
})

/** So many seconds after the start, as a claim has it. */
function seconds(after = 0): number {
  return Math.floor(START.getTime() / 1000) + after
}

function encoded(it: object): string {
  return Buffer.from(JSON.stringify(it)).toString('base64url')
}

/** The header of one proof with the claims of another, under the signature of the first. */
function swapped(first: string, second: string): string {
  const [head, , tail] = first.split('.')
  return `${head}.${second.split('.')[1]}.${tail}`
}

/** A proof with its claims as another text, well signed. */
function raw(proof: string, change: (json: string) => string): string {
  const [head = '', body = ''] = proof.split('.')
  const claimed = Buffer.from(change(Buffer.from(body, 'base64url').toString())).toString('base64url')
  const signature = device.sign(Buffer.from(`${head}.${claimed}`)) as Uint8Array
  return `${head}.${claimed}.${Buffer.from(signature).toString('base64url')}`
}

async function hmac(): Promise<string> {
  const [, body = ''] = (await proofOf()).split('.')
  const signed = `${encoded({ alg: 'HS256', typ: 'dpop+jwt', jwk: device.jwk })}.${body}`
  return `${signed}.${createHmac('sha256', JSON.stringify(device.jwk)).update(signed).digest('base64url')}`
}

async function es384(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES384')
  return new SignJWT({ jti: 'abc', htm: 'GET', htu: URL, ath: digest(TOKEN), nonce: checker.nonce() })
    .setProtectedHeader({ alg: 'ES384', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt(clock.now())
    .sign(privateKey)
}

function offCurve(): [proof: string, jkt: string] {
  const jwk = { ...device.jwk, y: 'A'.repeat(43) }
  const said = { jti: 'abc', htm: 'GET', htu: URL, iat: seconds(), ath: digest(TOKEN), nonce: 'x' }
  const signed = `${encoded({ alg: 'ES256', typ: 'dpop+jwt', jwk })}.${encoded(said)}`
  return [`${signed}.${Buffer.alloc(64, 1).toString('base64url')}`, thumbprint(jwk)]
}
