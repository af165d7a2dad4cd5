import { expect, test } from 'vitest'
import { SOFA_V2 } from '../../test/fakes/feeds.ts'
import { readFeed } from '../appraisal/feeds/read.ts'
import { readApart } from './read-apart.ts'

const origin = { name: 'macos_data_feed.json', now: new Date('2026-11-25T12:00:00Z') }
const never = new AbortController().signal
const padded = Buffer.from(`${SOFA_V2}${' '.repeat(100_000)}`)

test('a large feed is read on a thread of its own, to the same end', async () => {
  expect(await readApart(padded, origin, never)).toEqual(readFeed(Buffer.from(SOFA_V2), origin))
  expect(await readApart(Buffer.from(SOFA_V2), origin, never)).toEqual(readFeed(padded, origin))
})

test('nobody waits meanwhile', async () => {
  const many = Array.from({ length: 60_000 }, (_, at) => ({
    name: `${at}`,
    eolFrom: '2030-01-01',
    releaseDate: '2026-01-01',
  }))
  const large = Buffer.from(JSON.stringify({ result: { name: 'ubuntu', releases: many } }))
  let ticks = 0
  const ticking = setInterval(() => ticks++, 5)
  await readApart(large, origin, never)
  clearInterval(ticking)
  expect(ticks).toBeGreaterThan(3)
})

test.each([
  [
    'that is none is refused as a small one is',
    Buffer.from(`{"notices": 1}${' '.repeat(100_000)}`),
    never,
    /none of the feeds/,
  ],
  ['that takes too long is left', padded, AbortSignal.timeout(1), /more time or memory/],
  ['that is read when the collector closes is left', padded, AbortSignal.abort(), /more time or memory/],
])('a large feed %s', async (_name, content, signal, problem) => {
  await expect(readApart(content, origin, signal)).rejects.toThrow(
    expect.objectContaining({ code: 'releases-invalid', message: expect.stringMatching(problem) as string }) as Error,
  )
})
