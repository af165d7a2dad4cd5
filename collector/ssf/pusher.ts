import type { StreamDocument } from './document.ts'
import { PUSH, SYSTEM_EVENT } from './stream.ts'
import type { Live } from './book.ts'
import type { Sender } from './send.ts'
import type { SetSigner } from './key.ts'
import type { OutgoingEvent, Store } from '../store/store.ts'

/** Delivers what the outbox of each push stream has, one after the other and in its order, until the receiver has it. */
export type Pusher = {
  /** There is something to deliver. */
  wake(id: string): void
  /** The stream has become another: what failed before says nothing any more. */
  restart(id: string): void
  /** Ends what is being sent; it stays in the outbox. */
  close(): Promise<void>
}

export type PusherOptions = {
  store: Pick<Store, 'outgoingEvents' | 'ownEvents' | 'dropEvents' | 'refuseEvent'>
  find: (id: string) => Live | null
  sender: Pick<Sender, 'send'>
  signer: Pick<SetSigner, 'sign'>
  chance: () => number
  waits: Waits
  onError: (error: unknown) => void
  /** A receiver does not take an event, whatever is done. */
  onRefused: (live: Live, event: OutgoingEvent, problem: string) => void
  /** Told of the first failure after all was well, and of each after it; and once when all is well again. */
  onFailing: (live: Live, problem: string) => Promise<void>
  onRecovered: (live: Live) => Promise<void>
}

/** Waits in milliseconds. */
export type Waits = typeof WAITS
export const WAITS = {
  /** Between attempts: doubled each time, and by chance, so that not all come back to a receiver at once. */
  first: 1000,
  longest: 300_000,
  /** A receiver that asks for more than this is asked again after this. */
  asked: 3_600_000,
  /** How often a stream is tried that is paused since its receiver cannot be reached. */
  givenUp: 900_000,
}
/** So often an event is sent that the receiver does not take: what is wrong may be mended meanwhile. */
const REFUSALS = 3
const AT_ONCE = 50

/** Milliseconds to wait after so many failures in a row. */
export function backOff(failures: number, chance: number, { first, longest: most }: Waits): number {
  const longest = Math.min(most, first * 2 ** Math.min(failures - 1, 20))
  return longest / 2 + (chance * longest) / 2
}

const isSameWay = (a: StreamDocument, b: StreamDocument) => a.status === b.status && a.delivery === b.delivery

type Worker = {
  failures: number
  refusals: Map<string, number>
  timer: NodeJS.Timeout | null
  isWoken: boolean
  run: Promise<void> | null
}

export function openPusher(options: PusherOptions): Pusher {
  const { store, find, sender, signer, chance, waits, onError, onRefused, onFailing, onRecovered } = options
  const workers = new Map<string, Worker>()
  const ending = new AbortController()

  function wake(id: string): void {
    if (ending.signal.aborted) return
    const worker = workers.get(id) ?? { failures: 0, refusals: new Map(), timer: null, isWoken: false, run: null }
    workers.set(id, worker)
    worker.isWoken = true
    if (worker.run || worker.timer) return
    worker.run = deliver(id, worker)
      .catch((error: unknown) => {
        onError(error)
        later(id, worker, backOff(++worker.failures, chance(), waits))
      })
      .finally(() => {
        worker.run = null
        if (!find(id)) forget(id, worker)
        else if (worker.isWoken) wake(id)
      })
  }

  function later(id: string, worker: Worker, ms: number): void {
    if (ending.signal.aborted) return
    worker.timer = setTimeout(() => {
      worker.timer = null
      wake(id)
    }, ms)
  }

  function forget(id: string, { timer }: Worker): void {
    if (timer) clearTimeout(timer)
    workers.delete(id)
  }

  async function deliver(id: string, worker: Worker): Promise<void> {
    while (!ending.signal.aborted) {
      worker.isWoken = false
      const live = find(id)
      if (!live || live.document.delivery.method !== PUSH) return
      const { document } = live
      const events = await dueOf(live)
      if (events.length === 0) return
      for (const event of events) {
        // What was asked for meanwhile counts for the next one already.
        if (find(id) !== live || !isSameWay(live.document, document)) break
        if (!(await deliverOne(live, event, worker))) return
      }
    }
  }

  /** A stream that is not enabled is told so, and nothing else. */
  async function dueOf({ id, document }: Live): Promise<OutgoingEvent[]> {
    if (document.status === 'enabled') return store.outgoingEvents(id, AT_ONCE)
    return (await store.ownEvents(id)).filter(({ type }) => type === SYSTEM_EVENT.updated)
  }

  /** Whether to go on with the next one at once. */
  async function deliverOne(live: Live, event: OutgoingEvent, worker: Worker): Promise<boolean> {
    const { delivery } = live.document
    if (delivery.method !== PUSH) return false
    const sent = await sender.send(delivery, await signer.sign(event.claims), ending.signal)
    if (ending.signal.aborted && sent.kind !== 'accepted') return false
    if (sent.kind === 'accepted') {
      worker.failures = 0
      worker.refusals.delete(event.jti)
      // Before it is dropped: a stream that is paused since its receiver was away has nothing else to be tried with.
      if (live.document.failingSince !== null) await onRecovered(live)
      await store.dropEvents(live.id, [event.jti])
      return true
    }
    if (sent.kind === 'refused' && hadEnough(worker, event.jti)) {
      worker.failures = 0
      if (live.document.failingSince !== null) await onRecovered(live)
      await store.refuseEvent(live.id, event.jti, sent.problem)
      onRefused(live, event, sent.problem)
      return true
    }
    worker.failures += 1
    const asked = sent.kind === 'failed' ? Math.min(sent.retryAfterMs ?? 0, waits.asked) : 0
    if (sent.kind === 'failed') await onFailing(live, sent.problem)
    const usual = live.document.isGivenUp ? waits.givenUp : backOff(worker.failures, chance(), waits)
    later(live.id, worker, Math.max(asked, usual))
    return false
  }

  function hadEnough({ refusals }: Worker, jti: string): boolean {
    const times = (refusals.get(jti) ?? 0) + 1
    if (times < REFUSALS) {
      refusals.set(jti, times)
      return false
    }
    refusals.delete(jti)
    return true
  }

  return {
    wake,
    restart(id) {
      const worker = workers.get(id)
      if (worker) {
        forget(id, worker)
        worker.isWoken = true
        if (worker.run) workers.set(id, Object.assign(worker, { failures: 0, timer: null }))
      }
      wake(id)
    },
    async close() {
      ending.abort()
      for (const { timer } of workers.values()) if (timer) clearTimeout(timer)
      await Promise.all([...workers.values()].map(async ({ run }) => run))
    },
  }
}
