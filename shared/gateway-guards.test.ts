import { createServer, request as send, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dpopProof } from '../test/fakes/dpop.ts'
import { fakeGateway } from '../test/fakes/gateway.ts'
import { JWKS } from '../test/fakes/issuer.ts'
import { openDpop, type DpopChecker } from './dpop.ts'
import type { ConnectGuard, GuardOptions, RefusedRequest, Verifier } from './gateway-api.ts'
import { attestationOf, expressGuard, fastifyGuard } from './gateway-guards.ts'
import { openRequests } from './gateway-request.ts'

const PUBLIC = 'https://wiki.example'

let { clock, collector, verifierOf } = fakeGateway()
let dpop: DpopChecker
let verifier: Verifier
let close: () => unknown
beforeEach(() => {
  ;({ clock, collector, verifierOf } = fakeGateway())
  dpop = openDpop({ clock: clock.now, secret: new Uint8Array(32) })
  const tokens = verifierOf()
  verifier = { ...tokens, ...openRequests(tokens, dpop) }
  close = () => undefined
})
afterEach(() => close())

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = () => server.close().closeAllConnections()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server of the kind that Express is, as small as it gets: what stands in front of a handler is called in turn. */
function connectServer(guard: ConnectGuard, mountedAt = ''): RequestListener {
  return (request, response) => {
    const asked = Object.assign(request, { originalUrl: request.url })
    asked.url = asked.url?.slice(mountedAt.length)
    void guard(asked, response, (error) => {
      if (error !== undefined) response.statusCode = 500
      response.end(error === undefined ? `hello ${attestationOf(request).deviceId}` : 'a mistake')
    })
  }
}

function fails(): never {
  throw new Error('the log is full')
}

function fastifyServer(options: GuardOptions): FastifyInstance {
  const app = Fastify()
  app.get('/open', (request, reply) => reply.send(attestationOf(request).deviceId))
  app.register(async (inner) => {
    inner.addHook('onRequest', fastifyGuard(verifier, options))
    inner.all('/wiki/*', (request, reply) => reply.send(`hello ${attestationOf(request).deviceId}`))
  })
  return app
}

/** A proxy that passes requests on without the beginning of their path, as many are set up. */
async function proxied(to: string, prefix: string): Promise<string> {
  const { host, hostname, port } = new URL(to)
  const closeServer = close
  const proxy = createServer((request, response) => {
    const headers = { ...request.headers, host, 'x-forwarded-proto': 'https' }
    const path = request.url?.slice(prefix.length)
    send({ hostname, port, path, method: request.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    }).end()
  })
  const at = await listening(proxy)
  const closeProxy = close
  close = async () => {
    closeProxy()
    await closeServer()
  }
  return at
}

type Asked = { method?: string; url?: string; path?: string; headers?: Record<string, string> }

/** What a client on the device sends: a proof for `url`, at `path` of the server that listens. */
async function ask(
  at: string,
  { method = 'GET', url = `${PUBLIC}/wiki/a`, path = '/wiki/a', headers = {} }: Asked = {},
) {
  const token = await collector.attest()
  const proof = await dpopProof(collector.device, { method, url, token, nonce: dpop.nonce(), now: clock.now() })
  return answerOf(at, path, method, { authorization: `DPoP ${token}`, dpop: proof, ...headers })
}

async function answerOf(at: string, path: string, method = 'GET', headers: Record<string, string> = {}) {
  const { port } = new URL(at)
  const asked = send({ host: '127.0.0.1', port, path, method, headers }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }
}

const SERVERS: [name: string, start: (more?: Partial<GuardOptions>) => Promise<string>][] = [
  [
    "Node's own server, called as Express calls",
    (more) =>
      listening(
        createServer(connectServer(expressGuard(verifier, { tier: 'internal', publicUrl: PUBLIC, ...more }), '/wiki')),
      ),
  ],
  [
    'Fastify',
    async (more) => {
      const app = fastifyServer({ tier: 'internal', publicUrl: PUBLIC, ...more })
      close = () => app.close()
      return app.listen({ host: '127.0.0.1', port: 0 })
    },
  ],
]

