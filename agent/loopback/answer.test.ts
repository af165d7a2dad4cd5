import { describe, expect, test } from 'vitest'
import { parseBrowserProof } from '../../shared/browser.ts'
import { isSignedBy } from '../../shared/jws.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { answerer, type Answer, type Asked } from './answer.ts'

const ISSUER = 'https://muster.example'
const PORT = 7413
const HOST = `127.0.0.1:${PORT}`
const OWN = `http://${HOST}`
const NONCE = 'nonce-nonce-nonce-1'
const device = fakeDevice(ISSUER)
const TIME = new Date('2026-11-20T12:00:00.900Z')

type Sent = { method?: string; target?: string; headers?: Record<string, string | undefined>; body?: string | null }

/** An agent of which time goes on only when the test says so. */
function agent(issuer = ISSUER) {
  const clock = { ms: 0 }
  const proofs: true[] = []
  const answer = answerer(
    {
      version: '1.2.3',
      issuer,
      key: device,
      collectorTime: () => TIME,
      milliseconds: () => clock.ms,
      onProof: () => proofs.push(true),
    },
    PORT,
  )
  const ask = ({ method = 'GET', target = '/v1/hello', headers = {}, body = '' }: Sent): Promise<Answer> => {
    const all: Record<string, string | undefined> = { host: HOST, ...headers }
    const asked: Asked = { method, target, header: (name) => all[name], body: async () => body }
    return answer(asked)
  }
  return { ask, clock, proofs }
}

const page = { origin: ISSUER }
const json = { ...page, 'content-type': 'application/json' }
const form = { origin: OWN, 'content-type': 'application/x-www-form-urlencoded' }
const proofRequest: Sent = {
  method: 'POST',
  target: '/v1/proof',
  headers: json,
  body: JSON.stringify({ nonce: NONCE }),
}
const codeOf = ({ body = '{}' }: Answer) => JSON.parse(body).code

