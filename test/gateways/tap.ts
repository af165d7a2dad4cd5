import { readFileSync } from 'node:fs'
import { request as ask, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { headOf, type Arrived } from './application.ts'
import type { Certificate } from './certificates.ts'

/** What the collector does with a question: answers it for real, or fails in one of the ways in which servers fail. */
type Mood = Answering | ((question: Arrived) => Answering)

type Answering =
  'real' | 'silent' | 'hangs-up' | { status: number; headers?: Record<string, string | string[]>; body?: string }

/** TLS in front of the real collector, which writes down what a gateway asks it. */
export type Tap = {
  port: number
  asked: Arrived[]
  mood: Mood
  /** Whether it writes `X-Forwarded-*` itself, as a proxy does that stands before a collector. */
  isProxy: boolean
  close(): Promise<void>
}

export async function startTap(collectorUrl: string, certificate: Certificate): Promise<Tap> {
  const asked: Arrived[] = []
  const server = createServer({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const tap = { asked, mood: 'real' as Mood, isProxy: false }
  server.on('request', (request, response) => {
    const seen = headOf(request)
    asked.push(seen)
    request.setEncoding('utf8')
    request.on('data', (data: string) => (seen.body += data))
    request.on('end', () => {
      const mood = typeof tap.mood === 'function' ? tap.mood(seen) : tap.mood
      if (mood === 'hangs-up') request.socket.destroy()
      else if (mood === 'real') passOn(collectorUrl, seen, tap.isProxy ? asProxy(seen) : request.rawHeaders, response)
      else if (mood !== 'silent') response.writeHead(mood.status, mood.headers).end(mood.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(tap, {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** The headers as a proxy sends them on: its own words for where a request came from, and what it was for. */
function asProxy({ lines, method, url }: Arrived): string[] {
  const own: [string, string][] = [
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'collector.example.com'],
    ['x-forwarded-method', method],
    ['x-forwarded-uri', url],
  ]
  return [...lines.filter(([name]) => !name.startsWith('x-forwarded-')), ...own].flat()
}

function passOn(
  collectorUrl: string,
  { method, url, body }: Arrived,
  headers: string[],
  response: ServerResponse,
): void {
  const { hostname, port } = new URL(collectorUrl)
  const call = ask({ hostname, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
    answer.pipe(response)
  })
  call.on('error', () => response.destroy())
  call.end(body)
}
