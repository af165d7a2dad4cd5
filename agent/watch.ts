import type { SignalId } from '../shared/signals.ts'
import type { Host } from './host/host.ts'

/** A cheap look at what moves fast. It says only whether to read again: nothing of it is ever reported. */
export type Watch = {
  signals: readonly SignalId[]
  /** Changes when one of the signals may have changed. */
  fingerprint: (host: Host) => Promise<string>
  /** Where a probe asks in the background what is too slow for a reading: ends when nothing is being asked. */
  settled?: () => Promise<void>
}

/** Looks at all watches; returns the signals that may have changed since the look before. The first look finds none. */
export type Look = () => Promise<SignalId[]>

export function openWatches(host: Host, watches: readonly Watch[]): Look {
  const last = new Map<Watch, string>()
  return async () => {
    const changed = new Set<SignalId>()
    await Promise.all(
      watches.map(async (watch) => {
        // A watch that begins to fail is a change too: the reading will say what is wrong.
        const now = await watch.fingerprint(host).catch((error: unknown) => `failed: ${String(error)}`)
        if ((last.get(watch) ?? now) !== now) for (const id of watch.signals) changed.add(id)
        last.set(watch, now)
      }),
    )
    return [...changed]
  }
}
