import { createHmac } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { heldClock, ISSUER, type HeldClock } from '../test/fakes/fleet.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { ACCESS_TOKEN_SECONDS, openAccessTokens, permittedScopes, type AccessTokens } from './access-tokens.ts'

const SECRET = Buffer.alloc(32, 7)
let clock: HeldClock
let tokens: AccessTokens
beforeEach(() => {
  clock = heldClock()
  tokens = openAccessTokens({ issuerUrl: ISSUER, secret: SECRET, clock: clock.now })
})

const of = { gatewayId: 'gw_1', scopes: ['decide', 'ssf.read'], certificate: null } as const

test('a token says who may do what, until when', () => {
  const token = tokens.issue(of)
  const expiresAt = new Date(clock.now().getTime() + ACCESS_TOKEN_SECONDS * 1000)
  expect(tokens.read(token)).toEqual({ ...of, expiresAt })
  const bound = { ...of, certificate: 'x'.repeat(43) }
  expect(tokens.read(tokens.issue(bound))).toEqual({ ...bound, expiresAt })
  expect(tokens.issue(of)).not.toBe(token)
})

test('is a JWT access token of RFC 9068, as another library reads it', async () => {
  const token = tokens.issue({ ...of, certificate: 'x'.repeat(43) })
  const { payload } = await jwtVerify(token, SECRET, {
    typ: 'at+jwt',
    issuer: ISSUER,
    audience: ISSUER,
    currentDate: clock.now(),
  })
  const iat = clock.now().getTime() / 1000
  expect(payload).toEqual({
    iss: ISSUER,
    aud: ISSUER,
    sub: 'gw_1',
    client_id: 'gw_1',
    iat,
    exp: iat + 1800,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    scope: 'decide ssf.read',
    cnf: { 'x5t#S256': 'x'.repeat(43) },
  })
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'at+jwt' })
})

test('is over at its second, and worth nothing under a clock that was set back', () => {
  const token = tokens.issue(of)
  clock.pass(ACCESS_TOKEN_SECONDS * 1000 - 1000)
  expect(tokens.read(token)).not.toBeNull()
  clock.pass(1000)
  expect(tokens.read(token)).toBeNull()
  clock.set(-ACCESS_TOKEN_SECONDS * 1000)
  expect(tokens.read(token)).not.toBeNull()
  clock.set(-1000)
  expect(tokens.read(token)).toBeNull()
})

const part = (it: unknown) => Buffer.from(typeof it === 'string' ? it : JSON.stringify(it)).toString('base64url')
const signed = (header: unknown, claims: unknown, secret: Uint8Array = SECRET) => {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

const claims = () => {
  const iat = clock.now().getTime() / 1000
  const who = { iss: ISSUER, aud: ISSUER, sub: 'gw_1', client_id: 'gw_1' }
  return { ...who, iat, exp: iat + 60, jti: 'j', scope: 'decide' }
}

describe('is refused', () => {
  const header = { alg: 'HS256', typ: 'at+jwt' }
  test('unless it is right, which the table below is by one thing only', () => {
    expect(tokens.read(signed(header, claims()))).toMatchObject({ gatewayId: 'gw_1', scopes: ['decide'] })
  })

  test.each<[string, () => string]>([
    ['nothing', () => ''],
    ['a key', () => 'mgw_abc'],
    ['another secret', () => signed(header, claims(), Buffer.alloc(32, 8))],
    ['an empty secret', () => signed(header, claims(), Buffer.alloc(0))],
    ['no algorithm', () => signed({ alg: 'none', typ: 'at+jwt' }, claims())],
    ['no signature', () => signed(header, claims()).replace(/\.[^.]*$/, '.')],
    ['two parts', () => signed(header, claims()).replace(/\.[^.]*$/, '')],
    ['another algorithm', () => signed({ alg: 'HS384', typ: 'at+jwt' }, claims())],
    ['a header in another order', () => signed({ typ: 'at+jwt', alg: 'HS256' }, claims())],
    ['another kind of token', () => signed({ alg: 'HS256', typ: 'eat+jwt' }, claims())],
    ['no type', () => signed({ alg: 'HS256' }, claims())],
    ['a fourth part', () => `${signed(header, claims())}.x`],
    ['padding', () => `${signed(header, claims())}=`],
    ['a line break', () => `${signed(header, claims())}\n`],
    ['claims that are not JSON', () => signed(header, 'claims')],
    ['claims that are a list', () => signed(header, [])],
    ['another issuer', () => signed(header, { ...claims(), iss: 'https://other.example' })],
    ['another audience', () => signed(header, { ...claims(), aud: 'https://other.example' })],
    ['no end', () => signed(header, { ...claims(), exp: undefined })],
    ['an end in words', () => signed(header, { ...claims(), exp: '4102444800' })],
    ['an end too far ahead', () => signed(header, { ...claims(), exp: claims().iat + ACCESS_TOKEN_SECONDS + 1 })],
    ['a scope that there is none of', () => signed(header, { ...claims(), scope: 'decide root' })],
    ['no scope', () => signed(header, { ...claims(), scope: '' })],
    ['a claim that is not ours', () => signed(header, { ...claims(), act: 'x' })],
    ['a binding that cannot be read', () => signed(header, { ...claims(), cnf: { jkt: 'x' } })],
    ['far too much', () => signed(header, { ...claims(), jti: 'j'.repeat(100_000) })],
  ])('for %s', (_name, token) => {
    expect(tokens.read(token())).toBeNull()
  })

  test('whatever is changed of a good one', () => {
    const token = tokens.issue(of)
    const read = [...mutations(token, 3000)].filter((it) => it !== token).filter((it) => tokens.read(it) !== null)
    expect(read).toEqual([])
  })
})

test('whoever may have streams may ask for less than that, and nobody for more than he has', () => {
  expect(permittedScopes({ scopes: ['decide'] })).toEqual(['decide'])
  expect(permittedScopes({ scopes: ['decide', 'events'] })).toEqual(['decide', 'events', 'ssf.read', 'ssf.manage'])
})
