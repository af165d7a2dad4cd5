import type { OutgoingEvent, Store } from '../store/store.ts'
import type { Live } from './book.ts'
import type { SetSigner } from './key.ts'
import { SYSTEM_EVENT, type PollAnswer, type PollAsked } from './stream.ts'

/** Gives a receiver that asks what its stream has, until it says that it has it (RFC 8936). */
export type Poller = {
  poll(live: Live, asked: PollAsked, signal?: AbortSignal): Promise<PollAnswer>
  /** There is something for whoever waits, or the stream is gone. */
  wake(id: string): void
  close(): void
}

export type PollerOptions = {
  store: Pick<Store, 'outgoingEvents' | 'ownEvents' | 'countOutgoing' | 'dropEvents' | 'refuseEvent'>
  find: (id: string) => Live | null
  signer: Pick<SetSigner, 'sign'>
  /** So many were acknowledged. */
  onTaken: (count: number) => void
  onRefused: (live: Live, event: { jti: string; type: string }, problem: string) => void
  waitMs?: number
}

/** How long a poll that may wait does so. */
const POLL_WAIT_MS = 30_000
/** So many are given at a time, whatever is asked for. */
const POLL_EVENTS = 100
/** So many polls of one stream wait at a time; the oldest is answered first. */
const WAITING = 4

export function openPoller({ store, find, signer, onTaken, onRefused, waitMs = POLL_WAIT_MS }: PollerOptions): Poller {
  const waiting = new Map<string, ((isNews: boolean) => void)[]>()
  let isClosed = false
  /** Rises with each call, so that nobody waits for what has come meanwhile. */
  let wakes = 0

  async function take(live: Live, { ack = [], setErrs = {} }: PollAsked): Promise<void> {
    if (ack.length > 0) onTaken(await store.dropEvents(live.id, ack))
    // Together, so that they are one transaction.
    const refusals = Object.entries(setErrs).map(async ([jti, { err, description }]) => {
      const problem = `${err}${description === undefined ? '' : `: ${description}`}`
      if (await store.refuseEvent(live.id, jti, problem)) onRefused(live, { jti, type: '' }, problem)
    })
    await Promise.all(refusals)
  }

  /** A stream that is not enabled is told so, and nothing else. */
  async function dueOf({ id, document }: Live, limit: number): Promise<OutgoingEvent[]> {
    if (document.status === 'enabled') return store.outgoingEvents(id, limit)
    return (await store.ownEvents(id)).filter(({ type }) => type === SYSTEM_EVENT.updated).slice(0, limit)
  }

  function wake(id: string): void {
    wakes += 1
    const answers = waiting.get(id) ?? []
    waiting.delete(id)
    for (const answer of answers) answer(true)
  }

  /** Waits for news; false where there are none, or others wait instead. */
  function next(id: string, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const others = waiting.get(id) ?? []
    if (others.length >= WAITING) others.shift()?.(false)
    waiting.set(id, [...others, resolve])
    const timer = setTimeout(() => resolve(false), ms)
    signal?.addEventListener('abort', () => resolve(false), { once: true })
    return promise.finally(() => {
      clearTimeout(timer)
      const left = (waiting.get(id) ?? []).filter((it) => it !== resolve)
      if (left.length > 0) waiting.set(id, left)
      else waiting.delete(id)
    })
  }

  async function dueWithin(live: Live, limit: number, ms: number, signal?: AbortSignal): Promise<OutgoingEvent[]> {
    const end = performance.now() + ms
    for (;;) {
      const before = wakes
      const events = await dueOf(live, limit)
      const left = end - performance.now()
      if (events.length > 0 || left <= 0 || isClosed || signal?.aborted === true || !find(live.id)) return events
      if (wakes === before && !(await next(live.id, left, signal))) return []
    }
  }

  return {
    async poll(live, asked, signal) {
      await take(live, asked)
      const limit = Math.min(asked.maxEvents ?? POLL_EVENTS, POLL_EVENTS)
      const events =
        limit === 0 ? [] : await dueWithin(live, limit, asked.returnImmediately === true ? 0 : waitMs, signal)
      const sets = await Promise.all(events.map(async ({ jti, claims }) => [jti, await signer.sign(claims)] as const))
      const isMore = live.document.status === 'enabled' && (await store.countOutgoing(live.id)) > events.length
      return { sets: Object.fromEntries(sets), moreAvailable: isMore }
    },
    wake,
    close() {
      isClosed = true
      for (const id of waiting.keys()) wake(id)
    },
  }
}
