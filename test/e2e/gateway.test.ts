import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { absent, unreadable, value, type Fact } from '../../shared/fact.ts'
import type { SignalId, SignalValue } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read, unreadableFacts } from '../fakes/facts.ts'

let collector: TestCollector
let key: string
let client: Client
let conversation: Conversation

beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  key = await collector.gatewayKey('decide', 'vouch')
})
afterAll(() => collector.close())
beforeEach(async () => {
  client = await enrolledClient(await collector.enrollment(), { now: now() })
  conversation = await connectedClient(client, now())
  return () => conversation.close()
})

const now = () => collector.clock.now

/** Reports a laptop that is healthy but for these facts. */
function report(changes: { [Id in SignalId]?: Fact<SignalValue[Id]> } = {}) {
  const facts = healthyFacts(now())
  for (const [id, fact] of Object.entries(changes))
    Object.assign(facts, { [id]: read<SignalValue[SignalId]>(fact, now()) })
  return conversation.report(facts, now())
}

type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

async function forwardAuth(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const usual = { authorization: `Bearer ${key}`, 'muster-device': client.deviceId }
  const response = await fetch(`${collector.issuerUrl}/v1/forward-auth/${path}`, {
    method,
    headers: { ...usual, ...headers },
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

/** `fetch` would tidy the path up; a hostile client does not. */
function rawStatus(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'muster-device': client.deviceId }
    const call = request(`${collector.issuerUrl}/`, { path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on('error', reject)
    call.end()
  })
}

async function textOf(path: string): Promise<string> {
  return (await fetch(`${collector.issuerUrl}${path}`)).text()
}

async function evaluation(body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${collector.issuerUrl}/access/v1/evaluation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

const question = (tier: string) => ({
  subject: { type: 'user', id: 'alice@example.com', properties: { device_id: client.deviceId } },
  action: { name: 'GET' },
  resource: { type: 'route', id: 'wiki.example.com/start', properties: { tier } },
})

describe('forward-auth', () => {
  test('a laptop that passes every check reaches every tier, and the moment a fact turns bad it does not', async () => {
    const { standing } = await report()
    expect(standing.tiers).toEqual(['public', 'internal', 'confidential', 'restricted'])
    expect((await forwardAuth('restricted')).status).toBe(200)
    await report({ 'endpoint-protection': value({ products: [] }) })
    expect((await forwardAuth('confidential')).status).toBe(403)
    expect((await forwardAuth('internal')).status).toBe(200)
    await report()
    expect((await forwardAuth('confidential')).status).toBe(200)
  })

  test('a laptop of which nothing can be read reaches no tier but public', async () => {
    const { standing } = await conversation.report(unreadableFacts(now()), now())
    expect(standing.tiers).toEqual(['public'])
    for (const tier of ['internal', 'confidential', 'restricted']) expect((await forwardAuth(tier)).status).toBe(403)
    expect((await forwardAuth('public')).status).toBe(200)
  })

  test('a laptop that passed has grace where the policy gives it: 200 with the deadline in the standing', async () => {
    await report()
    const { standing } = await report({ firewall: value({ enabled: false }) })
    const firewall = standing.checks.find(({ id }) => id === 'firewall')
    expect(firewall).toMatchObject({ verdict: 'grace', deadline: '2026-11-24T09:00:00.000Z' })
    const answer = await forwardAuth('confidential')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-posture-status')).toBe('warning')
  })

  test('evidence that grew stale closes the gate by time alone', async () => {
    await report()
    const before = now()
    collector.clock.now = new Date(before.getTime() + 15 * 60_000)
    const answer = await forwardAuth('internal')
    collector.clock.now = before
    expect(answer.status).toBe(403)
    expect(answer.body).toMatchObject({ code: 'stale' })
  })

  test('every header is there on every answer, so that a gateway overwrites what a client sent', async () => {
    await report({ 'disk-encryption': absent('no disk') })
    const names = ['device-id', 'status', 'reasons', 'evaluated-at', 'expires'].map((name) => `x-posture-${name}`)
    for (const answer of [
      await forwardAuth('internal'),
      await forwardAuth('public'),
      await forwardAuth('public', { 'muster-device': '' }),
    ]) {
      for (const name of [...names, 'x-auth-request-user']) expect(answer.headers.has(name)).toBe(true)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    const denied = await forwardAuth('internal')
    expect(denied.headers.get('x-posture-reasons')).toBe('disk-encryption')
    expect(denied.headers.get('x-posture-device-id')).toBe(client.deviceId)
    expect(String(denied.body['detail'])).toContain('Disk encryption')
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    '%s with any body is answered like any other',
    async (method) => {
      await report()
      const response = await fetch(`${collector.issuerUrl}/v1/forward-auth/public/some/path`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'muster-device': client.deviceId,
          'content-type': 'application/json',
        },
        body: '{ not json',
      })
      expect(response.status).toBe(200)
    },
  )

  test('the resource map decides where the gateway asks for it', async () => {
    await report({ 'screen-lock': unreadable('nobody is signed in') })
    const asked = (host: string, uri: string) =>
      forwardAuth('-', { 'x-forwarded-host': host, 'x-forwarded-uri': uri }).then(({ status }) => status)
    expect(await asked('wiki.example.com', '/a')).toBe(200)
    expect(await asked('payroll.example.com', '/a')).toBe(403)
    expect(await asked('PAYROLL.example.com:443', '/a?tier=public')).toBe(403)
    const without = await forwardAuth('-')
    expect(without.status).toBe(400)
    expect(without.body['detail']).toContain('in X-Original-Host or X-Forwarded-Host')
  })

  test('a client cannot choose: no key, no scope, an unknown tier, dot segments', async () => {
    await report()
    expect((await forwardAuth('public', { authorization: '' })).status).toBe(401)
    expect((await forwardAuth('public', { authorization: 'Bearer mgw_wrong' })).body).toMatchObject({
      code: 'gateway-key-invalid',
    })
    expect(
      (await forwardAuth('public', { authorization: 'Bearer user-token', 'muster-gateway-key': key })).status,
    ).toBe(200)
    const mayNotVouch = await collector.gatewayKey('decide')
    expect((await forwardAuth('public', { authorization: `Bearer ${mayNotVouch}` })).body).toMatchObject({
      code: 'scope-missing',
    })
    expect((await forwardAuth('secret')).status).toBe(403)
    expect(await rawStatus(`/v1/forward-auth/public/../restricted`)).toBe(400)
    expect(await rawStatus(`/v1/forward-auth/public/%2e%2e/restricted`)).toBe(400)
  })

  test('without a device the answer is 401 with what would prove one', async () => {
    const answer = await forwardAuth('public', { 'muster-device': '' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('DPoP')
  })
})

describe('AuthZEN', () => {
  test('allows with the posture, and denies with what the user and the admin should know', async () => {
    await report()
    expect((await evaluation(question('restricted'))).body).toMatchObject({
      decision: true,
      context: { posture: { device_id: client.deviceId, ear_status: 'affirming' } },
    })
    await report({ 'secure-boot': absent('no EFI') })
    const { status, body } = await evaluation(question('restricted'))
    expect(status).toBe(200)
    expect(body).toMatchObject({ decision: false, context: { posture: { device_id: client.deviceId } } })
    const { reason_user: user, reason_admin: admin } = body['context'] as {
      reason_user: Record<string, string>
      reason_admin: Record<string, string>
    }
    expect(user['403']).toContain('Secure Boot')
    expect(admin['403']).toContain('secure-boot is unknown')
  })

  test('a device that is not enrolled, or not named, is denied and not an error', async () => {
    const unknown = { ...question('public'), subject: { type: 'user', id: 'a', properties: { device_id: 'dev_x' } } }
    expect((await evaluation(unknown)).body).toMatchObject({ decision: false, context: { code: 'device-unknown' } })
    const unnamed = { ...question('public'), subject: { type: 'user', id: 'a' } }
    expect((await evaluation(unnamed)).body).toMatchObject({ decision: false, context: { code: 'device-not-named' } })
  })

  test('echoes the request id', async () => {
    expect((await evaluation(question('public'), { 'x-request-id': 'r-1' })).headers.get('x-request-id')).toBe('r-1')
  })

  test.each<[string, unknown, Record<string, string>, number]>([
    ['no subject', { action: { name: 'a' }, resource: { type: 't', id: 'i' } }, {}, 400],
    [
      'an ill-typed action',
      { subject: { type: 'u', id: 'a' }, action: 'GET', resource: { type: 't', id: 'i' } },
      {},
      400,
    ],
    ['broken JSON', '{', {}, 400],
    ['an empty body', '', {}, 400],
    ['another media type', 'a=b', { 'content-type': 'text/plain' }, 400],
    ['no key', {}, { authorization: '' }, 401],
  ])('%s: a code, not a decision', async (_name, body, headers, status) => {
    const answer = await evaluation(body, headers)
    expect(answer.status).toBe(status)
    expect(answer.body['code']).toEqual(expect.any(String))
    expect(answer.body).not.toHaveProperty('decision')
  })

  test('unknown fields are ignored, as the specification asks', async () => {
    await report()
    expect((await evaluation({ ...question('public'), extra: 1 })).body).toMatchObject({ decision: true })
  })
})

describe('standing', () => {
  test('tells tiers, verdicts with their reasons, evidence time and the next change', async () => {
    await report()
    const response = await fetch(`${collector.issuerUrl}/v1/devices/${client.deviceId}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const standing = (await response.json()) as Standing
    expect(standing).toMatchObject({
      deviceId: client.deviceId,
      status: 'active',
      earStatus: 'affirming',
      evidenceAt: now().toISOString(),
      nextChange: new Date(now().getTime() + 15 * 60_000).toISOString(),
    })
    expect(standing.checks.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 7 }, () => 'pass'))
  })

  test('is for gateways only', async () => {
    expect((await fetch(`${collector.issuerUrl}/v1/devices/${client.deviceId}`)).status).toBe(401)
    expect(
      (await fetch(`${collector.issuerUrl}/v1/devices/x`, { headers: { authorization: `Bearer ${key}` } })).status,
    ).toBe(404)
  })

  test('a collector asks a connected device to look again, and it may answer with the nonce that came along', async () => {
    await report()
    expect(collector.recheck(client.deviceId, 'the admin asks')).toBe(true)
    expect(await conversation.expect('recheck')).toMatchObject({ reason: 'the admin asks' })
    expect((await report()).standing.tiers).toContain('restricted')
    expect(collector.recheck(`dev_${'z'.repeat(43)}`, 'nobody')).toBe(false)
  })
})

describe('what anybody may ask', () => {
  test('metrics, readiness and the description of the interface', async () => {
    await report()
    expect(await textOf('/metrics')).toMatch(/muster_reports_total\{outcome="evidence"\} [1-9]/)
    expect(await textOf('/readyz')).toContain('ok')
    const openapi = JSON.parse(await textOf('/openapi.json')) as { paths: Record<string, unknown> }
    expect(Object.keys(openapi.paths)).toEqual(
      expect.arrayContaining([
        '/v1/enrollments',
        '/v1/devices/{id}',
        '/v1/devices/{id}/attestation',
        '/access/v1/evaluation',
        '/v1/forward-auth/{tier}',
      ]),
    )
  })

  test('an address that is not there says so with a code', async () => {
    const response = await fetch(`${collector.issuerUrl}/nothing?secret=1`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not-found', detail: 'GET /nothing' })
  })

  test('everything else asks for a key, before it looks at what was sent', async () => {
    const open = new Set([
      '/healthz',
      '/readyz',
      '/metrics',
      '/.well-known/jwks.json',
      '/.well-known/authzen-configuration',
      '/.well-known/ssf-configuration',
      '/.well-known/oauth-authorization-server',
      '/oauth/token', // a client proves itself with its secret, which is asked for by Basic
      '/ssf/jwks.json',
      '/v1/device-check', // browsers, which have a cookie of their own
      '/v1/device-check/nonce',
      '/v1/device-check/proof',
      '/v1/device-check/again',
      '/v1/status-lists', // whoever verifies an attestation offline asks
      '/v1/status-lists/{list}',
      '/v1/enrollments/nonce',
      '/v1/enrollments',
      '/v1/enrollments/{id}', // a device proves itself by its own signature
    ])
    const { paths } = JSON.parse(await textOf('/openapi.json')) as { paths: Record<string, Record<string, object>> }
    const guarded = Object.keys(paths).filter((path) => !open.has(path))
    expect(guarded.length).toBeGreaterThan(3)
    for (const path of guarded) {
      for (const method of Object.keys(paths[path] ?? {}).filter((it) => it !== 'trace')) {
        const url = `${collector.issuerUrl}${path.replace(/\{\w+\}/g, 'x')}`
        const { status, headers } = await fetch(url, { method: method.toUpperCase() })
        expect({ method, path, status, challenge: headers.get('www-authenticate') }).toEqual({
          method,
          path,
          status: 401,
          challenge: 'Bearer realm="muster"',
        })
      }
    }
  })
})
