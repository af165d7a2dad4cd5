import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../collector/protocol/authzen.ts'
import type { Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { laptop, silentLaptop, type Laptop } from './laptops.ts'
import { asking, type Answered } from './served.ts'

let collector: TestCollector
let ask: ReturnType<typeof asking>['ask']
let key: string
let good: Laptop
let second: Laptop
let poor: Laptop
let silent: Client
let locked: Laptop

beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  key = await collector.gatewayKey('decide')
  ask = asking(collector.issuerUrl, key).ask
  good = await laptop(collector, 'alice@example.com')
  second = await laptop(collector, 'alice@example.com')
  poor = await laptop(collector, 'bob@example.com', false)
  silent = await silentLaptop(collector)
  locked = await laptop(collector, 'carol@example.com')
  await collector.fleet.setStatus(locked.deviceId, 'locked-out')
})
afterAll(() => collector.close())

const EVALUATION = '/access/v1/evaluation'
const EVALUATIONS = '/access/v1/evaluations'
const search = (kind: string) => `/access/v1/search/${kind}`
const action = { name: 'GET' }
const tier = (id: string) => ({ type: 'tier', id })
const device = ({ deviceId }: Client) => ({ type: 'device', id: deviceId })
const ASKED_FOR = 'https://wiki.example.com/start'

/** What a gateway passes on of a client that proves its device. */
async function shown(of: Laptop, nonce?: string) {
  const { attestation: token } = of
  const said = { url: ASKED_FOR, token, now: collector.clock.now, ...(nonce !== undefined && { nonce }) }
  return { attestation: token, dpop: { proof: await dpopProof(of.device, said), method: 'GET', url: ASKED_FOR } }
}

/** The nonce that a client is told when its proof has none. */
async function nonceFor(of: Laptop): Promise<string> {
  const { body } = await evaluate({ type: 'user', id: 'a' }, 'public', await shown(of))
  expect(body).toMatchObject({ decision: false, context: { code: 'proof-nonce-needed' } })
  return (body['context'] as { dpop_nonce: string }).dpop_nonce
}

const evaluate = (subject: Entity, tierName: string, context: object = {}) =>
  ask(EVALUATION, { subject, action, resource: tier(tierName), context })
const outcomeOf = ({ body }: Answered) => body['decision'] === true || (body['context'] as { code: string }).code
const idsOf = ({ body }: Answered) => (body['results'] as Entity[]).map(({ id }) => id)

describe('a decision of a collector', () => {
  test('names each check that fails, with what to do about it', async () => {
    const { status, headers, body } = await evaluate(device(poor), 'restricted')
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toMatchObject({
      decision: false,
      context: {
        code: 'not-admitted',
        reason_user: { '403': expect.stringContaining('Secure Boot') },
        reason_admin: { '403': expect.stringMatching(/secure-boot is unknown.*\nsecure-boot: /s) },
        posture: {
          device_id: poor.deviceId,
          tiers: ['public', 'internal', 'confidential'],
          checks: expect.arrayContaining([expect.objectContaining({ id: 'secure-boot', verdict: 'unknown' })]),
          evaluated_at: collector.clock.now.toISOString(),
          expires_in: 900,
        },
      },
    })
  })

  test.each([
    { name: 'in good order', of: () => good, outcome: true },
    { name: 'that fails a check', of: () => poor, outcome: 'not-admitted' },
    { name: 'that never reported', of: () => silent, outcome: 'not-admitted' },
    { name: 'that is locked out', of: () => locked, outcome: 'device-locked-out' },
  ])('about a device $name, as a subject or named by one: $outcome', async ({ of, outcome }) => {
    const user = { type: 'user', id: 'anybody', properties: { device_id: of().deviceId } }
    expect(outcomeOf(await evaluate(device(of()), 'restricted'))).toBe(outcome)
    expect(outcomeOf(await evaluate(user, 'restricted'))).toBe(outcome)
  })

  test('of many: each its own, counted and told of each', async () => {
    const before = await counted()
    const { body } = await ask(EVALUATIONS, {
      action,
      resource: tier('restricted'),
      evaluations: [
        { subject: device(good) },
        { subject: device(poor) },
        { subject: device(poor), resource: tier('internal') },
        {},
      ],
    })
    expect(body['evaluations']).toMatchObject([
      { decision: true, context: { posture: { device_id: good.deviceId } } },
      { decision: false, context: { code: 'not-admitted', posture: { device_id: poor.deviceId } } },
      { decision: true, context: { posture: { device_id: poor.deviceId } } },
      { decision: false, context: { error: { status: 400 } } },
    ])
    const after = await counted()
    expect([after.allow - before.allow, after.deny - before.deny]).toEqual([2, 1])
  })
})

