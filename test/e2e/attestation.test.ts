import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AttestationClaims } from '../../collector/protocol/claims.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

const PYTHON = '/usr/bin/python3'
const JWCRYPTO = '/usr/lib/python3/dist-packages/jwcrypto'
const hasJwcrypto = existsSync(PYTHON) && existsSync(JWCRYPTO)

let collector: TestCollector
let client: Client
let conversation: Conversation
let attestation: string
let mediaType: string | null
let jwks: JSONWebKeySet
let headers: Record<string, string>

const url = (path = '') => `${collector.issuerUrl}/v1/devices/${client.deviceId}${path}`

beforeAll(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  conversation = await connectedClient(client)
  await conversation.report({})
  headers = { authorization: `Bearer ${await collector.gatewayKey('decide')}` }
  const response = await fetch(url('/attestation'), { headers })
  mediaType = response.headers.get('content-type')
  attestation = await response.text()
  jwks = (await (await fetch(`${collector.issuerUrl}/.well-known/jwks.json`)).json()) as JSONWebKeySet
})
afterAll(() => collector.close())

async function claimsOf(jws: string, audience = collector.issuerUrl): Promise<AttestationClaims> {
  const options = { issuer: collector.issuerUrl, audience, typ: 'eat+jwt', algorithms: ['ES256'] }
  const { payload } = await jwtVerify(jws, createLocalJWKSet(jwks), options)
  return payload as unknown as AttestationClaims
}

test('verifies against the published keys, with the type, issuer and audience that a verifier demands', async () => {
  const claims = await claimsOf(attestation)
  expect(mediaType).toBe('application/eat+jwt')
  expect(claims).toMatchObject({
    iss: collector.issuerUrl,
    sub: client.deviceId,
    aud: [collector.issuerUrl],
    cnf: { jkt: client.deviceId.slice('dev_'.length) },
    eat_profile: 'tag:ietf.org,2026:rats/ear#04',
  })
  expect(decodeProtectedHeader(attestation)).toEqual({ alg: 'ES256', typ: 'eat+jwt', kid: jwks.keys[0]!.kid })
  expect(claims.submods.device.ear_verifier_claims).toMatchObject({
    tiers: ['public'],
    keyProtection: 'software',
    attested: false,
  })
})

test('what could not be read is 36 in configuration, and the claims that it would have decided are left out', async () => {
  const { submods } = await claimsOf(attestation)
  expect(submods.device.ear_trustworthiness_vector).toEqual({ 'instance-identity': 2, configuration: 36 })
  expect(submods.device.ear_status).toBe('warning')
})

test('a gateway gets one of its own by its audience', async () => {
  const jws = await (await fetch(url('/attestation?aud=https://gw.example'), { headers })).text()
  expect((await claimsOf(jws, 'https://gw.example')).aud).toEqual(['https://gw.example'])
  await expect(claimsOf(jws)).rejects.toThrow(/aud/)
})

test('ends ten minutes after it was made, and never later than the evidence is fresh', async () => {
  const claims = await claimsOf(attestation)
  expect(claims.exp - claims.iat).toBe(600)
  collector.clock.now = new Date(collector.clock.now.getTime() + 10 * 60_000)
  const later = (await (await fetch(url('/attestation'), { headers })).text()).split('.')[1] ?? ''
  const { iat, exp } = JSON.parse(Buffer.from(later, 'base64url').toString()) as { iat: number; exp: number }
  expect(exp - iat).toBe(300)
})

test('there is none without fresh evidence: 409 and a code', async () => {
  collector.clock.now = new Date(collector.clock.now.getTime() + 15 * 60_000)
  const response = await fetch(url('/attestation'), { headers })
  expect(response.status).toBe(409)
  expect(await response.json()).toMatchObject({ code: 'stale' })
  const standing = await (await fetch(url(), { headers })).json()
  expect(standing).toMatchObject({ tiers: ['public'], earStatus: 'warning' })
})

describe('an implementation of JOSE that is not ours', () => {
  const program = `
import json, sys
from jwcrypto import jwk, jwt
given = json.load(sys.stdin)
keys = jwk.JWKSet.from_json(json.dumps(given["jwks"]))
token = jwt.JWT(jwt=given["token"], key=keys, algs=["ES256"], check_claims={"iss": given["iss"], "exp": None})
print(json.dumps({"header": json.loads(token.header), "claims": json.loads(token.claims)}))
`
  const python = (token: string) => {
    const input = JSON.stringify({ token, jwks, iss: collector.issuerUrl })
    return spawnSync(PYTHON, ['-c', program], { input, encoding: 'utf8' })
  }

  test.skipIf(!hasJwcrypto)(`jwcrypto verifies it (skipped where python3-jwcrypto is not installed)`, async () => {
    const { status, stdout, stderr } = python(attestation)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ header: { typ: 'eat+jwt' }, claims: { sub: client.deviceId } })
  })

  test.skipIf(!hasJwcrypto)('jwcrypto refuses it once a character is another', () => {
    const [head, body = '', tail] = attestation.split('.')
    const changed = body.startsWith('e') ? `f${body.slice(1)}` : `e${body.slice(1)}`
    expect(python(`${head}.${changed}.${tail}`).status).not.toBe(0)
  })
})
