import { isDeepStrictEqual } from 'node:util'
import { knownCode, type ErrorCode } from '../shared/errors.ts'
import { LIMITS } from '../shared/limits.ts'
import { goodbye, type AgentMessage, type CollectorMessage, type Settings } from '../shared/messages.ts'
import { keysOf } from '../shared/schema.ts'
import type { Facts } from '../shared/signals.ts'
import type { Standing } from '../shared/standing.ts'

/** A reading that is over. */
export type FactsRead = {
  facts: Facts
  /** Everything was read, not only what the watch saw change. */
  complete: boolean
  /** It was asked for, so it is reported in full even where nothing changed. */
  asked: boolean
}

export type Report =
  { kind: 'evidence'; nonce: string; facts: Facts } | { kind: 'unchanged'; nonce: string; evidence: string }

/** The last evidence that the collector has accepted. */
type Acknowledged = { facts: Facts; digest: string; sentAt: Date }
type Known = { settings: Settings; acknowledged: Acknowledged | null }
/** What was sent and is not answered yet. */
type InFlight = { report: Report; sentAt: Date; digest: string | null }

/** The agent's side of one connection; what a state needs stands in it, and nothing else does. */
export type SessionState =
  | { at: 'connecting' }
  | { at: 'connected'; until: Date }
  | { at: 'authenticating'; until: Date }
  | ({ at: 'ready'; nonce: string } & Known)
  | ({ at: 'reporting'; nonce: string; inFlight: InFlight; next: FactsRead | null; recheck: boolean } & Known)
  | { at: 'closed' }

/** Why a conversation is over, and who ended it. */
export type Ended =
  | { by: 'collector'; code: ErrorCode; reason: string; retryAfterSeconds: number | null }
  | { by: 'agent'; code: ErrorCode; reason: string }

export type SessionEvent =
  | { type: 'opened' }
  | { type: 'message'; message: CollectorMessage }
  | { type: 'malformed'; problem: string }
  | ({ type: 'facts' } & FactsRead)
  /** Answers `report`: it is signed, and leaves now. */
  | { type: 'signed'; digest: string }
  /** Answers `authenticate` or `report` where it could not be done. */
  | { type: 'failed'; problem: string }
  | { type: 'stopping'; why?: string | undefined }
  | { type: 'tick' }

export type SessionEffect =
  | { type: 'send'; message: AgentMessage }
  | { type: 'authenticate'; nonce: string; collectorTime: string }
  | { type: 'welcomed'; settings: Settings; asks: Extract<CollectorMessage, { type: 'welcome' }>['asks'] }
  /** Read everything, beginning now; the reading is one that was asked for. */
  | { type: 'read' }
  | { type: 'report'; report: Report }
  /** `attestation` is the signed form of the standing; null for a device that has none. */
  | { type: 'appraised'; standing: Standing; attestation: string | null }
  | { type: 'end'; ended: Ended }

type Step = [SessionState, SessionEffect[]]

/** A connection that is being made. Once it is, the collector speaks first. */
export const NEW_SESSION: SessionState = { at: 'connecting' }

/** What the agent does next. Pure: the edge performs the effects and comes back with their answers. */
export function stepSession(state: SessionState, event: SessionEvent, now: Date): Step {
  if (state.at === 'closed') return [state, []]
  switch (event.type) {
    case 'opened':
      return state.at === 'connecting' ? [{ at: 'connected', until: after(now, LIMITS.handshakeMs) }, []] : [state, []]
    case 'message':
      return onMessage(state, event.message, now)
    case 'malformed':
      return leave('message-malformed', event.problem)
    case 'facts':
      return onFacts(state, event, now)
    case 'signed':
      if (state.at !== 'reporting') return [state, []]
      return [{ ...state, inFlight: { ...state.inFlight, digest: event.digest } }, []]
    case 'failed':
      return leave('agent-stopping', event.problem)
    case 'stopping':
      return leave('agent-stopping', event.why)
    case 'tick':
      return isLate(state, now) ? [{ at: 'closed' }, [{ type: 'end', ended: NO_ANSWER }]] : [state, []]
  }
}

/** When the collector must have answered; null while nothing is asked of it. */
export function deadlineOf(state: SessionState): Date | null {
  switch (state.at) {
    case 'connected':
    case 'authenticating':
      return state.until
    case 'reporting':
      return after(state.inFlight.sentAt, LIMITS.answerMs)
    case 'connecting': // the connection has an end of its own
    case 'ready':
    case 'closed':
      return null
  }
}

/** Whether two readings say the same: the times at which they were made, and from what, may differ. */
export function sameFacts(one: Facts, other: Facts): boolean {
  const ids = new Set([...keysOf(one), ...keysOf(other)])
  return [...ids].every((id) => isDeepStrictEqual(said(one[id]), said(other[id])))
}

function said(fact: Facts[keyof Facts]) {
  if (!fact) return null
  return fact.kind === 'value' ? { kind: fact.kind, value: fact.value } : { kind: fact.kind, why: fact.why }
}

