import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

let collector: TestCollector
let made: { id: string; key: string }
beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  made = await gateway('wiki & co: 100%', ['decide', 'events'])
})
afterAll(() => collector.close())

async function gateway(name: string, scopes: ('decide' | 'vouch' | 'events' | 'admin')[]) {
  const answer = await askRunning(`${collector.folder}/collector`, 'gateway-create', { name, scopes })
  return { id: String(answer?.id), key: String(answer?.key) }
}

const FORM = 'application/x-www-form-urlencoded'
type Sent = { body?: string; headers?: Record<string, string>; query?: string }

async function askToken({ body, headers = {}, query = '' }: Sent) {
  const response = await fetch(`${collector.issuerUrl}/oauth/token${query}`, {
    method: 'POST',
    headers: { 'content-type': FORM, ...headers },
    ...(body !== undefined && { body }),
  })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, answer }
}

const formed = (it: string) => new URLSearchParams({ '': it }).toString().slice(1)
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${formed(id)}:${formed(secret)}`).toString('base64')}`,
})
const grant = 'grant_type=client_credentials'

async function tokenOf(scope?: string, { id, key } = made): Promise<string> {
  const wanted = scope === undefined ? '' : `&scope=${formed(scope)}`
  const { answer } = await askToken({ body: grant + wanted, headers: basic(id, key) })
  return String(answer['access_token'])
}

const get = (path: string, headers: Record<string, string>) => fetch(`${collector.issuerUrl}${path}`, { headers })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
/** Asks about a device that there is none of: 404 for whoever may ask. */
const statusWith = async (headers: Record<string, string>) => (await get('/v1/devices/dev_none', headers)).status

describe('a token is given', () => {
  test.each<[string, () => Sent]>([
    ['by HTTP Basic, by id', () => ({ body: grant, headers: basic(made.id, made.key) })],
    ['by HTTP Basic, by name, encoded as a form', () => ({ body: grant, headers: basic('wiki & co: 100%', made.key) })],
    [
      'by HTTP Basic with the same client_id in the body',
      () => ({ body: `${grant}&client_id=${made.id}`, headers: basic(made.id, made.key) }),
    ],
    ['by a form', () => ({ body: `${grant}&client_id=${made.id}&client_secret=${made.key}` })],
    [
      'by a form with a character set',
      () => ({
        body: `${grant}&client_id=${made.id}&client_secret=${made.key}`,
        headers: { 'content-type': `${FORM}; charset=UTF-8` },
      }),
    ],
    [
      'whatever else is in the form, and where scope is empty',
      () => ({ body: `${grant}&scope=&resource=x&audience=y`, headers: basic(made.id, made.key) }),
    ],
    [
      'for what was asked, in our order',
      () => ({ body: `${grant}&scope=ssf.manage+ssf.read+decide+events`, headers: basic(made.id, made.key) }),
    ],
  ])('%s', async (_name, sent) => {
    const { status, headers, answer } = await askToken(sent())
    expect([status, headers.get('cache-control'), headers.get('pragma')]).toEqual([200, 'no-store', 'no-cache'])
    expect(answer).toEqual({
      access_token: expect.stringMatching(/^eyJ/),
      token_type: 'Bearer',
      expires_in: 1800,
      scope: 'decide events ssf.read ssf.manage',
    })
    expect(await statusWith(bearer(String(answer['access_token'])))).toBe(404)
  })
})

