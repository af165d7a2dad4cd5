import { parentPort, workerData } from 'node:worker_threads'
import { MusterError } from '../../shared/errors.ts'
import { readFeed, type Origin } from '../appraisal/feeds/read.ts'
import type { Answer } from './read-apart.ts'

/** The thread on which one feed is read. */
function answer(): Answer {
  // Only `read-apart.ts` starts this thread, and gives it nothing else.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { content, origin } = workerData as { content: Uint8Array; origin: Origin }
  try {
    return { ok: true, feed: readFeed(content, origin) }
  } catch (error) {
    return { ok: false, problem: error instanceof MusterError ? error.message : String(error) }
  }
}

// The rule means windows of a browser, which have origins.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage(answer())
