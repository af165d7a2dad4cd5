import { expect, test } from 'vitest'
import type { Host } from '../host/host.ts'
import { laptop } from '../../test/fakes/laptop.ts'
import { slowSource } from './slow-source.ts'

const HOUR = 3_600_000

/** A source that answers when it is told to, on a machine whose clock is set by hand. */
function source() {
  const clock = { at: Date.parse('2026-11-20T12:00:00Z') }
  const host: Host = { ...laptop({ files: {} }), now: () => new Date(clock.at) }
  const waiting: ((answer: string) => void)[] = []
  const slow = slowSource(() => new Promise<string>((resolve) => waiting.push(resolve)), 4 * HOUR)
  const answer = async (text: string) => {
    waiting.shift()?.(text)
    await slow.settled()
  }
  return { slow, host, clock, waiting, answer, read: async (key = 'a') => (await slow.read(host, key))?.answer ?? null }
}

test('a reading never waits for it, and has its answer when it came', async () => {
  const { slow, read, answer, waiting } = source()
  expect([await read(), await read(), slow.answers(), waiting.length]).toEqual([null, null, 0, 1])
  await answer('one')
  expect([await read(), slow.answers(), waiting.length]).toEqual(['one', 1, 0])
})

test('it is asked again after its time, under another key, and when the clock was set back; the answer stays meanwhile', async () => {
  const { read, answer, waiting, clock } = source()
  await read()
  await answer('one')
  clock.at += 4 * HOUR - 1
  expect([await read(), waiting.length]).toEqual(['one', 0])
  clock.at += 1
  expect([await read(), waiting.length]).toEqual(['one', 1])
  await answer('two')
  expect([await read('b'), await read('b'), waiting.length]).toEqual(['two', 'two', 1])
  await answer('three')
  clock.at -= HOUR
  expect([await read('b'), waiting.length]).toEqual(['three', 1])
})

test('what answers at once is waited for', async () => {
  const slow = slowSource(async (host) => host.platform, HOUR)
  const host = laptop({ files: {} })
  expect(await slow.read(host, '')).toEqual({ answer: 'linux', askedAt: host.now(), key: '' })
})

test('one that fails is asked again at the next reading', async () => {
  let asked = 0
  const slow = slowSource<string>(async () => {
    asked++
    throw new Error('no')
  }, HOUR)
  expect([await slow.read(laptop({ files: {} }), ''), await slow.read(laptop({ files: {} }), ''), asked]).toEqual([
    null,
    null,
    2,
  ])
})