describe('no token is given', () => {
  const BASIC = 'Basic realm="muster", charset="UTF-8"'
  test.each<[string, number, string, () => Sent]>([
    ['without a client', 401, 'invalid_client', () => ({ body: grant })],
    ['without anything', 401, 'invalid_client', () => ({ body: '' })],
    ['without a body', 401, 'invalid_client', () => ({})],
    ['with an id alone', 401, 'invalid_client', () => ({ body: `${grant}&client_id=${made.id}` })],
    ['with a secret alone', 401, 'invalid_client', () => ({ body: `${grant}&client_secret=${made.key}` })],
    ['with a wrong secret', 401, 'invalid_client', () => ({ body: grant, headers: basic(made.id, `${made.key}x`) })],
    ['with an empty secret', 401, 'invalid_client', () => ({ body: grant, headers: basic(made.id, '') })],
    ['with the id of another', 401, 'invalid_client', () => ({ body: grant, headers: basic('gw_other', made.key) })],
    ['with an empty id', 401, 'invalid_client', () => ({ body: grant, headers: basic('', made.key) })],
    [
      'with a wrong secret in the form',
      401,
      'invalid_client',
      () => ({ body: `${grant}&client_id=${made.id}&client_secret=mgw_x` }),
    ],
    ['with the key as a bearer', 401, 'invalid_client', () => ({ body: grant, headers: bearer(made.key) })],
    [
      'with a header that is no base64',
      401,
      'invalid_client',
      () => ({ body: grant, headers: { authorization: 'Basic %%%' } }),
    ],
    [
      'with a header that is empty',
      401,
      'invalid_client',
      () => ({ body: grant, headers: { authorization: 'Basic' } }),
    ],
    [
      'with a header without a colon',
      401,
      'invalid_client',
      () => ({ body: grant, headers: { authorization: 'Basic YWJj' } }),
    ],
    [
      'with a header that cannot be decoded',
      401,
      'invalid_client',
      () => ({ body: grant, headers: { authorization: `Basic ${Buffer.from('%zz:x').toString('base64')}` } }),
    ],
    [
      'in two ways',
      400,
      'invalid_request',
      () => ({ body: `${grant}&client_id=${made.id}&client_secret=${made.key}`, headers: basic(made.id, made.key) }),
    ],
    [
      'with a bearer and a secret',
      400,
      'invalid_request',
      () => ({ body: `${grant}&client_id=${made.id}&client_secret=${made.key}`, headers: bearer(made.key) }),
    ],
    [
      'for two clients',
      400,
      'invalid_request',
      () => ({ body: `${grant}&client_id=gw_other`, headers: basic(made.id, made.key) }),
    ],
    [
      'without a grant type',
      400,
      'invalid_request',
      () => ({ body: 'scope=decide', headers: basic(made.id, made.key) }),
    ],
    [
      'for an empty grant type',
      400,
      'invalid_request',
      () => ({ body: 'grant_type=', headers: basic(made.id, made.key) }),
    ],
    [
      'for a grant type twice',
      400,
      'invalid_request',
      () => ({ body: `${grant}&${grant}`, headers: basic(made.id, made.key) }),
    ],
    [
      'for a parameter twice, once empty',
      400,
      'invalid_request',
      () => ({ body: `${grant}&scope=&scope=decide`, headers: basic(made.id, made.key) }),
    ],
    [
      'for another grant type',
      400,
      'unsupported_grant_type',
      () => ({ body: 'grant_type=password&username=a&password=b', headers: basic(made.id, made.key) }),
    ],
    [
      'for a scope that it does not have',
      400,
      'invalid_scope',
      () => ({ body: `${grant}&scope=admin`, headers: basic(made.id, made.key) }),
    ],
    [
      'for a scope that it has and one that it does not have',
      400,
      'invalid_scope',
      () => ({ body: `${grant}&scope=decide+vouch`, headers: basic(made.id, made.key) }),
    ],
    [
      'for a scope that there is none of',
      400,
      'invalid_scope',
      () => ({ body: `${grant}&scope=root`, headers: basic(made.id, made.key) }),
    ],
    [
      'for scopes with two spaces between',
      400,
      'invalid_scope',
      () => ({ body: `${grant}&scope=decide++events`, headers: basic(made.id, made.key) }),
    ],
    [
      'with parameters in the address',
      400,
      'invalid_request',
      () => ({ query: `?${grant}`, body: grant, headers: basic(made.id, made.key) }),
    ],
    [
      'for JSON',
      400,
      'invalid_request',
      () => ({
        body: '{"grant_type":"client_credentials"}',
        headers: { ...basic(made.id, made.key), 'content-type': 'application/json' },
      }),
    ],
    [
      'for more than fits',
      400,
      'invalid_request',
      () => ({ body: `${grant}&x=${'x'.repeat(100_000)}`, headers: basic(made.id, made.key) }),
    ],
  ])('%s', async (_name, status, error, sent) => {
    const { answer, ...got } = await askToken(sent())
    expect([got.status, answer]).toEqual([
      status,
      { error, error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) },
    ])
    expect(got.headers.get('cache-control')).toBe('no-store')
    expect(got.headers.get('www-authenticate')).toBe(status === 401 ? BASIC : null)
    expect(JSON.stringify(answer)).not.toContain(made.key)
  })

  test('to a gateway that was revoked', async () => {
    const gone = await gateway('gone', ['decide'])
    await askRunning(`${collector.folder}/collector`, 'gateway-revoke', { id: gone.id })
    expect(await askToken({ body: grant, headers: basic(gone.id, gone.key) })).toMatchObject({ status: 401 })
  })
})

