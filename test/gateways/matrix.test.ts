import { existsSync } from 'node:fs'
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from 'node:http2'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { absent } from '../../shared/fact.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { SECRET, type Arrived } from './application.ts'
import { caddy } from './caddy.ts'
import { ask, open, replyOf, sendRaw, type Ask, type Door, type Reply } from './client.ts'
import type { GatewayUnderTest, RunningGateway } from './gateway-under-test.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { HOSTILE_HEADERS, HOSTILE_PATHS, MARK, PAYROLL_PATHS, POSTURE_HEADERS } from './hostile.ts'
import { buildWorld, HOST, type World } from './world.ts'

const BROWSER = 'Accept: text/html,application/xhtml+xml,*/*;q=0.8'
const hasOpenssl = existsSync('/usr/bin/openssl')

let world: World
beforeAll(async () => {
  if (hasOpenssl) world = await buildWorld()
})
afterAll(() => world?.close())

for (const { name, program } of [nginx, caddy, haproxy])
  if (!existsSync(program) || !hasOpenssl)
    console.log(`Skipped: the tests of ${name}, since ${program} is not installed.`)

/** What the collector was asked since, and what reached the application. */
const asked = () => world.tap.asked.splice(0)
const arrived = () => world.application.arrived.splice(0)

