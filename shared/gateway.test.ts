import { createHmac } from 'node:crypto'
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { healthyFacts } from '../test/fakes/facts.ts'
import { JWKS, LIST, publicKey, withHeader } from '../test/fakes/issuer.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { START, URL, codeOf, fakeGateway } from '../test/fakes/gateway.ts'
import type { Refusal } from './gateway-api.ts'
import { REFUSALS } from './refusal.ts'
import { setStatus } from './status-list.ts'

let { clock, collector, verdict, verifier, verifierOf, seconds } = fakeGateway()
beforeEach(() => {
  ;({ clock, collector, verdict, verifier, verifierOf, seconds } = fakeGateway())
})
const device = (more: object) => ({ ...(collector.claims()['submods'] as { device: object }).device, ...more })
const submods = (more: object) => ({ submods: { device: device(more) } })

describe('a good attestation', () => {
  test('is what it says, in words of ours', async () => {
    expect(await verifier.verify(await collector.attest())).toEqual({
      ok: true,
      attestation: {
        deviceId: collector.device.id,
        id: 'jti-1',
        status: 'warning',
        tiers: ['public', 'internal'],
        checks: [{ id: 'firewall', verdict: 'grace', since: '2026-11-24T07:00:00Z', deadline: '2026-11-25T07:00:00Z' }],
        vector: { 'instance-identity': 2, configuration: 32 },
        policyIds: [`${URL}/v1/policies/1@sha256:abc`],
        keyProtection: 'software',
        attested: false,
        evidenceAt: '2026-11-24T08:00:00Z',
        issuedAt: START,
        expiresAt: new Date(START.getTime() + 600_000),
        jkt: collector.device.id.slice('dev_'.length),
        reference: { idx: 1993, uri: `${URL}${LIST}` },
      },
    })
  })

  test('is verified with one look at the keys and one at the list', async () => {
    const token = await collector.attest()
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(token)))
    for (let times = 0; times < 50; times++) expect(codeOf(await verifier.verify(token))).toBe('good')
    expect(collector.asked).toEqual([JWKS, LIST])
  })

  test('is verified while time goes by', async () => {
    const ticking = verifierOf({
      clock() {
        clock.pass(0.001)
        return clock.now()
      },
    })
    expect(await verdict(collector.attest(), ticking)).toBe('good')
    expect(await verdict(collector.attest(), ticking)).toBe('good')
    expect(collector.asked).toEqual([JWKS, LIST])
  })

  test('of one audience is good for that gateway alone', async () => {
    const token = await collector.attest({ aud: ['https://gw.example'] })
    expect(await verdict(token)).toBe('audience-wrong')
    expect(await verdict(token, verifierOf({ audience: 'https://gw.example' }))).toBe('good')
    expect(await verdict(token, verifierOf({ audience: 'https://gw2.example' }))).toBe('audience-wrong')
  })

  test.each<[name: string, make: () => Promise<string>]>([
    ['in the last second of its life', () => collector.attest({ exp: seconds(1) })],
    ['of a collector whose clock is a little ahead', () => collector.attest({ iat: seconds(30), nbf: seconds(30) })],
    ['with claims that are not known here', () => collector.attest({ weather: 'fine', ...submods({ sky: 'blue' }) })],
    ['with a type in full', () => collector.attest({}, { typ: 'application/eat+jwt' })],
    ['with an audience that is no list', () => collector.attest({ aud: URL })],
    ['with several audiences', () => collector.attest({ aud: ['https://gw.example', URL] })],
  ])('%s', async (_name, make) => {
    expect(await verdict(make())).toBe('good')
  })
})

