import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openLookUp } from './look-up.ts'

type Asked = { host: string; answer: (addresses: string[]) => void; fail: (error: Error) => void }

const signal = () => new AbortController()

function lookedUp() {
  const asked: Asked[] = []
  const lookUp = openLookUp((host) => new Promise((answer, fail) => void asked.push({ host, answer, fail })))
  return { asked, lookUp }
}

test('who asks for a name that is being looked up waits for the same answer; the next one has it looked up anew', async () => {
  const { asked, lookUp } = lookedUp()
  const both = [lookUp('a', signal().signal), lookUp('a', signal().signal)]
  await setImmediate()
  expect(asked.map(({ host }) => host)).toEqual(['a'])
  asked[0]!.answer(['192.0.2.1'])
  expect(await Promise.all(both)).toEqual([['192.0.2.1'], ['192.0.2.1']])
  const next = lookUp('a', signal().signal)
  await setImmediate()
  asked[1]!.answer(['192.0.2.2'])
  expect(await next).toEqual(['192.0.2.2'])
})

test('names of which no answer comes take two places, and whoever gives up waiting takes none', async () => {
  const { asked, lookUp } = lookedUp()
  const [slow, other, third, fourth] = [signal(), signal(), signal(), signal()]
  const waits = [lookUp('a', slow.signal), lookUp('b', other.signal), lookUp('c', third.signal)]
  const last = lookUp('d', fourth.signal)
  await setImmediate()
  expect(asked.map(({ host }) => host)).toEqual(['a', 'b'])
  const ends = waits.map((it) => expect(it).rejects.toThrow('ended'))
  for (const it of [slow, other, third]) it.abort()
  await Promise.all(ends)
  await setImmediate()
  // Nobody waits for it any more, and its place is taken all the same.
  expect(asked.map(({ host }) => host)).toEqual(['a', 'b'])
  asked[0]!.fail(new Error('no such name'))
  await expect.poll(() => asked.map(({ host }) => host)).toEqual(['a', 'b', 'd'])
  asked[2]!.answer(['192.0.2.1'])
  expect(await last).toEqual(['192.0.2.1'])
})

test('one that fails fails for all who wait for it, and harms nobody else', async () => {
  const { asked, lookUp } = lookedUp()
  const both = [lookUp('a', signal().signal), lookUp('a', signal().signal)]
  await setImmediate()
  asked[0]!.fail(new Error('no such name'))
  const ends = both.map((it) => expect(it).rejects.toThrow('no such name'))
  await Promise.all(ends)
  const next = lookUp('a', signal().signal)
  await setImmediate()
  asked[1]!.answer([])
  expect(await next).toEqual([])
})

test('one that was ended before it began is not looked up', async () => {
  const { asked, lookUp } = lookedUp()
  await expect(lookUp('a', AbortSignal.abort())).rejects.toThrow('ended')
  expect(asked).toEqual([])
})