describe('the page of the issuer', () => {
  test('hears that there is an agent, and of which issuer', async () => {
    const { status, headers, body } = await agent().ask({ headers: page })
    expect([status, JSON.parse(body ?? '')]).toEqual([
      200,
      { product: 'muster-agent', version: '1.2.3', issuer: ISSUER },
    ])
    expect(headers).toMatchObject({ 'access-control-allow-origin': ISSUER, vary: 'Origin' })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test('gets a proof for its nonce, by the clock of the collector', async () => {
    const { ask, proofs } = agent()
    const { status, headers, body } = await ask(proofRequest)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'access-control-allow-origin': ISSUER })
    const proof = parseBrowserProof(JSON.parse(body ?? '').proof)
    expect(proof.ok && proof.value.claims).toEqual({
      iss: device.id,
      aud: ISSUER,
      nonce: NONCE,
      origin: ISSUER,
      iat: TIME.getTime() / 1000 - 0.9,
      exp: TIME.getTime() / 1000 - 0.9 + 60,
      jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    })
    expect(proof.ok && isSignedBy(proof.value.jws, device.key)).toBe(true)
    expect(proofs.length).toBe(1)
  })

  test('never gets the same proof again', async () => {
    const { ask } = agent()
    const [first, second] = [await ask(proofRequest), await ask(proofRequest)]
    expect(first.body).not.toBe(second.body)
  })

  test.each([
    { issuer: 'https://muster.example:443', origin: 'https://muster.example' },
    { issuer: 'https://Muster.Example', origin: 'https://muster.example' },
    { issuer: 'https://muster.example:8443', origin: 'https://muster.example:8443' },
    { issuer: 'http://127.0.0.1:7400', origin: 'http://127.0.0.1:7400' },
  ])('of $issuer has the origin $origin', async ({ issuer, origin }) => {
    const { ask } = agent(issuer)
    expect((await ask({ headers: { origin } })).status).toBe(200)
    expect(JSON.parse((await ask({ headers: { origin } })).body ?? '').issuer).toBe(issuer)
  })

  test.each([
    { target: '/v1/hello', method: 'GET' },
    { target: '/v1/proof', method: 'POST' },
  ])('may ask beforehand whether it may $method $target', async ({ target, method }) => {
    const answer = await agent().ask({ method: 'OPTIONS', target, headers: page })
    expect(answer).toEqual({
      status: 204,
      headers: {
        'access-control-allow-origin': ISSUER,
        'access-control-allow-methods': method,
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
        vary: 'Origin',
      },
    })
  })

  test('is told that it may reach this machine, where its browser asks so', async () => {
    const headers = { ...page, 'access-control-request-private-network': 'true' }
    const answer = await agent().ask({ method: 'OPTIONS', target: '/v1/proof', headers })
    expect(answer.headers).toMatchObject({ 'access-control-allow-private-network': 'true' })
  })

  const WRONG: (Sent & { name: string; status: number; code: string })[] = [
    { name: 'a path that there is not', target: '/v1/status', status: 404, code: 'not-found' },
    { name: 'a query', target: '/v1/hello?x=1', status: 404, code: 'not-found' },
    { name: 'a path with dots', target: '/v1/../v1/hello', status: 404, code: 'not-found' },
    { name: 'a whole address', target: `${OWN}/v1/hello`, status: 404, code: 'not-found' },
    { name: 'a preflight of nothing', method: 'OPTIONS', target: '*', status: 404, code: 'not-found' },
    { name: 'another method', method: 'POST', status: 405, code: 'not-found' },
    { name: 'a proof by GET', ...proofRequest, method: 'GET', status: 405, code: 'not-found' },
    {
      name: 'a form for a proof',
      ...proofRequest,
      headers: { ...form, ...page },
      status: 400,
      code: 'request-invalid',
    },
    { name: 'no type', ...proofRequest, headers: page, status: 400, code: 'request-invalid' },
    { name: 'too much', ...proofRequest, body: null, status: 413, code: 'message-too-large' },
    { name: 'no body', ...proofRequest, body: '', status: 400, code: 'request-invalid' },
    { name: 'no JSON', ...proofRequest, body: '{', status: 400, code: 'request-invalid' },
    { name: 'no nonce', ...proofRequest, body: '{}', status: 400, code: 'request-invalid' },
    { name: 'a short nonce', ...proofRequest, body: '{"nonce":"n"}', status: 400, code: 'request-invalid' },
    {
      name: 'another audience',
      ...proofRequest,
      body: JSON.stringify({ nonce: NONCE, aud: 'https://evil.example' }),
      status: 400,
      code: 'request-invalid',
    },
  ]
  test.each(WRONG)('that asks for $name is told what is wrong', async ({ status, code, ...sent }) => {
    const { ask, proofs } = agent()
    const answer = await ask({ headers: page, ...sent })
    expect([answer.status, codeOf(answer)]).toEqual([status, code])
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ISSUER })
    expect(proofs).toEqual([])
  })

  test('that asks too often has to wait, and is served again', async () => {
    const { ask, clock } = agent()
    const statuses = await Promise.all(Array.from({ length: 125 }, async () => (await ask(proofRequest)).status))
    expect(statuses.filter((status) => status === 200).length).toBe(120)
    const busy = await ask(proofRequest)
    expect([busy.status, codeOf(busy), busy.headers]).toEqual([
      429,
      'too-many-messages',
      expect.objectContaining({ 'retry-after': '10', 'access-control-allow-origin': ISSUER }),
    ])
    clock.ms += 1000
    expect((await ask(proofRequest)).status).toBe(200)
  })
})