describe('a token that is not an attestation, or not a good one, is refused:', () => {
  const other = fakeDevice(URL)
  const CASES: [name: string, code: Refusal, make: () => Promise<string> | string][] = [
    ['nothing', 'token-malformed', () => ''],
    ['no text', 'token-malformed', () => undefined as unknown as string],
    ['an object', 'token-malformed', () => ({}) as unknown as string],
    [
      'more text than any attestation has',
      'token-malformed',
      async () => `${await collector.attest()}${'A'.repeat(40_000)}`,
    ],
    ['a text in front', 'token-malformed', async () => ` ${await collector.attest()}`],
    ['a line behind', 'token-malformed', async () => `${await collector.attest()}\n`],
    ['a fourth part', 'token-malformed', async () => `${await collector.attest()}.AAAA`],
    ['a signature spelt another way', 'token-malformed', async () => respelt(await collector.attest())],
    ['no signature', 'token-malformed', () => new UnsecuredJWT(collector.claims()).encode()],
    ['alg none with a signature', 'token-malformed', async () => withHeader(await collector.attest(), { alg: 'none' })],
    ['alg HS256 with the public key as the secret', 'token-malformed', () => hmac()],
    ['alg ES384', 'token-malformed', () => es384()],
    ['type JWT', 'token-malformed', () => collector.attest({}, { typ: 'JWT' })],
    ['type statuslist+jwt', 'token-malformed', () => collector.attest({}, { typ: 'statuslist+jwt' })],
    ['a status list', 'token-malformed', () => collector.statusList()],
    ['no type', 'token-malformed', async () => withHeader(await collector.attest(), { typ: undefined })],
    ['a critical header', 'token-malformed', async () => withHeader(await collector.attest(), { crit: ['exp'] })],
    [
      'an address of keys in the header',
      'token-malformed',
      async () => withHeader(await collector.attest(), { jku: 'https://evil.example' }),
    ],
    ['a key in the header', 'token-malformed', () => collector.attest({}, { jwk: other.jwk }, other)],
    ['the right key in the header', 'token-malformed', () => collector.attest({}, { jwk: collector.key.jwk })],
    ['no name of a key', 'token-malformed', async () => withHeader(await collector.attest(), { kid: undefined })],
    ['a key that nobody has heard of', 'key-unknown', () => collector.attest({}, { kid: 'other' }, other)],
    ['a name of a key that every object has', 'key-unknown', () => collector.attest({}, { kid: 'constructor' })],
    ['another key than it names', 'signature-invalid', () => collector.attest({}, {}, other)],
    ['changed claims', 'signature-invalid', async () => withClaims(await collector.attest(), { exp: seconds(9999) })],
    ['claims that are no object', 'claims-invalid', () => raw('[1]')],
    ['claims that are not JSON', 'token-malformed', () => raw('{')],
    ['evidence of a device', 'key-unknown', () => evidence(collector.device.id)],
    ['evidence that names the key of the collector', 'signature-invalid', () => evidence(collector.kid)],
    [
      'evidence that the collector itself had signed',
      'profile-wrong',
      () => collector.attest({ eat_profile: 'tag:muster.example,2026:evidence#1' }),
    ],
    ['no profile', 'profile-wrong', () => collector.attest({ eat_profile: undefined })],
    [
      'the profile of another draft',
      'profile-wrong',
      () => collector.attest({ eat_profile: 'tag:ietf.org,2026:rats/ear#03' }),
    ],
    ['another issuer', 'issuer-wrong', () => collector.attest({ iss: 'https://evil.example' })],
    ['no issuer', 'issuer-wrong', () => collector.attest({ iss: undefined })],
    ['another audience', 'audience-wrong', () => collector.attest({ aud: ['https://gw.example'] })],
    ['no audience', 'audience-wrong', () => collector.attest({ aud: undefined })],
    [
      'an audience that only begins like ours',
      'audience-wrong',
      () => collector.attest({ aud: [`${URL}.evil.example`] }),
    ],
    ['an end that has come', 'expired', () => collector.attest({ exp: seconds() })],
    ['an end that came long ago', 'expired', () => collector.attest({ exp: seconds(-3600) })],
    ['no end', 'claims-invalid', () => collector.attest({ exp: undefined })],
    ['an end in words', 'claims-invalid', () => collector.attest({ exp: 'tomorrow' })],
    ['an end with a part of a second', 'claims-invalid', () => collector.attest({ exp: seconds(60) + 0.5 })],
    ['a beginning in the future', 'not-yet-valid', () => collector.attest({ nbf: seconds(31) })],
    ['an issue in the future', 'not-yet-valid', () => collector.attest({ iat: seconds(31) })],
    ['no issue', 'claims-invalid', () => collector.attest({ iat: undefined })],
    ['no device', 'claims-invalid', () => collector.attest({ sub: undefined })],
    ['a device that is none', 'claims-invalid', () => collector.attest({ sub: 'anna' })],
    ['no status', 'claims-invalid', () => collector.attest({ status: undefined })],
    [
      'a status without an entry',
      'claims-invalid',
      () => collector.attest({ status: { status_list: { uri: `${URL}${LIST}` } } }),
    ],
    [
      'a negative entry',
      'claims-invalid',
      () => collector.attest({ status: { status_list: { idx: -1, uri: `${URL}${LIST}` } } }),
    ],
    ['no submodule', 'claims-invalid', () => collector.attest({ submods: {} })],
    ['another submodule', 'claims-invalid', () => collector.attest({ submods: { laptop: device({}) } })],
    [
      'a submodule of another profile',
      'claims-invalid',
      () => collector.attest(submods({ eat_profile: 'tag:muster.example,2026:device#9' })),
    ],
    ['no verifier claims', 'claims-invalid', () => collector.attest(submods({ ear_verifier_claims: undefined }))],
    [
      'tiers that are no list',
      'claims-invalid',
      () => collector.attest(submods({ ear_verifier_claims: { tiers: 'restricted' } })),
    ],
    ['a status better than its vector', 'claims-invalid', () => collector.attest(submods({ ear_status: 'affirming' }))],
    ['a whole better than its part', 'claims-invalid', () => collector.attest({ ear_status: 'affirming' })],
  ]

  test.each(CASES)('%s (%s)', async (_name, code, make) => {
    expect(await verdict(make())).toBe(code)
  })

  test('each kind of refusal is tried somewhere here, and says what it is', async () => {
    // Those of the keys and of the status are tried where these are.
    const elsewhere = ['keys-unavailable', 'device-revoked', 'tier-lost', 'status-unavailable']
    const tried = new Set<string>([...CASES.map(([, code]) => code), ...elsewhere])
    expect(tried).toEqual(new Set(Object.keys(REFUSALS)))
    expect(await verifier.verify('')).toEqual({ ok: false, code: 'token-malformed', problem: expect.any(String) })
    expect(await verifier.verify(await collector.attest({ exp: seconds() }))).toMatchObject({
      problem: REFUSALS.expired,
    })
  })
})

