import { describe, expect, test } from 'vitest'
import { mutations } from '../test/fakes/mutations.ts'
import { ERRORS, knownCode } from './errors.ts'
import { LIMITS } from './limits.ts'
import {
  goodbye,
  parseAgentMessage,
  parseCollectorMessage,
  type AgentMessage,
  type CollectorMessage,
} from './messages.ts'
import { keysOf, type Parsed } from './schema.ts'
import { SIGNAL_IDS } from './signals.ts'

type Message = AgentMessage | CollectorMessage

const time = '2026-11-24T08:00:00.000Z'
const nonce = 'n'.repeat(32)
const settings = { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5, signals: SIGNAL_IDS }
const standing = {
  deviceId: `dev_${'a'.repeat(43)}`,
  status: 'active' as const,
  tiers: ['public'],
  checks: [],
  earStatus: 'none' as const,
  evidenceAt: time,
  evaluatedAt: time,
  nextChange: null,
  policyVersion: 1,
}

const fromCollector: CollectorMessage[] = [
  { type: 'challenge', nonce, time },
  {
    type: 'welcome',
    settings,
    asks: [{ check: 'firewall', title: 'Firewall', ask: 'It is on.' }],
    lastSequence: 0,
    eat_nonce: nonce,
  },
  { type: 'appraised', attestation: 'a.b.c', standing, eat_nonce: nonce },
  { type: 'appraised', attestation: null, standing: { ...standing, status: 'pending' }, eat_nonce: nonce },
  { type: 'recheck', reason: 'an admin asks', eat_nonce: nonce },
  goodbye('superseded'),
]
const fromAgent: AgentMessage[] = [
  { type: 'authenticate', jws: 'a.b.c' },
  { type: 'evidence', jws: 'a.b.c' },
  { type: 'unchanged', jws: 'a.b.c' },
  goodbye('agent-stopping'),
]

const ends: { end: string; parse: (json: string) => Parsed<object>; messages: Message[]; others: Message[] }[] = [
  { end: 'collector', parse: parseCollectorMessage, messages: fromCollector, others: fromAgent },
  { end: 'agent', parse: parseAgentMessage, messages: fromAgent, others: fromCollector },
]

describe.each(ends)('the messages of the $end', ({ parse, messages, others }) => {
  test.each(messages)('$type is read', (message) => {
    expect(parse(JSON.stringify(message))).toEqual({ ok: true, value: message })
  })

  test.each(messages)('$type is refused with a key more or a key less', (message) => {
    expect(parse(JSON.stringify({ ...message, more: 1 })).ok).toBe(false)
    for (const key of Object.keys(message)) {
      expect(parse(JSON.stringify({ ...message, [key]: undefined })).ok).toBe(false)
    }
  })

  test('those of the other end are refused, but for goodbye', () => {
    for (const message of others) expect(parse(JSON.stringify(message)).ok).toBe(message.type === 'goodbye')
  })

  test.each(['', 'null', '[]', '{}', '{"type":"evidence"}', '{"type":["evidence"],"jws":"a"}', '\0', 'ping'])(
    '%j is refused',
    (text) => {
      expect(parse(text).ok).toBe(false)
    },
  )

  test('damaged 10,000 times are read or refused, and never throw', () => {
    for (const message of messages) {
      for (const text of mutations(JSON.stringify(message), Math.ceil(10_000 / messages.length))) {
        const parsed = parse(text)
        expect(parsed.ok ? parse(JSON.stringify(parsed.value)).ok : parsed.problem.length < 400).toBe(true)
      }
    }
  })
})

describe('limits of a message', () => {
  test.each([
    { name: 'an empty token', text: { type: 'evidence', jws: '' } },
    { name: 'a token larger than a message', text: { type: 'evidence', jws: 'a'.repeat(LIMITS.messageBytes + 1) } },
    { name: 'a code without end', text: { ...goodbye('internal'), code: 'x'.repeat(61) } },
    { name: 'a reason without end', text: { ...goodbye('internal'), reason: 'x'.repeat(401) } },
    { name: 'a retry in the past', text: goodbye('internal', 'x', -1) },
    { name: 'a retry after more than a day', text: goodbye('internal', 'x', 86_401) },
  ])('$name is refused', ({ text }) => {
    expect(parseAgentMessage(JSON.stringify(text)).ok).toBe(false)
  })
})

describe('goodbye', () => {
  test('may carry a code that a newer release made', () => {
    expect(parseCollectorMessage(JSON.stringify({ ...goodbye('internal'), code: 'brand-new' })).ok).toBe(true)
    expect(knownCode('brand-new')).toBe('internal')
    expect(knownCode('clock-skew')).toBe('clock-skew')
  })

  test.each(keysOf(ERRORS))('%s says its title, and that a person has to act first', (code) => {
    const message = goodbye(code)
    expect(message).toEqual({ type: 'goodbye', code, reason: ERRORS[code].title, retryAfterSeconds: null })
    expect(parseAgentMessage(JSON.stringify(message)).ok).toBe(true)
  })

  test('carries a detail, shortened to what a message may hold, and when to come back', () => {
    const message = goodbye('clock-skew', 'x'.repeat(1000), 120)
    expect(message).toMatchObject({ reason: 'x'.repeat(400), retryAfterSeconds: 120 })
    expect(parseCollectorMessage(JSON.stringify(message)).ok).toBe(true)
  })
})
