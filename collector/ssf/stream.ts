import { Type, type Static } from 'typebox'
import { nullable, oneOf, strict, text } from '../../shared/schema.ts'
import { Subject } from './subject.ts'

export const PUSH = 'urn:ietf:rfc:8935'
export const POLL = 'urn:ietf:rfc:8936'

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'

/** What a stream can carry (CAEP 1.0, section 3). */
export const EVENT = {
  compliance: `${CAEP}device-compliance-change`,
  claims: `${CAEP}token-claims-change`,
  revoked: `${CAEP}session-revoked`,
} as const

/**
 * What a stream can carry by the form of its subjects. Who has two laptops is not compliant because one of them is: of a
 * user it is only told that sessions end.
 */
export const SUPPORTED: Record<SubjectForm, readonly string[]> = {
  complex: Object.values(EVENT),
  device: Object.values(EVENT),
  user: [EVENT.revoked],
}

/** What each stream carries, whatever was asked for (SSF 1.0, sections 8.1.4 and 8.1.5). */
export const SYSTEM_EVENT = { verification: `${SSF}verification`, updated: `${SSF}stream-updated` } as const

/** How the subject of an event is written: device and user in one, the device alone, or the e-mail of its user alone. */
export const SUBJECT_FORMS = ['complex', 'device', 'user'] as const
export type SubjectForm = (typeof SUBJECT_FORMS)[number]

export const STREAM_STATUSES = ['enabled', 'paused', 'disabled'] as const
export type StreamState = (typeof STREAM_STATUSES)[number]

const Address = Type.String({ minLength: 1, maxLength: 1000 })
const StreamId = text(60)

const Delivery = Type.Union([
  strict({
    method: Type.Literal(PUSH),
    endpoint_url: Address,
    // What a header field may hold (RFC 9110, section 5.5).
    authorization_header: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e][\\x20-\\x7e]{0,3999}$' })),
  }),
  // A receiver may repeat the address that it was told; it is ours.
  strict({ method: Type.Literal(POLL), endpoint_url: Type.Optional(nullable(Address)) }),
])

/** What a receiver supplies of a stream. */
const asked = {
  delivery: Type.Optional(Delivery),
  events_requested: Type.Optional(Type.Array(text(300), { maxItems: 100 })),
  description: Type.Optional(text(1000)),
  subject_form: Type.Optional(oneOf(SUBJECT_FORMS)),
}

/** What we supply. A receiver may send it along, as it was told (SSF 1.0, section 8.1.1.3); it has to be right then. */
const supplied = {
  iss: Type.Optional(text(1000)),
  aud: Type.Optional(Type.Union([text(1000), Type.Array(text(1000), { maxItems: 10 })])),
  events_supported: Type.Optional(Type.Array(text(300), { maxItems: 100 })),
  events_delivered: Type.Optional(Type.Array(text(300), { maxItems: 100 })),
  min_verification_interval: Type.Optional(Type.Integer()),
}

/** The body of a request to create a stream. Members that are not of SSF are overlooked, as everywhere in JSON of the web. */
export const StreamAsked = Type.Object(asked)
export type StreamAsked = Static<typeof StreamAsked>

/** The body of PATCH and PUT. */
export const StreamChange = Type.Object({ stream_id: StreamId, ...asked, ...supplied })
export type StreamChange = Static<typeof StreamChange>

/** A stream as its owner sees it. The authorisation header of a push stream is never told again. */
export type Stream = {
  stream_id: string
  iss: string
  aud: string
  delivery: { method: typeof PUSH; endpoint_url: string } | { method: typeof POLL; endpoint_url: string }
  events_supported: readonly string[]
  events_requested?: string[]
  events_delivered: string[]
  description?: string
  subject_form: SubjectForm
  /** Seconds. */
  min_verification_interval: number
}

export const StatusAsked = Type.Object({
  stream_id: StreamId,
  status: oneOf(STREAM_STATUSES),
  reason: Type.Optional(text(1000)),
})
export type StreamStatus = { stream_id: string; status: StreamState; reason?: string }

/** The body of requests that add and remove a subject. */
export const SubjectAsked = Type.Object({
  stream_id: StreamId,
  subject: Subject,
  verified: Type.Optional(Type.Boolean()),
})

export const VerificationAsked = Type.Object({ stream_id: StreamId, state: Type.Optional(text(1000)) })

/** The body of a poll (RFC 8936, section 2.2). */
export const PollAsked = Type.Object({
  maxEvents: Type.Optional(Type.Integer({ minimum: 0 })),
  returnImmediately: Type.Optional(Type.Boolean()),
  ack: Type.Optional(Type.Array(text(100), { maxItems: 10_000 })),
  setErrs: Type.Optional(
    Type.Record(text(100), Type.Object({ err: text(100), description: Type.Optional(text(2000)) })),
  ),
})
export type PollAsked = Static<typeof PollAsked>
/** SETs by their `jti`. */
export type PollAnswer = { sets: Record<string, string>; moreAvailable: boolean }
