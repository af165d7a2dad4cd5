import { keysOf } from '../shared/schema.ts'
import { SIGNAL_IDS, type Facts, type SignalId } from '../shared/signals.ts'
import { collect, type Probes } from './collect.ts'
import type { Host } from './host/host.ts'

/** Reads this machine, never twice at a time, and keeps what was read last. */
export type Reader = {
  /** Everything that is wanted, read after this call: a reading under way may be older than the question. */
  everything(): Promise<Facts>
  /** Some signals, read after this call; the rest of the facts is what was read before. */
  some(signals: readonly SignalId[]): Promise<Facts>
  /** From now on these are wanted. */
  want(signals: readonly SignalId[]): void
}

export type ReaderParts = { host: Host; probes: Probes; offsetMs: () => number; onRead: (facts: Facts) => void }

export function openReader({ host, probes, offsetMs, onRead }: ReaderParts): Reader {
  let wanted: readonly SignalId[] = SIGNAL_IDS
  let latest: Facts = {}

  async function read(signals: readonly SignalId[]): Promise<Facts> {
    const facts = await collect(host, probes, signals, { offsetMs: offsetMs() })
    latest = newer(latest, facts, wanted)
    onRead(latest)
    return latest
  }

  const all = inTurn(() => read(wanted))
  // A lane of its own, so that what the watch saw need not wait for the slowest probe.
  const few = inTurn(read)
  return {
    everything: () => all(wanted),
    some: (signals) => few(signals.filter((id) => wanted.includes(id))),
    want: (signals) => {
      wanted = signals
    },
  }
}

/** Of each wanted signal the newer fact: a long reading may end after a short one that began later. */
function newer(before: Facts, facts: Facts, wanted: readonly SignalId[]): Facts {
  const all = { ...before, ...facts }
  for (const id of keysOf(all)) {
    if (!wanted.includes(id)) delete all[id]
    else if ((before[id]?.observedAt ?? '') > (facts[id]?.observedAt ?? '')) Object.assign(all, { [id]: before[id] })
  }
  return all
}

/** Runs one at a time; all that is asked for meanwhile is done together in the next turn. */
function inTurn(run: (signals: readonly SignalId[]) => Promise<Facts>) {
  let running: Promise<unknown> = Promise.resolve()
  let next: { signals: Set<SignalId>; facts: Promise<Facts> } | null = null

  return (signals: readonly SignalId[]): Promise<Facts> => {
    if (next) {
      for (const id of signals) next.signals.add(id)
      return next.facts
    }
    const together = new Set(signals)
    const facts = running.then(() => {
      next = null
      return run([...together])
    })
    next = { signals: together, facts }
    running = facts.catch(() => undefined)
    return facts
  }
}
