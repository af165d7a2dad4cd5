import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import type { Standing } from '../../shared/standing.ts'
import { NO_VECTORS, readVectors } from '../../test/fakes/vectors.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { EvaluationResponse, deviceOf, evaluate, parseEvaluation, tierOf, type EvaluationRequest } from './authzen.ts'

const policy = parsePolicy(readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8'))
const NOW = new Date('2026-11-24T08:00:00.000Z')
const deviceId = `dev_${'a'.repeat(43)}`
const standing: Standing = {
  deviceId,
  status: 'active',
  tiers: ['public', 'internal'],
  checks: [],
  earStatus: 'warning',
  evidenceAt: NOW.toISOString(),
  evaluatedAt: NOW.toISOString(),
  nextChange: '2026-11-24T08:02:00.900Z',
  policyVersion: 1,
}
const question = (resource: Partial<EvaluationRequest['resource']> = {}, properties?: object): EvaluationRequest => ({
  subject: { type: 'user', id: 'alice@example.com', properties: { device_id: deviceId, ...properties } },
  action: { name: 'GET' },
  resource: { type: 'route', id: 'wiki.example.com/', ...resource },
})

describe('a question', () => {
  test.each([
    { name: 'with all that it needs', it: question() },
    {
      name: 'with keys that the specification does not name',
      it: { ...question(), trace: 'x', subject: { ...question().subject, tenant: 1 } },
    },
    { name: 'with a context', it: { ...question(), context: { ip: '203.0.113.9' } } },
    { name: 'without properties', it: { ...question(), subject: { type: 'user', id: 'alice' } } },
  ])('$name is read', ({ it }) => {
    expect(parseEvaluation(it)).toEqual({ ok: true, value: it })
  })

  test.each([
    { name: 'without a subject', it: { ...question(), subject: undefined } },
    { name: 'without an action', it: { ...question(), action: undefined } },
    { name: 'without a resource', it: { ...question(), resource: undefined } },
    { name: 'with a subject without an id', it: { ...question(), subject: { type: 'user' } } },
    { name: 'with an id that is a number', it: { ...question(), resource: { type: 'route', id: 7 } } },
    { name: 'with an action that is a word', it: { ...question(), action: 'GET' } },
    { name: 'with properties that are a list', it: { ...question(), action: { name: 'GET', properties: [] } } },
    { name: 'with a context that is a word', it: { ...question(), context: 'x' } },
    { name: 'that is null', it: null },
    { name: 'that is a list', it: [question()] },
  ])('$name is refused', ({ it }) => {
    expect(parseEvaluation(it).ok).toBe(false)
  })

  test.skipIf(NO_VECTORS !== '')(`of the certification scenario is read or refused as it says${NO_VECTORS}`, () => {
    type Case = { endpoint: string; status: number; request?: unknown }
    const { cases } = readVectors('authzen/certification/cases.json') as { cases: Case[] }
    const single = cases.filter(
      ({ endpoint, request }) => endpoint === '/access/v1/evaluation' && typeof request === 'object',
    )
    expect(single.length).toBeGreaterThan(5)
    for (const { request, status } of single)
      expect([request, parseEvaluation(request).ok]).toEqual([request, status === 200])
  })
})

describe('the device of a question', () => {
  test.each([
    { name: 'named', properties: {}, expected: deviceId },
    { name: 'named by a number', properties: { device_id: 7 }, expected: null },
    { name: 'named by a list', properties: { device_id: [deviceId] }, expected: null },
    { name: 'not named', properties: { device_id: undefined }, expected: null },
  ])('that is $name: $expected', ({ properties, expected }) => {
    expect(deviceOf(question({}, properties))).toBe(expected)
  })

  test('is none where the subject has no properties', () => {
    expect(deviceOf({ ...question(), subject: { type: 'user', id: deviceId } })).toBeNull()
  })
})

describe('the tier of a question', () => {
  test.each([
    { name: 'is what the resource names', resource: { properties: { tier: 'restricted' } }, tier: 'restricted' },
    { name: 'is that of the resource map', resource: { id: 'https://payroll.example.com/x' }, tier: 'restricted' },
    { name: 'is the default of the policy', resource: { id: '/payroll/{id}' }, tier: 'confidential' },
    {
      name: 'is what the resource names, even where there is no such tier',
      resource: { properties: { tier: '' } },
      tier: '',
    },
    { name: 'is none where it is named by what is no name', resource: { properties: { tier: 7 } }, tier: '' },
  ])('$name', ({ resource, tier }) => {
    expect(tierOf(question(resource), policy)).toBe(tier)
  })
})

describe('an answer', () => {
  const parseAnswer = parserOf(EvaluationResponse)

  test('that allows says where the device stands, and for how long that holds', () => {
    const answer = evaluate(question(), standing, policy, NOW)
    expect(answer).toEqual({
      decision: true,
      context: {
        posture: {
          device_id: deviceId,
          ear_status: 'warning',
          tiers: ['public', 'internal'],
          checks: [],
          evaluated_at: NOW.toISOString(),
          expires_in: 120,
        },
      },
    })
    expect(parseAnswer(answer).ok).toBe(true)
  })

  test('that denies says why, to the person and to the admin', () => {
    const answer = evaluate(question({ properties: { tier: 'restricted' } }), standing, policy, NOW)
    expect(answer).toMatchObject({
      decision: false,
      context: {
        code: 'not-admitted',
        reason_user: { '403': expect.any(String) },
        reason_admin: { '403': expect.stringContaining('not admitted to restricted') },
        posture: { device_id: deviceId, expires_in: 120 },
      },
    })
    expect(parseAnswer(answer).ok).toBe(true)
  })

  test('about no device denies, whatever standing it is given', () => {
    const answer = evaluate(question({}, { device_id: undefined }), standing, policy, NOW)
    expect(answer).toMatchObject({ decision: false, context: { code: 'device-not-named' } })
    expect(answer.context).not.toHaveProperty('posture')
  })

  test('about a device that nobody knows denies, and has no posture to tell', () => {
    const answer = evaluate(question(), null, policy, NOW)
    expect(answer).toMatchObject({ decision: false, context: { code: 'device-unknown' } })
    expect(answer.context).not.toHaveProperty('posture')
  })

  test.each([
    { name: 'nothing changes by time', nextChange: null },
    { name: 'the moment has passed', nextChange: '2026-11-24T07:59:00.000Z' },
    { name: 'the moment is less than a second away', nextChange: '2026-11-24T08:00:00.999Z' },
  ])('holds for no time where $name', ({ nextChange }) => {
    expect(evaluate(question(), { ...standing, nextChange }, policy, NOW)).toMatchObject({
      context: { posture: { expires_in: 0 } },
    })
  })
})
