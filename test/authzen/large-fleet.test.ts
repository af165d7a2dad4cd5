import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { parsePolicy } from '../../collector/appraisal/policy.ts'
import { postureDecider } from '../../collector/protocol/authzen-posture.ts'
import type { Entity } from '../../collector/protocol/authzen.ts'
import type { Standing } from '../../shared/standing.ts'
import { START } from '../fakes/fleet.ts'
import { served, type Served } from './served.ts'

const DEVICES = 100_000
const policy = parsePolicy(readFileSync(new URL('../../collector/policy.yaml', import.meta.url), 'utf8'))

// 7919 is prime to the number, so that the devices come in no order.
const idOf = (n: number) => `dev_${String((n * 7919) % DEVICES).padStart(43, '0')}`
const fleet = Array.from({ length: DEVICES }, (_, n) => ({ id: idOf(n), owner: `user-${n % 700}@example.com` }))

/** Every third device is open to everything; nothing is known of the others. */
const standings = new Map<string, Standing>(
  fleet.map(({ id }, n) => [
    id,
    {
      deviceId: id,
      status: 'active',
      tiers: n % 3 === 0 ? ['public', 'internal', 'confidential', 'restricted'] : [],
      checks: [],
      earStatus: 'none',
      evidenceAt: null,
      evaluatedAt: START.toISOString(),
      nextChange: null,
      policyVersion: 1,
    },
  ]),
)

let pdp: Served
beforeAll(async () => {
  const decider = postureDecider({
    standing: (id) => standings.get(id) ?? null,
    devices: () => fleet,
    policy: () => ({ policy, version: 1 }),
    proofOf: () => null,
    nonce: () => '',
    gateway: { id: 'gw_1', name: 'test' },
    decided: () => undefined,
    clock: () => START,
  })
  pdp = await served(decider)
})
afterAll(() => pdp.close())

const action = { name: 'GET' }
const resource = { type: 'tier', id: 'restricted' }
const searched = (type: string, page: object) =>
  pdp.ask('/access/v1/search/subject', { subject: { type }, action, resource, page })
const decided = (n: number) =>
  pdp.ask('/access/v1/evaluation', { subject: { type: 'device', id: idOf(n) }, action, resource })

test('the pages of a search over 100,000 devices hold each that is admitted once, in order', async () => {
  const found: string[] = []
  let token = ''
  do {
    const { body } = await searched('device', { token })
    found.push(...(body['results'] as Entity[]).map(({ id }) => id))
    token = (body['page'] as { next_token: string }).next_token
  } while (token !== '')
  const admitted = fleet.filter((_, n) => n % 3 === 0).map(({ id }) => id)
  expect(found).toEqual(admitted.toSorted())
})

test('it holds up nobody who asks for a decision, however many search', async () => {
  const searches = Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const { body } = await searched(n % 2 === 0 ? 'user' : 'device', { limit: 1000 })
      return (body['results'] as unknown[]).length
    }),
  )
  const end = searches.then(() => true)
  let answered = 0
  for (let isOver = false; !isOver; answered++) {
    const answers = await Promise.all([0, 1, 2, 3].map(decided))
    expect(answers.map(({ body }) => body['decision'])).toEqual([true, false, false, true])
    isOver = await Promise.race([end, Promise.resolve(false)])
  }
  expect(await searches).toEqual([700, 1000, 700, 1000, 700, 1000, 700, 1000])
  // Each search takes many slices, and after each of them comes whoever else has asked.
  expect(answered).toBeGreaterThan(8)
})