describe.each([nginx, caddy, haproxy])('$name', (gateway: GatewayUnderTest) => {
  const isThere = hasOpenssl && existsSync(gateway.program)
  let running: RunningGateway
  let door: Door
  let cookie: string

  beforeAll(async () => {
    if (!isThere) return
    running = await gateway.start(world.site(gateway.name))
    door = { port: running.port, host: HOST, ca: world.certificate.pem }
    cookie = `Cookie: ${world.laptops.well.cookie}`
  })
  afterAll(() => running?.stop())
  beforeEach(({ skip }) => {
    skip(!isThere)
    world.tap.mood = 'real'
    world.application.status = 200
    arrived()
    asked()
  })

  const send = (how: Ask = {}) => ask(door, how)
  /** Of a browser that went through the device check. */
  const sendKnown = ({ lines = [], ...how }: Ask = {}) => send({ ...how, lines: [cookie, ...lines] })
  /** Of one on a laptop whose disk is not encrypted. */
  const sendIll = ({ lines = [], ...how }: Ask = {}) =>
    send({ ...how, lines: [`Cookie: ${world.laptops.ill.cookie}`, ...lines] })

  function expectRefused(reply: Reply, status: number | readonly number[]): void {
    expect([status].flat()).toContain(reply.status)
    expect(reply.raw).not.toContain(SECRET)
    expect(reply.raw).not.toContain(world.key)
    expect(arrived()).toEqual([])
  }

  function expectPage(reply: Reply): void {
    expect(reply.headers.get('content-type')?.[0]).toMatch(/^text\/html/)
    expect(reply.body).toMatch(/<h1>/)
  }

  function expectProblem(reply: Reply, code: string): void {
    expect(reply.headers.get('content-type')?.[0]).toMatch(/^application\/problem\+json/)
    expect(JSON.parse(reply.body)).toMatchObject({ code, status: reply.status })
  }

  describe('lets through', () => {
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
            'x-forwarded-host': `${HOST}:${door.port}`,
            'x-forwarded-uri': path,
            'x-forwarded-for': '127.0.0.1',
            'muster-gateway-key': world.key,
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
      const own = `Cookie: a=1; ${world.laptops.well.cookie}; b=2; __Host-muster-state=xyz`
      expect((await send({ lines: [own, ...lines] })).status).toBe(200)
      const [request] = arrived()
      const evaluatedAt = world.collector.clock.now.toISOString()
      expect(request?.headers).toMatchObject({
        host: `${HOST}:${door.port}`,
        'x-posture-device-id': world.laptops.well.client.deviceId,
        'x-posture-status': 'affirming',
        'x-posture-evaluated-at': evaluatedAt,
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': `${HOST}:${door.port}`,
        authorization: 'Bearer of-the-user',
        cookie: 'a=1; b=2',
        'x-own': '1',
        'user-agent': 'Test/1',
      })
      for (const name of POSTURE_HEADERS) expect(linesOf(request, name).length).toBeLessThan(2)
      expect(linesOf(request, 'x-posture-reasons').join('')).toBe('')
      expect(request?.lines.filter(([name]) => /^muster/.test(name))).toEqual([])
      expect(JSON.stringify(request)).not.toContain(world.key)
    })

    test.each([
      ['first', (own: string) => `${own}; a=1; b=2`],
      ['last', (own: string) => `a=1; b=2; ${own}`],
      ['between, without spaces', (own: string) => `a=1;${own};b=2`],
    ])("without the laptop's own cookie, which stands %s", async (_where, written) => {
      expect((await send({ lines: [`Cookie: ${written(world.laptops.well.cookie)}`] })).status).toBe(200)
      expect(arrived()[0]?.headers.cookie?.replaceAll(' ', '')).toBe('a=1;b=2')
    })

    test('with no cookie left where the laptop had only that one', async () => {
      expect((await sendKnown()).status).toBe(200)
      expect(arrived()[0]?.headers.cookie ?? '').toBe('')
    })

    test('a program that proves the laptop by DPoP, once; the challenge says how', async () => {
      const token = await world.laptops.well.attestation()
      const url = `https://${HOST}:${door.port}/api?x=1`
      const now = world.collector.clock.now
      const proof = (nonce?: string) =>
        dpopProof(world.laptops.well.client.device, {
          method: 'POST',
          url,
          token,
          now,
          ...(nonce !== undefined && { nonce }),
        })
      const call = async (dpop: string) =>
        send({ method: 'POST', path: '/api?x=1', body: 'x', lines: [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`] })
      const first = await call(await proof())
      expectRefused(first, 401)
      expectProblem(first, 'proof-nonce-needed')
      expect(first.headers.get('www-authenticate')).toEqual([expect.stringMatching(/^DPoP .*error="use_dpop_nonce"/)])
      const [nonce, ...more] = first.headers.get('dpop-nonce') ?? []
      expect(more).toEqual([])
      const good = await proof(nonce)
      expect(await call(good)).toMatchObject({ status: 200, body: SECRET })
      expect(arrived()).toMatchObject([
        { body: 'x', headers: { 'x-posture-device-id': world.laptops.well.client.deviceId } },
      ])
      const again = await call(good)
      expectRefused(again, 401)
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
      const head = `POST / HTTP/1.1\r\nHost: ${HOST}:${door.port}\r\n${cookie}\r\nTransfer-Encoding: chunked\r\n\r\n`
      expect((await sendRaw(door, head + chunked)).status).toBe(200)
      expect(arrived().map((it) => it.body)).toEqual([body, 'abcdefg'])
      expect(asked().every((it) => it.body === '' && it.headers.expect === undefined)).toBe(true)
    })

    test('an old client (HTTP/1.0)', async () => {
      expect((await sendKnown({ version: '1.0' })).status).toBe(200)
      expect(arrived()).toHaveLength(1)
    })

    test('a WebSocket, both ways', async () => {
      const reply = await talk(door, [cookie, ...WEBSOCKET], 'ping')
      expect(reply).toMatch(/^HTTP\/1\.1 101 /)
      expect(reply).toContain('echo ping')
      expect(arrived()).toMatchObject([{ upgrade: true, headers: { 'x-posture-status': 'affirming' } }])
    })

    test('headers of 6 KB', async () => {
      expect((await sendKnown({ lines: [`X-Own: ${'x'.repeat(6000)}`] })).status).toBe(200)
    })

    test("the application's own refusals and errors, as they are", async () => {
      for (const status of [401, 403, 404, 500, 503]) {
        world.application.status = status
        expect(await sendKnown({ lines: [BROWSER] })).toMatchObject({ status, body: SECRET })
      }
    })

    test('HTTP/2, and tells of it as of any other request', async () => {
      const cookies = { cookie: ['a=1', world.laptops.well.cookie, 'b=2'] }
      const reply = await http2(door, { ':path': '/h2?x', ':method': 'POST', ...cookies }, 'of h2')
      expect(reply).toMatchObject({ status: 200, body: SECRET })
      expect(arrived()).toMatchObject([
        { method: 'POST', url: '/h2?x', body: 'of h2', headers: { cookie: 'a=1; b=2' } },
      ])
      expect(asked()).toMatchObject([{ headers: { 'x-forwarded-uri': '/h2?x', 'x-forwarded-method': 'POST' } }])
    })
  })

  describe('refuses', () => {
    test('what proves no laptop with 401: a browser goes to the device check, a script gets the challenge', async () => {
      const page = await send({ path: '/wiki?p=1', lines: [BROWSER] })
      expectRefused(page, 401)
      expectPage(page)
      const back = encodeURIComponent(`https://${HOST}:${door.port}/wiki?p=1`)
      expect(page.body).toContain(`${world.collector.issuerUrl}/v1/device-check?return=${back}`)
      expect(page.headers.get('set-cookie')).toEqual([expect.stringMatching(/^__Host-muster-state=/)])
      const problem = await send()
      expectRefused(problem, 401)
      expectProblem(problem, 'device-not-named')
      for (const reply of [page, problem]) {
        expect(reply.headers.get('www-authenticate')).toEqual(['DPoP algs="ES256"'])
        expect(reply.headers.get('dpop-nonce')).toHaveLength(1)
        expect(reply.headers.get('cache-control')).toEqual(['no-store'])
      }
    })

    test('a laptop that is not admitted with 403 and the reasons', async () => {
      const page = await sendIll({ path: '/wiki?p=1', lines: [BROWSER] })
      expectRefused(page, 403)
      expectPage(page)
      expect(page.body).toContain('Disk encryption')
      expect(page.body).toContain('action="/.muster/check-again"')
      const problem = await sendIll({ method: 'POST', body: 'x' })
      expectRefused(problem, 403)
      expectProblem(problem, 'not-admitted')
      expect(JSON.parse(problem.body)).toMatchObject({ detail: expect.stringContaining('Disk encryption') })
      for (const reply of [page, problem]) expect(reply.headers.get('cache-control')).toEqual(['no-store'])
    })

    test('a laptop that is not admitted and proves itself by DPoP with 403, too', async () => {
      const { client, attestation } = world.laptops.ill
      const token = await attestation()
      const url = `https://${HOST}:${door.port}/`
      const nonce = (await send()).headers.get('dpop-nonce')?.[0] ?? ''
      const dpop = await dpopProof(client.device, { url, token, nonce, now: world.collector.clock.now })
      const reply = await send({ lines: [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`] })
      expectRefused(reply, 403)
      expectProblem(reply, 'not-admitted')
    })

    test('from the very next request on: it asks for each, and remembers nothing', async () => {
      const { well } = world.laptops
      await sendKnown()
      await sendKnown()
      expect(asked()).toHaveLength(2)
      await well.report({ 'disk-encryption': absent('no disk') })
      const reply = await sendKnown()
      await well.report()
      expect(reply.status).toBe(403)
      expect((await sendKnown()).status).toBe(200)
    })

    test('the second request of a connection whose first was let through', async () => {
      const [first, second] = [
        `GET /1 HTTP/1.1\r\nHost: ${HOST}:${door.port}\r\n`,
        `GET /2 HTTP/1.1\r\nHost: ${HOST}:${door.port}\r\n`,
      ]
      const reply = await sendRaw(door, `${first}${cookie}\r\n\r\n`)
      expect(reply.status).toBe(200)
      const both = await all(door, `${first}${cookie}\r\n\r\n${second}Connection: close\r\n\r\n`)
      expect(both.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401'])
      expect(arrived().map(({ url }) => url)).toEqual(['/1', '/1'])
    })

    test('a WebSocket of a laptop that is not known, or not admitted', async () => {
      expect(await talk(door, WEBSOCKET, 'ping')).toMatch(/^HTTP\/1\.1 401 /)
      const ill = `Cookie: ${world.laptops.ill.cookie}`
      expect(await talk(door, [ill, ...WEBSOCKET], 'ping')).toMatch(/^HTTP\/1\.1 403 /)
      expect(arrived()).toEqual([])
    })

    test('HEAD, without a body', async () => {
      const reply = await sendHead(door, [])
      expect(reply).toMatch(/^HTTP\/1\.1 401 /)
      expect(arrived()).toEqual([])
    })

    test('HTTP/2 as it does HTTP/1', async () => {
      const reply = await http2(door, { ':path': '/', accept: 'text/html' })
      expect(reply.status).toBe(401)
      expect(reply.headers['www-authenticate']).toContain('DPoP')
      expect(reply.body).toContain('/v1/device-check?')
      expect((await http2(door, { ':path': '/', cookie: world.laptops.ill.cookie })).status).toBe(403)
      expect(arrived()).toEqual([])
    })
  })

  describe('is closed, and says so, where the collector', () => {
    test.each([
      ['hangs up', 'hangs-up'],
      ['says nothing', 'silent'],
      ['fails', { status: 500 }],
      ['is behind a proxy that fails', { status: 502, body: '<h1>Bad gateway</h1>' }],
      ['is starting', { status: 503 }],
      ['sends elsewhere', { status: 302, headers: { location: 'https://evil.example.com/' } }],
      ['has moved', { status: 301, headers: { location: 'https://evil.example.com/' } }],
      ['knows no such address', { status: 404 }],
      ['has enough', { status: 429 }],
      ['is not to be asked so', { status: 405 }],
    ] as const)('%s', async (_name, mood) => {
      world.tap.mood = mood
      const [page, problem] = await Promise.all([
        sendKnown({ lines: [BROWSER] }),
        sendKnown({ method: 'POST', body: 'x' }),
      ])
      expectRefused(page, 503)
      expectPage(page)
      expect(page.body).toContain('could not be checked')
      expectRefused(problem, 503)
      expectProblem(problem, 'collector-unreachable')
      for (const reply of [page, problem]) {
        expect(reply.headers.get('cache-control')).toEqual(['no-store'])
        expect(reply.headers.has('location')).toBe(false)
      }
    })

    test('is not there, or is somebody else by its certificate', async () => {
      const site = world.site(`${gateway.name}-alone`)
      const collector = { ...site.collector, certificate: world.certificate.cert }
      const other = await gateway.start({ ...site, collector })
      const reply = await ask({ ...door, port: other.port }, { lines: [cookie] })
      await other.stop()
      expectRefused(reply, 503)
      expectProblem(reply, 'collector-unreachable')
      expect(asked()).toEqual([])

      const nowhere = world.site(`${gateway.name}-nowhere`)
      const lost = await gateway.start({ ...nowhere, collector: { ...nowhere.collector, port: 1 } })
      const again = await ask({ ...door, port: lost.port }, { lines: [cookie] })
      await lost.stop()
      expectRefused(again, 503)
      expectProblem(again, 'collector-unreachable')
    })

    test('does not know the key', async () => {
      const site = world.site(`${gateway.name}-wrong-key`)
      const other = await gateway.start({ ...site, collector: { ...site.collector, key: 'mgw_wrong' } })
      const reply = await ask({ ...door, port: other.port }, { lines: [cookie] })
      await other.stop()
      expectRefused(reply, [401, 503])
      expect(reply.raw).not.toContain('mgw_wrong')
    })
  })

  describe('is not told by its client what only it may say', () => {
    test.each(HOSTILE_HEADERS.filter(({ onlyByPrefix }) => gateway.removesByPrefix || !onlyByPrefix))(
      '$name',
      async ({ name, value }) => {
        const spoofed = value ?? MARK
        const lines = [`${name}: ${spoofed}`, `${name.toLowerCase()}: ${spoofed}`]
        expect((await sendKnown({ lines })).status).toBe(200)
        const [question] = asked()
        const [request] = arrived()
        for (const it of [question, request]) {
          expect(it?.lines.filter(([, said]) => said.includes(spoofed))).toEqual([])
        }
        expect(linesOf(request, 'x-posture-status')).toEqual(['affirming'])
        expect(linesOf(request, 'x-posture-device-id')).toEqual([world.laptops.well.client.deviceId])
        expectRefused(await send({ lines }), [400, 401])
      },
    )

    test.each([
      'X-Posture-Status',
      'close, X-Posture-Device-Id, X-Posture-Status, X-Forwarded-For',
      'Muster-Gateway-Key, X-Forwarded-Host, X-Forwarded-Uri, X-Forwarded-Method',
      'Upgrade, X-Posture-Status',
      'keep-alive, Cookie',
    ])('what is to be lost on the way: "Connection: %s"', async (connection) => {
      const reply = await sendKnown({ lines: [`Connection: ${connection}`] })
      const [question] = asked()
      expect(question?.headers).toMatchObject({
        'muster-gateway-key': world.key,
        'x-forwarded-host': `${HOST}:${door.port}`,
      })
      expect(reply.status).toBe(200)
      expect(arrived()).toMatchObject([
        {
          headers: {
            'x-posture-status': 'affirming',
            'x-posture-device-id': world.laptops.well.client.deviceId,
            'x-forwarded-for': '127.0.0.1',
          },
        },
      ])
    })

    test('a protocol that would be a tunnel past it', async () => {
      const lines = [cookie, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
      expect((await send({ lines })).status).toBe(200)
      const [request] = arrived()
      expect(request?.upgrade).toBe(false)
      expect(request?.headers).not.toHaveProperty('upgrade')
      expect(request?.headers).not.toHaveProperty('http2-settings')
      const both = await send({ lines: [cookie, 'Connection: Upgrade', 'Upgrade: websocket, h2c'] })
      expect([200, 400]).toContain(both.status)
      expect(arrived().some(({ upgrade }) => upgrade)).toBe(false)
    })

    test('another method, in a header', async () => {
      await sendKnown({ lines: ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE'] })
      expect(asked()).toMatchObject([{ headers: { 'x-forwarded-method': 'GET' } }])
    })

    test('anything in trailers', async () => {
      const head = `POST / HTTP/1.1\r\nHost: ${HOST}:${door.port}\r\n${cookie}\r\nTrailer: X-Posture-Status\r\nTransfer-Encoding: chunked\r\n\r\n`
      const reply = await sendRaw(
        door,
        `${head}1\r\na\r\n0\r\nX-Posture-Status: ${MARK}\r\nX-Posture-Foo: ${MARK}\r\n\r\n`,
      )
      for (const it of arrived()) {
        if (!gateway.passesTrailers) expect(it.trailers).toEqual([])
        expect(it.headers['x-posture-status']).toBe('affirming')
      }
      expect([200, 400]).toContain(reply.status)
    })

    test('anything in HTTP/2', async () => {
      const spoofed = {
        'x-posture-status': MARK,
        'muster-device': MARK,
        x_posture_status: MARK,
        'x-forwarded-host': MARK,
      }
      const reply = await http2(door, { ':path': '/', cookie: world.laptops.well.cookie, ...spoofed })
      expect(reply.status).toBe(200)
      expect(JSON.stringify([asked(), arrived()])).not.toContain(MARK)
    })
  })

  describe('lets no path, name or form change what is asked', () => {
    test.each(HOSTILE_PATHS)('%s', async (path) => {
      expectRefused(await sendIll({ path }), [400, 401, 403, 404, 421])
      for (const { url, headers } of asked()) {
        expect(['/v1/forward-auth/-', '/v1/forward-auth/restricted']).toContain(url)
        expect(headers['x-forwarded-host']).toBe(`${HOST}:${door.port}`)
      }
      expectRefused(await send({ path }), [400, 401, 404, 421])
    })

    test('a tier of a part of the site, however its path is written', async () => {
      const lines = [`Cookie: ${world.laptops.partly.cookie}`]
      expect((await send({ lines })).status).toBe(200)
      arrived()
      asked()
      for (const path of PAYROLL_PATHS) {
        const reply = await send({ path, lines })
        expect({ path, status: reply.status }).toEqual({ path, status: expect.toBeOneOf([400, 403, 404]) })
        expect(arrived()).toEqual([])
      }
      expect((await sendKnown({ path: '/payroll/slips' })).status).toBe(200)
      expect(asked().at(-1)).toMatchObject({ url: '/v1/forward-auth/restricted' })
    })

    test.each([
      ['another name', { host: 'public.example.com' }],
      ['another name with our port', { host: `payroll.example.com` }],
      ['a name with a user', { host: `${HOST}@evil.example.com` }],
      ['two names in one', { host: `${HOST}, evil.example.com` }],
      ['two names', { lines: ['Host: evil.example.com'] }],
      ['no name', { host: null }],
      ['no name in the old form', { host: null, version: '1.0' as const }],
      ['an empty name', { host: '' }],
      ['a name in the request line', { path: 'https://evil.example.com/' }],
      ['a name in the request line and another', { path: `https://${HOST}/`, host: 'evil.example.com' }],
      ['an address', { host: '127.0.0.1' }],
    ])('a host that is not ours: %s', async (_name, how: Ask) => {
      const reply = await sendKnown(how)
      // What is let through is at most what was asked of us by our own name.
      for (const { headers } of asked()) expect(headers['x-forwarded-host']).toMatch(/^wiki\.example\.com(:\d+)?$/)
      for (const { headers } of arrived()) expect(headers.host).toMatch(/^wiki\.example\.com(:\d+)?$/)
      if (reply.status !== 200) expectRefused(reply, [0, 400, 421])
      const unknown = await send(how)
      expectRefused(unknown, [0, 400, 401, 421])
    })

    test('the name in HTTP/2', async () => {
      const reply = await http2(door, {
        ':path': '/',
        ':authority': 'public.example.com',
        cookie: world.laptops.well.cookie,
      })
      expect(reply.status).toBe(421)
      expect([...asked(), ...arrived()]).toEqual([])
    })

    test('an absolute address of ours is asked about as its path', async () => {
      const reply = await sendKnown({ path: `https://${HOST}:${door.port}/payroll?x` })
      if (reply.status === 200)
        expect(asked()).toMatchObject([
          { url: '/v1/forward-auth/restricted', headers: { 'x-forwarded-uri': '/payroll?x' } },
        ])
      else expectRefused(reply, 400)
    })

    test.each(['TRACE', 'CONNECT', 'get', 'PRI', 'FOO'])('the method %s', async (method) => {
      expectRefused(await send({ method }), [0, 400, 401, 405, 501])
    })

    test.each([
      ['two lengths', 'Content-Length: 5\r\nContent-Length: 60'],
      ['a length and chunks', 'Content-Length: 60\r\nTransfer-Encoding: chunked'],
      ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 60'],
      ['chunks of another name', 'Transfer-Encoding: xchunked\r\nContent-Length: 5'],
      ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5'],
      ['a space before the colon', 'Transfer-Encoding : chunked\r\nContent-Length: 5'],
      ['a folded line', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 5'],
      ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5'],
      ['a signed length', 'Content-Length: +5'],
    ])('no second request hides in the first: %s', async (_name, lines) => {
      const hidden = `GET /hidden HTTP/1.1\r\nHost: ${HOST}\r\nX-Posture-Status: ${MARK}\r\n\r\n`
      await all(
        door,
        `POST /front HTTP/1.1\r\nHost: ${HOST}:${door.port}\r\n${cookie}\r\n${lines}\r\n\r\n0\r\n\r\n${hidden}`,
      )
      for (const it of arrived()) {
        expect(it.url).toBe('/front')
        expect(it.headers['x-posture-status']).toBe('affirming')
      }
      for (const it of asked()) expect(it.url).toBe('/v1/forward-auth/-')
    })

    test('headers without end', async () => {
      expectRefused(
        await sendKnown({ lines: Array.from({ length: 60 }, (_, at) => `X-Own-${at}: ${'x'.repeat(2000)}`) }),
        [0, 400, 431, 494, 503],
      )
      expectRefused(await send({ lines: [`Cookie: ${'x'.repeat(40_000)}`] }), [0, 400, 401, 431, 494, 503])
      expect((await sendKnown()).status).toBe(200)
    })
  })

  describe('leads the device check to the collector', () => {
    test('where it comes back', async () => {
      const reply = await sendKnown({
        path: '/.muster/callback?code=abc',
        lines: ['Muster-Device: x', 'X-Forwarded-Host: evil'],
      })
      const [request, ...more] = asked()
      expect(more).toEqual([])
      expect(request).toMatchObject({
        method: 'GET',
        url: '/.muster/callback?code=abc',
        headers: {
          'muster-gateway-key': world.key,
          'x-forwarded-host': `${HOST}:${door.port}`,
          'x-forwarded-proto': 'https',
        },
      })
      expect(request?.headers.cookie).toBe(world.laptops.well.cookie)
      expect(request?.headers).not.toHaveProperty('muster-device')
      expectRefused(reply, [400, 404])
    })

    test('with its answer, whatever that sets or says', async () => {
      const headers = { location: `https://${HOST}/`, 'set-cookie': ['__Host-muster-device=1; Path=/; Secure', 'b=2'] }
      world.tap.mood = { status: 303, headers }
      const reply = await send({ path: '/.muster/callback?code=abc' })
      expect(reply.status).toBe(303)
      expect(reply.headers.get('location')).toEqual([headers.location])
      expect(reply.headers.get('set-cookie')).toEqual(headers['set-cookie'])
    })

    test('with its form', async () => {
      const lines = [
        'Content-Type: application/x-www-form-urlencoded',
        `Origin: https://${HOST}:${door.port}`,
        'Sec-Fetch-Site: same-origin',
      ]
      world.tap.mood = { status: 303, headers: { location: '/' } }
      const reply = await sendKnown({ method: 'POST', path: '/.muster/check-again', body: 'return=x', lines })
      expect(reply.status).toBe(303)
      expect(asked()).toMatchObject([
        {
          method: 'POST',
          url: '/.muster/check-again',
          body: 'return=x',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: `https://${HOST}:${door.port}`,
            'sec-fetch-site': 'same-origin',
          },
        },
      ])
    })

    test('and no other address', async () => {
      for (const path of [
        '/.muster/',
        '/.muster/a/b',
        '/.muster/../v1/admin/devices',
        '/.muster/callback/../../v1/admin/devices',
        '/.muster/%2e%2e/v1/admin/devices',
        '/.muster/..%2fv1/admin',
        '/v1/admin/devices/../../../.muster/callback',
        '//.muster/callback',
        '/.muster//callback',
        '/.muster/callback%00',
        '/.muster/callback%0d%0aX:%20y',
        '/.muster/callback;x',
        '/%2emuster/callback',
      ]) {
        const reply = await send({ path })
        expect({ path, status: reply.status }).toEqual({ path, status: expect.toBeOneOf([400, 401, 404]) })
        for (const { url } of asked())
          expect({ path, url }).toEqual({
            path,
            url: expect.stringMatching(/^\/(v1\/forward-auth\/-|\.muster\/callback)$/),
          })
        expect(arrived()).toEqual([])
      }
    })

    test('and says so where it does not answer', async () => {
      for (const mood of ['hangs-up', { status: 500 }] as const) {
        world.tap.mood = mood
        const reply = await send({ path: '/.muster/callback?code=abc', lines: [BROWSER] })
        expectRefused(reply, [502, 503, 504])
        expectPage(reply)
        expect(reply.body).toContain('could not be checked')
      }
    })
  })
})

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

function linesOf(request: Arrived | undefined, wanted: string): string[] {
  return (request?.lines ?? []).filter(([name]) => name === wanted).map(([, value]) => value)
}

/** Everything that comes back until the other end closes, or has nothing more to say. */
function all(door: Door, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(door)
    let raw = ''
    socket.setEncoding('latin1').setTimeout(300, () => socket.destroy())
    socket.on('data', (data) => (raw += String(data)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(raw))
    socket.write(bytes)
  })
}

/** Asks to change the protocol and, where that is granted, says something; everything that came back by the first answer to it. */
function talk(door: Door, lines: readonly string[], says: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open(door)
    let raw = ''
    let said = false
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('close', () => resolve(raw))
    socket.on('data', (data) => {
      raw += String(data)
      const reply = replyOf(raw)
      if (reply?.status === 101 && !said) {
        said = true
        socket.write(says)
      } else if (reply?.status !== 101 && reply?.complete) socket.destroy()
      if (raw.includes(`echo ${says}`)) socket.destroy()
    })
    socket.write(`GET /socket HTTP/1.1\r\n${[`Host: ${door.host}:${door.port}`, ...lines].join('\r\n')}\r\n\r\n`)
  })
}

function sendHead(door: Door, lines: readonly string[]): Promise<string> {
  return all(
    door,
    `HEAD / HTTP/1.1\r\n${[`Host: ${door.host}:${door.port}`, 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`,
  )
}

type Http2Reply = { status: number; headers: Http2Headers; body: string }

function http2({ port, host, ca }: Door, headers: Record<string, string | string[]>, body = ''): Promise<Http2Reply> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${host}:${port}`, { ca, host: '127.0.0.1', servername: host })
    session.on('error', reject)
    const stream = session.request({ ':authority': `${host}:${port}`, ...headers }, { endStream: body === '' })
    const reply: Http2Reply = { status: 0, headers: {}, body: '' }
    stream.setEncoding('utf8')
    stream.on('response', (got) => Object.assign(reply, { status: got[':status'] ?? 0, headers: got }))
    stream.on('data', (data: string) => (reply.body += data))
    stream.on('error', reject)
    stream.on('end', () => {
      session.close()
      resolve(reply)
    })
    if (body !== '') stream.end(body)
  })
}
