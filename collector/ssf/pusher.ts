import type { StreamDocument } from './document.ts'
import { PUSH, SYSTEM_EVENT } from './stream.ts'
import type { Live } from './book.ts'
import type { Sender, Sent } from './send.ts'
import type { SetSigner } from './key.ts'
import type { OutgoingEvent, Store } from '../store/store.ts'

/**
 * Delivers what the outbox of each push stream has until the receiver has it: the events of one device one after the other
 * and in their order, those of several devices at once. A receiver that struggles is tried with one alone.
 */
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
  /** Told of each that was sent and taken, and of each that is to be sent again. */
  onSent: (outcome: 'accepted' | 'failed') => void
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
/** So many are read from the outbox at a time. */
const AT_ONCE = 500
/** So many deliveries of one stream are under way at a time, where the receiver bears it. */
const LANES = 16
/** After a failure there are half as many at a time, and one more after so many that were taken. */
const WIDER_AFTER = 500

/** Milliseconds to wait after so many failures in a row. */
export function backOff(failures: number, chance: number, { first, longest: most }: Waits): number {
  const longest = Math.min(most, first * 2 ** Math.min(failures - 1, 20))
  return longest / 2 + (chance * longest) / 2
}

const isSameWay = (a: StreamDocument, b: StreamDocument) => a.status === b.status && a.delivery === b.delivery

type Worker = {
  failures: number
  /** How many are sent at a time while all is well. */
  width: number
  /** So many were taken since it became wider, or since a failure. */
  taken: number
  refusals: Map<string, number>
  timer: NodeJS.Timeout | null
  isWoken: boolean
  run: Promise<void> | null
}

/** A stream with what it was like when its events were read. */
type Due = { live: Live; document: StreamDocument }
type Failed = Exclude<Sent, { kind: 'accepted' }>

function newWorker(): Worker {
  return { failures: 0, width: LANES, taken: 0, refusals: new Map(), timer: null, isWoken: false, run: null }
}

function widen(worker: Worker): void {
  worker.taken += 1
  if (worker.width >= LANES || worker.taken < WIDER_AFTER) return
  worker.width += 1
  worker.taken = 0
}

export function openPusher(options: PusherOptions): Pusher {
  const { store, find, sender, signer, chance, waits, onError, onSent, onRefused, onFailing, onRecovered } = options
  const workers = new Map<string, Worker>()
  const ending = new AbortController()

  function wake(id: string): void {
    if (ending.signal.aborted) return
    const worker = workers.get(id) ?? newWorker()
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
      const now = worker.failures > 0 ? events.slice(0, 1) : events
      if (!(await deliverAll({ live, document }, now, worker))) return
    }
  }

  /** Each lane takes one device after the other, with all its events. Whether to go on at once. */
  async function deliverAll({ live, document }: Due, events: OutgoingEvent[], worker: Worker): Promise<boolean> {
    const devices = [...Map.groupBy(events, ({ deviceId }) => deviceId).values()]
    const failed: Failed[] = []

    const lane = async () => {
      for (let device = devices.shift(); device; device = devices.shift()) {
        for (const event of device) {
          // What was asked for meanwhile counts for the next one already.
          if (failed.length > 0 || ending.signal.aborted) return
          if (find(live.id) !== live || !isSameWay(live.document, document)) return
          const problem = await deliverOne(live, event, worker)
          if (problem) failed.push(problem)
        }
      }
    }
    const lanes = Array.from({ length: worker.failures > 0 ? 1 : worker.width }, lane)
    // All have to have ended before anything else is sent: what was under way is known then.
    const ends = await Promise.allSettled(lanes)
    if (ending.signal.aborted) return false
    const broken = ends.find((end) => end.status === 'rejected')
    if (broken) throw broken.reason
    if (failed.length > 0) await afterFailure(live, failed, worker)
    return failed.length === 0
  }

  /** A stream that is not enabled is told so, and nothing else. */
  async function dueOf({ id, document }: Live): Promise<OutgoingEvent[]> {
    if (document.status === 'enabled') return store.outgoingEvents(id, AT_ONCE)
    return (await store.ownEvents(id)).filter(({ type }) => type === SYSTEM_EVENT.updated)
  }

  /** What went wrong; null where the next one may follow. */
  async function deliverOne(live: Live, event: OutgoingEvent, worker: Worker): Promise<Failed | null> {
    const { delivery } = live.document
    if (delivery.method !== PUSH) return null
    const sent = await sender.send(delivery, await signer.sign(event.claims), ending.signal)
    if (ending.signal.aborted && sent.kind !== 'accepted') return null
    if (sent.kind === 'failed' || (sent.kind === 'refused' && !hadEnough(worker, event.jti))) {
      onSent('failed')
      return sent
    }
    worker.failures = 0
    // Before it is dropped: a stream that is paused since its receiver was away has nothing else to be tried with.
    if (live.document.failingSince !== null) await onRecovered(live)
    if (sent.kind === 'accepted') {
      worker.refusals.delete(event.jti)
      widen(worker)
      onSent('accepted')
      await store.dropEvents(live.id, [event.jti])
    } else {
      await store.refuseEvent(live.id, event.jti, sent.problem)
      onRefused(live, event, sent.problem)
    }
    return null
  }

  /** However many failed at the same time, it is one failure, and the longest wait that was asked for counts. */
  async function afterFailure(live: Live, failed: Failed[], worker: Worker): Promise<void> {
    if (worker.failures === 0) worker.width = Math.max(1, Math.floor(worker.width / 2))
    worker.taken = 0
    worker.failures += 1
    const asked = Math.max(...failed.map((it) => (it.kind === 'failed' ? (it.retryAfterMs ?? 0) : 0)))
    const first = failed.find(({ kind }) => kind === 'failed')
    if (first) await onFailing(live, first.problem)
    const usual = live.document.isGivenUp ? waits.givenUp : backOff(worker.failures, chance(), waits)
    later(live.id, worker, Math.max(Math.min(asked, waits.asked), usual))
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
        if (worker.run) workers.set(id, Object.assign(worker, { failures: 0, width: LANES, timer: null }))
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
