import { createHash } from 'node:crypto'
import { MusterError } from '../../shared/errors.ts'
import type { NewEvent, Store } from '../store/store.ts'
import { parseDocument, type StreamDocument } from './document.ts'
import { setClaims } from './set.ts'
import { SYSTEM_EVENT, type StreamState } from './stream.ts'

/** A stream in memory. Its document is replaced, never changed. */
export type Live = { readonly id: string; readonly owner: string; document: StreamDocument }

/** What a stream becomes, with events about that; `drop` gives up what it had to deliver. */
export type Change = { document: StreamDocument; events?: NewEvent[]; drop?: boolean }

/** The streams of all gateways in memory, as they are in the store. */
export type Book = {
  all(): Iterable<Live>
  get(id: string): Live | null
  /** Adds a stream before it is written, so that no change is missed; takes it back where that fails. */
  add(live: Live, at: Date): Promise<void>
  /**
   * Changes a stream: written first, then so. One change after the other, each of what the one before left: a receiver and
   * what becomes of its deliveries change the same document. A stream that is gone meanwhile stays gone.
   */
  change(live: Live, by: (last: StreamDocument) => Change | null): Promise<void>
  remove(id: string): Promise<void>
  /** Forgets streams of which the store has nothing any more. */
  forgetOwner(owner: string): void
}

export async function openBook(
  store: Pick<Store, 'loadStreams' | 'addStream' | 'saveStream' | 'removeStream'>,
  onDamaged: (problem: MusterError) => void,
): Promise<Book> {
  const streams = new Map<string, Live>()
  const turns = new WeakMap<Live, Promise<void>>()
  for (const { id, owner, document } of await store.loadStreams()) {
    const parsed = parseDocument(document)
    if (parsed.ok) streams.set(id, { id, owner, document: parsed.value })
    else onDamaged(new MusterError('store-unavailable', `the event stream ${id} is damaged: ${parsed.problem}`))
  }

  async function apply(live: Live, by: (last: StreamDocument) => Change | null): Promise<void> {
    const change = by(live.document)
    if (!change) return
    const { document, ...more } = change
    const isThere = await store.saveStream(live.id, JSON.stringify(document), more)
    if (isThere) live.document = document
    else streams.delete(live.id)
  }

  return {
    all: () => streams.values(),
    get: (id) => streams.get(id) ?? null,
    async add(live, createdAt) {
      streams.set(live.id, live)
      try {
        const { id, owner, document } = live
        await store.addStream({ id, owner, createdAt, document: JSON.stringify(document) })
      } catch (error) {
        streams.delete(live.id)
        throw error
      }
    },
    change(live, by) {
      const turn = (turns.get(live) ?? Promise.resolve()).then(() => apply(live, by))
      turns.set(
        live,
        turn.catch(() => undefined),
      )
      return turn
    },
    async remove(id) {
      await store.removeStream(id)
      streams.delete(id)
    },
    forgetOwner(owner) {
      for (const { id, owner: its } of streams.values()) if (its === owner) streams.delete(id)
    },
  }
}

/** An id that the same event of the same stream always has. */
export function jtiOf(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/** An event about the stream itself (SSF 1.0, sections 8.1.4 and 8.1.5). */
export function ownEvent(
  live: Live,
  of: { issuer: string; at: Date; jti: string; type: string; payload: object },
): NewEvent {
  const { issuer, at, jti, type, payload } = of
  const subject = { format: 'opaque' as const, id: live.id }
  const claims = setClaims({ issuer, audience: live.owner, jti, at, txn: jti, subject, event: { type, payload } })
  return { streamId: live.id, jti, type, deviceId: null, changeId: null, claims: JSON.stringify(claims), at }
}

export function updatedEvent(
  live: Live,
  of: { issuer: string; at: Date; jti: string; status: StreamState; reason: string | null },
): NewEvent {
  const { status, reason, ...rest } = of
  return ownEvent(live, {
    ...rest,
    type: SYSTEM_EVENT.updated,
    payload: { status, ...(reason !== null && { reason }) },
  })
}
