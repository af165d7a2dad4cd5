import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openSender } from './send.ts'

let server: Server
afterEach(() => new Promise((resolve) => server.close(resolve)))

/** Writes for as long as anybody reads. */
function forEver(socket: Socket, text: string): void {
  const write = () => {
    while (socket.writable && socket.write(text)) continue
  }
  socket.on('drain', write)
  write()
}

const CHUNK = `10000\r\n${'a'.repeat(65_536)}\r\n`

// None of them may be waited for until the time is over, which is far away here.
test.each<[what: string, answer: (socket: Socket) => void, sent: object]>([
  [
    'an answer without an end',
    (socket) => forEver(socket, `HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n${CHUNK}`),
    { kind: 'accepted' },
  ],
  [
    'an announcement of an answer, again and again',
    (socket) => forEver(socket, 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'),
    { kind: 'failed', problem: 'it announces an answer for ever' },
  ],
  [
    'an announcement, and then an answer',
    (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'),
    { kind: 'accepted' },
  ],
  [
    'another protocol',
    (socket) => socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello'),
    { kind: 'failed', problem: 'it answered 101' },
  ],
  [
    'headers without an end',
    (socket) => forEver(socket, `HTTP/1.1 202 Accepted\r\nx: ${'b'.repeat(100_000)}`),
    { kind: 'failed', problem: expect.stringContaining('Header') },
  ],
  ['what is no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'), { kind: 'failed' }],
  [
    'an error with control characters',
    (socket) => {
      const body = JSON.stringify({ err: 'invalid_key\r\nX: 1', description: '\u001b[31m' + 'x'.repeat(9000) })
      socket.end(`HTTP/1.1 400 No\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    },
    { kind: 'refused', problem: expect.stringMatching(/^invalid_key\?\?X: 1: \?\[31mx{200,300}$/) },
  ],
])('a receiver that sends %s', async (_what, answer, sent) => {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sender = openSender({ exempt: ['127.0.0.1'], clock: () => new Date(), timeoutMs: 600_000 })
  const to = { address: `http://127.0.0.1:${port}/`, authorization: null }
  expect(await sender.send(to, 'a.b.c', new AbortController().signal)).toMatchObject(sent)
  sender.close()
})
