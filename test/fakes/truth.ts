import type { Exception } from '../../collector/appraisal/exception.ts'
import type { DeviceState } from '../../collector/store/store.ts'

const MINUTE = 60_000
const FRESH = 15 * MINUTE
const FIREWALL_GRACE = 20 * MINUTE

/** What a report says: `bad` has no protection, which closes at once; `soft` has no firewall, which has a grace. */
export type Kind = 'good' | 'bad' | 'soft'
export type Sent = { kind: Kind; digest: string }

/**
 * What is really known of one device of a `World`, kept apart from all code under test. Time is `age`: what has gone by,
 * whatever a clock says.
 */
export type Truth = {
  age: number
  kind: Kind | null
  heardAt: number
  softSince: number | null
  /** Whether its firewall was ever on: grace is for these. */
  hasPassed: boolean
  status: 'active' | 'locked-out'
  /** How often its key fell into a doubt that good evidence can mend, and how often until it was mended last. */
  suspected: number
  mended: number
  isCopied: boolean
  isGone: boolean
  isStrict: boolean
  tags: Set<string>
  exceptions: Exception[]
  /** A report worse than good that was refused is forgotten by a restart. */
  isBadUnwritten: boolean
  /** A clock that was set leaves what is written with the dates of before. */
  isClockSet: boolean
  /** Whether all went well, so that what may be open has to be open. */
  isExact: boolean
}

const UNHEARD = { kind: null, heardAt: -Infinity, softSince: null, hasPassed: false, isBadUnwritten: false }

export function firstTruth(): Truth {
  return {
    ...UNHEARD,
    age: 0,
    status: 'active',
    suspected: 0,
    mended: 0,
    isCopied: false,
    isGone: false,
    isStrict: false,
    tags: new Set(),
    exceptions: [],
    isClockSet: false,
    isExact: true,
  }
}

/** A report has had its turn and is being stored; gives what happens when it is. */
export function storing(truth: Truth, { kind }: Sent): () => void {
  const { age, suspected } = truth
  if (kind === 'bad') truth.kind = 'bad'
  // It is worse than good, so it counts before it is written, and it is fresh.
  if (kind === 'soft') Object.assign(truth, { softSince: truth.softSince ?? age, heardAt: age })
  if (kind !== 'good') truth.isBadUnwritten = true
  return () => {
    Object.assign(truth, { kind, heardAt: age, isBadUnwritten: false, mended: suspected })
    if (kind === 'soft') truth.softSince ??= age
    else truth.hasPassed = true
  }
}

/** It is enrolled anew after it was removed. */
export function enrolledAnew(truth: Truth): void {
  Object.assign(truth, { ...UNHEARD, status: 'active', isCopied: false, isGone: false, mended: truth.suspected })
  truth.tags.clear()
}

/** The process ended: what was not written is not known any more. `heardAt` gives the age at which a date was written. */
export function restarted(
  truth: Truth,
  state: DeviceState | null,
  sent: readonly Sent[],
  heardAt: (at: Date) => number,
) {
  truth.isExact = false
  truth.isGone = state === null
  if (!state) return
  const { device, evidence, conclusion } = state
  const kind = sent.find(({ digest }) => digest === evidence?.digest)?.kind ?? null
  Object.assign(truth, {
    ...UNHEARD,
    kind,
    ...(evidence && { heardAt: heardAt(evidence.confirmedAt) }),
    hasPassed: conclusion?.memory.firewall?.passed ?? false,
    ...(conclusion?.memory.firewall?.failingSince && { softSince: truth.softSince }),
    status: device.status,
    isCopied: device.identity === 'conflict',
    mended: device.identity === 'unverified' ? truth.suspected - 1 : truth.suspected,
    tags: new Set(device.tags),
  })
}

/** The best that may be said: whether `restricted` can be open. */
export function mayBeOpen(truth: Truth, now: Date): boolean {
  const { age, kind, status, exceptions } = truth
  if (truth.isGone || status !== 'active' || truth.isCopied || truth.mended < truth.suspected) return false
  if (kind === null || kind === 'bad' || age >= truth.heardAt + FRESH) return false
  if (kind === 'soft' && (!truth.hasPassed || truth.softSince === null || age >= truth.softSince + FIREWALL_GRACE))
    return false
  const isExcepted = exceptions.some((it) => it.endedAt === null && it.createdAt <= now && now < it.expiresAt)
  return isExcepted || !(truth.isStrict || truth.tags.has('strict'))
}
