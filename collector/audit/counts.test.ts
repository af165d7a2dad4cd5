import { describe, expect, test } from 'vitest'
import { decision, denial, START } from '../../test/fakes/audit.ts'
import type { DecisionEvent } from '../protocol/decision-event.ts'
import { allowKey, denialKey, openCounts, type Counts } from './counts.ts'

const taken = (counts: Counts) => counts.take().map(({ body }) => JSON.parse(body()) as Record<string, unknown>)
const later = (seconds: number) => new Date(START.getTime() + seconds * 1000)

describe('decisions to allow', () => {
  const apart: [what: string, otherwise: Partial<DecisionEvent>][] = [
    ['gateways', { gateway: { id: 'gw_other', name: 'wiki-nginx' } }],
    ['interfaces', { by: 'authzen' }],
    ['devices', { deviceId: 'dev_b' }],
    ['no device', { deviceId: null }],
    ['proofs', { provedBy: 'dpop' }],
    ['users', { user: 'ben@example.com' }],
    ['no user', { user: null }],
    ['paths', { resource: 'https://wiki.example.com/pages/2' }],
    ['no resource', { resource: null }],
    ['tiers', { tier: 'public' }],
    ['policies', { policyVersion: 2 }],
  ]
  test.each(apart)('of other %s are counted apart', (_, otherwise) => {
    const counts = openCounts(allowKey)
    for (const event of [decision(), decision(otherwise), decision()]) expect(counts.add(event)).toBe(true)
    expect(taken(counts)).toMatchObject([{ count: 2 }, { count: 1 }])
  })

  const alike: [what: string, otherwise: Partial<DecisionEvent>][] = [
    ['query', { resource: 'https://wiki.example.com/pages/1?a=b' }],
    ['method', { action: 'POST' }],
    ['client', { client: '10.0.0.9' }],
    ['second of the minute', { at: later(59.999) }],
  ]
  test.each(alike)('of another %s are counted together', (_, otherwise) => {
    const counts = openCounts(allowKey)
    for (const event of [decision(), decision(otherwise)]) expect(counts.add(event)).toBe(true)
    expect(taken(counts)).toMatchObject([{ count: 2 }])
  })

  test('say what each of their parts said, also where it is nothing', () => {
    const counts = openCounts(allowKey)
    const nothing = { deviceId: null, provedBy: null, user: null, resource: null, action: null, client: null }
    counts.add(decision(nothing))
    counts.add(decision({ ...nothing, action: 'GET' }))
    expect(taken(counts)).toEqual([
      {
        kind: 'allowed',
        by: 'forward-auth',
        gateway: { id: 'gw_wiki', name: 'wiki-nginx' },
        device: null,
        provedBy: null,
        user: null,
        resource: null,
        tier: 'internal',
        actions: ['GET'],
        clients: [],
        policyVersion: 1,
        count: 2,
        first: START.toISOString(),
        last: START.toISOString(),
      },
    ])
  })

  test('cannot be made to look like others by what stands in them', () => {
    const counts = openCounts(allowKey)
    counts.add(decision({ user: 'a\0https://x', resource: 'b' }))
    counts.add(decision({ user: 'a', resource: 'https://x\0b' }))
    expect(taken(counts)).toMatchObject([
      { user: 'a\ufffdhttps://x', resource: 'b' },
      { user: 'a', resource: 'https://x\ufffdb' },
    ])
  })

  test('name the first eight methods and clients', () => {
    const counts = openCounts(allowKey)
    for (let n = 0; n < 20; n++) counts.add(decision({ client: `10.0.0.${n}`, action: n % 2 ? 'GET' : 'POST' }))
    const [line] = taken(counts)
    expect(line).toMatchObject({ count: 20, actions: ['POST', 'GET'] })
    expect(line?.['clients']).toEqual(Array.from({ length: 8 }, (_, n) => `10.0.0.${n}`))
  })
})

test('one minute at a time, and no more than there is room for', () => {
  const counts = openCounts(allowKey, 2)
  expect(counts.minute()).toBeNull()
  expect(counts.add(decision({ deviceId: 'a' }))).toBe(true)
  expect(counts.add(decision({ deviceId: 'b' }))).toBe(true)
  expect(counts.add(decision({ deviceId: 'c' }))).toBe(false)
  expect(counts.add(decision({ deviceId: 'a' }))).toBe(true)
  expect(counts.add(decision({ deviceId: 'a', at: later(60) }))).toBe(false)
  expect(counts.add(decision({ deviceId: 'a', at: later(-1) }))).toBe(false)
  expect(counts.minute()).toBe(START.getTime() / 60_000)
  expect(taken(counts)).toMatchObject([
    { device: 'a', count: 2 },
    { device: 'b', count: 1 },
  ])
  expect(counts.minute()).toBeNull()
  expect(counts.add(decision({ at: later(60) }))).toBe(true)
})

test('denials that are too many are told apart by gateway, device, tier and reason, and by what is ours alone', () => {
  const counts = openCounts(denialKey)
  for (const event of [
    denial(),
    denial({ user: 'other', resource: 'other', client: 'other' }),
    denial({ deviceId: 'dev_b' }),
    denial({ code: 'stale' }),
    denial({ code: 'device-unknown', deviceId: 'x' }),
    denial({ code: 'device-unknown', deviceId: 'y' }),
    denial({ code: 'tier-unknown', tier: 'x' }),
    denial({ code: 'tier-unknown', tier: 'y' }),
  ]) {
    counts.add(event)
  }
  expect(taken(counts)).toMatchObject([
    { kind: 'denied', device: 'dev_a', code: 'not-admitted', tier: 'internal', count: 2 },
    { device: 'dev_b', code: 'not-admitted', count: 1 },
    { device: 'dev_a', code: 'stale', count: 1 },
    { device: null, code: 'device-unknown', count: 2 },
    { device: null, tier: null, code: 'tier-unknown', count: 2 },
  ])
})