const NO_ANSWER: Ended = { by: 'agent', code: 'collector-unreachable', reason: 'the collector did not answer in time' }

type Open = Exclude<SessionState, { at: 'closed' }>
type Ready = Extract<SessionState, { at: 'ready' }>
type Reporting = Extract<SessionState, { at: 'reporting' }>

function onMessage(state: Open, message: CollectorMessage, now: Date): Step {
  switch (message.type) {
    case 'goodbye': {
      const { code, reason, retryAfterSeconds } = message
      return [
        { at: 'closed' },
        [{ type: 'end', ended: { by: 'collector', code: knownCode(code), reason, retryAfterSeconds } }],
      ]
    }
    case 'challenge': {
      if (state.at !== 'connected') return unexpected(message)
      const { nonce, time: collectorTime } = message
      const until = after(now, LIMITS.handshakeMs)
      return [{ at: 'authenticating', until }, [{ type: 'authenticate', nonce, collectorTime }]]
    }
    case 'welcome': {
      if (state.at !== 'authenticating') return unexpected(message)
      const { settings, asks, eat_nonce: nonce } = message
      return [
        { at: 'ready', settings, nonce, acknowledged: null },
        [{ type: 'welcomed', settings, asks }, { type: 'read' }],
      ]
    }
    case 'appraised':
      return state.at === 'reporting' ? onAppraised(state, message, now) : unexpected(message)
    case 'recheck':
      if (state.at === 'ready') return [{ ...state, nonce: message.eat_nonce }, [{ type: 'read' }]]
      // Read only once the report under way is answered: a report that crosses the recheck would bring on another one.
      if (state.at === 'reporting') return [{ ...state, nonce: message.eat_nonce, recheck: true }, []]
      return unexpected(message)
  }
}

function onFacts(state: Open, read: FactsRead, now: Date): Step {
  if (state.at === 'ready') return report(state, read, now) ?? [state, []]
  if (state.at === 'reporting') return [{ ...state, next: newest(state.next, read) }, []]
  return [state, []]
}

/** Of two readings that wait to be reported the newer counts; it stands for what the older was made for. */
function newest(older: FactsRead | null, { facts, complete, asked }: FactsRead): FactsRead {
  return { facts, complete: complete || older?.complete === true, asked: asked || older?.asked === true }
}

function onAppraised(
  { settings, acknowledged, inFlight, next, recheck }: Reporting,
  { standing, attestation, eat_nonce: nonce }: Extract<CollectorMessage, { type: 'appraised' }>,
  now: Date,
): Step {
  const ready: Ready = { at: 'ready', nonce, settings, acknowledged: acknowledgedBy(inFlight) ?? acknowledged }
  const appraised: SessionEffect = { type: 'appraised', standing, attestation }
  const reported = next && report(ready, next, now)
  if (reported) {
    const [state, effects] = reported
    return [state.at === 'reporting' ? { ...state, recheck } : state, [appraised, ...effects]]
  }
  return [ready, recheck ? [appraised, { type: 'read' }] : [appraised]]
}

function acknowledgedBy({ report: sent, digest, sentAt }: InFlight): Acknowledged | null {
  return sent.kind === 'evidence' && digest !== null ? { facts: sent.facts, digest, sentAt } : null
}

/** Reports a reading as what it is worth; null where it says nothing that the collector does not know. */
function report(state: Ready, read: FactsRead, now: Date): Step | null {
  const { nonce, settings, acknowledged } = state
  const content = worth(read, settings, acknowledged, now)
  if (content === null) return null
  const it: Report =
    content === 'full' ? { kind: 'evidence', nonce, facts: read.facts } : { kind: 'unchanged', nonce, ...content }
  const inFlight = { report: it, sentAt: now, digest: null }
  return [{ ...state, at: 'reporting', inFlight, next: null, recheck: false }, [{ type: 'report', report: it }]]
}

function worth(
  { facts, complete, asked }: FactsRead,
  { reportSeconds, unchangedSeconds }: Settings,
  acknowledged: Acknowledged | null,
  now: Date,
): 'full' | { evidence: string } | null {
  if (asked) return 'full'
  // A connection begins with a full reading, which is asked for and on its way.
  if (!acknowledged) return null
  if (!sameFacts(facts, acknowledged.facts)) return 'full'
  if (!complete) return null
  // Full evidence goes out at the reading that is nearest to its time.
  const dueMs = (reportSeconds - unchangedSeconds / 2) * 1000
  return now.getTime() - acknowledged.sentAt.getTime() >= dueMs ? 'full' : { evidence: acknowledged.digest }
}

function unexpected({ type }: CollectorMessage): Step {
  return leave('message-unexpected', `${type} is not due now`)
}

function leave(code: ErrorCode, detail?: string): Step {
  const message = goodbye(code, detail)
  return [
    { at: 'closed' },
    [
      { type: 'send', message },
      { type: 'end', ended: { by: 'agent', code, reason: message.reason } },
    ],
  ]
}

function isLate(state: SessionState, now: Date): boolean {
  const deadline = deadlineOf(state)
  return deadline !== null && now >= deadline
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}
