import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import { Type } from 'typebox'
import { parserOf, strict } from '../../shared/schema.ts'

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'

const words = Type.Record(Type.String({ pattern: '^[a-z]{2}$' }), Type.String({ minLength: 1 }))
const common = {
  event_timestamp: Type.Integer({ minimum: 1_000_000_000, maximum: 100_000_000_000 }),
  initiating_entity: Type.Enum(['admin', 'user', 'policy', 'system']),
  reason_admin: words,
  reason_user: words,
}
const status = Type.Enum(['compliant', 'not-compliant'])
const EVENTS = {
  [`${CAEP}device-compliance-change`]: strict({ previous_status: status, current_status: status, ...common }),
  [`${CAEP}token-claims-change`]: strict({ claims: strict({ tiers: Type.Array(Type.String()) }), ...common }),
  [`${CAEP}session-revoked`]: strict(common),
  [`${SSF}verification`]: strict({ state: Type.Optional(Type.String()) }),
  [`${SSF}stream-updated`]: strict({
    status: Type.Enum(['enabled', 'paused', 'disabled']),
    reason: Type.Optional(Type.String()),
  }),
}
const simple = Type.Union([
  strict({ format: Type.Literal('iss_sub'), iss: Type.String(), sub: Type.String({ pattern: '^dev_' }) }),
  strict({ format: Type.Literal('email'), email: Type.String({ pattern: '@' }) }),
  strict({ format: Type.Literal('opaque'), id: Type.String() }),
])
const parseClaims = parserOf(
  strict({
    iss: Type.String(),
    aud: Type.String(),
    jti: Type.String({ minLength: 16 }),
    iat: Type.Integer(),
    txn: Type.String({ minLength: 1 }),
    sub_id: Type.Union([
      simple,
      strict({ format: Type.Literal('complex'), device: simple, user: Type.Optional(simple) }),
    ]),
    events: Type.Record(Type.String(), Type.Unknown()),
  }),
)

/** A SET as a receiver took it. */
type Received = {
  jti: string
  /** The last part of the type of its event. */
  event: string
  payload: Record<string, unknown>
  subject: Record<string, unknown>
  txn: string
  deviceId: string | null
  at: number
}

/** What a receiver holds of a device, by what it was told and nothing else. */
type Belief = { compliant: boolean; revoked: number }

export type SetReader = {
  /** Takes a SET as RFC 8417, RFC 8935, SSF 1.0 and CAEP 1.0 have it. Returns what is wrong with it. */
  take(jws: string): Promise<string | null>
  /** Each once, in the order in which they came. */
  sets: Received[]
  /** So many came again. */
  repeated: number
  problems: string[]
  believes(deviceId: string): Belief
  /** Resolves when so many have come. */
  until(condition: () => boolean): Promise<void>
}

export type ReaderOptions = {
  issuer: string
  audience: () => string
  jwks: () => Promise<JSONWebKeySet>
  /** Whether each event has to continue what the ones before it said. */
  isComplete?: boolean
}

