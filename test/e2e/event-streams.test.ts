import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { value } from '../../shared/fact.ts'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'

const POLL = 'urn:ietf:rfc:8936'
const PUSH = 'urn:ietf:rfc:8935'
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const ANA = { format: 'email', email: 'ana@example.com' }
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

let collector: TestCollector
let made: Made
beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z'), settings: { 'push-targets': '127.0.0.1' } })
})
afterAll(() => collector.close())
beforeEach(async () => {
  made = await gateway(['events'])
})

type Made = { id: string; key: string }
const act: typeof askRunning = (_folder, ...rest) => askRunning(`${collector.folder}/collector`, ...rest)

async function gateway(scopes: Scope[]): Promise<Made> {
  const answer = await act('', 'gateway-create', { name: 'siem', scopes })
  return { id: String(answer?.id), key: String(answer?.key) }
}

async function tokenOf({ id, key }: Made, scope: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: key, scope })
  const response = await fetch(`${collector.issuerUrl}/oauth/token`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}

type Sent = { body?: unknown; key?: string; headers?: Record<string, string>; signal?: AbortSignal }
type Got = { status: number; headers: Headers; text: string; body: Record<string, unknown> }

async function ask(
  method: string,
  path: string,
  { body, key = made.key, headers = {}, signal }: Sent = {},
): Promise<Got> {
  const response = await fetch(`${collector.issuerUrl}${path}`, {
    method,
    headers: {
      ...(key !== '' && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Got['body']) : {},
  }
}

const codeOf = ({ status, body }: Got) => [status, body['code']]
async function stream(asked: object = {}, key = made.key): Promise<string> {
  return String((await ask('POST', '/ssf/stream', { body: asked, key })).body['stream_id'])
}

test('the transmitter says what it can do, and all that it names is there', async () => {
  const url = collector.issuerUrl
  const { status, body } = await ask('GET', '/.well-known/ssf-configuration', { key: '' })
  expect([status, body]).toEqual([
    200,
    {
      spec_version: '1_0',
      issuer: url,
      jwks_uri: `${url}/ssf/jwks.json`,
      delivery_methods_supported: [PUSH, POLL],
      configuration_endpoint: `${url}/ssf/stream`,
      status_endpoint: `${url}/ssf/status`,
      add_subject_endpoint: `${url}/ssf/subjects:add`,
      remove_subject_endpoint: `${url}/ssf/subjects:remove`,
      verification_endpoint: `${url}/ssf/verify`,
      critical_subject_members: ['device'],
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
      default_subjects: 'ALL',
    },
  ])
  for (const [name, address] of Object.entries(body)) {
    if (!name.endsWith('_endpoint')) continue
    expect(codeOf(await ask('POST', String(address).slice(url.length), { key: '' }))).toEqual([
      401,
      'gateway-key-missing',
    ])
  }
  const jwks = await ask('GET', '/ssf/jwks.json', { key: '' })
  expect([jwks.status, jwks.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^application\/jwk-set\+json/),
  ])
  expect(JSON.parse(jwks.text)).toEqual({
    keys: [
      {
        kty: 'RSA',
        n: expect.stringMatching(/^[\w-]{342}$/),
        e: 'AQAB',
        alg: 'RS256',
        use: 'sig',
        kid: expect.any(String),
      },
    ],
  })
})

describe('a stream', () => {
  test('is created, read, changed, replaced and removed, and never kept by a cache', async () => {
    const created = await ask('POST', '/ssf/stream', {
      body: { description: 'first', events_requested: [`${CAEP}session-revoked`] },
    })
    const { body: it } = created
    const id = String(it['stream_id'])
    expect(created.status).toBe(201)
    expect(it).toMatchObject({
      iss: collector.issuerUrl,
      aud: made.id,
      delivery: { method: POLL, endpoint_url: `${collector.issuerUrl}/ssf/poll/${id}` },
      events_delivered: [`${CAEP}session-revoked`],
      description: 'first',
      min_verification_interval: 30,
    })
    const one = await ask('GET', `/ssf/stream?stream_id=${id}`)
    expect([one.status, one.body]).toEqual([200, it])
    expect((await ask('GET', '/ssf/stream')).body).toEqual([it])
    const patched = await ask('PATCH', '/ssf/stream', { body: { stream_id: id, description: 'second' } })
    expect([patched.status, patched.body]).toEqual([200, { ...it, description: 'second' }])
    const replaced = await ask('PUT', '/ssf/stream', { body: { stream_id: id } })
    const { description: _gone, events_requested: _asked, ...rest } = it
    expect([replaced.status, replaced.body]).toEqual([200, { ...rest, events_delivered: it['events_supported'] }])
    const removed = await ask('DELETE', `/ssf/stream?stream_id=${id}`)
    expect([removed.status, removed.text]).toEqual([204, ''])
    expect(codeOf(await ask('GET', `/ssf/stream?stream_id=${id}`))).toEqual([404, 'stream-unknown'])
    const none = await ask('GET', '/ssf/stream')
    expect([none.status, none.body]).toEqual([200, []])
    for (const { headers } of [created, one, patched, replaced, removed, none])
      expect(headers.get('cache-control')).toBe('no-store')
  })

  test('that is pushed never tells its secret again', async () => {
    const delivery = {
      method: PUSH,
      endpoint_url: 'https://127.0.0.1:9/events',
      authorization_header: 'Bearer secret-of-the-receiver',
    }
    const { status, text } = await ask('POST', '/ssf/stream', { body: { delivery } })
    expect([status, text.includes('secret-of-the-receiver')]).toEqual([201, false])
    expect((await ask('GET', '/ssf/stream')).text).not.toContain('secret-of-the-receiver')
  })

  test('is paused, disabled and enabled', async () => {
    const id = await stream()
    const status = async () => (await ask('GET', `/ssf/status?stream_id=${id}`)).body
    expect(await status()).toEqual({ stream_id: id, status: 'enabled' })
    for (const wanted of ['paused', 'disabled', 'enabled']) {
      const got = await ask('POST', '/ssf/status', { body: { stream_id: id, status: wanted, reason: 'maintenance' } })
      expect([got.status, got.body]).toEqual([200, { stream_id: id, status: wanted, reason: 'maintenance' }])
      expect(await status()).toEqual(got.body)
      expect(got.headers.get('cache-control')).toBe('no-store')
    }
  })

  test('gains and loses subjects', async () => {
    const id = await stream()
    const added = await ask('POST', '/ssf/subjects:add', { body: { stream_id: id, subject: ANA, verified: true } })
    const removed = await ask('POST', '/ssf/subjects:remove', { body: { stream_id: id, subject: ANA } })
    expect([added.status, added.text, removed.status, removed.text]).toEqual([200, '', 204, ''])
  })

  test('is verified, at most so often as it says', async () => {
    const id = await stream()
    const verified = await ask('POST', '/ssf/verify', { body: { stream_id: id, state: 'c3RhdGU' } })
    expect([verified.status, verified.text]).toEqual([204, ''])
    expect(codeOf(await ask('POST', '/ssf/verify', { body: { stream_id: id } }))).toEqual([
      429,
      'verification-too-soon',
    ])
    collector.clock.now = new Date(collector.clock.now.getTime() + 30_000)
    expect((await ask('POST', '/ssf/verify', { body: { stream_id: id } })).status).toBe(204)
  })
})

describe('what is wrong is refused', () => {
  const STREAM = 'STREAM'
  const other = { format: 'phone_number', phone_number: '+12065550123' }
  test.each<[string, number, string, string, string, unknown?]>([
    [
      'a stream with a delivery of another kind',
      400,
      'request-invalid',
      'POST',
      '/ssf/stream',
      { delivery: { method: 'urn:example' } },
    ],
    ['a push stream without an address', 400, 'request-invalid', 'POST', '/ssf/stream', { delivery: { method: PUSH } }],
    [
      'a push stream in clear',
      400,
      'stream-invalid',
      'POST',
      '/ssf/stream',
      { delivery: { method: PUSH, endpoint_url: 'http://example.com/' } },
    ],
    [
      'a push stream into the machine',
      400,
      'stream-invalid',
      'POST',
      '/ssf/stream',
      { delivery: { method: PUSH, endpoint_url: 'https://[::1]/' } },
    ],
    [
      'a push stream to metadata',
      400,
      'stream-invalid',
      'POST',
      '/ssf/stream',
      { delivery: { method: PUSH, endpoint_url: 'https://169.254.169.254/' } },
    ],
    ['events that are no list', 400, 'request-invalid', 'POST', '/ssf/stream', { events_requested: 'all' }],
    ['a list', 400, 'request-invalid', 'POST', '/ssf/stream', []],
    ['no body', 400, 'request-invalid', 'POST', '/ssf/stream'],
    ['half a body', 400, 'request-invalid', 'POST', '/ssf/stream', '{"description":'],
    ['a prototype', 400, 'request-invalid', 'POST', '/ssf/stream', '{"__proto__":{"description":"x"}}'],
    ['a stream that there is none of, read', 404, 'stream-unknown', 'GET', '/ssf/stream?stream_id=none'],
    ['an empty name', 400, 'request-invalid', 'GET', '/ssf/stream?stream_id='],
    ['two names', 400, 'request-invalid', 'GET', '/ssf/stream?stream_id=a&stream_id=b'],
    ['a change of none', 404, 'stream-unknown', 'PATCH', '/ssf/stream', { stream_id: 'none' }],
    ['a change without a name', 400, 'request-invalid', 'PATCH', '/ssf/stream', { description: 'x' }],
    [
      'a change of the issuer',
      400,
      'stream-invalid',
      'PATCH',
      '/ssf/stream',
      { stream_id: STREAM, iss: 'https://other.example' },
    ],
    ['a change of the audience', 400, 'stream-invalid', 'PUT', '/ssf/stream', { stream_id: STREAM, aud: 'other' }],
    ['a replacement of none', 404, 'stream-unknown', 'PUT', '/ssf/stream', { stream_id: 'none' }],
    ['a replacement without a name', 400, 'request-invalid', 'PUT', '/ssf/stream', {}],
    ['a removal of none', 404, 'stream-unknown', 'DELETE', '/ssf/stream?stream_id=none'],
    ['a removal without a name', 400, 'request-invalid', 'DELETE', '/ssf/stream'],
    ['the status of none', 404, 'stream-unknown', 'GET', '/ssf/status?stream_id=none'],
    ['the status without a name', 400, 'request-invalid', 'GET', '/ssf/status'],
    ['a status for none', 404, 'stream-unknown', 'POST', '/ssf/status', { stream_id: 'none', status: 'paused' }],
    [
      'a status that there is none of',
      400,
      'request-invalid',
      'POST',
      '/ssf/status',
      { stream_id: STREAM, status: 'asleep' },
    ],
    ['a status without a status', 400, 'request-invalid', 'POST', '/ssf/status', { stream_id: STREAM }],
    [
      'a subject for none',
      404,
      'stream-unknown',
      'POST',
      '/ssf/subjects:add',
      { stream_id: 'none', subject: { format: 'email', email: 'a@b.c' } },
    ],
    [
      'a subject that can be none of ours',
      404,
      'subject-unknown',
      'POST',
      '/ssf/subjects:add',
      { stream_id: STREAM, subject: other },
    ],
    [
      'a subject of no format',
      400,
      'request-invalid',
      'POST',
      '/ssf/subjects:add',
      { stream_id: STREAM, subject: { format: 'phone', phone_number: '1' } },
    ],
    ['no subject', 400, 'request-invalid', 'POST', '/ssf/subjects:add', { stream_id: STREAM }],
    [
      'a subject from none',
      404,
      'stream-unknown',
      'POST',
      '/ssf/subjects:remove',
      { stream_id: 'none', subject: { format: 'email', email: 'a@b.c' } },
    ],
    [
      'the removal of a subject that can be none',
      404,
      'subject-unknown',
      'POST',
      '/ssf/subjects:remove',
      { stream_id: STREAM, subject: other },
    ],
    ['verification of none', 404, 'stream-unknown', 'POST', '/ssf/verify', { stream_id: 'none' }],
    [
      'verification with a state that is no text',
      400,
      'request-invalid',
      'POST',
      '/ssf/verify',
      { stream_id: STREAM, state: 1 },
    ],
    ['a poll of none', 404, 'stream-unknown', 'POST', '/ssf/poll/none', {}],
    ['a poll of less than nothing', 400, 'request-invalid', 'POST', '/ssf/poll/STREAM', { maxEvents: -1 }],
    ['a poll with half an acknowledgement', 400, 'request-invalid', 'POST', '/ssf/poll/STREAM', { ack: 'jti' }],
    [
      'a poll with an error without a code',
      400,
      'request-invalid',
      'POST',
      '/ssf/poll/STREAM',
      { setErrs: { jti: {} } },
    ],
    ['an address below', 404, 'not-found', 'GET', '/ssf/stream/x'],
    ['another method', 404, 'not-found', 'POST', '/ssf/jwks.json', {}],
  ])('%s', async (_name, status, code, method, path, body) => {
    const id = await stream()
    const filled =
      body === undefined ? {} : { body: (typeof body === 'string' ? body : JSON.stringify(body)).replace(STREAM, id) }
    expect(codeOf(await ask(method, path.replace(STREAM, id), filled))).toEqual([status, code])
    expect((await ask('GET', '/ssf/stream')).body).toHaveLength(1)
  })

  test('an eleventh stream', async () => {
    for (let count = 0; count < 10; count++) await stream()
    expect(codeOf(await ask('POST', '/ssf/stream', { body: {} }))).toEqual([409, 'stream-limit'])
  })

  test('verification of a stream that is paused, and a poll of one that is pushed', async () => {
    const paused = await stream()
    await ask('POST', '/ssf/status', { body: { stream_id: paused, status: 'paused' } })
    expect(codeOf(await ask('POST', '/ssf/verify', { body: { stream_id: paused } }))).toEqual([
      409,
      'stream-not-enabled',
    ])
    const pushed = await stream({ delivery: { method: PUSH, endpoint_url: 'https://127.0.0.1:9/' } })
    expect(codeOf(await ask('POST', `/ssf/poll/${pushed}`, { body: {} }))).toEqual([400, 'stream-invalid'])
  })

  test('nothing that calls itself JSON is a body that is missing, and harms no call that has none', async () => {
    const headers = { 'content-type': 'application/json' }
    expect(codeOf(await ask('POST', '/ssf/stream', { headers }))).toEqual([400, 'request-invalid'])
    expect((await ask('DELETE', `/ssf/stream?stream_id=${await stream()}`, { headers })).status).toBe(204)
  })

  test('a body of another type; one of none is taken for JSON', async () => {
    for (const type of [
      'text/plain',
      'application/jsonx',
      'application/x-www-form-urlencoded',
      'application/secevent+jwt',
      'nonsense',
    ]) {
      const sent = { body: '{}', headers: { 'content-type': type } }
      expect(codeOf(await ask('POST', '/ssf/stream', sent))).toEqual([400, 'request-invalid'])
    }
    const body = new Blob(['{"description":"untyped"}'])
    const headers = { authorization: `Bearer ${made.key}` }
    const response = await fetch(`${collector.issuerUrl}/ssf/stream`, { method: 'POST', headers, body })
    expect([response.status, await response.json()]).toEqual([201, expect.objectContaining({ description: 'untyped' })])
  })
})

/** Every call about a stream, the scope that is enough for it, and how it is answered where all is well. */
const CALLS: [method: string, path: string, scope: 'ssf.read' | 'ssf.manage', status: number, body?: object][] = [
  ['POST', '/ssf/stream', 'ssf.manage', 201, {}],
  ['GET', '/ssf/stream', 'ssf.read', 200],
  ['GET', '/ssf/stream?stream_id=STREAM', 'ssf.read', 200],
  ['PATCH', '/ssf/stream', 'ssf.manage', 200, { stream_id: 'STREAM', description: 'theirs' }],
  ['PUT', '/ssf/stream', 'ssf.manage', 200, { stream_id: 'STREAM', description: 'theirs' }],
  ['GET', '/ssf/status?stream_id=STREAM', 'ssf.read', 200],
  ['POST', '/ssf/status', 'ssf.manage', 200, { stream_id: 'STREAM', status: 'enabled' }],
  ['POST', '/ssf/subjects:add', 'ssf.manage', 200, { stream_id: 'STREAM', subject: ANA }],
  ['POST', '/ssf/subjects:remove', 'ssf.manage', 204, { stream_id: 'STREAM', subject: ANA }],
  ['POST', '/ssf/verify', 'ssf.manage', 204, { stream_id: 'STREAM' }],
  ['POST', '/ssf/poll/STREAM', 'ssf.read', 200, { returnImmediately: true }],
  ['DELETE', '/ssf/stream?stream_id=STREAM', 'ssf.manage', 204],
]

describe.each(CALLS)('%s %s', (method, path, scope, status, body) => {
  const call = (id: string, sent: Sent = {}) => {
    const filled = body && { body: JSON.stringify(body).replace('STREAM', id) }
    return ask(method, path.replace('STREAM', id), { ...filled, ...sent })
  }

  test('asks for a key, and for its scope, before it looks at anything', async () => {
    const id = await stream()
    const { key: decide } = await gateway(['decide', 'vouch', 'admin'])
    const malformed = body ? { body: '{' } : {}
    expect(codeOf(await call(id, { key: '' }))).toEqual([401, 'gateway-key-missing'])
    expect(codeOf(await call(id, { key: 'mgw_none' }))).toEqual([401, 'gateway-key-invalid'])
    expect(codeOf(await call(id, { key: decide }))).toEqual([403, 'scope-missing'])
    expect(codeOf(await call(id, { key: decide, ...malformed }))).toEqual([403, 'scope-missing'])
  })

  test('is for tokens that may', async () => {
    const got: number[] = []
    for (const asked of ['ssf.read', 'ssf.manage', 'events']) {
      got.push((await call(await stream(), { key: await tokenOf(made, asked) })).status)
    }
    expect(got).toEqual([scope === 'ssf.read' ? status : 403, status, status])
  })

  test('knows no stream of anybody else', async () => {
    const id = await stream({ description: 'mine' })
    const got = await call(id, { key: (await gateway(['events'])).key })
    const isNamed = JSON.stringify([path, body]).includes('STREAM')
    expect([...codeOf(got), got.text.includes(id)]).toEqual([
      ...(isNamed ? [404, 'stream-unknown'] : [status, undefined]),
      false,
    ])
    const mine = await ask('GET', '/ssf/stream')
    expect(mine.body).toEqual([expect.objectContaining({ stream_id: id, description: 'mine' })])
  })
})

const poll = (id: string, body: object, more: Sent = {}) => ask('POST', `/ssf/poll/${id}`, { body, ...more })

describe('a poll', () => {
  test('gives signed events until they are acknowledged', async () => {
    const id = await stream()
    await ask('POST', '/ssf/verify', { body: { stream_id: id, state: 'c3RhdGU' } })
    const first = await poll(id, { returnImmediately: true })
    expect([first.status, first.headers.get('cache-control'), first.body['moreAvailable']]).toEqual([
      200,
      'no-store',
      false,
    ])
    const [[jti, jws]] = Object.entries(first.body['sets'] as Record<string, string>) as [[string, string]]
    const jwks = JSON.parse((await ask('GET', '/ssf/jwks.json')).text) as JSONWebKeySet
    const { payload } = await jwtVerify(jws, createLocalJWKSet(jwks), {
      typ: 'secevent+jwt',
      algorithms: ['RS256'],
      issuer: collector.issuerUrl,
      audience: made.id,
      currentDate: collector.clock.now,
    })
    expect(payload).toMatchObject({
      jti,
      sub_id: { format: 'opaque', id },
      events: { [VERIFICATION]: { state: 'c3RhdGU' } },
    })
    expect((await poll(id, { maxEvents: 0, returnImmediately: true })).body).toEqual({ sets: {}, moreAvailable: true })
    expect((await poll(id, { returnImmediately: true })).body['sets']).toEqual({ [jti]: expect.any(String) })
    expect((await poll(id, { returnImmediately: true, ack: [jti, 'unknown'] })).body).toEqual({
      sets: {},
      moreAvailable: false,
    })
  })

  test('waits for what comes, and tells of a device that lost a tier', async () => {
    const id = await stream({ events_requested: [`${CAEP}session-revoked`], subject_form: 'device' })
    const client = await enrolledClient(await collector.enrollment(), { now: collector.clock.now })
    const conversation = await connectedClient(client, collector.clock.now)
    const { now } = collector.clock
    await conversation.report(healthyFacts(now), now)
    const waiting = poll(id, {}, { key: await tokenOf(made, 'ssf.read') })
    await conversation.report({ ...healthyFacts(now), 'endpoint-protection': read(value({ products: [] }), now) }, now)
    const { status, body } = await waiting
    const [jws = ''] = Object.values(body['sets'] as Record<string, string>)
    const claims = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as object
    expect([status, claims]).toEqual([
      200,
      expect.objectContaining({ sub_id: { format: 'iss_sub', iss: collector.issuerUrl, sub: client.deviceId } }),
    ])
    conversation.close()
  })

  test('that waits ends when the gateway is revoked, without a word', async () => {
    const id = await stream()
    const waiting = poll(id, {})
    // Its place in the line is taken once another call of the same kind has been answered.
    await poll(id, { returnImmediately: true })
    await act('', 'gateway-revoke', { id: made.id })
    expect(codeOf(await waiting)).toEqual([401, 'gateway-key-invalid'])
  })

  test('that is given up harms nobody', async () => {
    const id = await stream()
    const giveUp = new AbortController()
    const waiting = poll(id, {}, { signal: giveUp.signal })
    await poll(id, { returnImmediately: true })
    giveUp.abort()
    await expect(waiting).rejects.toThrow(/abort/)
    expect((await poll(id, { returnImmediately: true })).status).toBe(200)
  })
})
