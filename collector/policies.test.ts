import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { healthyFacts } from '../test/fakes/facts.ts'
import { enrolled, fleetOver, heldClock, reportOf, START, type HeldClock } from '../test/fakes/fleet.ts'
import type { Fleet } from './fleet/fleet.ts'
import { adoptPolicy } from './adopt-policy.ts'
import { openPolicies, type Policies } from './policies.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

const policy = (checks: string) => `version: 1
freshness: 15m
tiers: { public: [], internal: [${checks}] }
default-tier: internal
`
const LAX = policy('firewall')
const STRICT = policy('firewall, secure-boot')
const BROKEN = policy('firewal')

let store: Store
let fleet: Fleet
let policies: Policies
let clock: HeldClock
beforeEach(async () => {
  store = openSqlite(':memory:')
  clock = heldClock()
  const { inForce } = await adoptPolicy(store, { read: () => LAX, source: 'file' }, START, () => undefined)
  fleet = await fleetOver(store, clock, { policy: inForce })
  policies = openPolicies(store, fleet, clock.now)
})
afterEach(() => store.close())

const versions = async () =>
  (await policies.versions()).map(({ version, source, restores }) => [version, source, restores])

describe('applying', () => {
  test('counts at once for whoever is asked about, and is kept with its author and time', async () => {
    const device = await enrolled(store, START)
    await fleet.add(device.id)
    await fleet.report(device.id, await reportOf(device, 1, { firewall: healthyFacts(START).firewall! }, START))
    expect(fleet.standing(device.id)?.tiers).toEqual(['public', 'internal'])
    clock.pass(1000)
    expect(await policies.apply({ document: STRICT, author: 'anna' })).toMatchObject({ version: 2, author: 'anna' })
    expect(fleet.standing(device.id)).toMatchObject({ tiers: ['public'], policyVersion: 2 })
    expect((await policies.versions()).at(-1)).toMatchObject({
      author: 'anna',
      source: 'apply',
      appliedAt: clock.now(),
    })
  })

  test('a document that is not right changes nothing', async () => {
    await expect(policies.apply({ document: BROKEN, author: 'anna' })).rejects.toMatchObject({ code: 'policy-invalid' })
    expect(policies.inForce().version).toBe(1)
    expect(await versions()).toEqual([[1, 'file', null]])
  })

  test('the document that is in force makes no new version', async () => {
    await policies.apply({ document: LAX, author: 'anna' })
    expect(await versions()).toEqual([[1, 'file', null]])
  })

  test('two at the same time come one after the other', async () => {
    await Promise.all([
      policies.apply({ document: STRICT, author: 'anna' }),
      policies.apply({ document: STRICT, author: 'ben' }),
    ])
    expect(await versions()).toEqual([
      [1, 'file', null],
      [2, 'apply', null],
    ])
  })
})

describe('rolling back', () => {
  test('puts the version before in force again, as a new one that says so', async () => {
    await policies.apply({ document: STRICT, author: 'anna' })
    expect(await policies.rollback({ author: 'ben' })).toMatchObject({ version: 3, author: 'ben' })
    expect(await policies.document(3)).toBe(LAX)
    expect(await versions()).toEqual([
      [1, 'file', null],
      [2, 'apply', null],
      [3, 'apply', 1],
    ])
  })

  test.each([0, 2, 99])('to version %i, which there is not, is refused', async (to) => {
    await expect(policies.rollback({ to, author: 'ben' })).rejects.toMatchObject({ code: 'policy-version-unknown' })
    expect(policies.inForce().version).toBe(1)
  })

  test('with nothing before is refused', async () => {
    await expect(policies.rollback({ author: 'ben' })).rejects.toMatchObject({ code: 'policy-version-unknown' })
  })
})
