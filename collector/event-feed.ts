import type { Writable } from 'node:stream'
import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import type { Gateways } from './gateways.ts'
import type { Store, WrittenChange } from './store/store.ts'

/** Tells gateways of each change of standing as soon as it is durable, as server-sent events, for as long as they listen. */
export type EventFeed = {
  /**
   * Opens the sink and writes what comes into it, until it is closed. Ends it when the gateway is revoked, when its access is
   * over, and where it does not read what it is sent.
   * @throws MusterError `too-many-streams`, before anything is opened
   */
  follow(follower: Follower, open: () => Writable): void
  close(): void
}

type Follower = {
  gatewayId: string
  /** The last change that it knows; null: it wants to hear what comes from now on. */
  after: EventId | null
  /** When its access ends by itself. */
  until: Date | null
}

/** A change by its number, and by what it was, since a database that was restored gives the same numbers again. */
export type EventId = { id: number; mark: string }

/** Where the history begins. */
export const BEGINNING: EventId = { id: 0, mark: '0' }

export type EventFeedOptions = {
  store: Pick<Store, 'standingChangesAfter' | 'newestStandingChange' | 'watchStanding'>
  gateways: Pick<Gateways, 'onRevoked'>
  clock: () => Date
  onError: (error: unknown) => void
  heartbeatMs?: number
}

/** So many may follow with one key at a time. */
const FOLLOWERS = 16
/** So many changes are read, and sent before more are read, at a time. */
const AT_ONCE = 200
/** A proxy ends a connection on which it hears nothing, often after a minute. */
const HEARTBEAT_MS = 15_000
const RECONNECT_MS = 2000

type Page = { text: string; last: number }
type Following = Follower & { sink: Writable }

export function openEventFeed(options: EventFeedOptions): EventFeed {
  const { store, gateways, clock, onError, heartbeatMs = HEARTBEAT_MS } = options
  const followings = new Set<Following>()
  /** Rises with each change, so that nobody waits for one that has come meanwhile. */
  let generation = 0
  let waiting: (() => void)[] = []
  let newest: { of: string; page: Promise<Page | null> } | null = null

  const unwatch = store.watchStanding(wake)
  gateways.onRevoked(({ id }) => {
    for (const { gatewayId, sink } of followings) if (gatewayId === id) sink.end()
  })

  function wake(): void {
    generation += 1
    const resolves = waiting
    waiting = []
    for (const resolve of resolves) resolve()
  }

  /** Those who follow closely all ask for the same, which is read once. */
  function pageAfter(after: number): Promise<Page | null> {
    const of = `${after} ${generation}`
    if (newest?.of !== of) newest = { of, page: readAfter(after) }
    return newest.page
  }

  async function readAfter(after: number): Promise<Page | null> {
    const changes = await store.standingChangesAfter(after, AT_ONCE)
    const last = changes.at(-1)
    return last ? { text: changes.map(eventOf).join(''), last: last.id } : null
  }

  /** What is known of the change of a number: its mark is that of nothing where it is forgotten, or never was. */
  async function eventId(id: number): Promise<EventId> {
    const [change] = id === 0 ? [] : await store.standingChangesAfter(id - 1, 1)
    return { id, mark: change?.id === id ? markOf(change) : BEGINNING.mark }
  }

  /** Sends one page after the other, each when the one before has been taken. */
  async function tell({ after, until, sink }: Following): Promise<void> {
    const isOpen = () => !sink.writableEnded && !sink.destroyed && !isOver(until)
    const latest = await store.newestStandingChange()
    // Of another history, as after a restore, or one of which too much is forgotten: what the gateway knows may be wrong.
    const isLost = after !== null && (after.id > latest || (await eventId(after.id)).mark !== after.mark)
    const from = after === null || isLost ? await eventId(latest) : after
    let at = from.id
    if (isOpen())
      sink.write(`retry: ${RECONNECT_MS}\n${isLost ? 'event: reset\ndata: {}\n' : ''}id: ${written(from)}\n\n`)
    while (isOpen()) {
      const seen = generation
      const page = await pageAfter(at)
      if (!isOpen()) break
      if (page) {
        at = page.last
        if (!sink.write(page.text)) await drained(sink)
      } else if (generation === seen) await new Promise<void>((resolve) => void waiting.push(resolve))
    }
  }

  function isOver(until: Date | null): boolean {
    return until !== null && until <= clock()
  }

  /** Shows the other end, and what lies between, that somebody is there. */
  function beat({ until, sink }: Following, wasSlow: boolean): void {
    // A whole interval was not enough to take what it was sent: it may come back, and says where it was.
    if (sink.writableEnded || (wasSlow && sink.writableNeedDrain)) sink.destroy()
    else if (isOver(until)) sink.end()
    else if (!sink.writableNeedDrain) sink.write(':\n\n')
  }

  return {
    follow(follower, open) {
      const others = [...followings].filter(({ gatewayId }) => gatewayId === follower.gatewayId)
      if (others.length >= FOLLOWERS) {
        throw new MusterError('too-many-streams', `a gateway may follow ${FOLLOWERS} at a time`)
      }
      const sink = open()
      const following = { ...follower, sink }
      followings.add(following)
      let wasSlow = false
      const heartbeat = setInterval(() => {
        beat(following, wasSlow)
        wasSlow = sink.writableNeedDrain
      }, heartbeatMs)
      sink.on('error', () => sink.destroy())
      sink.once('close', () => {
        clearInterval(heartbeat)
        followings.delete(following)
        wake()
      })
      tell(following).then(
        () => sink.end(),
        (error: unknown) => {
          if (!sink.destroyed) onError(error)
          sink.destroy()
        },
      )
    },
    close() {
      unwatch()
      for (const { sink } of followings) sink.end()
    },
  }
}

function drained(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done)
      resolve()
    }
    sink.on('drain', done).on('close', done)
  })
}

/** An id as it stands in the stream; it is read by `parseEventId`. */
function written({ id, mark }: EventId): string {
  return id === 0 ? '0' : `${id}-${mark}`
}

/** Reads what follows `id:`; null where it is none of ours. */
export function parseEventId(text: string): EventId | null {
  if (text === '0') return BEGINNING
  const [, id, mark = ''] = /^([1-9]\d{0,14})-(0|[\w-]{8})$/.exec(text) ?? []
  return id === undefined ? null : { id: Number(id), mark }
}

function markOf({ deviceId, at, after, policyVersion }: WrittenChange): string {
  return digest(JSON.stringify([deviceId, at, after, policyVersion])).slice(0, 8)
}

/** One change as an event of the stream; JSON has no line breaks of its own. */
function eventOf(change: WrittenChange): string {
  const { id, deviceId, at, before, after, status, checks, cause, policyVersion } = change
  const data = { deviceId, at: at.toISOString(), before, after, status, checks, cause, policyVersion }
  return `event: standing\nid: ${written({ id, mark: markOf(change) })}\ndata: ${JSON.stringify(data)}\n\n`
}
