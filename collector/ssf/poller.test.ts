import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ISSUER } from '../../test/fakes/fleet.ts'
import { setReader, type SetReader } from '../../test/fakes/receiver.ts'
import { GATEWAY, streamWorld, type Laptop, type StreamWorld } from '../../test/fakes/streams.ts'
import type { PollAnswer, PollAsked } from './stream.ts'

const NOW: PollAsked = { returnImmediately: true }
const C = 'device-compliance-change'
const R = 'session-revoked'

let world: StreamWorld
let laptop: Laptop
let reader: SetReader
let id: string
beforeEach(async () => {
  world = await streamWorld()
  laptop = await world.laptop()
  await world.derived()
  reader = setReader({ issuer: ISSUER, audience: () => GATEWAY, jwks: () => world.streams.jwks() })
  id = (await world.stream(null)).stream_id
})
afterEach(async () => {
  await world.close()
})

const poll = (asked: PollAsked = NOW, signal?: AbortSignal) => world.streams.poll(GATEWAY, id, asked, signal)
const jtis = ({ sets }: PollAnswer) => Object.keys(sets)
const names = ({ sets }: PollAnswer) =>
  Object.values(sets).map((jws) => Object.keys(decodeJwt<{ events: object }>(jws).events)[0]?.split('/').at(-1))

async function take(answer: PollAnswer): Promise<void> {
  for (const jws of Object.values(answer.sets)) expect(await reader.take(jws)).toBeNull()
}

async function twice(): Promise<void> {
  await world.report(laptop, true)
  await world.report(laptop, false)
  await world.derived()
}

test('what is not acknowledged comes again, what is does not, in any order', async () => {
  await twice()
  const first = await poll()
  expect([names(first), first.moreAvailable]).toEqual([[C, C, R], false])
  await take(first)
  const [one = '', two = '', three = ''] = jtis(first)
  expect(await poll()).toEqual(first)
  expect(jtis(await poll({ ...NOW, ack: [two] }))).toEqual([one, three])
  await world.restart()
  expect(jtis(await poll({ ...NOW, ack: [two, 'of nobody', one] }))).toEqual([three])
  expect(await poll({ ...NOW, ack: [three] })).toEqual({ sets: {}, moreAvailable: false })
  expect([reader.problems, reader.repeated]).toEqual([[], 0])
})

test('what is refused does not come again, and is kept with what was said of it', async () => {
  await twice()
  const [one = '', two = '', three = ''] = jtis(await poll())
  const setErrs = {
    [one]: { err: 'invalid_key', description: 'unknown' },
    [two]: { err: 'access_denied' },
    other: { err: 'x' },
  }
  expect(jtis(await poll({ ...NOW, setErrs }))).toEqual([three])
  expect(world.logged.filter((line) => line.includes('does not take'))).toHaveLength(2)
  expect(world.logged.join('')).toContain('invalid_key: unknown')
  expect(await world.store.forgetRefused(new Date(world.clock.now().getTime() + 1))).toBe(2)
})

test('so many come as were asked for, the oldest first, and it is said whether there are more', async () => {
  await twice()
  const two = await poll({ ...NOW, maxEvents: 2 })
  expect([names(two), two.moreAvailable]).toEqual([[C, C], true])
  const none = await poll({ maxEvents: 0, ack: jtis(two) })
  expect(none).toEqual({ sets: {}, moreAvailable: true })
  const last = await poll({ ...NOW, maxEvents: 10_000 })
  expect([names(last), last.moreAvailable]).toEqual([[R], false])
})

describe('a poll that may wait', () => {
  test('is answered when something happens', async () => {
    const answer = poll({})
    await world.report(laptop, true)
    expect(names(await answer)).toEqual([C])
  })

  test('is answered at once where something is there', async () => {
    await twice()
    expect(names(await poll({ returnImmediately: false }))).toEqual([C, C, R])
  })

  test('ends with nothing when who asked is gone, when the stream goes, when its gateway does, and when we do', async () => {
    const ending = new AbortController()
    const gone = poll({}, ending.signal)
    ending.abort()
    const other = (await world.stream(null)).stream_id
    const removed = world.streams.poll(GATEWAY, other, {})
    await world.streams.remove(GATEWAY, other)
    const two = (await world.stream(null, {}, 'gw_two')).stream_id
    const revoked = world.streams.poll('gw_two', two, {})
    await world.revoke('gw_two')
    const closed = poll({})
    await world.streams.close()
    const nothing = { sets: {}, moreAvailable: false }
    expect(await Promise.all([gone, removed, revoked, closed])).toEqual([nothing, nothing, nothing, nothing])
  })

  test('is one of four at most: the oldest is answered first', async () => {
    const ending = new AbortController()
    const polls = Array.from({ length: 5 }, () => poll({}, ending.signal))
    expect(await polls[0]).toEqual({ sets: {}, moreAvailable: false })
    await world.report(laptop, true)
    for (const later of polls.slice(1)) expect(names(await later)).toEqual([C])
    ending.abort()
  })
})

test('a stream that is paused is told that, and nothing else until it is enabled again', async () => {
  await twice()
  await world.streams.setStatus(GATEWAY, id, 'paused', 'maintenance')
  const paused = await poll()
  expect([names(paused), paused.moreAvailable]).toEqual([['stream-updated'], false])
  await take(paused)
  expect(await poll({ ...NOW, ack: jtis(paused) })).toEqual({ sets: {}, moreAvailable: false })
  await world.streams.setStatus(GATEWAY, id, 'enabled')
  const enabled = await poll()
  expect([names(enabled), enabled.moreAvailable]).toEqual([['stream-updated'], true])
  expect(names(await poll({ ...NOW, ack: jtis(enabled) }))).toEqual([C, C, R])
})

test('a push stream cannot be polled', async () => {
  const receiver = await world.receiver()
  const { stream_id: pushed } = await world.stream(receiver)
  await expect(world.streams.poll(GATEWAY, pushed, NOW)).rejects.toMatchObject({ code: 'stream-invalid' })
})
