import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { value } from '../../shared/fact.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'

let collector: TestCollector
let made: { id: string; key: string }
let client: Client
let conversation: Conversation
beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  made = await gateway('wiki', ['decide'], ['wiki.example.com'])
})
afterAll(() => collector.close())
beforeEach(async () => {
  client = await enrolledClient(await collector.enrollment(), { now: now() })
  conversation = await connectedClient(client, now())
  return () => conversation.close()
})

const now = () => collector.clock.now
const act: typeof askRunning = (_folder, ...rest) => askRunning(`${collector.folder}/collector`, ...rest)

async function gateway(name: string, scopes: Scope[], hosts: string[] = []) {
  const answer = await act('', 'gateway-create', { name, scopes, hosts })
  return { id: String(answer?.id), key: String(answer?.key) }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** An attestation of the laptop of this test, after it has reported that it is healthy. */
async function attested(audience?: string): Promise<string> {
  await conversation.report(healthyFacts(now()), now())
  const query = audience === undefined ? '' : `?aud=${encodeURIComponent(audience)}`
  const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation${query}`
  return (await fetch(url, { headers: bearer(made.key) })).text()
}

async function introspect(
  form: string | Record<string, string>,
  headers: Record<string, string> = bearer(made.key),
  query = '',
) {
  const response = await fetch(`${collector.issuerUrl}/oauth/introspect${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, answer }
}

const answerTo = async (token: string, headers?: Record<string, string>) =>
  (await introspect({ token }, headers)).answer
const key = () => bearer(made.key)
const INACTIVE = { active: false }

test('an attestation that holds is told with its tiers as scopes, and the key that it is bound to', async () => {
  const { status, headers, answer } = await introspect({ token: await attested(), token_type_hint: 'access_token' })
  const seconds = now().getTime() / 1000
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(answer).toEqual({
    active: true,
    scope: 'public internal confidential restricted',
    sub: client.deviceId,
    aud: [collector.issuerUrl],
    iss: collector.issuerUrl,
    iat: seconds,
    exp: seconds + 600,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    token_type: 'DPoP',
    cnf: { jkt: client.deviceId.slice('dev_'.length) },
    tiers: ['public', 'internal', 'confidential', 'restricted'],
  })
})

describe('an attestation does not hold any more', () => {
  test('once its device has lost a tier that it names, though it is signed for longer', async () => {
    const token = await attested()
    const facts = { ...healthyFacts(now()), 'endpoint-protection': read(value({ products: [] }), now()) }
    await conversation.report(facts, now())
    expect(await answerTo(token)).toEqual(INACTIVE)
    await conversation.report(healthyFacts(now()), now())
    expect(await answerTo(token)).toMatchObject({ active: true })
  })

  test('once it is over, and once the evidence is stale', async () => {
    const token = await attested()
    const before = now()
    collector.clock.now = new Date(before.getTime() + 599_000)
    expect(await answerTo(token)).toMatchObject({ active: true })
    collector.clock.now = new Date(before.getTime() + 600_000)
    expect(await answerTo(token)).toEqual(INACTIVE)
  })

  test('once its device is locked out, or removed', async () => {
    const token = await attested()
    await act('', 'device-lock-out', { id: client.deviceId })
    expect(await answerTo(token)).toEqual(INACTIVE)
    await act('', 'device-remove', { id: client.deviceId })
    expect(await answerTo(token)).toEqual(INACTIVE)
  })

  test('where it is for another gateway', async () => {
    const own = ['wiki.example.com', 'https://wiki.example.com', 'wiki', made.id]
    for (const audience of own)
      expect(await answerTo(await attested(audience))).toMatchObject({ active: true, aud: [audience] })
    expect(await answerTo(await attested('payroll.example.com'))).toEqual(INACTIVE)
    const payroll = await gateway('payroll', ['decide'], ['payroll.example.com'])
    const token = await attested('payroll.example.com')
    expect(await answerTo(token, bearer(payroll.key))).toMatchObject({ active: true })
  })
})

test('nothing else is active', async () => {
  const facts = await conversation.evidence(healthyFacts(now()), {}, now())
  const tokens = ['x', 'mgw_x', made.key, facts, await tokenOf(), 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(60_000)]
  for (const token of tokens) {
    expect(await introspect({ token })).toMatchObject({ status: 200, answer: INACTIVE })
  }
})

async function tokenOf(): Promise<string> {
  const response = await fetch(`${collector.issuerUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: made.id, client_secret: made.key }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

test('each refusal is on record, with why; what holds is counted', async () => {
  const token = await attested()
  await answerTo(token)
  await answerTo('x')
  await act('', 'device-lock-out', { id: client.deviceId })
  await answerTo(token)
  const { key: script } = await gateway('script', ['admin'])
  const log = await (await fetch(`${collector.issuerUrl}/v1/admin/audit`, { headers: bearer(script) })).text()
  const lines = log.split('\n').filter((line) => line.includes('"introspection"'))
  const about = lines.filter((line) => line.includes(client.deviceId) && !line.includes('"allow":true'))
  expect(about.map((line) => line.includes('"device-locked-out"'))).toEqual([true])
  expect(lines.filter((line) => line.includes('"attestation-refused"')).length).toBeGreaterThan(0)
  const metrics = await (await fetch(`${collector.issuerUrl}/metrics`)).text()
  expect(metrics).toMatch(/^muster_decisions_total\{answer="allow",by="introspection"\} [1-9]/m)
})

test('a gateway asks as everywhere else, or as a client of OAuth', async () => {
  const token = await attested()
  const credentials = Buffer.from(`${made.id}:${made.key}`).toString('base64')
  const ways: [Record<string, string>, Record<string, string>][] = [
    [{}, { 'muster-gateway-key': made.key }],
    [{}, { authorization: `Basic ${credentials}` }],
    [{}, bearer(await tokenOf())],
    [{ client_id: made.id, client_secret: made.key }, {}],
  ]
  for (const [form, headers] of ways) {
    expect(await introspect({ token, ...form }, headers)).toMatchObject({ status: 200, answer: { active: true } })
  }
})

describe('nobody is told who may not ask, or asks for what is no question', () => {
  test.each<
    [string, number, string, string | null, () => [string | Record<string, string>, Record<string, string>, string?]]
  >([
    ['nobody', 401, 'invalid_token', 'Bearer realm="muster"', () => [{ token: 'x' }, {}]],
    ['a wrong key', 401, 'invalid_token', 'Bearer realm="muster"', () => [{ token: 'x' }, bearer('mgw_x')]],
    [
      'a wrong token',
      401,
      'invalid_token',
      'Bearer realm="muster", error="invalid_token"',
      () => [{ token: 'x' }, bearer('eyJx')],
    ],
    [
      'a wrong secret',
      401,
      'invalid_client',
      'Basic realm="muster", charset="UTF-8"',
      () => [{ token: 'x', client_id: made.id, client_secret: 'mgw_x' }, {}],
    ],
    [
      'two ways at once',
      400,
      'invalid_request',
      null,
      () => [{ token: 'x', client_id: made.id, client_secret: made.key }, key()],
    ],
    ['no token', 400, 'invalid_request', null, () => [{}, key()]],
    ['an empty token', 400, 'invalid_request', null, () => ['token=', key()]],
    ['two tokens', 400, 'invalid_request', null, () => ['token=x&token=x', key()]],
    ['a token in the address', 400, 'invalid_request', null, () => ['', key(), '?token=x']],
    ['JSON', 400, 'invalid_request', null, () => ['{"token":"x"}', { ...key(), 'content-type': 'application/json' }]],
    ['far too much', 400, 'invalid_request', null, () => [{ token: 'x'.repeat(100_000) }, key()]],
  ])('%s', async (_name, status, error, challenge, sent) => {
    const got = await introspect(...sent())
    expect([got.status, got.answer['error'], got.headers.get('www-authenticate')]).toEqual([status, error, challenge])
    expect(got.headers.get('cache-control')).toBe('no-store')
  })

  test('a gateway without the scope', async () => {
    const { id, key: other } = await gateway('siem', ['events'])
    for (const headers of [
      bearer(other),
      { authorization: `Basic ${Buffer.from(`${id}:${other}`).toString('base64')}` },
    ]) {
      expect(await introspect({ token: 'x' }, headers)).toMatchObject({
        status: 403,
        answer: { error: 'insufficient_scope' },
      })
    }
  })
})