describe('a token', () => {
  test('may do what it names, and nothing else that its gateway may', async () => {
    const token = await tokenOf('ssf.read')
    const refused = await get('/v1/devices/dev_none', bearer(token))
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="muster", error="insufficient_scope"',
    ])
    expect(await refused.json()).toMatchObject({ code: 'scope-missing' })
    expect(await statusWith(bearer(await tokenOf('decide')))).toBe(404)
    expect((await get('/v1/admin/devices', bearer(await tokenOf()))).status).toBe(403)
    const admin = await gateway('script', ['admin'])
    expect((await get('/v1/admin/devices', bearer(await tokenOf(undefined, admin)))).status).toBe(200)
  })

  test('does not vouch unless it says so', async () => {
    const vouching = await gateway('vpn', ['decide', 'vouch'])
    const asked = async (scope: string) => {
      const headers = { ...bearer(await tokenOf(scope, vouching)), 'muster-device': 'dev_none' }
      return (await (await get('/v1/forward-auth/internal', headers)).json()) as { code: string }
    }
    expect(await asked('decide')).toMatchObject({ code: 'scope-missing' })
    expect(await asked('decide vouch')).toMatchObject({ code: 'device-unknown' })
  })

  test('serves in the header for gateways as well, where Authorization is the user’s', async () => {
    const headers = { ...bearer('eyJhbGciOiJub25lIn0.e30.'), 'muster-gateway-key': await tokenOf() }
    expect(await statusWith(headers)).toBe(404)
  })

  test('is worth nothing once its gateway is revoked, and once its time is over', async () => {
    const gone = await gateway('gone', ['decide'])
    const token = await tokenOf(undefined, gone)
    expect(await statusWith(bearer(token))).toBe(404)
    await askRunning(`${collector.folder}/collector`, 'gateway-revoke', { id: gone.id })
    const refused = await get('/v1/devices/dev_none', bearer(token))
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="muster", error="invalid_token"',
    ])
    expect(await refused.json()).toMatchObject({ code: 'access-token-invalid' })

    const other = await tokenOf()
    collector.clock.now = new Date(collector.clock.now.getTime() + 1_800_000)
    expect(await statusWith(bearer(other))).toBe(401)
  })

  test('cannot be used to get another', async () => {
    const token = await tokenOf()
    expect(await askToken({ body: grant, headers: basic(made.id, token) })).toMatchObject({ status: 401 })
  })

  test('and a key never reach the log', async () => {
    const token = await tokenOf()
    await statusWith(bearer(`${token}x`))
    await askToken({ body: `${grant}&client_id=${made.id}&client_secret=${made.key}x` })
    expect(collector.logged.filter((line) => line.includes(token) || line.includes(made.key))).toEqual([])
  })
})

test('clients can look up how to get a token', async () => {
  const url = collector.issuerUrl
  const metadata = (await (await get('/.well-known/oauth-authorization-server', {})).json()) as object
  expect(metadata).toMatchObject({
    issuer: url,
    token_endpoint: `${url}/oauth/token`,
    introspection_endpoint: `${url}/oauth/introspect`,
    grant_types_supported: ['client_credentials'],
  })
})