/** The decisions that were counted so far. */
async function counted(): Promise<{ allow: number; deny: number }> {
  const text = await (await fetch(`${collector.issuerUrl}/metrics`)).text()
  const count = (answer: string) =>
    Number(new RegExp(`^muster_decisions_total\\{answer="${answer}",by="authzen"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  return { allow: count('allow'), deny: count('deny') }
}

describe('a device that proves itself', () => {
  const nobody = { type: 'user', id: 'alice@example.com' }

  test('is known by its attestation and a proof with the nonce that it was told', async () => {
    const context = await shown(good, await nonceFor(good))
    const { body } = await evaluate(nobody, 'restricted', context)
    expect(body).toMatchObject({ decision: true, context: { posture: { device_id: good.deviceId } } })
    expect(outcomeOf(await evaluate(nobody, 'restricted', context))).toBe('proof-replayed')
  })

  test('is let in no further than it stands', async () => {
    const context = await shown(poor, await nonceFor(poor))
    expect(outcomeOf(await evaluate(nobody, 'restricted', context))).toBe('not-admitted')
  })

  test('and another that is named are refused together', async () => {
    const nonce = await nonceFor(good)
    for (const subject of [device(second), { ...nobody, properties: { device_id: second.deviceId } }]) {
      const { status, body } = await evaluate(subject, 'public', await shown(good, nonce))
      expect([status, body['code'], 'decision' in body]).toEqual([400, 'proofs-differ', false])
    }
    const named = { ...nobody, properties: { device_id: good.deviceId } }
    expect(outcomeOf(await evaluate(named, 'public', await shown(good, nonce)))).toBe(true)
  })

  test('spends its proof once for a whole batch', async () => {
    const context = await shown(good, await nonceFor(good))
    const evaluations = ['public', 'internal', 'restricted'].map((name) => ({ resource: tier(name) }))
    const batch = { subject: nobody, action, context, evaluations }
    const { body } = await ask(EVALUATIONS, batch)
    expect(body['evaluations']).toMatchObject(evaluations.map(() => ({ decision: true })))
    const again = await ask(EVALUATIONS, batch)
    expect(again.body['evaluations']).toMatchObject(
      evaluations.map(() => ({ decision: false, context: { code: 'proof-replayed' } })),
    )
  })

  test('cannot be somebody else, nor somewhere else', async () => {
    const nonce = await nonceFor(good)
    const context = await shown(good, nonce)
    const stolen = { ...(await shown(second, nonce)), attestation: good.attestation }
    const [head = '', payload = ''] = good.attestation.split('.')
    const outcomes = [
      await evaluate(nobody, 'public', stolen),
      await evaluate(nobody, 'public', { ...context, dpop: { ...context.dpop, url: 'https://payroll.example.com/' } }),
      await evaluate(nobody, 'public', { ...context, dpop: { ...context.dpop, method: 'POST' } }),
      await evaluate(nobody, 'public', { ...context, attestation: `${head}.${payload}.${'A'.repeat(86)}` }),
      await evaluate(nobody, 'public', { attestation: good.attestation }),
      await evaluate(device(good), 'public', { attestation: 'x', dpop: context.dpop }),
    ]
    expect(outcomes.map(outcomeOf)).toEqual([
      'proof-invalid',
      'proof-invalid',
      'proof-invalid',
      'attestation-refused',
      'proof-invalid',
      'attestation-refused',
    ])
    // None of these was the proof of anything, so it is still good.
    expect(outcomeOf(await evaluate(nobody, 'public', context))).toBe(true)
  })
})

describe('a search of a collector', () => {
  test('finds devices and people, each of which is a subject that would be let in', async () => {
    const asked = { action, resource: tier('restricted') }
    const devices = await ask(search('subject'), { ...asked, subject: { type: 'device' } })
    expect(idsOf(devices)).toEqual([good.deviceId, second.deviceId].toSorted())
    const people = await ask(search('subject'), { ...asked, subject: { type: 'user' } })
    expect(idsOf(people)).toEqual(['alice@example.com'])
    const internal = { action, resource: tier('internal'), subject: { type: 'user' } }
    expect(idsOf(await ask(search('subject'), internal))).toEqual(['alice@example.com', 'bob@example.com'])
    for (const subject of [...(devices.body['results'] as Entity[]), ...(people.body['results'] as Entity[])])
      expect(outcomeOf(await evaluate(subject, 'restricted'))).toBe(true)
    for (const subject of [device(poor), device(silent), device(locked)])
      expect(outcomeOf(await evaluate(subject, 'restricted'))).not.toBe(true)
  })

  test('finds tiers, routes and methods', async () => {
    const asked = { subject: device(poor), action }
    expect(idsOf(await ask(search('resource'), { ...asked, resource: { type: 'tier' } }))).toEqual([
      'confidential',
      'internal',
      'public',
    ])
    expect(idsOf(await ask(search('resource'), { ...asked, resource: { type: 'route' } }))).toEqual([
      '*.example.com/**',
    ])
    const methods = async (of: Client) =>
      (await ask(search('action'), { subject: device(of), resource: tier('restricted') })).body['results']
    expect(await methods(good)).toContainEqual({ name: 'GET' })
    expect(await methods(poor)).toEqual([])
  })

  test('for what a device that proves itself may do spends its proof, and finds nothing with a used one', async () => {
    const context = await shown(good, await nonceFor(good))
    const asked = { subject: { type: 'user', id: 'a' }, action, resource: { type: 'tier' }, context }
    expect(idsOf(await ask(search('resource'), asked))).toHaveLength(4)
    expect(idsOf(await ask(search('resource'), asked))).toEqual([])
  })

  test('is no decision: it is neither counted nor told', async () => {
    const before = await counted()
    await ask(search('subject'), { subject: { type: 'device' }, action, resource: tier('public') })
    expect(await counted()).toEqual(before)
  })

  test('gives its pages in order, and refuses a token of another search', async () => {
    const asked = { subject: { type: 'device' }, action, resource: tier('internal') }
    const all = idsOf(await ask(search('subject'), asked))
    const pages: string[] = []
    let token = ''
    do {
      const { body } = await ask(search('subject'), { ...asked, page: { token, limit: 1 } })
      pages.push(...(body['results'] as Entity[]).map(({ id }) => id))
      token = (body['page'] as { next_token: string }).next_token
    } while (token !== '')
    expect(pages).toEqual(all)
    const { body } = await ask(search('subject'), { ...asked, page: { limit: 1 } })
    const { next_token } = body['page'] as { next_token: string }
    const other = { ...asked, resource: tier('public'), page: { token: next_token } }
    expect(await ask(search('subject'), other)).toMatchObject({ status: 400, body: { code: 'request-invalid' } })
  })
})

describe('time', () => {
  test('closes what was open when nothing new is heard', async () => {
    const late = await laptop(collector)
    collector.clock.now = new Date(collector.clock.now.getTime() + 16 * 60_000)
    const { body } = await evaluate(device(late), 'internal')
    expect(body).toMatchObject({ decision: false, context: { code: 'stale' } })
    const found = await ask(search('subject'), { subject: { type: 'device' }, action, resource: tier('internal') })
    expect(idsOf(found)).toEqual([])
  })
})
