import { Type, type Static } from 'typebox'
import { Time } from './fact.ts'
import { ERRORS, type ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'
import { jsonParserOf, nullable, strict, text } from './schema.ts'
import { Standing } from './standing.ts'

/** The WebSocket subprotocol that both ends must name (RFC 6455, section 1.9). */
export const SUBPROTOCOL = 'muster.v1'

const CompactJws = Type.String({ minLength: 1, maxLength: LIMITS.messageBytes })
const Nonce = Type.String({ minLength: 8, maxLength: 88 })
const Seconds = Type.Integer({ minimum: 1, maximum: 86_400 })

/** How often the agent reads and reports, and what. */
export const Settings = strict({
  reportSeconds: Seconds,
  unchangedSeconds: Seconds,
  watchSeconds: Seconds,
  /** An older agent reads of these what it knows. */
  signals: Type.Array(text(40), { maxItems: 64 }),
})
export type Settings = Static<typeof Settings>

const Goodbye = strict({
  type: Type.Literal('goodbye'),
  /** Of the catalogue; the other end may be newer and know more of them. */
  code: text(60),
  reason: text(400),
  /** Seconds after which coming back makes sense; null where a person has to act first. */
  retryAfterSeconds: nullable(Type.Integer({ minimum: 0, maximum: 86_400 })),
})
export type Goodbye = Static<typeof Goodbye>

const Challenge = strict({ type: Type.Literal('challenge'), nonce: Nonce, time: Time })

const Welcome = strict({
  type: Type.Literal('welcome'),
  settings: Settings,
  /** What the policy asks of this device, in words. */
  asks: Type.Array(strict({ check: text(60), title: text(60), ask: text(400) }), { maxItems: 64 }),
  lastSequence: Type.Integer({ minimum: 0 }),
  eat_nonce: Nonce,
})

const Appraised = strict({
  type: Type.Literal('appraised'),
  /** The EAR JWT; null for a device that waits for approval. */
  attestation: nullable(CompactJws),
  standing: Standing,
  eat_nonce: Nonce,
})

const Recheck = strict({ type: Type.Literal('recheck'), reason: text(200), eat_nonce: Nonce })

export const CollectorMessage = Type.Union([Challenge, Welcome, Appraised, Recheck, Goodbye])
export type CollectorMessage = Static<typeof CollectorMessage>

export const AgentMessage = Type.Union([
  strict({ type: Type.Literal('authenticate'), jws: CompactJws }),
  strict({ type: Type.Literal('evidence'), jws: CompactJws }),
  strict({ type: Type.Literal('unchanged'), jws: CompactJws }),
  Goodbye,
])
export type AgentMessage = Static<typeof AgentMessage>

export const parseCollectorMessage = jsonParserOf(CollectorMessage)
export const parseAgentMessage = jsonParserOf(AgentMessage)

/** A `goodbye` in the words of the catalogue. */
export function goodbye(code: ErrorCode, detail?: string, retryAfterSeconds: number | null = null): Goodbye {
  const reason = (detail ?? ERRORS[code].title).slice(0, 400)
  return { type: 'goodbye', code, reason, retryAfterSeconds }
}
