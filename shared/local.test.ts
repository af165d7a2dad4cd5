import { describe, expect, test } from 'vitest'
import { healthyFacts } from '../test/fakes/facts.ts'
import { mutations } from '../test/fakes/mutations.ts'
import {
  CONNECTION_STATES,
  LOCAL_REQUEST_BYTES,
  parseLocalAnswer,
  parseLocalRequest,
  type LocalStatus,
} from './local.ts'
import { keysOf } from './schema.ts'

const NOW = new Date('2026-11-24T08:00:00.000Z')
const status: LocalStatus = {
  version: '0.1.0',
  collectorUrl: 'https://collector.example',
  deviceId: `dev_${'a'.repeat(43)}`,
  connection: {
    state: 'connected',
    words: CONNECTION_STATES.connected,
    code: null,
    since: NOW.toISOString(),
    retryAt: null,
  },
  facts: healthyFacts(NOW),
  readAt: NOW.toISOString(),
  standing: null,
  asks: [],
  lastSentAt: null,
  nextReportAt: null,
}

describe('a request of a program of this laptop', () => {
  test.each(['status', 'watch', 'check-again'])('%s is read, with a number or a word to answer to', (method) => {
    for (const id of [0, 'a-1']) {
      expect(parseLocalRequest(JSON.stringify({ id, method }))).toEqual({ ok: true, value: { id, method } })
    }
  })

  test('a request to be proved is read, with its nonce or without', () => {
    const request = { method: 'GET', url: 'https://wiki.example.com/a?b' }
    for (const asked of [request, { ...request, nonce: 'n-1' }]) {
      const value = { id: 1, method: 'prove', request: asked }
      expect(parseLocalRequest(JSON.stringify(value))).toEqual({ ok: true, value })
    }
  })

  test.each([
    '{"id":1,"method":"prove"}',
    '{"id":1,"method":"prove","request":{"method":"GET"}}',
    '{"id":1,"method":"prove","request":{"method":"GET /","url":"https://a.example"}}',
    '{"id":1,"method":"prove","request":{"method":"GET","url":"file:///etc/shadow"}}',
    '{"id":1,"method":"prove","request":{"method":"GET","url":"https://a.example","nonce":"a\\nb"}}',
    '{"id":1,"method":"status","request":{"method":"GET","url":"https://a.example"}}',
    '',
    '{}',
    '[]',
    '{"id":1,"method":"unenroll"}',
    '{"id":null,"method":"status"}',
    '{"id":-1,"method":"status"}',
    '{"id":{},"method":"status"}',
    '{"method":"status"}',
    '{"id":1,"method":"status","path":"/etc/shadow"}',
    `{"id":"${'x'.repeat(61)}","method":"status"}`,
  ])('%j is refused', (line) => {
    expect(parseLocalRequest(line).ok).toBe(false)
  })

  test('damaged in any way is read or refused, and never throws', () => {
    for (const line of mutations('{"id":1,"method":"check-again"}', 3000)) {
      const parsed = parseLocalRequest(line)
      expect(!parsed.ok || ['status', 'watch', 'check-again'].includes(parsed.value.method)).toBe(true)
    }
  })

  test('of the longest kind fits into a line', () => {
    expect(JSON.stringify({ id: 'x'.repeat(60), method: 'check-again' }).length).toBeLessThan(LOCAL_REQUEST_BYTES)
  })
})

describe('an answer of the agent', () => {
  test.each([
    { name: 'a status', answer: { id: 1, ok: status } },
    { name: 'an error', answer: { id: 1, error: { code: 'not-enrolled', message: 'Enrol this device.' } } },
    {
      name: 'an error about a line that could not be read',
      answer: { id: null, error: { code: 'request-invalid', message: 'no' } },
    },
    { name: 'a change', answer: { event: 'status', status } },
  ])('is read: $name', ({ answer }) => {
    expect(parseLocalAnswer(JSON.stringify(answer))).toEqual({ ok: true, value: answer })
  })

  test.each(keysOf(CONNECTION_STATES))('has words for a connection that is %s', (state) => {
    const connection = {
      ...status.connection,
      state,
      words: CONNECTION_STATES[state],
      code: 'superseded',
      retryAt: NOW.toISOString(),
    }
    expect(parseLocalAnswer(JSON.stringify({ id: 1, ok: { ...status, connection } })).ok).toBe(true)
  })

  test.each([
    { name: 'a status for nobody', answer: { id: null, ok: status } },
    { name: 'a code that is not one', answer: { id: 1, error: { code: 'oops', message: '' } } },
    { name: 'another event', answer: { event: 'facts', status } },
    { name: 'a key that is not known', answer: { id: 1, ok: { ...status, privateKey: 'x' } } },
    { name: 'facts of another shape', answer: { id: 1, ok: { ...status, facts: { firewall: true } } } },
  ])('is refused: $name', ({ answer }) => {
    expect(parseLocalAnswer(JSON.stringify(answer)).ok).toBe(false)
  })
})
