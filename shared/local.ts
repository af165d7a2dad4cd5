import { Type, type Static } from 'typebox'
import { ERRORS } from './errors.ts'
import { Time } from './fact.ts'
import { jsonParserOf, keysOf, nullable, oneOf, parserOf, strict, text } from './schema.ts'
import { Facts } from './signals.ts'
import { Standing } from './standing.ts'

/** One line of the local API, a request, is at most this long; answers have no limit that matters. */
export const LOCAL_REQUEST_BYTES = 4096

/** How the agent stands with its collector. */
export const CONNECTION_STATES = {
  connecting: 'Connecting to the collector',
  connected: 'Connected to the collector',
  waiting: 'The collector cannot be reached; the agent keeps trying',
  refused: 'The collector does not accept this device; the agent asks again from time to time',
  stopped: 'The agent is stopping',
} as const
export type ConnectionState = keyof typeof CONNECTION_STATES

/** Everything that the agent tells the people of its laptop. */
export const LocalStatus = strict({
  /** Of the agent. */
  version: text(60),
  collectorUrl: text(300),
  deviceId: text(60),
  connection: strict({
    state: oneOf(keysOf(CONNECTION_STATES)),
    words: text(400),
    /** What ended the last connection, while there is no other. */
    code: nullable(oneOf(keysOf(ERRORS))),
    since: Time,
    /** When the agent tries again, or is trying right now; null while it is connected or connecting. */
    retryAt: nullable(Time),
  }),
  /** What was read last; empty before the first reading. */
  facts: Facts,
  readAt: nullable(Time),
  /** What the collector concluded last; null before it has. */
  standing: nullable(Standing),
  /** What the policy asks of this device, in words. */
  asks: Type.Array(strict({ check: text(60), title: text(60), ask: text(400) }), { maxItems: 64 }),
  lastSentAt: nullable(Time),
  nextReportAt: nullable(Time),
})
export type LocalStatus = Static<typeof LocalStatus>

const Id = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ maxLength: 60 })])

/** The request to another server that a program wants to make as this device. */
export const RequestToProve = strict({
  method: Type.String({ pattern: '^[A-Za-z][A-Za-z-]{0,30}$' }),
  /** The whole address, `https://...`. */
  url: Type.String({ pattern: '^https?://', maxLength: 2000 }),
  /** What that server gave in `DPoP-Nonce`, in an answer before. */
  nonce: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,256}$' })),
})
export type RequestToProve = Static<typeof RequestToProve>

/** The headers that prove one request (RFC 9449), good once. */
export const RequestProof = strict({ authorization: Type.String(), dpop: Type.String() })
export type RequestProof = Static<typeof RequestProof>

/**
 * What a program of this laptop may ask of the agent, one JSON text a line: `status` once, `watch` for the status now
 * and at each change, `check-again` for a new reading and report (answered when the reading is done), `prove` for the
 * headers that prove a request to be of this device.
 */
const LocalRequest = Type.Union([
  strict({ id: Id, method: oneOf(['status', 'watch', 'check-again']) }),
  strict({ id: Id, method: Type.Literal('prove'), request: RequestToProve }),
])
export type LocalRequest = Static<typeof LocalRequest>

const Failure = strict({ code: oneOf(keysOf(ERRORS)), message: text(600) })

/** `id` is that of the request; null where the line could not be read. `event` comes without having been asked for. */
export const LocalAnswer = Type.Union([
  strict({ id: Id, ok: LocalStatus }),
  strict({ id: Id, proof: RequestProof }),
  strict({ id: nullable(Id), error: Failure }),
  strict({ event: Type.Literal('status'), status: LocalStatus }),
])
export type LocalAnswer = Static<typeof LocalAnswer>

export const parseRequestToProve = parserOf(RequestToProve)
export const parseLocalRequest = jsonParserOf(LocalRequest)
export const parseLocalAnswer = jsonParserOf(LocalAnswer)
