import { unreadable, type Fact, type NoValue } from '../../shared/fact.ts'
import type { SignalId, SignalValue } from '../../shared/signals.ts'
import type { Host, Unread } from '../host/host.ts'

/** What a probe returns: a fact, what it was read from, and, where it comes from a cache, when it was read. */
export type Reading<T> = Fact<T> & { source: string; readAt?: Date }

/** Reads one signal through the host. It never judges, and it never throws on what a machine answers. */
export type Probe<Id extends SignalId> = (host: Host) => Promise<Reading<SignalValue[Id]>>

/** An answer that could not be had is a fact that could not be read. */
export function unreadableBecause(it: Unread): NoValue {
  const needsRoot = it.reason === 'denied' ? ' (needs root)' : ''
  return unreadable(`${it.why}${needsRoot}`)
}