describe.each(SERVERS)('%s', (_name, start) => {
  test('lets a device through that is admitted, and knows which', async () => {
    const answer = await ask(await start())
    expect(answer).toMatchObject({ status: 200, body: `hello ${collector.device.id}` })
    expect(answer.headers['dpop-nonce']).toBe(dpop.nonce())
    expect((await ask(await start(), { method: 'POST' })).status).toBe(200)
  })

  test('asks everybody else for a proof, in words for programs and for people', async () => {
    const answer = await answerOf(await start(), '/wiki/a')
    expect(answer.status).toBe(401)
    expect(answer.headers).toMatchObject({
      'www-authenticate': 'DPoP algs="ES256"',
      'dpop-nonce': dpop.nonce(),
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'cache-control': 'no-store',
    })
    expect(JSON.parse(answer.body)).toMatchObject({ status: 401, code: 'device-not-named', fix: expect.any(String) })
  })

  test('refuses with 403 a device that is not admitted, and with 503 while nothing is known', async () => {
    expect(await ask(await start({ tier: 'restricted' }))).toMatchObject({ status: 403 })
    collector.instead.set(JWKS, () => new Response('', { status: 500 }))
    verifier = { ...verifier, ...openRequests(verifierOf(), dpop) }
    const answer = await ask(await start())
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(answer.headers['www-authenticate']).toBeUndefined()
  })

  test('tells of each refusal', async () => {
    const told: [RefusedRequest['code'], string][] = []
    const at = await start({ onRefused: ({ code }, { url }) => told.push([code, url]) })
    await ask(at)
    await answerOf(at, '/wiki/b?c')
    await ask(at, { url: 'https://evil.example/wiki/a' })
    expect(told).toEqual([
      ['device-not-named', `${PUBLIC}/wiki/b?c`],
      ['proof-invalid', `${PUBLIC}/wiki/a`],
    ])
  })

  test('answers 500, and nothing else, where that fails', async () => {
    expect((await answerOf(await start({ onRefused: fails }), '/wiki/a')).status).toBe(500)
  })

  test('goes by its own address alone, whatever a client says', async () => {
    const at = await start()
    const proofsElsewhere = { url: 'https://evil.example/wiki/a' }
    for (const headers of [
      { host: 'evil.example' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { 'x-original-host': 'evil.example' },
      { forwarded: 'host=evil.example;proto=https' },
      { 'x-forwarded-uri': '/wiki/a', 'x-forwarded-host': 'evil.example' },
    ]) {
      expect((await ask(at, { ...proofsElsewhere, headers })).status).toBe(401)
      expect((await ask(at, { headers })).status).toBe(200)
    }
    expect((await ask(at, { url: `${at}/wiki/a` })).status).toBe(401)
    expect((await ask(at, { path: '/wiki/b', headers: { 'x-forwarded-uri': '/wiki/a' } })).status).toBe(401)
    expect((await ask(at, { path: '/wiki/b', headers: { 'x-original-uri': '/wiki/a' } })).status).toBe(401)
    expect((await ask(at, { method: 'POST', headers: { 'x-http-method-override': 'POST' } })).status).toBe(200)
  })

  test('takes a whole address in the place of a path for none of ours', async () => {
    const at = await start({ publicUrl: `${PUBLIC}/` })
    for (const path of [`${PUBLIC}/wiki/a`, 'http://evil.example/wiki/a']) {
      expect((await ask(at, { path })).status).not.toBe(200)
      expect((await ask(at, { path, url: `${PUBLIC}${path}` })).status).not.toBe(200)
    }
  })

  test('works behind a proxy that takes a part of the path away, and tells of it in headers', async () => {
    const server = await start({ publicUrl: 'https://example.com/tools/' })
    const at = await proxied(server, '/tools')
    const path = '/tools/wiki/a?b'
    expect(await ask(at, { path, url: 'https://example.com/tools/wiki/a' })).toMatchObject({ status: 200 })
    for (const url of ['https://example.com/wiki/a', `${at}/tools/wiki/a`, `${server}/wiki/a`]) {
      expect((await ask(at, { path, url })).status).toBe(401)
      const headers = { 'x-forwarded-host': new URL(url).host, 'x-forwarded-prefix': '', 'x-forwarded-uri': '/wiki/a' }
      expect((await ask(at, { path, url, headers })).status).toBe(401)
    }
  })

  test('lets no proof through twice', async () => {
    const at = await start()
    const token = await collector.attest()
    const said = { url: `${PUBLIC}/wiki/a`, token, nonce: dpop.nonce(), now: clock.now() }
    const headers = { authorization: `DPoP ${token}`, dpop: await dpopProof(collector.device, said) }
    expect((await answerOf(at, '/wiki/a', 'GET', headers)).status).toBe(200)
    expect(JSON.parse((await answerOf(at, '/wiki/a', 'GET', headers)).body)).toMatchObject({ code: 'proof-replayed' })
    const both = await Promise.all([ask(at), ask(at)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
  })
})

test.each(['.evil.example/wiki/a', ':7@evil.example/wiki/a', '@evil.example/wiki/a', '*', 'evil.example:443', ''])(
  'a path that would make another address of ours is none: %j',
  async (path) => {
    const url = `${PUBLIC}${path}`
    const token = await collector.attest()
    const proof = await dpopProof(collector.device, { url, token, nonce: dpop.nonce(), now: clock.now() })
    const request = { method: 'GET', url: path, headers: { authorization: `DPoP ${token}`, dpop: proof } }
    const response = { statusCode: 0, setHeader: () => undefined, end: () => undefined }
    await expressGuard(verifier, { tier: 'internal', publicUrl: PUBLIC })(request, response, () => undefined)
    expect(response.statusCode).toBe(401)
  },
)

test('a route that no guard stands in front of has no device', async () => {
  const app = fastifyServer({ tier: 'internal', publicUrl: PUBLIC })
  close = () => app.close()
  expect((await app.inject('/open')).json()).toMatchObject({ statusCode: 500, message: /No guard/ as never })
  expect(() => attestationOf({})).toThrow(/No guard/)
})

describe('what cannot protect anything is refused when the server starts:', () => {
  const options = { tier: 'internal', publicUrl: PUBLIC }
  test.each<[name: string, more: object]>([
    ['no tier', { tier: undefined }],
    ['an empty tier', { tier: '' }],
    ['no address', { publicUrl: undefined }],
    ['an empty address', { publicUrl: '' }],
    ['a path', { publicUrl: '/wiki' }],
    ['a host', { publicUrl: 'wiki.example' }],
    ['an address with a query', { publicUrl: `${PUBLIC}/?a` }],
    ['an address with a part', { publicUrl: `${PUBLIC}/#a` }],
    ['an address with a name in it', { publicUrl: 'https://ana@wiki.example' }],
    ['an address of another kind', { publicUrl: 'ftp://wiki.example' }],
  ])('%s', (_name, more) => {
    expect(() => expressGuard(verifier, { ...options, ...more })).toThrow(TypeError)
    expect(() => fastifyGuard(verifier, { ...options, ...more })).toThrow(TypeError)
  })
})