async function evidence(kid: string): Promise<string> {
  const said = { nonce: 'bm9uY2Utb25l', now: clock.now(), facts: healthyFacts(clock.now()), seq: 1 }
  return collector.device.evidence(said, { header: { kid }, claims: { iss: URL, aud: URL, exp: seconds(600) } })
}

function raw(claims: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'eat+jwt', kid: collector.kid })).toString('base64url')
  const signed = `${header}.${Buffer.from(claims).toString('base64url')}`
  return `${signed}.${Buffer.from(collector.key.sign(Buffer.from(signed)) as Uint8Array).toString('base64url')}`
}

function hmac(): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'eat+jwt', kid: collector.kid })).toString('base64url')
  const signed = `${header}.${Buffer.from(JSON.stringify(collector.claims())).toString('base64url')}`
  const secret = JSON.stringify(publicKey(collector.key))
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

async function es384(): Promise<string> {
  const { privateKey, publicKey: key } = await generateKeyPair('ES384', { extractable: true })
  collector.keys = [{ ...(await exportJWK(key)), kid: 'big', alg: 'ES384', use: 'sig' }]
  return new SignJWT(collector.claims())
    .setProtectedHeader({ alg: 'ES384', typ: 'eat+jwt', kid: 'big' })
    .sign(privateKey)
}

/** The same signature with bits set that nobody reads. */
function respelt(token: string): string {
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${token.slice(0, -1)}${last[last.indexOf(token.at(-1) ?? '') + 1]}`
}

function withClaims(token: string, more: object): string {
  const [head = '', body = '', tail = ''] = token.split('.')
  const claims = { ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), ...more }
  return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${tail}`
}

