import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { fakeDevice } from '../../test/fakes/device.ts'
import { openLoopback, type Loopback, type LoopbackParts } from './server.ts'

const ISSUER = 'https://muster.example'
const device = fakeDevice(ISSUER)

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const it of open.splice(0).toReversed()) await it.close()
})

async function loopback(more: Partial<LoopbackParts> = {}) {
  const logged: string[] = []
  const it: Loopback = await openLoopback({
    version: '1.2.3',
    issuer: ISSUER,
    key: device,
    collectorTime: () => new Date('2026-11-20T12:00:00Z'),
    ports: [0],
    log: (event) => logged.push(event),
    ...more,
  })
  open.push(it)
  return { port: it.port ?? 0, close: it.close, isListening: it.port !== null, logged }
}

/** Sends bytes as they are, and returns all that comes back until the other end closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return answer
}

const hello = (port: number, headers = `Host: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\r\n`) =>
  `GET /v1/hello HTTP/1.1\r\n${headers}\r\n`
const post = (port: number, headers: string, body: string) =>
  `POST /v1/proof HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\r\nContent-Type: application/json\r\n${headers}\r\n${body}`
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

function failing(): never {
  throw new Error('the key is gone')
}

async function taken(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  open.push(server)
  const address = server.address()
  return { server, port: typeof address === 'object' && address ? address.port : 0 }
}

test('an answer has what keeps browsers from keeping or guessing it, and is the last of its connection', async () => {
  const { port } = await loopback()
  const [head = '', body = ''] = (await raw(port, hello(port))).split('\r\n\r\n')
  expect(head.toLowerCase().split('\r\n').toSorted()).toEqual(
    [
      'http/1.1 200 ok',
      `access-control-allow-origin: ${ISSUER}`,
      'cache-control: no-store',
      'connection: close',
      `content-length: ${Buffer.byteLength(body)}`,
      'content-type: application/json',
      'cross-origin-resource-policy: same-origin',
      'referrer-policy: same-origin',
      'vary: origin',
      'x-content-type-options: nosniff',
    ].toSorted(),
  )
  expect(JSON.parse(body)).toEqual({ product: 'muster-agent', version: '1.2.3', issuer: ISSUER })
})

test('a proof goes out over the wire, and is noted in the log', async () => {
  const { port, logged } = await loopback()
  const body = '{"nonce":"nonce-nonce-nonce"}'
  const answer = await raw(port, post(port, `Content-Length: ${body.length}\r\n`, body))
  expect(answer).toMatch(/\{"proof":"[\w-]+\.[\w-]+\.[\w-]+"\}$/)
  expect(logged).toEqual(['a browser was told which laptop this is'])
})

test('a refusal says nothing at all', async () => {
  const { port } = await loopback()
  const answer = await raw(port, hello(port, `Host: 127.0.0.1:${port}\r\nOrigin: https://evil.example\r\n`))
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  expect(answer).toMatch(/\r\nContent-Length: 0\r\n/i)
  expect(answer).not.toMatch(/muster|access-control/i)
})

test('a preflight is answered without a body', async () => {
  const { port } = await loopback()
  const answer = await raw(port, hello(port).replace('GET', 'OPTIONS'))
  expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\n/)
  expect(answer).not.toMatch(/content-length/i)
})

const HOSTILE: { name: string; send: (port: number) => string; status: number }[] = [
  {
    name: 'two hosts',
    send: (port) => hello(port, `Host: 127.0.0.1:${port}\r\nHost: evil.example\r\nOrigin: ${ISSUER}\r\n`),
    status: 403,
  },
  {
    name: 'two hosts, the right one last',
    send: (port) => hello(port, `Host: evil.example\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\r\n`),
    status: 403,
  },
  {
    name: 'two origins',
    send: (port) => hello(port, `Host: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\r\nOrigin: https://evil.example\r\n`),
    status: 403,
  },
  { name: 'no host', send: (port) => hello(port, `Origin: ${ISSUER}\r\n`), status: 400 },
  {
    name: 'HTTP/1.0 without a host',
    send: (port) => hello(port, `Origin: ${ISSUER}\r\n`).replace('1.1', '1.0'),
    status: 403,
  },
  {
    name: 'another address in the request line',
    send: (port) => hello(port).replace('/v1/hello', 'http://evil.example/v1/hello'),
    status: 404,
  },
  {
    name: 'a header split over lines',
    send: (port) => hello(port, `Host: 127.0.0.1:${port}\r\nOrigin:\r\n ${ISSUER}\r\n`),
    status: 400,
  },
  {
    name: 'a header with a zero byte',
    send: (port) => hello(port, `Host: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\0\r\n`),
    status: 400,
  },
  {
    name: 'headers without an end',
    send: (port) => hello(port, `Host: 127.0.0.1:${port}\r\nCookie: ${'c'.repeat(40_000)}\r\n`),
    status: 431,
  },
  { name: 'no HTTP', send: () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', status: 400 },
  {
    name: 'a tunnel',
    send: (port) => `CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    status: 0,
  },
  {
    name: 'an upgrade',
    send: (port) =>
      hello(port, `Host: 127.0.0.1:${port}\r\nOrigin: ${ISSUER}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`),
    status: 200,
  },
  {
    name: 'two lengths',
    send: (port) => post(port, 'Content-Length: 29\r\nContent-Length: 2\r\n', '{"nonce":"nonce-nonce-nonce"}'),
    status: 400,
  },
  {
    name: 'a length and chunks',
    send: (port) => post(port, 'Content-Length: 29\r\nTransfer-Encoding: chunked\r\n', '{"nonce":"nonce-nonce-nonce"}'),
    status: 400,
  },
  {
    name: 'a body longer than any',
    send: (port) => post(port, 'Content-Length: 2000\r\n', '{'.repeat(2000)),
    status: 413,
  },
  {
    name: 'chunks without an end',
    send: (port) => post(port, 'Transfer-Encoding: chunked\r\n', `400\r\n${'{'.repeat(1024)}\r\n1\r\n{\r\n`),
    status: 413,
  },
]
for (const { name, send: text, status } of HOSTILE) {
  test(`${name}: ${status === 0 ? 'the connection is closed' : status}`, async () => {
    const { port, logged } = await loopback()
    expect(statusOf(await raw(port, text(port)))).toBe(status)
    expect(logged).toEqual([])
    // And it goes on answering others.
    expect(statusOf(await raw(port, hello(port)))).toBe(200)
  })
}

test('of requests that come together, the first is answered and the connection ends', async () => {
  const { port } = await loopback()
  const answer = await raw(port, hello(port).repeat(20))
  expect(answer.match(/HTTP\/1\.1/g)?.length).toBe(1)
})

test('who leaves in the middle of a body leaves no line in the log', async () => {
  const { port, logged } = await loopback()
  const socket = connect(port, '127.0.0.1')
  socket.write(post(port, 'Content-Length: 29\r\n', '{"nonce"'))
  await once(socket, 'connect')
  socket.destroy()
  await once(socket, 'close')
  expect(statusOf(await raw(port, hello(port)))).toBe(200)
  expect(logged).toEqual([])
})

test('a key that does not sign is an error of the agent, said in the log', async () => {
  const { port, logged } = await loopback({ key: { id: device.id, sign: failing } })
  const body = '{"nonce":"nonce-nonce-nonce"}'
  expect(statusOf(await raw(port, post(port, `Content-Length: ${body.length}\r\n`, body)))).toBe(500)
  expect(logged).toEqual(['a browser could not be answered'])
})

test('slow clients are let go, one by one, and more than so many are not let in', async () => {
  const { port } = await loopback({ connectionMs: 300 })
  const slow: Socket[] = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'))
  let dripping: NodeJS.Timeout | undefined
  try {
    const closed = slow.map((socket) => {
      socket.on('error', () => undefined)
      socket.write('GET /v1/hello HTTP/1.1\r\nHost: ')
      return new Promise((resolve) => socket.once('close', resolve))
    })
    // A byte now and then does not make it a quick one.
    dripping = setInterval(() => slow.forEach((socket) => socket.writable && socket.write('x')), 50)
    await Promise.all(closed)
    expect(statusOf(await raw(port, hello(port)))).toBe(200)
  } finally {
    clearInterval(dripping)
    for (const socket of slow) socket.destroy()
  }
})

test('it listens on the address of this machine that is asked, and no other', async () => {
  const { port } = await loopback()
  for (const address of ['127.0.0.2', '::1']) {
    const socket = connect(port, address)
    const [error] = await once(socket, 'error')
    expect(error).toMatchObject({ syscall: 'connect' })
  }
})

test('the first free port is taken', async () => {
  const [first, second, third] = [await taken(), await taken(), await taken()]
  third.server.close()
  await once(third.server, 'close')
  const { port, logged } = await loopback({ ports: [first.port, second.port, third.port] })
  expect([port, logged]).toEqual([third.port, []])
  expect(statusOf(await raw(port, hello(port)))).toBe(200)
})

test('two agents do not share a port', async () => {
  const first = await loopback()
  const second = await loopback({ ports: [first.port] })
  expect([second.isListening, second.logged.length]).toEqual([false, 1])
})

test('without a free port the agent says so once, and goes on', async () => {
  const { port } = await taken()
  const { isListening, logged, close } = await loopback({ ports: [port, port] })
  expect([isListening, logged]).toEqual([false, ['browsers cannot be answered: all ports are taken']])
  await close()
})

test('when it stops, nobody is answered any more, and who still waits is let go', async () => {
  const { port, close } = await loopback()
  const waiting = connect(port, '127.0.0.1')
  waiting.on('error', () => undefined)
  await once(waiting, 'connect')
  const gone = once(waiting, 'close')
  await close()
  await gone
  const late = connect(port, '127.0.0.1')
  expect((await once(late, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
})
