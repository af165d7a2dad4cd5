import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { MusterError } from '../../shared/errors.ts'
import type { Feed } from '../appraisal/feeds/feed.ts'
import { readFeed, type Origin } from '../appraisal/feeds/read.ts'

export type Answer = { ok: true; feed: Feed } | { ok: false; problem: string }

/** What takes less time to read than a thread to start. */
const SMALL_BYTES = 64 * 1024
/** A feed of 32 MiB is a tree of objects several times as large. */
const MEGABYTES = 1024

/**
 * Reads a feed without making anybody wait for it: a large one on a thread of its own, which ends when its time or its
 * memory does, or when `signal` says so. @throws MusterError `releases-invalid`
 */
export async function readApart(content: Uint8Array, origin: Origin, signal: AbortSignal): Promise<Feed> {
  if (content.length <= SMALL_BYTES) return readFeed(content, origin)
  const worker = new Worker(new URL('read-worker.ts', import.meta.url), {
    workerData: { content, origin },
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
  })
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [answer] = (await once(worker, 'message', { signal })) as [Answer]
    if (answer.ok) return answer.feed
    throw new MusterError('releases-invalid', answer.problem)
  } catch (error) {
    if (error instanceof MusterError) throw error
    throw new MusterError('releases-invalid', 'it takes more time or memory to read than a feed may', { cause: error })
  } finally {
    await worker.terminate()
  }
}
