import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { heldClock, type HeldClock } from '../test/fakes/fleet.ts'
import { BEGINNING, openEventFeed, parseEventId, type EventFeed, type EventId } from './event-feed.ts'
import type { GatewayRecord, WrittenChange } from './store/store.ts'

let clock: HeldClock
let feed: EventFeed
let source: Source
let errors: unknown[]
let revoke: (gateway: GatewayRecord) => void
beforeEach(() => {
  clock = heldClock()
  source = changes()
  errors = []
  feed = opened()
})
afterEach(() => feed.close())

function opened(heartbeatMs = 1_000_000, store = source.store): EventFeed {
  const gateways = { onRevoked: (listener: (gateway: GatewayRecord) => void) => void (revoke = listener) }
  return openEventFeed({ store, gateways, clock: clock.now, onError: (error) => errors.push(error), heartbeatMs })
}

type Source = ReturnType<typeof changes>

/** A store that has nothing but changes, and counts how often it is asked. */
function changes() {
  const written: WrittenChange[] = []
  let latest = 0
  const listeners = new Set<() => void>()
  let asked = 0
  let broken = false
  const onAsked = new Map<number, () => void>()
  return {
    asked: () => asked,
    watched: () => listeners.size,
    /** What was written is there no more, and its numbers are not used again by itself. */
    forget: () => void written.splice(0),
    /** Resolves as soon as it has been asked so often, before it has answered. */
    askedAgain(times: number): Promise<void> {
      if (asked >= times) return Promise.resolve()
      return new Promise((resolve) => void onAsked.set(times, resolve))
    },
    breaks: (is: boolean) => void (broken = is),
    /** Adds changes with these ids. */
    write(...ids: number[]) {
      for (const id of ids) written.push(change(id))
      latest = ids.at(-1) ?? latest
      for (const listener of listeners) listener()
    },
    store: {
      async standingChangesAfter(id: number, limit: number) {
        asked += 1
        const found = written.filter((it) => it.id > id).slice(0, limit)
        onAsked.get(asked)?.()
        // What is written from here on is not in the answer.
        await turn()
        if (broken) throw new Error('the disk is gone')
        return found
      },
      newestStandingChange: async () => latest,
      watchStanding(listener: () => void) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  }
}

const change = (id: number): WrittenChange => ({
  id,
  deviceId: `dev_${id}`,
  at: clock.now(),
  before: ['public', 'internal'],
  after: ['public'],
  status: 'active',
  checks: ['firewall'],
  policyVersion: 1,
  cause: 'report',
  owner: 'ana@example.com',
})

/** What a gateway reads: everything at once, or nothing until it is told to. */
class Sink extends Writable {
  text = ''
  readonly #isReading: () => boolean
  #held: (() => void) | null = null

  constructor(isReading = () => true) {
    super({ highWaterMark: 1000 })
    this.#isReading = isReading
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.emit('text')
    if (this.#isReading()) done()
    else this.#held = done
  }

  read(): void {
    this.#held?.()
    this.#held = null
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await once(this, 'text')
  }

  /** The ids of the changes that it was told. */
  ids(): number[] {
    return [...this.text.matchAll(/^event: standing\nid: (\d+)-[\w-]{8}$/gm)].map(([, id]) => Number(id))
  }
}

function follow(
  after: EventId | null = null,
  sink = new Sink(),
  of: { gatewayId?: string; until?: Date | null } = {},
): Sink {
  feed.follow({ gatewayId: 'gw_1', until: null, ...of, after }, () => sink)
  return sink
}

/** The id of the newest change, as a gateway is told it. */
async function newest(): Promise<EventId | null> {
  const sink = follow(null, new Sink(), { gatewayId: 'gw_other' })
  await sink.until('\n\n')
  sink.destroy()
  return parseEventId(/^id: (\S+)$/m.exec(sink.text)?.[1] ?? '')
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => index + first)

test('whoever names no change hears what comes from now on, and where it stands at once', async () => {
  source.write(1, 2)
  const sink = follow()
  await sink.until('id: 2')
  expect(sink.text).toMatch(/^retry: 2000\nid: 2-[\w-]{8}\n\n$/)
  source.write(3)
  await sink.until('id: 3')
  const { id: _id, owner: _owner, ...data } = change(3)
  const [, json = ''] = /^data: (.*)\n\n$/m.exec(sink.text.slice(sink.text.indexOf('event:'))) ?? []
  expect(JSON.parse(json)).toEqual({ ...data, at: clock.now().toISOString() })
})

test('whoever names a change hears all that came after it, once and in order, however many', async () => {
  source.write(1, 2, 3)
  const third = await newest()
  source.write(...upTo(1000, 4))
  const sink = follow(third)
  await sink.until('id: 1000-')
  source.write(1001)
  await sink.until('id: 1001')
  expect(sink.ids()).toEqual(upTo(1001, 4))
})

test('what is written while it is being looked for is not missed', async () => {
  const sink = follow(BEGINNING)
  await sink.until('id: 0')
  for (const n of upTo(20)) {
    const asked = source.asked()
    source.write(2 * n - 1)
    // It is read, and then it is asked whether there is more; there is, before that is answered.
    await source.askedAgain(asked + 2)
    source.write(2 * n)
    await sink.until(`id: ${2 * n}-`)
    await source.askedAgain(asked + 4)
  }
  expect(sink.ids()).toEqual(upTo(40))
})

/** Whether whoever knows a change is told to forget, and which changes it is told. */
async function toldAfter(id: EventId | null): Promise<[boolean, number[]]> {
  const sink = follow(id)
  await sink.until('\n\n')
  source.write(1000)
  await sink.until('id: 1000')
  return [sink.text.includes('event: reset\ndata: {}\n'), sink.ids()]
}

describe('a gateway that may have missed something is told to forget, and goes on from now', () => {
  test('where its change is not written yet, as after a restore', async () => {
    source.write(1, 2, 3)
    const third = await newest()
    source.forget()
    source.write(1, 2)
    expect(await toldAfter(third)).toEqual([true, [1000]])
  })

  test('where it claims to know more than there is', async () => {
    source.write(1, 2, 3)
    expect(await toldAfter({ id: 4, mark: '0' })).toEqual([true, [1000]])
  })

  test('where its change has become another', async () => {
    source.write(1, 2, 3)
    const third = await newest()
    source.forget()
    clock.pass(1)
    source.write(1, 2, 3, 4)
    expect(await toldAfter(third)).toEqual([true, [1000]])
  })

  test('where its change is forgotten', async () => {
    source.write(1, 2, 3)
    const third = await newest()
    source.forget()
    source.write(5)
    expect(await toldAfter(third)).toEqual([true, [1000]])
  })

  test('but not where there was nothing to know', async () => {
    source.write(1, 2, 3)
    source.forget()
    const third = await newest()
    expect(third).toEqual({ id: 3, mark: '0' })
    source.write(4)
    expect(await toldAfter(third)).toEqual([false, [4, 1000]])
  })
})

test.each<[string, EventId]>([
  ['0', BEGINNING],
  ['1-abcDEF_-', { id: 1, mark: 'abcDEF_-' }],
  ['999999999999999-0', { id: 999_999_999_999_999, mark: '0' }],
])('the id %j is read', (text, id) => {
  expect(parseEventId(text)).toEqual(id)
})

const NO_IDS = [
  '',
  ' ',
  '1',
  '-1',
  '01-abcdefgh',
  '0-0',
  '1-',
  '1-abcdefg',
  '1-abcdefghi',
  '1-abcdef h',
  '1.5-abcdefgh',
]

test.each([...NO_IDS, '1e3-0', `${'9'.repeat(16)}-0`, '1-0\n'])('%j is no id', (text) => {
  expect(parseEventId(text)).toBeNull()
})

test('those who follow closely are read for once', async () => {
  const sinks = upTo(10).map((n) => follow(null, new Sink(), { gatewayId: `gw_${n}` }))
  await Promise.all(sinks.map((sink) => sink.until('id: 0')))
  for (let times = 0; times < 5; times++) await turn()
  const before = source.asked()
  source.write(1)
  await Promise.all(sinks.map((sink) => sink.until('id: 1')))
  for (let times = 0; times < 5; times++) await turn()
  // The change, and that there is none after it.
  expect(source.asked() - before).toBe(2)
})

test('who does not read is not read for, and goes on where it was', async () => {
  source.write(...upTo(5000))
  let reading = false
  const sink = follow(BEGINNING, new Sink(() => reading))
  await sink.until('retry')
  for (let times = 0; times < 20; times++) await turn()
  expect(source.asked()).toBeLessThanOrEqual(2)
  expect(sink.writableLength).toBeLessThan(100_000)
  reading = true
  sink.read()
  await sink.until('id: 5000-')
  expect(sink.ids()).toEqual(upTo(5000))
})

describe('a heartbeat', () => {
  beforeEach(() => {
    feed.close()
    feed = opened(5)
  })

  test('shows that somebody is there', async () => {
    const sink = follow()
    await sink.until(':\n\n:\n\n')
    expect(sink.ids()).toEqual([])
  })

  test('ends with who did not read for a whole interval', async () => {
    source.write(...upTo(500))
    const sink = follow(BEGINNING, new Sink(() => false))
    await once(sink, 'close')
    expect(errors).toEqual([])
  })

  test('ends with whose access is over', async () => {
    const sink = follow(null, new Sink(), { until: new Date(clock.now().getTime() + 1000) })
    await sink.until(':\n\n')
    expect(sink.writableEnded).toBe(false)
    clock.pass(1000)
    await once(sink, 'close')
  })
})

test('nothing is told to whose access is over, though no heartbeat has come', async () => {
  const sink = follow(null, new Sink(), { until: new Date(clock.now().getTime() + 1000) })
  await sink.until('id: 0')
  clock.pass(1000)
  source.write(1)
  await once(sink, 'close')
  expect(sink.ids()).toEqual([])
})

test('a gateway that is revoked hears nothing more, and others go on', async () => {
  const [gone, other] = [follow(), follow(null, new Sink(), { gatewayId: 'gw_2' })]
  await Promise.all([gone.until('id: 0'), other.until('id: 0')])
  revoke({ id: 'gw_1' } as GatewayRecord)
  source.write(1)
  await other.until('id: 1')
  expect([gone.writableEnded, gone.ids(), other.ids()]).toEqual([true, [], [1]])
})

test('a gateway follows over a limited number of connections, and again once one is closed', async () => {
  const sinks = upTo(16).map(() => follow())
  expect(() => follow(null, sinks[0])).toThrow(expect.objectContaining({ code: 'too-many-streams' }))
  follow(null, new Sink(), { gatewayId: 'gw_2' })
  sinks[0]?.destroy()
  await once(sinks[0]!, 'close')
  await follow().until('id: 0')
})

test('where the store cannot be read the connection breaks, and whoever comes back goes on', async () => {
  const sink = follow(BEGINNING)
  await sink.until('id: 0')
  source.breaks(true)
  source.write(1)
  await once(sink, 'close')
  expect(errors).toEqual([new Error('the disk is gone')])
  source.breaks(false)
  const again = follow(BEGINNING)
  await again.until('id: 1')
})

test('a connection that breaks is left alone', async () => {
  const sink = follow()
  await sink.until('id: 0')
  const closed = new Promise((resolve) => void sink.once('close', resolve))
  sink.destroy(new Error('connection reset'))
  await closed
  source.write(1)
  for (let times = 0; times < 5; times++) await turn()
  expect([sink.ids(), errors]).toEqual([[], []])
})

test('closing ends every connection and watches no more', async () => {
  const sink = follow()
  await sink.until('id: 0')
  feed.close()
  await once(sink, 'close')
  expect(source.watched()).toBe(0)
})