describe('ten thousand damaged attestations', () => {
  test('are refused, each with a code and none with an exception', async () => {
    const token = await collector.attest()
    const offline = verifierOf({ statusLists: 'ignored' })
    const accepted: string[] = []
    const codes = new Map<string, number>()
    for (const damaged of mutations(token, 10_000)) {
      if (damaged === token) continue
      const verified = await offline.verify(damaged)
      if (verified.ok) accepted.push(damaged)
      codes.set(codeOf(verified), (codes.get(codeOf(verified)) ?? 0) + 1)
    }
    expect(accepted).toEqual([])
    expect([...codes.keys()].toSorted()).toEqual(expect.arrayContaining(['signature-invalid', 'token-malformed']))
  })

  test('by a single bit, at every place', async () => {
    const token = await collector.attest()
    const offline = verifierOf({ statusLists: 'ignored' })
    const accepted: number[] = []
    for (let at = 0; at < token.length; at++) {
      const flipped = String.fromCharCode(token.charCodeAt(at) ^ 1)
      const verified = await offline.verify(token.slice(0, at) + flipped + token.slice(at + 1))
      if (verified.ok) accepted.push(at)
    }
    expect(accepted).toEqual([])
  })
})

describe('a token that was verified is known again', () => {
  test('with the same answer, in which nobody can change anything', async () => {
    const token = await collector.attest()
    expect(await verdict(token)).toBe('good')
    const first = await verifier.verify(token)
    expect(await verifier.verify(Buffer.from(token).toString())).toBe(first)
    if (!first.ok) throw new Error(first.problem)
    const { attestation } = first
    expect(() => attestation.tiers.push('restricted')).toThrow(TypeError)
    expect(() => (attestation.tiers = ['restricted'])).toThrow(TypeError)
    expect(() => (attestation.checks[0]!.verdict = 'pass')).toThrow(TypeError)
    expect(() => (attestation.vector!['configuration'] = 2)).toThrow(TypeError)
    expect(() => (attestation.reference.idx = 1)).toThrow(TypeError)
    expect(() => attestation.policyIds.pop()).toThrow(TypeError)
    expect(() => Object.assign(first, { attestation: { ...attestation, tiers: ['restricted'] } })).toThrow(TypeError)
    attestation.expiresAt.setFullYear(2100)
    clock.pass(600)
    expect(await verdict(token)).toBe('expired')
  })

  test('until it ends', async () => {
    const offline = verifierOf({ statusLists: 'ignored' })
    const token = await collector.attest()
    expect(await verdict(token, offline)).toBe('good')
    clock.pass(599)
    expect(await verdict(token, offline)).toBe('good')
    clock.pass(1)
    expect(await verdict(token, offline)).toBe('expired')
  })

  test('until its list may be gone by no longer', async () => {
    const token = await collector.attest()
    expect(await verdict(token)).toBe('good')
    setStatus(collector.list, 1993, 1)
    clock.pass(59)
    expect(await verdict(token)).toBe('good')
    clock.pass(1)
    expect(await verdict(token)).toBe('device-revoked')
    expect(await verdict(token)).toBe('device-revoked')
  })

  test('until its list is looked at again, and cannot be had', async () => {
    const token = await collector.attest()
    expect(await verdict(token)).toBe('good')
    clock.pass(60)
    collector.instead.set(LIST, () => new Response('', { status: 503 }))
    expect(await verdict(token)).toBe('status-unavailable')
    collector.instead.clear()
    clock.pass(1)
    expect(await verdict(token)).toBe('good')
  })

  test('until its key is looked at again, and was taken back or is another', async () => {
    const offline = verifierOf({ statusLists: 'ignored' })
    const token = await collector.attest({ exp: seconds(3600) })
    expect(await verdict(token, offline)).toBe('good')
    clock.pass(299)
    collector.keys = [publicKey(fakeDevice(URL), { kid: collector.kid })]
    expect(await verdict(token, offline)).toBe('good')
    clock.pass(1)
    expect(await verdict(token, offline)).toBe('signature-invalid')
    collector.keys = []
    clock.pass(300)
    expect(await verdict(token, offline)).toBe('key-unknown')
  })

  test('until its key is looked at again, although its list may be gone by for longer', async () => {
    collector.instead.set(LIST, async () => new Response(await collector.statusList({ ttl: 3600, exp: seconds(3600) })))
    const token = await collector.attest({ exp: seconds(3600) })
    expect(await verdict(token)).toBe('good')
    collector.keys = []
    clock.pass(299)
    expect(await verdict(token)).toBe('good')
    clock.pass(1)
    expect(await verdict(token)).toBe('key-unknown')
  })

  test('also while newer keys cannot be had, from one look for them to the next', async () => {
    const offline = verifierOf({ statusLists: 'ignored' })
    const token = await collector.attest()
    const first = await offline.verify(token)
    collector.instead.set(JWKS, () => new Response('', { status: 503 }))
    clock.pass(300)
    const away = await offline.verify(token)
    expect(away).toEqual(first)
    clock.pass(29)
    expect(await offline.verify(token)).toBe(away)
    expect(collector.asked.length).toBe(2)
    clock.pass(1)
    expect(await offline.verify(token)).toEqual(first)
    expect(collector.asked.length).toBe(3)
  })

  test('for a day while the collector is away, and no longer', async () => {
    const offline = verifierOf({ statusLists: 'ignored' })
    const token = await collector.attest({ exp: seconds(100_000) })
    expect(await verdict(token, offline)).toBe('good')
    collector.instead.set(JWKS, () => new Response('', { status: 503 }))
    for (let hours = 0; hours < 23; hours++) {
      clock.pass(3600)
      expect(await verdict(token, offline)).toBe('good')
    }
    clock.pass(3599)
    expect(await verdict(token, offline)).toBe('good')
    clock.pass(1)
    expect(await verdict(token, offline)).toBe('keys-unavailable')
  })

  test('not where our clock was set back to before it was made', async () => {
    const token = await collector.attest()
    expect(await verdict(token)).toBe('good')
    clock.set(-31)
    expect(await verdict(token)).toBe('not-yet-valid')
    clock.set(1)
    expect(await verdict(token)).toBe('good')
  })

  test('not by its signature alone', async () => {
    const token = await collector.attest()
    expect(await verdict(token)).toBe('good')
    const [head, , tail] = (await collector.attest({ jti: 'jti-2' })).split('.')
    const [, body] = token.split('.')
    expect(await verdict(`${head}.${body}.${tail}`)).toBe('signature-invalid')
    expect(await verdict(`${token.slice(0, -100)}B${token.slice(-99)}`)).not.toBe('good')
    expect(await verdict(`A${token}`)).toBe('token-malformed')
    expect(await verdict(token)).toBe('good')
  })
})

test('what jose refuses is refused', async () => {
  const offline = verifierOf({ statusLists: 'ignored', toleranceSeconds: 0 })
  const values = [undefined, null, 0, -1, 1.5, '', 'x', [], {}, URL, [URL, 7], seconds(-1), seconds(), seconds(1)]
  const rules = { issuer: URL, audience: URL, typ: 'eat+jwt', algorithms: ['ES256'], requiredClaims: ['exp', 'iat'] }
  const accepted: Record<string, number> = {}
  for (const claim of ['iss', 'aud', 'exp', 'nbf', 'iat']) {
    for (const value of values) {
      const token = await collector.attest({ [claim]: value })
      const byJose = await jwtVerify(token, collector.key.key, { ...rules, currentDate: clock.now() }).then(
        () => 'good',
        () => 'refused',
      )
      const ours = await verdict(token, offline)
      if (ours === 'good') accepted[claim] = (accepted[claim] ?? 0) + 1
      expect([claim, value, ours === 'good' ? byJose : 'good']).toEqual([claim, value, 'good'])
    }
  }
  // Something has to be left of what is tried, or all of it would be refused for another reason.
  expect(accepted).toEqual({ iss: 1, aud: 2, exp: 1, nbf: 6, iat: 3 })
})
