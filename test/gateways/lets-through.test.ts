import { expect, test } from 'vitest'
import { dpopProof } from '../fakes/dpop.ts'
import { SECRET } from './application.ts'
import { onEachGateway } from './bench.ts'
import { sendRaw } from './client.ts'
import { WEBSOCKET, http2, talk } from './conversation.ts'
import { POSTURE_HEADERS } from './hostile.ts'
import { BROWSER, expectProblem, linesOf } from './replies.ts'
import { HOST } from './world.ts'

onEachGateway('lets through', ({ world, door, cookie, send, sendKnown, asked, arrived, refusedWith }) => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    '%s, as it was asked, to a laptop that is admitted',
    async (method) => {
      const body = method === 'GET' || method === 'OPTIONS' ? undefined : 'a body of the client'
      const path = '/a%20b/c;d=1?e=f&e=%2F&tier=public'
      const reply = await sendKnown({ method, path, ...(body !== undefined && { body }) })
      expect({ status: reply.status, body: reply.body }).toEqual({ status: 200, body: SECRET })
      const [question, ...more] = asked()
      expect(more).toEqual([])
      expect(question).toMatchObject({
        method: 'GET',
        url: '/v1/forward-auth/-',
        body: '',
        headers: {
          'x-forwarded-method': method,
          'x-forwarded-proto': 'https',
          'x-forwarded-host': `${HOST}:${door().port}`,
          'x-forwarded-uri': path,
          'x-forwarded-for': '127.0.0.1',
          'muster-gateway-key': world().key,
        },
      })
      expect(question?.headers).not.toHaveProperty('muster-device')
      expect(question?.headers).not.toHaveProperty('transfer-encoding')
      expect(question?.headers['content-length'] ?? '0').toBe('0')
      expect(arrived()).toMatchObject([{ method, url: path, body: body ?? '' }])
    },
  )

  test('and tells the application of the laptop, exactly what the collector said, and nothing of its own secrets', async () => {
    const lines = ['Authorization: Bearer of-the-user', 'X-Own: 1', 'User-Agent: Test/1']
    const own = `Cookie: a=1; ${world().laptops.well.cookie}; b=2; __Host-muster-state=xyz`
    expect((await send({ lines: [own, ...lines] })).status).toBe(200)
    const [request] = arrived()
    const evaluatedAt = world().collector.clock.now.toISOString()
    expect(request?.headers).toMatchObject({
      host: `${HOST}:${door().port}`,
      'x-posture-device-id': world().laptops.well.client.deviceId,
      'x-posture-status': 'affirming',
      'x-posture-evaluated-at': evaluatedAt,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `${HOST}:${door().port}`,
      authorization: 'Bearer of-the-user',
      cookie: 'a=1; b=2',
      'x-own': '1',
      'user-agent': 'Test/1',
    })
    for (const name of POSTURE_HEADERS) expect(linesOf(request, name).length).toBeLessThan(2)
    expect(linesOf(request, 'x-posture-reasons').join('')).toBe('')
    expect(request?.lines.filter(([name]) => name.startsWith('muster'))).toEqual([])
    expect(JSON.stringify(request)).not.toContain(world().key)
  })

  test.each([
    ['first', (own: string) => `${own}; a=1; b=2`],
    ['last', (own: string) => `a=1; b=2; ${own}`],
    ['between, without spaces', (own: string) => `a=1;${own};b=2`],
  ])("without the laptop's own cookie, which stands %s", async (_where, written) => {
    expect((await send({ lines: [`Cookie: ${written(world().laptops.well.cookie)}`] })).status).toBe(200)
    expect(arrived()[0]?.headers.cookie?.replaceAll(' ', '')).toBe('a=1;b=2')
  })

  test('with no cookie left where the laptop had only that one', async () => {
    expect((await sendKnown()).status).toBe(200)
    expect(arrived()[0]?.headers.cookie ?? '').toBe('')
  })

  test('a program that proves the laptop by DPoP, once; the challenge says how', async () => {
    const token = await world().laptops.well.attestation()
    const url = `https://${HOST}:${door().port}/api?x=1`
    const now = world().collector.clock.now
    const proof = (nonce?: string) =>
      dpopProof(world().laptops.well.client.device, {
        method: 'POST',
        url,
        token,
        now,
        ...(nonce !== undefined && { nonce }),
      })
    const call = async (dpop: string) =>
      send({ method: 'POST', path: '/api?x=1', body: 'x', lines: [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`] })
    const first = await call(await proof())
    refusedWith(first, 401)
    expectProblem(first, 'proof-nonce-needed')
    expect(first.headers.get('www-authenticate')).toEqual([expect.stringMatching(/^DPoP .*error="use_dpop_nonce"/)])
    const [nonce, ...more] = first.headers.get('dpop-nonce') ?? []
    expect(more).toEqual([])
    const good = await proof(nonce)
    expect(await call(good)).toMatchObject({ status: 200, body: SECRET })
    expect(arrived()).toMatchObject([
      { body: 'x', headers: { 'x-posture-device-id': world().laptops.well.client.deviceId } },
    ])
    const again = await call(good)
    refusedWith(again, 401)
    expectProblem(again, 'proof-replayed')
  })

  test('a body of a megabyte, which the collector never sees', async () => {
    const body = 'x'.repeat(1 << 20)
    expect((await sendKnown({ method: 'POST', body })).status).toBe(200)
    expect(arrived()[0]?.body.length).toBe(body.length)
    expect(asked()).toMatchObject([{ body: '' }])
  })

  test('a body that waits for "100 Continue", and one in chunks', async () => {
    const body = 'a body that waits'
    expect((await sendKnown({ method: 'POST', body, lines: ['Expect: 100-continue'] })).status).toBe(200)
    const chunked = `4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n`
    const head = `POST / HTTP/1.1\r\nHost: ${HOST}:${door().port}\r\n${cookie()}\r\nTransfer-Encoding: chunked\r\n\r\n`
    expect((await sendRaw(door(), head + chunked)).status).toBe(200)
    expect(arrived().map((it) => it.body)).toEqual([body, 'abcdefg'])
    expect(asked().every((it) => it.body === '' && it.headers.expect === undefined)).toBe(true)
  })

  test('an old client (HTTP/1.0)', async () => {
    expect((await sendKnown({ version: '1.0' })).status).toBe(200)
    expect(arrived()).toHaveLength(1)
  })

  test('a WebSocket, both ways', async () => {
    const reply = await talk(door(), [cookie(), ...WEBSOCKET], 'ping')
    expect(reply).toMatch(/^HTTP\/1\.1 101 /)
    expect(reply).toContain('echo ping')
    expect(arrived()).toMatchObject([{ upgrade: true, headers: { 'x-posture-status': 'affirming' } }])
  })

  test('headers of 6 KB', async () => {
    expect((await sendKnown({ lines: [`X-Own: ${'x'.repeat(6000)}`] })).status).toBe(200)
  })

  test("the application's own refusals and errors, as they are", async () => {
    for (const status of [401, 403, 404, 500, 503]) {
      world().application.status = status
      expect(await sendKnown({ lines: [BROWSER] })).toMatchObject({ status, body: SECRET })
    }
  })

  test('HTTP/2, and tells of it as of any other request', async () => {
    const cookies = { cookie: ['a=1', world().laptops.well.cookie, 'b=2'] }
    const reply = await http2(door(), { ':path': '/h2?x', ':method': 'POST', ...cookies }, 'of h2')
    expect(reply).toMatchObject({ status: 200, body: SECRET })
    expect(arrived()).toMatchObject([{ method: 'POST', url: '/h2?x', body: 'of h2', headers: { cookie: 'a=1; b=2' } }])
    expect(asked()).toMatchObject([{ headers: { 'x-forwarded-uri': '/h2?x', 'x-forwarded-method': 'POST' } }])
  })
})
