import { connect as connectTls, type TLSSocket } from 'node:tls'

export type Reply = {
  status: number
  headers: Map<string, string[]>
  body: string
  /** Everything that came, as it came. */
  raw: string
}

export type Door = { port: number; host: string; ca: string }

/** Sends these very bytes by TLS and reads one answer. A door that is shut without a word is status 0. */
export function sendRaw({ port, host, ca }: Door, bytes: string | Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = open({ port, host, ca })
    let raw = ''
    const done = () => {
      socket.destroy()
      resolve(replyOf(raw) ?? { status: 0, headers: new Map(), body: '', raw })
    }
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      raw += data
      if (replyOf(raw)?.complete) done()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done()
      else reject(error)
    })
    socket.on('end', done)
    socket.write(bytes)
  })
}

export function open({ port, host, ca }: Door): TLSSocket {
  return connectTls({ port, host: '127.0.0.1', servername: host, ca, ALPNProtocols: ['http/1.1'] })
}

/** The first answer in a text that is not a 1xx, and whether all of it is there; null where not even its head is. */
export function replyOf(raw: string): (Reply & { complete: boolean }) | null {
  const end = raw.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = raw.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0)
  if (status >= 100 && status < 200 && status !== 101) return replyOf(raw.slice(end + 4))
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const rest = raw.slice(end + 4)
  const isEmpty = status === 204 || status === 304 || status === 101
  if (headers.get('transfer-encoding')?.[0] === 'chunked') {
    const { body, complete } = unchunked(rest)
    return { status, headers, body, raw, complete }
  }
  const length = Number(headers.get('content-length')?.[0] ?? Number.NaN)
  return { status, headers, body: isEmpty ? '' : rest, raw, complete: isEmpty || rest.length >= length }
}

function unchunked(rest: string): { body: string; complete: boolean } {
  let body = ''
  let at = 0
  while (true) {
    const line = rest.indexOf('\r\n', at)
    if (line === -1) return { body, complete: false }
    const size = Number.parseInt(rest.slice(at, line), 16)
    if (size === 0) return { body, complete: true }
    body += rest.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (at > rest.length) return { body, complete: false }
  }
}

export type Ask = {
  method?: string
  /** The request target, as it is written into the request line. */
  path?: string
  /** Header lines after `Host`; what a hostile client adds comes after what it needs to be let through. */
  lines?: readonly string[]
  host?: string | null
  body?: string
  version?: '1.0' | '1.1'
}

/** A request in HTTP/1, written by hand. */
export function ask(
  door: Door,
  { method = 'GET', path = '/', lines = [], host, body, version = '1.1' }: Ask = {},
): Promise<Reply> {
  const head = [
    `${method} ${path} HTTP/${version}`,
    ...(host === null ? [] : [`Host: ${host ?? `${door.host}:${door.port}`}`]),
    ...lines,
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return sendRaw(door, `${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
}
