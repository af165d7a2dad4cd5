import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { jsonParserOf, nullable, oneOf, strict } from '../../shared/schema.ts'
import {
  POLL,
  PUSH,
  STREAM_STATUSES,
  SUBJECT_FORMS,
  SUPPORTED,
  type Stream,
  type StreamAsked,
  type StreamChange,
  type StreamStatus,
} from './stream.ts'
import { Subject } from './subject.ts'
import { readTarget } from './target.ts'

/** What is kept of a stream, beside its id and its owner. */
const StreamDocument = strict({
  delivery: Type.Union([
    strict({ method: Type.Literal(PUSH), address: Type.String(), authorization: nullable(Type.String()) }),
    strict({ method: Type.Literal(POLL) }),
  ]),
  /** Null: everything that there is. */
  requested: nullable(Type.Array(Type.String())),
  description: nullable(Type.String()),
  subjectForm: oneOf(SUBJECT_FORMS),
  named: Type.Array(strict({ action: oneOf(['add', 'remove']), subject: Subject })),
  status: oneOf(STREAM_STATUSES),
  reason: nullable(Type.String()),
  /** We paused it ourselves, since its receiver could not be reached: it goes on by itself. */
  isGivenUp: Type.Boolean(),
  /** Since when nothing could be delivered; null while all is well. */
  failingSince: nullable(Time),
})
export type StreamDocument = Static<typeof StreamDocument>
export const parseDocument = jsonParserOf(StreamDocument)

const NEW: Omit<StreamDocument, 'delivery' | 'requested' | 'description' | 'subjectForm'> = {
  named: [],
  status: 'enabled',
  reason: null,
  isGivenUp: false,
  failingSince: null,
}

/** A new stream as it was asked for; without `delivery` it is polled. @throws MusterError `stream-invalid` */
export function newDocument(asked: StreamAsked, pushTargets: readonly string[]): StreamDocument {
  return { ...NEW, ...askedParts(asked, pushTargets) }
}

/** Changes what is named. @throws MusterError `stream-invalid` */
export function patched(last: StreamDocument, patch: StreamChange, pushTargets: readonly string[]): StreamDocument {
  const { delivery, requested, description, subjectForm } = askedParts(patch, pushTargets)
  return {
    ...last,
    ...(patch.delivery && { delivery }),
    ...(patch.events_requested && { requested }),
    ...(patch.description !== undefined && { description }),
    ...(patch.subject_form && { subjectForm }),
  }
}

/** What is not named is as in a new stream. @throws MusterError `stream-invalid` */
export function replaced(last: StreamDocument, asked: StreamChange, pushTargets: readonly string[]): StreamDocument {
  return { ...last, ...askedParts(asked, pushTargets) }
}

function askedParts(asked: StreamAsked, pushTargets: readonly string[]) {
  return {
    delivery: deliveryOf(asked, pushTargets),
    requested: asked.events_requested ?? null,
    description: asked.description ?? null,
    subjectForm: asked.subject_form ?? ('complex' as const),
  }
}

function deliveryOf({ delivery }: StreamAsked, pushTargets: readonly string[]): StreamDocument['delivery'] {
  if (!delivery || delivery.method === POLL) return { method: POLL }
  const target = readTarget(delivery.endpoint_url, pushTargets)
  if (!target.ok)
    throw new MusterError('stream-invalid', `delivery.endpoint_url cannot be pushed to: ${target.problem}`)
  return {
    method: PUSH,
    address: target.value.url.href,
    authorization: delivery.authorization_header ?? null,
  }
}

/** The types of events that a stream carries. */
export function deliveredBy({ subjectForm, requested }: StreamDocument): string[] {
  return SUPPORTED[subjectForm].filter((type) => requested === null || requested.includes(type))
}

export type Around = { issuer: string; owner: string; id: string; pollAddress: string; verifySeconds: number }

/** A stream as its owner sees it. */
export function shown(document: StreamDocument, around: Around): Stream {
  const { delivery, requested, description, subjectForm } = document
  return {
    stream_id: around.id,
    iss: around.issuer,
    aud: around.owner,
    delivery:
      delivery.method === PUSH
        ? { method: PUSH, endpoint_url: delivery.address }
        : { method: POLL, endpoint_url: around.pollAddress },
    events_supported: SUPPORTED[subjectForm],
    ...(requested && { events_requested: requested }),
    events_delivered: deliveredBy(document),
    ...(description !== null && { description }),
    subject_form: subjectForm,
    min_verification_interval: around.verifySeconds,
  }
}

export function statusOf(id: string, { status, reason }: StreamDocument): StreamStatus {
  return { stream_id: id, status, ...(reason !== null && { reason }) }
}

/** What a receiver sends along of what we supply has to be what we supply (SSF 1.0, section 8.1.1.3). */
export function checkSupplied(change: StreamChange, stream: Stream): void {
  const { iss, aud, events_supported: supported, events_delivered: delivered } = change
  const wrong =
    (iss !== undefined && iss !== stream.iss && 'iss') ||
    (aud !== undefined && ![aud].flat().includes(stream.aud) && 'aud') ||
    (supported && !isSame(supported, stream.events_supported) && 'events_supported') ||
    (delivered && !isSame(delivered, stream.events_delivered) && 'events_delivered') ||
    null
  if (wrong !== null) throw new MusterError('stream-invalid', `${wrong} is not for a receiver to change`)
}

const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join(' ') === b.toSorted().join(' ')
