import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { MusterError } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Gateways } from '../gateways.ts'
import type { Store } from '../store/store.ts'
import { openBook, ownEvent, updatedEvent, type Change, type Live } from './book.ts'
import { openDeriver } from './deriver.ts'
import { checkSupplied, newDocument, patched, replaced, shown, statusOf, type StreamDocument } from './document.ts'
import { openSetSigner, type RsaJwk, type SetSignerOptions } from './key.ts'
import { openPoller } from './poller.ts'
import { openPusher, WAITS, type Waits } from './pusher.ts'
import { openSender, type SenderOptions } from './send.ts'
import {
  EVENT,
  PUSH,
  SYSTEM_EVENT,
  type PollAnswer,
  type PollAsked,
  type Stream,
  type StreamAsked,
  type StreamChange,
  type StreamState,
  type StreamStatus,
} from './stream.ts'
import { canBeOurs, namesIn, withNamed, type Subject } from './subject.ts'

/**
 * The streams of events, each of which belongs to the gateway that made it: nobody else ever sees it. `owner` is the id of
 * the gateway. All that names a stream which there is none of throws MusterError `stream-unknown` (404).
 */
export type Streams = {
  /** It hears of what changes from now on. Throws `stream-limit` (409), `stream-invalid` (400). */
  create(owner: string, asked: StreamAsked): Promise<Stream>
  find(owner: string, id: string): Stream
  list(owner: string): Stream[]
  /** Changes what is named (PATCH). Throws `stream-invalid`. */
  update(owner: string, id: string, patch: StreamChange): Promise<Stream>
  /** What is not named is forgotten (PUT). Throws `stream-invalid`. */
  replace(owner: string, id: string, asked: StreamChange): Promise<Stream>
  remove(owner: string, id: string): Promise<void>
  status(owner: string, id: string): StreamStatus
  setStatus(owner: string, id: string, status: StreamState, reason?: string): Promise<StreamStatus>
  /** Throws `subject-unknown` (404) where it can be none of ours. */
  addSubject(owner: string, id: string, subject: Subject): Promise<void>
  removeSubject(owner: string, id: string, subject: Subject): Promise<void>
  /** Has a verification event sent. Throws `verification-too-soon` (429) and `stream-not-enabled` (409). */
  verify(owner: string, id: string, state?: string): Promise<void>
  /**
   * Takes what is acknowledged, then gives what is not. Where there is nothing it waits, at most for 30 s, unless
   * it is to return immediately; ends early when `signal` aborts. A push stream cannot be polled: `stream-invalid`.
   */
  poll(owner: string, id: string, asked: PollAsked, signal?: AbortSignal): Promise<PollAnswer>
  /** The RSA keys that verify what is sent (RFC 7517), for `/ssf/jwks.json`. The first is made when it is first asked for. */
  jwks(): Promise<{ keys: RsaJwk[] }>
  /** What waits to be delivered, for metrics. */
  waiting(): Promise<Waiting[]>
  /** To be called when another policy has come into force. */
  policyChanged(): void
  /** Resolves when all that is durable has become events. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** What waits on the streams of one state: `given-up` is paused by ourselves, since the receiver cannot be reached. */
type Waiting = { state: 'enabled' | 'paused' | 'given-up'; events: number; oldest: Date | null }
/** What became of a SET: `refused` is set aside, `failed` is sent again. */
type Outcome = { method: 'push' | 'poll'; outcome: 'accepted' | 'refused' | 'failed' }

/** Where a stream is polled: below the issuer, and followed by the id of the stream. */
export const POLL_PATH = '/ssf/poll'

const STREAMS_PER_GATEWAY = 10
const NAMED_SUBJECTS = 1000
const VERIFY_SECONDS = 30
/** A receiver that cannot be reached for so long has its stream paused. */
const GIVE_UP_MS = 86_400_000
const HELD = 10_000
/** For so long a receiver's refusal can be looked up. */
const REFUSED_MS = 30 * 86_400_000
const TIDY_MS = 3_600_000

/** Of a stream that can deliver, as far as is known. */
const WELL = { isGivenUp: false, failingSince: null }

export type StreamsOptions = {
  store: Store
  gateways: Pick<Gateways, 'list' | 'onRevoked'>
  fleet: Pick<Fleet, 'policy' | 'find' | 'devices' | 'standing' | 'settled' | 'isWritten'>
  issuerUrl: string
  /** The collector's own folder. */
  folder: string
  /** Hosts that may be pushed to whatever their address. */
  pushTargets: readonly string[]
  clock: () => Date
  /** Told where the clock was set. */
  onSet?: Clock['onSet']
  /** The key that signs gets a successor after so many days; 0, as without it: never. */
  keyDays?: number
  onKeys?: SetSignerOptions['onChange']
  log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  /** Told of so many SETs of which the same became. */
  onOutcome?: (outcome: Outcome, count: number) => void
  resolve?: SenderOptions['resolve']
  waits?: Partial<Waits>
  /** How long a receiver may take to answer. */
  answerMs?: number
  /** More than so many events that wait are brought down to what still says something. */
  held?: number
}

export async function openStreams(options: StreamsOptions): Promise<Streams> {
  const { store, gateways, fleet, issuerUrl, folder, pushTargets, clock, log, resolve, answerMs, held = HELD } = options
  const { onOutcome = () => undefined } = options
  const onError = (error: unknown) => log.warn({ err: error }, 'events could not be made or sent; it is tried again')
  const book = await openBook(store, (problem) => log.warn({ err: problem }, 'an event stream cannot be read'))
  const signer = openSetSigner({
    folder,
    keyDays: options.keyDays ?? 0,
    clock: { now: clock, onSet: options.onSet ?? (() => undefined) },
    onError: (error) => log.warn({ err: error }, 'the keys of events could not be changed'),
    onChange: options.onKeys ?? (() => undefined),
  })
  const sender = openSender({
    exempt: pushTargets,
    clock,
    ...(resolve && { resolve }),
    ...(answerMs !== undefined && { timeoutMs: answerMs }),
  })
  const poller = openPoller({
    store,
    find,
    signer,
    onTaken: (count) => onOutcome({ method: 'poll', outcome: 'accepted' }, count),
    onRefused,
  })
  const pusher = openPusher({
    store,
    find,
    sender,
    signer,
    chance: Math.random,
    waits: { ...WAITS, ...options.waits },
    onError,
    onSent: (outcome) => onOutcome({ method: 'push', outcome }, 1),
    onRefused,
    onFailing,
    onRecovered,
  })
  const lookEvery = Math.ceil(held / 10)
  const verifiedAt = new Map<string, number>()
  const added = new Map<string, number>()
  const deriver = await openDeriver({ store, book, fleet, issuerUrl, clock, onError, onEvents: wakeAll })

  /** A stream whose gateway is not revoked. */
  function find(id: string): Live | null {
    const live = book.get(id)
    return live && gateways.list().some((gateway) => gateway.id === live.owner) ? live : null
  }

  function required(owner: string, id: string): Live {
    const live = find(id)
    if (!live || live.owner !== owner) throw new MusterError('stream-unknown')
    return live
  }

  const ofOwner = (owner: string) => [...book.all()].filter((live) => live.owner === owner)

  function show({ id, owner, document }: Live): Stream {
    const pollAddress = `${issuerUrl}${POLL_PATH}/${id}`
    return shown(document, { issuer: issuerUrl, owner, id, pollAddress, verifySeconds: VERIFY_SECONDS })
  }

  function wakeAll(counts: ReadonlyMap<string, number>): void {
    for (const [id, count] of counts) {
      poller.wake(id)
      pusher.wake(id)
      const sum = (added.get(id) ?? 0) + count
      added.set(id, sum < lookEvery ? sum : 0)
      if (sum >= lookEvery) keepBounded(id).catch(onError)
    }
  }

  /** What waits is bounded by the number of devices, however long a receiver is away, and still ends in what is true. */
  async function keepBounded(id: string): Promise<void> {
    if ((await store.countOutgoing(id)) <= held) return
    const superseded = await store.supersedeEvents(id, EVENT.compliance)
    if (superseded > 0) log.warn({ stream: id, superseded }, 'events that later ones make superfluous were dropped')
  }

  async function save(live: Live, by: (last: StreamDocument) => StreamDocument): Promise<Stream> {
    await book.change(live, (last) => {
      const document = by(last)
      // Another address has not failed yet.
      const isAnother = last.isGivenUp && document.delivery !== last.delivery
      return isAnother ? became(live, { ...document, ...WELL, status: 'enabled', reason: null }) : { document }
    })
    pusher.restart(live.id)
    poller.wake(live.id)
    return show(live)
  }

  async function refuseForbidden({ delivery }: StreamDocument): Promise<void> {
    const problem = delivery.method === PUSH ? await sender.problemOf(delivery.address) : null
    if (problem !== null)
      throw new MusterError('stream-invalid', `delivery.endpoint_url cannot be pushed to: ${problem}`)
  }

  /** Another status, and an event that says so. */
  function became(live: Live, document: StreamDocument): Change {
    const { status, reason } = document
    const event = updatedEvent(live, { issuer: issuerUrl, at: clock(), jti: randomUUID(), status, reason })
    return { document, events: [event], drop: status === 'disabled' }
  }

  async function name(live: Live, action: 'add' | 'remove', subject: Subject): Promise<void> {
    if (!canBeOurs(subject, issuerUrl)) throw new MusterError('subject-unknown')
    await book.change(live, (last) => {
      const named = withNamed(last.named, { action, subject })
      if (namesIn(named) > NAMED_SUBJECTS)
        throw new MusterError('stream-invalid', `it has ${NAMED_SUBJECTS} names of subjects at most`)
      return { document: { ...last, named } }
    })
  }

  function onFailing(live: Live, problem: string): Promise<void> {
    const { id } = live
    const now = clock()
    return book.change(live, (last) => {
      const since = last.failingSince
      if (since === null) {
        log.warn({ stream: id, problem }, 'events cannot be delivered; it is tried again')
        return { document: { ...last, failingSince: now.toISOString() } }
      }
      if (last.status !== 'enabled' || now.getTime() - Date.parse(since) < GIVE_UP_MS) return null
      log.warn({ stream: id, problem, since }, 'the event stream is paused')
      const reason = `Nothing could be delivered since ${since}: ${problem}`
      return became(live, { ...last, status: 'paused', reason, isGivenUp: true })
    })
  }

  function onRecovered(live: Live): Promise<void> {
    return book.change(live, (last) => {
      if (last.failingSince === null) return null
      log.info({ stream: live.id }, 'events can be delivered again')
      const well = { ...last, ...WELL }
      return last.isGivenUp ? became(live, { ...well, status: 'enabled', reason: null }) : { document: well }
    })
  }

  function onRefused({ id, owner, document }: Live, { jti, type }: { jti: string; type: string }, problem: string) {
    onOutcome({ method: document.delivery.method === PUSH ? 'push' : 'poll', outcome: 'refused' }, 1)
    log.warn({ stream: id, gateway: owner, jti, type, problem }, 'a receiver does not take an event')
  }

  async function waitingByState(): Promise<Waiting[]> {
    const states = { enabled: newWaiting('enabled'), paused: newWaiting('paused'), 'given-up': newWaiting('given-up') }
    for (const { id, document } of book.all()) {
      if (document.status === 'disabled') continue
      const sum = states[document.isGivenUp ? 'given-up' : document.status]
      const oldest = await store.oldestOutgoing(id)
      sum.events += await store.countOutgoing(id)
      if (oldest && (sum.oldest === null || oldest < sum.oldest)) sum.oldest = oldest
    }
    return Object.values(states)
  }

  const tidy = setInterval(() => {
    store.forgetRefused(new Date(clock().getTime() - REFUSED_MS)).catch(onError)
  }, TIDY_MS).unref()
  let revoked: string | null = null
  gateways.onRevoked(({ id }) => {
    // The one before is gone for good. This one may come back, where the store refuses.
    if (revoked !== null && !gateways.list().some((gateway) => gateway.id === revoked)) book.forgetOwner(revoked)
    revoked = id
    for (const live of ofOwner(id)) poller.wake(live.id)
  })
  deriver.start()
  for (const { id } of book.all()) {
    pusher.wake(id)
    keepBounded(id).catch(onError)
  }

  return {
    async create(owner, asked) {
      const document = newDocument(asked, pushTargets)
      await refuseForbidden(document)
      if (ofOwner(owner).length >= STREAMS_PER_GATEWAY) {
        throw new MusterError('stream-limit', `a gateway has at most ${STREAMS_PER_GATEWAY}`)
      }
      const live = { id: `str_${randomBytes(12).toString('base64url')}`, owner, document }
      await book.add(live, clock())
      return show(live)
    },
    find: (owner, id) => show(required(owner, id)),
    list: (owner) => ofOwner(owner).map(show),
    async update(owner, id, patch) {
      checkSupplied(patch, show(required(owner, id)))
      const document = patched(required(owner, id).document, patch, pushTargets)
      await refuseForbidden(document)
      const live = required(owner, id)
      return save(live, (last) => patched(last, patch, pushTargets))
    },
    async replace(owner, id, asked) {
      checkSupplied(asked, show(required(owner, id)))
      await refuseForbidden(replaced(required(owner, id).document, asked, pushTargets))
      const live = required(owner, id)
      return save(live, (last) => replaced(last, asked, pushTargets))
    },
    async remove(owner, id) {
      required(owner, id)
      await book.remove(id)
      verifiedAt.delete(id)
      poller.wake(id)
      pusher.wake(id)
    },
    status: (owner, id) => statusOf(id, required(owner, id).document),
    async setStatus(owner, id, status, reason) {
      const live = required(owner, id)
      const to = { status, reason: reason ?? null, ...WELL }
      await book.change(live, (last) => {
        const document = { ...last, ...to }
        return last.status === status ? { document } : became(live, document)
      })
      pusher.restart(id)
      poller.wake(id)
      return statusOf(id, live.document)
    },
    addSubject: (owner, id, subject) => name(required(owner, id), 'add', subject),
    removeSubject: (owner, id, subject) => name(required(owner, id), 'remove', subject),
    async verify(owner, id, state) {
      const live = required(owner, id)
      if (live.document.status !== 'enabled') throw new MusterError('stream-not-enabled')
      const now = clock()
      const since = now.getTime() - (verifiedAt.get(id) ?? -Infinity)
      if (since >= 0 && since < VERIFY_SECONDS * 1000) throw new MusterError('verification-too-soon')
      verifiedAt.set(id, now.getTime())
      const payload = state === undefined ? {} : { state }
      const event = ownEvent(live, {
        issuer: issuerUrl,
        at: now,
        jti: randomUUID(),
        type: SYSTEM_EVENT.verification,
        payload,
      })
      await book.change(live, (document) => ({ document, events: [event] }))
      wakeAll(new Map([[id, 1]]))
    },
    async poll(owner, id, asked, signal) {
      const live = required(owner, id)
      if (live.document.delivery.method === PUSH)
        throw new MusterError('stream-invalid', 'it is pushed, and not polled')
      return poller.poll(live, asked, signal)
    },
    jwks: signer.jwks,
    waiting: waitingByState,
    policyChanged: deriver.reconcile,
    settled: deriver.settled,
    async close() {
      clearInterval(tidy)
      poller.close()
      await deriver.close()
      await pusher.close()
      sender.close()
      signer.close()
    },
  }
}

const newWaiting = (state: Waiting['state']): Waiting => ({ state, events: 0, oldest: null })
