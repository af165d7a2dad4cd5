import { unreadable } from '../shared/fact.ts'
import { parserOf } from '../shared/schema.ts'
import { Facts, type SignalId, type SignalValue } from '../shared/signals.ts'
import type { Host } from './host/host.ts'
import type { Probe, Reading } from './probes/probe.ts'

/** A probe for every signal. */
export type Probes = { readonly [Id in SignalId]: Probe<Id> }

export type CollectOptions = {
  /** What to add to the time of this machine to have that of the collector. */
  offsetMs?: number
  /** How long one probe may take. */
  deadlineMs?: number
}

const DEADLINE_MS = 15_000

const parseFacts = parserOf(Facts)

/**
 * Reads signals, all at once. Whatever a probe does, its signal comes out as a fact: one that throws, that takes too
 * long or that returns what the schema does not know is `unreadable`, with the reason.
 */
export async function collect(
  host: Host,
  probes: Probes,
  signals: readonly SignalId[],
  { offsetMs = 0, deadlineMs = DEADLINE_MS }: CollectOptions = {},
): Promise<Facts> {
  const reading = host.forReading()
  const facts = await Promise.all(
    signals.map(async (id) => {
      const read = await readWithin(deadlineMs, () => probes[id](reading))
      return travelling(id, read, (readAt) => new Date(readAt.getTime() + offsetMs), host.now())
    }),
  )
  return Object.assign({}, ...facts)
}

type AnyReading = Reading<SignalValue[SignalId]>

async function readWithin(deadlineMs: number, read: () => Promise<AnyReading>): Promise<AnyReading> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<AnyReading>((resolve) => {
    const why = `it took longer than ${deadlineMs / 1000} s to read`
    timer = setTimeout(() => resolve({ ...unreadable(why), source: 'none' }), deadlineMs)
  })
  try {
    return await Promise.race([read(), late])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...unreadable(`its probe failed: ${why}`), source: 'none' }
  } finally {
    clearTimeout(timer)
  }
}

/** The fact as it travels, once it is proved to have the shape that the collector expects of its signal. */
function travelling(id: SignalId, reading: AnyReading, collectorTime: (at: Date) => Date, now: Date): Facts {
  try {
    const { source, readAt = now, ...fact } = reading
    const observedAt = collectorTime(readAt).toISOString()
    const parsed = parseFacts({ [id]: { ...fact, source: source.slice(0, 200), observedAt } })
    if (parsed.ok) return parsed.value
    return failed(id, `its probe returned the wrong shape: ${parsed.problem}`, collectorTime(now))
  } catch (error) {
    return failed(id, `its probe returned the wrong shape: ${String(error)}`, collectorTime(now))
  }
}

function failed(id: SignalId, why: string, at: Date): Facts {
  return { [id]: { ...unreadable(why), source: 'none', observedAt: at.toISOString() } }
}

/** Reads once, as soon as there is a value, and remembers it for as long as this process runs. */
export function onceRead<Id extends SignalId>(probe: Probe<Id>): Probe<Id> {
  let kept: Reading<SignalValue[Id]> | undefined
  return async (host) => {
    if (kept) return kept
    const reading = await probe(host)
    if (reading.kind === 'value') kept = { ...reading, readAt: reading.readAt ?? host.now() }
    return reading
  }
}
