import type { KeyObject } from 'node:crypto'
import { MusterError, type ErrorCode } from '../../shared/errors.ts'
import {
  isWithinSkew,
  parseEvidence,
  parseSession,
  parseUnchanged,
  type EvidenceClaims,
  type UnchangedClaims,
} from '../../shared/evidence.ts'
import { TYP, digest, isSignedBy, parseJws } from '../../shared/jws.ts'
import { LIMITS } from '../../shared/limits.ts'
import { goodbye, type AgentMessage, type CollectorMessage } from '../../shared/messages.ts'
import type { Parsed } from '../../shared/schema.ts'
import type { Standing } from '../../shared/standing.ts'

/** What the conversation has to know of a device. */
export type SessionDevice = {
  id: string
  key: KeyObject
  lockedOut: boolean
  lastSequence: number
  /** Digest of the last accepted evidence; null before the first. */
  evidenceDigest: string | null
}

/** The collector's side of the conversation with one agent; what a state needs stands in it, and nothing else does. */
export type SessionState =
  | { at: 'challenged'; nonce: string; until: Date }
  | { at: 'looking-up'; jws: string; nonce: string; deviceId: string; until: Date }
  | { at: 'admitting'; device: SessionDevice }
  | { at: 'ready'; device: SessionDevice; nonce: string; replaced: string | null }
  | { at: 'storing'; device: SessionDevice; report: Report; recheck: string | null }
  | { at: 'closed' }

/** What the agent reported and the collector has verified. */
export type Report =
  | { kind: 'evidence'; sequence: number; digest: string; jws: string; claims: EvidenceClaims }
  | { kind: 'unchanged'; sequence: number; digest: string }

export type SessionEvent =
  | { type: 'message'; message: AgentMessage }
  | { type: 'malformed'; code: ErrorCode; problem: string }
  /** Answers `look-up`. */
  | { type: 'device'; device: SessionDevice | null }
  /** Answers `admit`: this is the one connection of the device now. */
  | { type: 'admitted'; welcome: Omit<Extract<CollectorMessage, { type: 'welcome' }>, 'type' | 'eat_nonce'> }
  /** Answers `store`: the report is durable. */
  | { type: 'stored'; attestation: string | null; standing: Standing }
  /** Answers `look-up`, `admit` or `store` where it could not be done. */
  | { type: 'refused'; code: ErrorCode; detail?: string }
  | { type: 'recheck'; reason: string }
  | { type: 'superseded' }
  /** The device may not go on: it was removed, or locked out. */
  | { type: 'dismissed'; code: ErrorCode }
  | { type: 'stopping' }
  | { type: 'tick' }

export type SessionEffect =
  | { type: 'send'; message: CollectorMessage }
  | { type: 'close'; code: ErrorCode }
  | { type: 'look-up'; deviceId: string }
  | { type: 'admit'; deviceId: string; bootId: string }
  | { type: 'store'; deviceId: string; report: Report }
  /** The connection has proved the key, and what it sent does not hold: the device admits to nothing until mended. */
  | { type: 'distrust'; deviceId: string; identity: 'conflict' | 'unverified' }

export type SessionContext = {
  now: Date
  issuer: string
  /** A fresh random nonce each time. */
  nonce: () => string
}

type Step = [SessionState, SessionEffect[]]

/** Seconds after which coming back makes sense; for every other code a person has to act first. */
const RETRY_SECONDS: Partial<Record<ErrorCode, number>> = {
  superseded: 60,
  'collector-stopping': 1,
  'store-unavailable': 5,
  'handshake-timeout': 5,
  'message-unexpected': 5,
  'evidence-replayed': 5,
  internal: 30,
  'too-many-messages': 60,
  'device-locked-out': 60, // an admin may readmit it
  'clock-skew': LIMITS.clockSkewSeconds,
}

/** A new connection: the collector speaks first. */
export function openSession({ now, nonce }: SessionContext): Step {
  const challenge = nonce()
  const until = new Date(now.getTime() + LIMITS.handshakeMs)
  const message = { type: 'challenge', nonce: challenge, time: now.toISOString() } as const
  return [{ at: 'challenged', nonce: challenge, until }, [{ type: 'send', message }]]
}

