import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived, every line of it. */
export type Arrived = {
  method: string
  url: string
  /** Names in small letters, in the order of arrival, each line apart. */
  lines: [name: string, value: string][]
  headers: IncomingHttpHeaders
  body: string
  /** What came after the body, each line as it came. */
  trailers: string[]
  /** Whether it asked to change the protocol. */
  upgrade: boolean
}

/** The application behind the gateway: writes down what reaches it. */
export type Application = { port: number; arrived: Arrived[]; status: number; close(): Promise<void> }

/** What it says; no client that was refused may read it. */
export const SECRET = 'the minutes of the board'

/** What the answer to a key is made with (RFC 6455, section 4.2.2). */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export async function startApplication(): Promise<Application> {
  const server = createServer({ maxHeaderSize: 256 * 1024 })
  const arrived: Arrived[] = []
  const application = { arrived, status: 200 }
  server.on('request', (request, response) => {
    const seen = headOf(request)
    arrived.push(seen)
    request.setEncoding('utf8')
    request.on('data', (data: string) => (seen.body += data))
    request.on('end', () => {
      seen.trailers = request.rawTrailers
      response.writeHead(application.status, { 'content-type': 'text/plain', 'x-app': 'yes' }).end(SECRET)
    })
  })
  server.on('upgrade', (request, socket) => {
    arrived.push({ ...headOf(request), upgrade: true })
    socket.on('error', () => socket.destroy())
    const { upgrade = '', 'sec-websocket-key': key = '' } = request.headers
    const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64')
    const lines = ['Connection: Upgrade', `Upgrade: ${upgrade}`, `Sec-WebSocket-Accept: ${accept}`]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    socket.on('data', (data) => socket.write(`echo ${data.toString()}`))
    socket.on('end', () => socket.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(application, {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

type Head = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders' | 'headers'>

/** A request of which no more than the head has arrived. */
export function headOf({ method = '', url = '', rawHeaders, headers }: Head): Arrived {
  const lines: [string, string][] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  return { method, url, lines, headers, body: '', trailers: [], upgrade: false }
}
