import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../agent.ts'
import { answerer, type Answer, type AnswererParts, type Asked } from './answer.ts'

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

export type HttpParts = Omit<AnswererParts, 'milliseconds' | 'onProof'> & { log: Log }

/** Makes the function that speaks HTTP on a connection to this port: one request, one answer. */
export function openHttp({ log, ...parts }: HttpParts, port: number): (socket: Socket) => void {
  const onProof = () => log('a browser was told which laptop this is', { collector: parts.issuer })
  const answer = answerer({ ...parts, milliseconds: () => performance.now(), onProof }, port)
  const server = createServer({ connectionsCheckingInterval: NEVER_MS }, (request, response) => {
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
  return (socket) => void server.emit('connection', socket)
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
