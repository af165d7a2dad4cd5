import { SIGNAL_IDS, type Facts } from '../shared/signals.ts'
import { collect, type Probes } from './collect.ts'
import type { Host } from './host/host.ts'
import { openWatches, type Watch } from './watch.ts'

export type SettledParts = { host: Host; probes: Probes; watches: readonly Watch[] }

export type SettledOptions = {
  /** Called once, where the wait grows long enough to be noticed. */
  onWait?: () => void
  noticedMs?: number
  limitMs?: number
}

/**
 * Reads everything once, as the agent does that reads again and again: what is asked in the background is waited for, and
 * its signals are read again when it has answered, or when it took too long.
 */
export async function readSettled(
  { host, probes, watches }: SettledParts,
  { onWait = () => undefined, noticedMs = 2000, limitMs = 60_000 }: SettledOptions = {},
): Promise<Facts> {
  const facts = await collect(host, probes, SIGNAL_IDS)
  const slow = watches.filter(({ settled }) => settled !== undefined)
  const look = openWatches(host, slow)
  await look()
  const notice = setTimeout(onWait, noticedMs)
  const limit = Promise.withResolvers<void>()
  const giveUp = setTimeout(limit.resolve, limitMs)
  await Promise.race([Promise.all(slow.map(async (watch) => watch.settled?.())), limit.promise])
  clearTimeout(notice)
  clearTimeout(giveUp)
  const changed = await look()
  return changed.length === 0 ? facts : { ...facts, ...(await collect(host, probes, changed)) }
}
