import { EVIDENCE_PROFILE, type EvidenceClaims, type SessionClaims, type UnchangedClaims } from '../shared/evidence.ts'
import { digest, signJws, TYP } from '../shared/jws.ts'
import { parseCollectorMessage, type Settings } from '../shared/messages.ts'
import type { Facts } from '../shared/signals.ts'
import type { Connect, Closed } from './connection.ts'
import type { DeviceKey } from './identity/key.ts'
import type { Journal } from './journal.ts'
import {
  NEW_SESSION,
  deadlineOf,
  stepSession,
  type Ended,
  type FactsRead,
  type Report,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './session.ts'
import type { Enrollment } from './state.ts'
import type { StatusBoard } from './status.ts'
import type { Timers } from './timers.ts'

export type ConversationParts = {
  connect: Connect
  enrollment: Enrollment
  key: DeviceKey
  bootId: string
  nextSequence: () => Promise<number>
  journal: Journal
  status: StatusBoard
  timers: Pick<Timers, 'after'>
  clock: () => Date
  /** Milliseconds between the clock of this machine and that of the collector, as last told. */
  offset: { ms: number }
  /** Reads everything, beginning now. */
  read: () => Promise<Facts>
  onWelcome: (settings: Settings) => void
  /** The newest attestation of this device; null where the collector gives it none. */
  onAttestation: (jws: string | null) => void
  onTrouble: (what: string, error: unknown) => void
  /** Called once, when it is over. */
  onEnd: (end: Ended | ({ by: 'network' } & Closed)) => void
}

/** One conversation with the collector, from its connection to its end. */
export type Conversation = {
  facts(read: FactsRead): void
  /** Says goodbye and ends it. */
  leave(why?: string): void
}

/** Connects, and performs what the session decides. */
export function converse(parts: ConversationParts): Conversation {
  const { enrollment, key, journal, status, clock, offset } = parts
  let state: SessionState = NEW_SESSION
  let cancelDeadline: (() => void) | undefined
  let lastSequence = 0
  let over = false

  function dispatch(event: SessionEvent): void {
    const [next, effects] = stepSession(state, event, clock())
    state = next
    cancelDeadline?.()
    const deadline = deadlineOf(state)
    if (deadline) {
      cancelDeadline = parts.timers.after(Math.max(0, deadline.getTime() - clock().getTime()), () =>
        dispatch({ type: 'tick' }),
      )
    }
    for (const effect of effects) perform(effect)
  }

  function perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        connection.send(effect.message)
        return
      case 'authenticate':
        offset.ms = Date.parse(effect.collectorTime) - clock().getTime()
        attempt(authenticate(effect.nonce))
        return
      case 'welcomed':
        status.update({ asks: effect.asks })
        parts.onWelcome(effect.settings)
        return
      case 'read':
        attempt(parts.read().then((facts) => dispatch({ type: 'facts', facts, complete: true, asked: true })))
        return
      case 'report':
        attempt(report(effect.report))
        return
      case 'appraised':
        parts.onAttestation(effect.attestation)
        status.update({ standing: effect.standing })
        note(journal.answered(lastSequence, 'appraised'))
        return
      case 'end': {
        const { ended } = effect
        if (ended.by === 'collector' && lastSequence > 0) note(journal.answered(lastSequence, ended.code))
        connection.close(ended.code)
        end(ended)
      }
    }
  }

  async function authenticate(nonce: string): Promise<void> {
    const claims: SessionClaims = { aud: enrollment.issuer, nonce, iat: signingTime(), boot: parts.bootId }
    const jws = await signJws({ typ: TYP.session, kid: key.id }, claims, key.sign)
    connection.send({ type: 'authenticate', jws })
  }

  async function report(it: Report): Promise<void> {
    const seq = await parts.nextSequence()
    const common = { iss: key.id, aud: enrollment.issuer, eat_nonce: it.nonce, iat: signingTime(), seq }
    const jws =
      it.kind === 'evidence'
        ? await signJws({ typ: TYP.evidence, kid: key.id }, evidenceClaims(common, it.facts), key.sign)
        : await signJws({ typ: TYP.unchanged, kid: key.id }, unchangedClaims(common, it.evidence), key.sign)
    if (state.at !== 'reporting') return
    lastSequence = seq
    const time = clock().toISOString()
    // Noted before it leaves, so that nothing leaves unnoted.
    await journal.sent({ time, kind: it.kind, seq, to: enrollment.issuer, jws }).catch((error: unknown) => {
      parts.onTrouble('the journal of what was sent could not be written', error)
    })
    dispatch({ type: 'signed', digest: digest(jws) })
    connection.send({ type: it.kind, jws })
    status.update({ lastSentAt: time })
  }

  function signingTime(): number {
    return Math.floor((clock().getTime() + offset.ms) / 1000)
  }

  function attempt(work: Promise<void>): void {
    work.catch((error: unknown) => {
      parts.onTrouble('a report could not be made', error)
      dispatch({ type: 'failed', problem: 'a report could not be made on the laptop' })
    })
  }

  function note(work: Promise<void>): void {
    work.catch((error: unknown) => parts.onTrouble('the journal of what was sent could not be written', error))
  }

  function end(how: Parameters<ConversationParts['onEnd']>[0]): void {
    if (over) return
    over = true
    cancelDeadline?.()
    state = { at: 'closed' }
    parts.onEnd(how)
  }

  const connection = parts.connect(enrollment, status.now().version, {
    opened: () => dispatch({ type: 'opened' }),
    text(json) {
      const message = parseCollectorMessage(json)
      if (message.ok) dispatch({ type: 'message', message: message.value })
      else dispatch({ type: 'malformed', problem: message.problem })
    },
    closed: (how) => end({ by: 'network', ...how }),
  })

  return {
    facts: (read) => dispatch({ type: 'facts', ...read }),
    leave: (why) => dispatch({ type: 'stopping', why }),
  }
}

type Common = Omit<UnchangedClaims, 'evidence'>

function evidenceClaims(common: Common, facts: Facts): EvidenceClaims {
  return { eat_profile: EVIDENCE_PROFILE, ...common, facts }
}

function unchangedClaims(common: Common, evidence: string): UnchangedClaims {
  return { ...common, evidence }
}