/** What the collector does next. Pure: the edge performs the effects and comes back with their answers. */
export function stepSession(state: SessionState, event: SessionEvent, context: SessionContext): Step {
  if (state.at === 'closed') return [state, []]
  switch (event.type) {
    case 'message':
      return isLate(state, context.now) ? close('handshake-timeout') : onMessage(state, event.message, context)
    case 'malformed':
      return close(event.code, event.problem)
    case 'device':
      return state.at === 'looking-up' ? onDevice(state, event.device, context) : [state, []]
    case 'admitted': {
      if (state.at !== 'admitting') return [state, []]
      const nonce = context.nonce()
      const message = { type: 'welcome', ...event.welcome, eat_nonce: nonce } as const
      return [{ at: 'ready', device: state.device, nonce, replaced: null }, [{ type: 'send', message }]]
    }
    case 'stored':
      return state.at === 'storing' ? onStored(state, event, context) : [state, []]
    case 'refused':
      return close(event.code, event.detail)
    case 'recheck':
      return onRecheck(state, event.reason, context)
    case 'dismissed':
      return close(event.code)
    case 'superseded':
      return close('superseded')
    case 'stopping':
      return close('collector-stopping')
    case 'tick':
      return isLate(state, context.now) ? close('handshake-timeout') : [state, []]
  }
}

function isLate(state: SessionState, now: Date): boolean {
  return (state.at === 'challenged' || state.at === 'looking-up') && now >= state.until
}

function close(code: ErrorCode, detail?: string): Step {
  const message = goodbye(code, detail, RETRY_SECONDS[code] ?? null)
  return [
    { at: 'closed' },
    [
      { type: 'send', message },
      { type: 'close', code },
    ],
  ]
}

function onMessage(
  state: Exclude<SessionState, { at: 'closed' }>,
  message: AgentMessage,
  context: SessionContext,
): Step {
  switch (message.type) {
    case 'goodbye':
      return [{ at: 'closed' }, [{ type: 'close', code: 'agent-stopping' }]]
    case 'authenticate':
      return state.at === 'challenged' ? onAuthenticate(state, message.jws) : close('message-unexpected')
    case 'evidence':
    case 'unchanged':
      return state.at === 'ready' ? onReport(state, message, context) : close('message-unexpected')
  }
}

function onAuthenticate(state: Extract<SessionState, { at: 'challenged' }>, jws: string): Step {
  const parsed = parseJws(jws, TYP.session)
  if (!parsed.ok) return close('authentication-failed', parsed.problem)
  const { kid } = parsed.value.header
  if (kid === undefined) return close('authentication-failed', 'the header names no device (kid)')
  const next = { at: 'looking-up', jws, nonce: state.nonce, deviceId: kid, until: state.until } as const
  return [next, [{ type: 'look-up', deviceId: kid }]]
}

function onDevice(
  state: Extract<SessionState, { at: 'looking-up' }>,
  device: SessionDevice | null,
  { now, issuer }: SessionContext,
): Step {
  if (!device) return close('device-unknown')
  const session = verified(state.jws, TYP.session, device.key, parseSession)
  if (!session.ok) return close('authentication-failed', session.problem)
  const { nonce, aud, iat, boot } = session.value
  if (nonce !== state.nonce) return close('authentication-failed', 'the nonce is not that of the challenge')
  if (aud !== issuer) return close('authentication-failed', `it is meant for ${aud}; this collector is ${issuer}`)
  if (!isWithinSkew(iat, now)) return closeForSkew(iat, now)
  if (device.lockedOut) return close('device-locked-out')
  return [{ at: 'admitting', device }, [{ type: 'admit', deviceId: device.id, bootId: boot }]]
}

type Ready = Extract<SessionState, { at: 'ready' }>
type ReportMessage = Extract<AgentMessage, { type: 'evidence' | 'unchanged' }>

function onReport(state: Ready, message: ReportMessage, context: SessionContext): Step {
  const { device } = state
  const report = message.type === 'evidence' ? readEvidence(message.jws, device) : readUnchanged(message.jws, device)
  if (!report.ok) return report.refusal

  const { claims } = report
  if (claims.iss !== device.id) return close('evidence-invalid', 'iss is not the device of this connection')
  if (claims.aud !== context.issuer) return close('evidence-invalid', `it is meant for ${claims.aud}`)
  // A recheck replaces the nonce while a report may be under way: that one report is still good, once.
  if (claims.eat_nonce !== state.nonce && claims.eat_nonce !== state.replaced) return close('evidence-replayed')
  if (!isWithinSkew(claims.iat, context.now)) return closeForSkew(claims.iat, context.now)
  if (claims.seq <= device.lastSequence) {
    const detail = `sequence ${claims.seq} was used before; the last is ${device.lastSequence}`
    const [next, effects] = close('identity-conflict', detail)
    return [next, [{ type: 'distrust', deviceId: device.id, identity: 'conflict' }, ...effects]]
  }
  if (report.value.kind === 'unchanged' && report.value.digest !== device.evidenceDigest) {
    const nonce = context.nonce()
    const recheck = { type: 'recheck', reason: 'full evidence is needed', eat_nonce: nonce } as const
    const heard = { ...device, lastSequence: claims.seq }
    return [{ at: 'ready', device: heard, nonce, replaced: null }, [{ type: 'send', message: recheck }]]
  }
  return [
    { at: 'storing', device, report: report.value, recheck: null },
    [{ type: 'store', deviceId: device.id, report: report.value }],
  ]
}

