import { setImmediate } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { afterEach, expect, test } from 'vitest'
import type { StreamsOptions } from '../../collector/ssf/streams.ts'
import type { Behaviour, Receiver } from '../fakes/receiver.ts'
import { GATEWAY, streamWorld, type Laptop, type StreamWorld } from '../fakes/streams.ts'

const C = 'device-compliance-change'
const R = 'session-revoked'

let world: StreamWorld
afterEach(async () => {
  await world.close()
})

/** Waits until something is so that nobody tells of. */
async function becomes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setImmediate()
}
const isEmpty = (id: string) => becomes(async () => (await world.store.countOutgoing(id)) === 0)

/** So many devices, with three events each in the outbox of a stream; what is under way there, and what order they came in. */
async function many(n: number, options: Partial<StreamsOptions> = {}) {
  world = await streamWorld({ waits: { first: 1, longest: 2 }, ...options })
  const everybody = await Promise.all(Array.from({ length: n }, () => world.laptop()))
  const receiver = await world.receiver()
  const { stream_id: id } = await world.stream(receiver)
  await world.streams.setStatus(GATEWAY, id, 'paused')
  await isEmpty(id)
  for (const isOn of [true, false]) await Promise.all(everybody.map((it) => world.report(it, isOn)))
  await world.derived()
  const enable = () => world.streams.setStatus(GATEWAY, id, 'enabled')
  return { receiver, id, everybody, enable }
}
const inOrder = (receiver: Receiver, everybody: Laptop[]) =>
  everybody.filter(({ id }) => {
    const events = receiver.sets.filter(({ deviceId }) => deviceId === id).map(({ event }) => event)
    return events.join() !== [C, C, R].join()
  })

test('a device that is slow to be taken holds up nobody else, and only its own events wait for it', async () => {
  const { receiver, id, everybody, enable } = await many(20, { answerMs: 60_000 })
  let slow: string | null = null
  const gate = Promise.withResolvers<void>()
  receiver.behave = async (_request, jws): Promise<Behaviour> => {
    const { sub_id: subject } = decodeJwt<{ sub_id: { device?: { sub: string } } }>(jws)
    if (!subject.device) return 'accept'
    slow ??= subject.device.sub
    if (subject.device.sub === slow) await gate.promise
    return 'accept'
  }
  await enable()
  const others = () => receiver.sets.filter(({ deviceId }) => deviceId !== null && deviceId !== slow).length
  await receiver.until(() => others() === 19 * 3)
  expect(receiver.sets.filter(({ deviceId }) => deviceId === slow)).toEqual([])
  gate.resolve()
  await isEmpty(id)
  expect(inOrder(receiver, everybody)).toEqual([])
  expect([receiver.repeated, receiver.problems]).toEqual([0, []])
})

test('never more than sixteen, and the next status is told when all of them have ended', async () => {
  const { receiver, id, enable } = await many(40, { answerMs: 60_000 })
  const gate = Promise.withResolvers<void>()
  let [open, most] = [0, 0]
  receiver.behave = async (_request, jws): Promise<Behaviour> => {
    if (!decodeJwt<{ txn: string }>(jws).txn.startsWith('change')) return 'accept'
    open += 1
    most = Math.max(most, open)
    await gate.promise
    open -= 1
    return 'accept'
  }
  await enable()
  await becomes(() => open === 16)
  await world.streams.setStatus(GATEWAY, id, 'paused')
  await world.derived()
  const before = receiver.requests.length
  gate.resolve()
  await receiver.until(() => receiver.sets.at(-1)?.payload['status'] === 'paused')
  expect([most, receiver.requests.length - before, open]).toEqual([16, 1, 0])
  await becomes(async () => (await world.store.countOutgoing(id)) === 40 * 3 - 16)
  await enable()
  await isEmpty(id)
  expect([most, receiver.problems]).toEqual([16, []])
})

test('one that asks for time is left alone by all of them, and tried with one alone', async () => {
  const { receiver, id, everybody, enable } = await many(40)
  const at: number[] = []
  const first = receiver.requests.length + 2
  receiver.behave = (request) => {
    if (request < first) return 'accept'
    at.push(performance.now())
    // The sixteen that were under way, and two that were tried alone.
    return at.length > 18 ? 'accept' : { status: 503, headers: { 'retry-after': '1' } }
  }
  await enable()
  await isEmpty(id)
  expect(at[15]! - at[0]!).toBeLessThan(900)
  expect([at[16]! - at[15]!, at[17]! - at[16]!, at[18]! - at[17]!].filter((ms) => ms < 950)).toEqual([])
  expect(inOrder(receiver, everybody)).toEqual([])
  expect(receiver.problems).toEqual([])
})

test('one that bears no more than one at a time is soon sent no more than that', async () => {
  const { receiver, id, everybody, enable } = await many(60)
  let [open, refusals] = [0, 0]
  receiver.behave = async (): Promise<Behaviour> => {
    if (open > 0) {
      refusals += 1
      return { status: 503 }
    }
    open += 1
    await setImmediate()
    open -= 1
    return 'accept'
  }
  await enable()
  await isEmpty(id)
  // 15 of 16, 7 of 8, 3 of 4, 1 of 2.
  expect(refusals).toBeLessThanOrEqual(26)
  expect(inOrder(receiver, everybody)).toEqual([])
  expect(receiver.problems).toEqual([])
})