describe('others', () => {
  const ORIGINS = [
    undefined,
    '',
    'null',
    'https://evil.example',
    'http://muster.example',
    'https://muster.example:8443',
    'https://muster.example.evil.example',
    'https://evil-muster.example',
    'https://sub.muster.example',
    'https://muster.example/',
    'https://MUSTER.example',
    ' https://muster.example',
    'https://muster.example, https://muster.example',
    'https://evil.example, https://muster.example',
    OWN,
  ]
  test.each(ORIGINS)('of the origin %s learn nothing', async (origin) => {
    const { ask, proofs } = agent()
    const headers = { ...json, origin }
    expect(await ask({ headers })).toEqual({ status: 403 })
    expect(await ask({ ...proofRequest, headers })).toEqual({ status: 403 })
    expect(await ask({ method: 'OPTIONS', target: '/v1/proof', headers })).toEqual({ status: 403 })
    expect(await ask({ target: '/', headers })).toEqual({ status: 403 })
    expect(proofs).toEqual([])
  })

  const HOSTS = [
    undefined,
    '',
    'localhost:7413',
    'muster.example',
    'evil.example:7413',
    '127.0.0.1',
    '127.0.0.1:7411',
    '127.0.0.1:74133',
    '127.0.0.1:7413.',
    '127.1:7413',
    '[::1]:7413',
    '0.0.0.0:7413',
    'user@127.0.0.1:7413',
    '127.0.0.1:7413, 127.0.0.1:7413',
  ]
  test.each(HOSTS)('who call this machine %s learn nothing', async (host) => {
    const { ask, proofs } = agent()
    const all = [
      { headers: { ...page, host } },
      { ...proofRequest, headers: { ...json, host } },
      { target: `/v1/ask?nonce=${NONCE}`, headers: { host } },
      { ...(await agreement(ask)), headers: { ...form, origin: `http://${host}`, host } },
    ]
    for (const sent of all) expect(await ask(sent)).toEqual({ status: 403 })
    expect(proofs).toEqual([])
  })

  test('cannot use up what the page of the issuer may ask', async () => {
    const { ask } = agent()
    for (let n = 0; n < 500; n++) await ask({ headers: { origin: 'https://evil.example' } })
    expect((await ask(proofRequest)).status).toBe(200)
  })
})

type Ask = ReturnType<typeof agent>['ask']
const asking: Sent = { target: `/v1/ask?nonce=${NONCE}` }

/** What the form on the asking page would send. */
async function agreement(ask: Ask, otherwise: Record<string, string> = {}): Promise<Sent> {
  const { body = '' } = await ask(asking)
  const [, token = ''] = /name="token" value="([^"]+)"/.exec(body) ?? []
  const fields = { nonce: NONCE, token, answer: 'yes', ...otherwise }
  return { method: 'POST', target: '/v1/ask', headers: form, body: new URLSearchParams(fields).toString() }
}