export function setReader({ issuer, audience, jwks, isComplete = true }: ReaderOptions): SetReader {
  const sets: Received[] = []
  const problems: string[] = []
  const texts = new Map<string, string>()
  const beliefs = new Map<string, Belief>()
  const judged = new Set<string>()
  const waiting = new Set<() => void>()
  const believes = (deviceId: string) => beliefs.get(deviceId) ?? { compliant: false, revoked: 0 }
  const reader = { sets, problems, repeated: 0, take, believes, until }

  async function problemOf(jws: string): Promise<string | null> {
    const header = decodeProtectedHeader(jws)
    if (header.typ !== 'secevent+jwt' || header.alg !== 'RS256') return `header ${JSON.stringify(header)}`
    const keys = await jwks()
    if (!keys.keys.some(({ kid }) => kid === header.kid)) return `no key ${header.kid}`
    const { payload } = await jwtVerify(jws, createLocalJWKSet(keys), { algorithms: ['RS256'] })
    const parsed = parseClaims(payload)
    if (!parsed.ok) return `${parsed.problem} in ${JSON.stringify(payload)}`
    const { iss, aud, jti, iat, sub_id: subject, events, txn } = parsed.value
    if (iss !== issuer) return `iss ${iss}`
    if (aud !== audience()) return `aud ${aud} for ${audience()}`
    if (iat * 1000 > Date.now() + 366 * 86_400_000) return `iat ${iat}`
    const [[type, content] = ['', null], ...others] = Object.entries(events)
    if (others.length > 0) return 'more than one event'
    const schema = new Map<string, (typeof EVENTS)[keyof typeof EVENTS]>(Object.entries(EVENTS)).get(type)
    if (!schema) return `no such event: ${type}`
    const event = parserOf(schema)(content)
    if (!event.ok) return `${type}: ${event.problem}`
    const known = texts.get(jti)
    if (known !== undefined) {
      reader.repeated += 1
      return known === JSON.stringify(payload) ? null : `${jti} says something else than before`
    }
    texts.set(jti, JSON.stringify(payload))
    const device = 'device' in subject ? subject.device : subject
    const deviceId = 'sub' in device ? device.sub : null
    const received = { jti, event: type.split('/').at(-1) ?? '', payload: { ...event.value }, txn, deviceId }
    sets.push({ ...received, subject, at: performance.now() })
    return believe(received)
  }

  function believe({ event, payload, deviceId }: Pick<Received, 'event' | 'payload' | 'deviceId'>): string | null {
    if (deviceId === null) return null
    const before = believes(deviceId)
    if (event === 'session-revoked') beliefs.set(deviceId, { ...before, revoked: before.revoked + 1 })
    if (event !== 'device-compliance-change') return null
    const [was, is] = [payload['previous_status'], payload['current_status']]
    beliefs.set(deviceId, { ...before, compliant: is === 'compliant' })
    if (was === is) return `${deviceId} went from ${String(was)} to ${String(is)}`
    const wasSo = before.compliant ? 'compliant' : 'not-compliant'
    // What was before the stream is not known.
    const isKnown = judged.has(deviceId)
    judged.add(deviceId)
    return isComplete && isKnown && was !== wasSo ? `${deviceId} was ${wasSo}, and not ${String(was)}` : null
  }

  async function take(jws: string): Promise<string | null> {
    const problem = await problemOf(jws).catch((error: unknown) => String(error))
    if (problem !== null) problems.push(problem)
    for (const look of waiting) look()
    return problem
  }

  function until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (!condition()) return
      waiting.delete(look)
      resolve()
    }
    waiting.add(look)
    look()
    return promise
  }

  return reader
}

/** What a receiver does with a request: takes it, answers something else, says nothing, or breaks the connection. */
export type Behaviour =
  | 'accept'
  | 'hang'
  | 'reset'
  /** Takes it, and breaks the connection before it says so. */
  | 'accept-reset'
  | { status: number; body?: object; headers?: Record<string, string> }

export type Receiver = SetReader & {
  address: string
  requests: { method: string; headers: IncomingMessage['headers'] }[]
  /** Asked for each request. */
  behave: (request: number, jws: string) => Behaviour | Promise<Behaviour>
  close(): Promise<void>
}

/** A receiver that is pushed to (RFC 8935), over HTTP or, with a certificate, over HTTPS. */
export async function pushReceiver(
  options: ReaderOptions & { tls?: { cert: string; key: string }; host?: string },
): Promise<Receiver> {
  const { tls, host = '127.0.0.1' } = options
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      receiver.problems.push(String(error))
      response.writeHead(500).end()
    })
  }
  const server = tls ? createHttpsServer(tls, handle) : createHttpServer(handle)
  const receiver: Receiver = Object.assign(setReader(options), {
    address: '',
    requests: [] as Receiver['requests'],
    behave: (): Behaviour | Promise<Behaviour> => 'accept',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request
    let body = ''
    for await (const chunk of request) body += String(chunk)
    receiver.requests.push({ method, headers })
    if (method !== 'POST' || headers['content-type'] !== 'application/secevent+jwt') {
      receiver.problems.push(`${method} ${headers['content-type']}`)
    }
    const behaviour = await receiver.behave(receiver.requests.length, body)
    if (behaviour === 'hang') return
    if (behaviour === 'reset') return void request.socket.destroy()
    if (typeof behaviour === 'object') {
      response.writeHead(behaviour.status, { 'content-type': 'application/json', ...behaviour.headers })
      return void response.end(behaviour.body ? JSON.stringify(behaviour.body) : '')
    }
    const problem = await receiver.take(body)
    if (behaviour === 'accept-reset') return void request.socket.destroy()
    if (problem === null) return void response.writeHead(202).end()
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ err: 'invalid_request', description: problem }))
  }

  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo // oxlint-disable-line typescript/no-unsafe-type-assertion
  receiver.address = `${tls ? 'https' : 'http'}://${host}:${port}/events`
  return receiver
}