type ReadReport = { ok: true; value: Report; claims: EvidenceClaims | UnchangedClaims } | { ok: false; refusal: Step }

function readEvidence(jws: string, device: SessionDevice): ReadReport {
  const claims = verified(jws, TYP.evidence, device.key, parseEvidence)
  if (!claims.ok) return { ok: false, refusal: closeForEvidence(claims, device) }
  const value: Report = { kind: 'evidence', sequence: claims.value.seq, digest: digest(jws), jws, claims: claims.value }
  return { ok: true, value, claims: claims.value }
}

function readUnchanged(jws: string, device: SessionDevice): ReadReport {
  const claims = verified(jws, TYP.unchanged, device.key, parseUnchanged)
  if (!claims.ok) return { ok: false, refusal: closeForEvidence(claims, device) }
  const value: Report = { kind: 'unchanged', sequence: claims.value.seq, digest: claims.value.evidence }
  return { ok: true, value, claims: claims.value }
}

type Unverified = { ok: false; problem: string; forged: boolean }

/** Signature first: nothing of the claims is looked at before the key of the device has vouched for them. */
function verified<T>(
  jws: string,
  typ: string,
  key: KeyObject,
  parse: (claims: unknown) => Parsed<T>,
): { ok: true; value: T } | Unverified {
  const parsed = parseJws(jws, typ)
  if (!parsed.ok) return { ...parsed, forged: false }
  if (!isSignedBy(parsed.value, key)) return { ok: false, problem: 'the signature is not of this device', forged: true }
  const claims = parse(parsed.value.claims)
  return claims.ok ? claims : { ...claims, forged: false }
}

function closeForEvidence({ problem, forged }: Unverified, device: SessionDevice): Step {
  const [next, effects] = close('evidence-invalid', problem)
  if (!forged) return [next, effects]
  return [next, [{ type: 'distrust', deviceId: device.id, identity: 'unverified' }, ...effects]]
}

function closeForSkew(iat: number, now: Date): Step {
  const signed = new Date(iat * 1000).toISOString()
  return close('clock-skew', `signed at ${signed}; here it is ${now.toISOString()}`)
}

function onStored(
  state: Extract<SessionState, { at: 'storing' }>,
  { attestation, standing }: Extract<SessionEvent, { type: 'stored' }>,
  context: SessionContext,
): Step {
  const { report, recheck } = state
  const device = { ...state.device, lastSequence: report.sequence, evidenceDigest: report.digest }
  const nonce = context.nonce()
  const message = { type: 'appraised', attestation, standing, eat_nonce: nonce } as const
  const ready: Ready = { at: 'ready', device, nonce, replaced: null }
  const effects: SessionEffect[] = [{ type: 'send', message }]
  if (recheck === null) return [ready, effects]
  const [next, more] = onRecheck(ready, recheck, context)
  return [next, [...effects, ...more]]
}

function onRecheck(state: Exclude<SessionState, { at: 'closed' }>, reason: string, context: SessionContext): Step {
  if (state.at === 'storing') return [{ ...state, recheck: reason }, []]
  // Before the welcome there is nothing to repeat: the agent reports in full right after it.
  if (state.at !== 'ready') return [state, []]
  // One that is asked for already and not answered yet stands for this one too.
  if (state.replaced !== null) return [state, []]
  const nonce = context.nonce()
  const message = { type: 'recheck', reason, eat_nonce: nonce } as const
  return [{ ...state, nonce, replaced: state.nonce }, [{ type: 'send', message }]]
}

/** The event that tells the session what went wrong with an effect. */
export function refusal(error: unknown): Extract<SessionEvent, { type: 'refused' }> {
  if (error instanceof MusterError) return { type: 'refused', code: error.code, detail: error.message }
  return { type: 'refused', code: 'internal' }
}
