import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { openConnection, type Closed } from './connection.ts'

let server: Server
let sockets: WebSocketServer
let url = ''
let upgrades: IncomingMessage[] = []
let onSocket: (socket: WebSocket) => void = () => undefined

beforeEach(async () => {
  upgrades = []
  onSocket = () => undefined
  server = createServer()
  sockets = new WebSocketServer({
    server,
    path: '/v1/agent',
    perMessageDeflate: true,
    handleProtocols: () => 'muster.v1',
  })
  sockets.on('connection', (socket, upgrade) => {
    upgrades.push(upgrade)
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  for (const socket of sockets.clients) socket.terminate()
  server.closeAllConnections()
  server.close()
})

/** Opens a connection; `closed` comes with how it ended, `texts` is what it heard. */
function open(at = url) {
  const texts: string[] = []
  let connection: ReturnType<typeof openConnection> | undefined
  const { promise: whenOpen, resolve: opened } = Promise.withResolvers<void>()
  const closed = new Promise<Closed>((resolve) => {
    connection = openConnection({ url: at }, '1.2.3', {
      opened,
      text: (json) => texts.push(json),
      closed: resolve,
    })
  })
  return { connection: connection!, texts, whenOpen, closed }
}

test('the upgrade names the protocol, shows no origin and asks for no compression', async () => {
  const { connection, whenOpen, closed } = open()
  await whenOpen
  expect(upgrades[0]?.headers).toMatchObject({
    'sec-websocket-protocol': 'muster.v1',
    'user-agent': 'muster-agent/1.2.3',
  })
  expect(upgrades[0]?.headers).not.toHaveProperty('origin')
  expect(upgrades[0]?.headers).not.toHaveProperty('sec-websocket-extensions')
  connection.close('agent-stopping')
  expect(await closed).toMatchObject({ cut: false })
})

test('what is sent before a close arrives', async () => {
  const heard: string[] = []
  const gone = new Promise<number>((resolve) => {
    onSocket = (socket) => {
      socket.on('message', (data: Buffer) => heard.push(data.toString()))
      socket.on('close', resolve)
    }
  })
  const { connection, whenOpen } = open()
  await whenOpen
  connection.send({ type: 'goodbye', code: 'agent-stopping', reason: 'bye', retryAfterSeconds: null })
  connection.close('agent-stopping')
  expect(await gone).toBe(1000)
  expect(heard).toHaveLength(1)
})

const ENDS: { name: string; end: (socket: WebSocket) => void; cut: boolean }[] = [
  { name: 'a collector that goes away', end: (socket) => socket.close(1001), cut: true },
  { name: 'a collector that is killed', end: (socket) => socket.terminate(), cut: true },
  { name: 'a message over the limit', end: (socket) => socket.send('x'.repeat(256 * 1024 + 1)), cut: false },
  { name: 'a binary message', end: (socket) => socket.send(Buffer.from('{}')), cut: false },
]
for (const { name, end, cut } of ENDS) {
  test(`${name} ends it${cut ? ', and was not the network' : ''}`, async () => {
    onSocket = end
    const { closed, texts } = open()
    expect(await closed).toMatchObject({ cut, why: expect.stringMatching(/./) })
    expect(texts).toEqual([])
  })
}

test('a collector that is not there is told of once', async () => {
  server.close()
  await expect.poll(() => server.listening).toBe(false)
  expect(await open().closed).toEqual({ cut: false, why: expect.stringContaining('ECONNREFUSED') })
})

test('a server that is no collector is told of once', async () => {
  sockets.options.path = '/elsewhere'
  expect(await open().closed).toEqual({ cut: false, why: expect.stringContaining('400') })
})

test('a connection can be given up before it is made', async () => {
  const { connection, closed } = open()
  connection.close('agent-stopping')
  expect(await closed).toMatchObject({ cut: false })
})
