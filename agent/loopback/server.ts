import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../agent.ts'
import { answerer, type Answer, type AnswererParts, type Asked } from './answer.ts'

export type LoopbackParts = Omit<AnswererParts, 'milliseconds' | 'onProof'> & {
  /** The first of them that is free is taken; 0 is any that is free. */
  ports: readonly number[]
  log: Log
  /** How long a connection may last, in milliseconds. */
  connectionMs?: number
}

export type Loopback = {
  /** Where it listens; null where all ports were taken. */
  port: number | null
  close(): Promise<void>
}

/** This machine and no other, and only by the address that the collector's page asks. */
const ADDRESS = '127.0.0.1'
/** From the first byte to the last: nothing that is right takes a tenth of it. */
const CONNECTION_MS = 10_000
const CONNECTIONS = 32
const BODY_BYTES = 1024
/** Node looks for slow clients every so often; here each connection has a deadline of its own, and an agent at rest rests. */
const NEVER_MS = 2 ** 31 - 1

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  // With `no-referrer` a browser would not name the origin of the agent's own form.
  'referrer-policy': 'same-origin',
}

/** Listens for browsers of this laptop. An agent without a port says so once, and goes on without. */
export async function openLoopback(options: LoopbackParts): Promise<Loopback> {
  const { ports, log, connectionMs = CONNECTION_MS, ...parts } = options
  const server = createServer({ connectionsCheckingInterval: NEVER_MS })
  server.maxConnections = CONNECTIONS
  const port = await listenOnFirstFree(server, ports)
  if (port === null) {
    const next = 'restart the agent when one of them is free; reports go on'
    log('browsers cannot be answered: all ports are taken', { ports: ports.join(', '), next })
    return { port, close: async () => undefined }
  }
  const onProof = () => log('a browser was told which laptop this is', { collector: parts.issuer })
  const answer = answerer({ ...parts, milliseconds: () => performance.now(), onProof }, port)
  server.on('connection', (socket) => {
    const deadline = setTimeout(() => socket.destroy(), connectionMs)
    socket.once('close', () => clearTimeout(deadline))
  })
  server.on('request', (request, response) => {
    answer(askedBy(request)).then(
      (it) => send(response, it),
      (error: unknown) => {
        // A client that has gone needs no answer, and no line in the log.
        if (response.destroyed) return
        log('a browser could not be answered', { error: String(error) })
        send(response, { status: 500 })
      },
    )
  })
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listenOnFirstFree(server: Server, ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    if (await listens(server, port)) {
      const address = server.address()
      return typeof address === 'object' && address ? address.port : port
    }
  }
  return null
}

/** A port that is not to be had is one that another program has, or that the system keeps for itself (Windows). */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = () => resolve(false)
    server.once('error', refused)
    server.listen({ port, host: ADDRESS, exclusive: true }, () => {
      server.off('error', refused)
      resolve(true)
    })
  })
}

function askedBy(request: IncomingMessage): Asked {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    // One that came twice is like none that is right.
    header: (name) => request.headersDistinct[name]?.join(', '),
    body: () => bodyOf(request),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(Buffer.from(chunk))
    bytes += chunks.at(-1)?.length ?? 0
    if (bytes > BODY_BYTES) return null
  }
  return Buffer.concat(chunks).toString()
}

/** Every answer is the last of its connection: what a browser keeps open would keep the agent busy. */
function send(response: ServerResponse, { status, headers, body = '' }: Answer): void {
  response.sendDate = false
  response.shouldKeepAlive = false
  // An answer of 204 has no body, not even an empty one (RFC 9110, section 8.6).
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...HEADERS, ...headers, ...length })
  response.end(body)
}