describe('the person at the laptop', () => {
  test('is asked, by a page that may do nothing else', async () => {
    const { ask, proofs } = agent()
    const { status, headers, body } = await ask(asking)
    expect(status).toBe(200)
    expect(body).toContain('Let <strong>muster.example</strong> know which laptop this is?')
    const policy = headers?.['content-security-policy'] ?? ''
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      expect.stringMatching(/^style-src 'sha256-[A-Za-z0-9+/]{43}='$/),
      `form-action 'self' ${ISSUER}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin' })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(body).not.toMatch(/<script|\son\w+=/)
    expect(proofs).toEqual([])
  })

  test('who agrees goes back to the issuer with a proof', async () => {
    const { ask, proofs } = agent()
    const { status, headers } = await ask(await agreement(ask))
    const [target = '', compact = ''] = (headers?.['location'] ?? '').split('#proof=')
    expect([status, target]).toEqual([303, `${ISSUER}/v1/device-check`])
    const proof = parseBrowserProof(compact)
    expect(proof.ok && proof.value.claims).toMatchObject({ nonce: NONCE, aud: ISSUER, origin: ISSUER, iss: device.id })
    expect(proofs.length).toBe(1)
  })

  test('who does not agree goes nowhere, and nothing is told', async () => {
    const { ask, proofs } = agent()
    const { status, headers, body } = await ask(await agreement(ask, { answer: 'no' }))
    expect([status, headers?.['location']]).toEqual([200, undefined])
    expect(body).toContain('Nothing was told')
    expect(proofs).toEqual([])
  })

  test.each([
    { name: 'a browser of before Sec-Fetch', headers: {}, status: 200 },
    { name: 'a navigation', headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, status: 200 },
    { name: 'a frame', headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, status: 403 },
    { name: 'a script', headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, status: 403 },
    { name: 'a picture', headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, status: 403 },
    { name: 'a page that names its origin', headers: page, status: 403 },
    { name: 'a preflight', headers: page, method: 'OPTIONS', status: 403 },
    { name: 'a HEAD', method: 'HEAD', status: 403 },
  ])('is asked when the address is opened, here by $name', async ({ status, ...sent }) => {
    const answer = await agent().ask({ ...asking, ...sent })
    expect(answer).toMatchObject({ status })
    expect(status === 200 || answer.body === undefined).toBe(true)
  })

  test.each([
    '/v1/ask',
    '/v1/ask?',
    '/v1/ask?nonce=',
    '/v1/ask?nonce=short',
    `/v1/ask?nonce=${NONCE}&return=https://evil.example`,
    `/v1/ask?nonce=${NONCE}&nonce=${NONCE}`,
    `/v1/ask?nonce=${encodeURIComponent(`${NONCE}"><script>`)}`,
    `/v1/ask?nonce=${'n'.repeat(89)}`,
    `/v1/ask?__proto__=${NONCE}`,
  ])('is not asked at %s', async (target) => {
    const { status, body } = await agent().ask({ target })
    expect([status, body?.includes('There is nothing to answer here')]).toEqual([400, true])
    expect(body).not.toMatch(/<script|token/)
  })

  test.each([
    { name: 'without a token', fields: { token: '' }, status: 403 },
    { name: 'with a token of another page', fields: { token: '1.forged' }, status: 403 },
    { name: 'with another nonce', fields: { nonce: 'another-nonce-of-mine' }, status: 403 },
    { name: 'with one field more', fields: { issuer: 'https://evil.example' }, status: 403 },
    { name: 'with an answer that is none', fields: { answer: 'maybe' }, status: 200 },
  ])('did not agree $name', async ({ fields, status }) => {
    const { ask, proofs } = agent()
    const answer = await ask(await agreement(ask, fields))
    expect([answer.status, answer.headers?.['location'], proofs]).toEqual([status, undefined, []])
  })

  test.each([
    { name: 'a page of the issuer', headers: { ...form, ...page } },
    { name: 'a page of somebody', headers: { ...form, origin: 'https://evil.example' } },
    { name: 'a page without an origin', headers: { ...form, origin: 'null' } },
    { name: 'no page', headers: { ...form, origin: undefined } },
    { name: 'a script', headers: { ...form, 'content-type': 'text/plain' } },
  ])('is not who sent the form, but $name', async ({ headers }) => {
    const { ask, proofs } = agent()
    expect(await ask({ ...(await agreement(ask)), headers })).toEqual({ status: 403 })
    expect(proofs).toEqual([])
  })

  test('who thinks about it for too long begins again', async () => {
    const { ask, clock, proofs } = agent()
    const sent = await agreement(ask)
    clock.ms += 5 * 60_000 + 1
    const { status, body } = await ask(sent)
    expect([status, body?.includes('That took too long'), proofs]).toEqual([403, true, []])
  })

  test('is asked so often, and no more', async () => {
    const { ask, clock, proofs } = agent()
    const sent = await agreement(ask)
    for (let n = 0; n < 18; n++) await ask(asking)
    expect((await ask(sent)).status).toBe(303)
    const busy = [await ask(asking), await ask(sent)]
    expect(busy.map(({ status, headers }) => [status, headers?.['retry-after']])).toEqual([
      [429, '10'],
      [429, '10'],
    ])
    expect(proofs.length).toBe(1)
    expect((await ask(proofRequest)).status).toBe(200)
    clock.ms += 1000
    expect((await ask(sent)).status).toBe(303)
  })
})
