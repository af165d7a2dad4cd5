import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from 'node:http2'
import { open, replyOf, type Door } from './client.ts'

/** What a client asks for a WebSocket with. */
export const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Everything that comes back until the other end closes or, where that may never be, has said nothing for so long. */
export function all(door: Door, bytes: string, idleMs = 0): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(door)
    let raw = ''
    socket.setEncoding('latin1').setTimeout(idleMs, () => socket.destroy())
    socket.on('data', (data) => (raw += String(data)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(raw))
    socket.write(bytes)
  })
}

/** Asks to change the protocol and, where that is granted, says something; everything that came back by the first answer to it. */
export function talk(door: Door, lines: readonly string[], says: string): Promise<string> {
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

/** HEAD, and everything that comes back. */
export function sendHead(door: Door, lines: readonly string[]): Promise<string> {
  return all(
    door,
    `HEAD / HTTP/1.1\r\n${[`Host: ${door.host}:${door.port}`, 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`,
  )
}

type Http2Reply = { status: number; headers: Http2Headers; body: string }

/** A request in HTTP/2. */
export function http2(
  { port, host, ca }: Door,
  headers: Record<string, string | string[]>,
  body = '',
): Promise<Http2Reply> {
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
