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
  /** Whether it asked to change the protocol. */
  upgrade: boolean
}

/** The application behind the gateway: writes down what reaches it. */
export type Application = { port: number; arrived: Arrived[]; status: number; close(): Promise<void> }

/** What it says; no client that was refused may read it. */
export const SECRET = 'the minutes of the board'

export async function startApplication(): Promise<Application> {
  const server = createServer({ maxHeaderSize: 256 * 1024 })
  const arrived: Arrived[] = []
  const application = { arrived, status: 200 }
  server.on('request', (request, response) => {
    const seen: Arrived = { ...headOf(request), body: '', upgrade: false }
    arrived.push(seen)
    request.setEncoding('utf8')
    request.on('data', (data: string) => (seen.body += data))
    request.on('end', () => {
      response.writeHead(application.status, { 'content-type': 'text/plain', 'x-app': 'yes' }).end(SECRET)
    })
  })
  server.on('upgrade', (request, socket) => {
    arrived.push({ ...headOf(request), body: '', upgrade: true })
    socket.on('error', () => socket.destroy())
    const protocol = request.headers.upgrade ?? ''
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
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

export function headOf({ method = '', url = '', rawHeaders, headers }: Head) {
  const lines: [string, string][] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  return { method, url, lines, headers }
}
