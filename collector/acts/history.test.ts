import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actsAtWork, type ActsAtWork } from '../../test/fakes/acts.ts'
import type { FakeDevice } from '../../test/fakes/device.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { enrolled, reportOf, START } from '../../test/fakes/fleet.ts'

const HOUR = 3_600_000
let it: ActsAtWork
let device: FakeDevice
beforeEach(async () => {
  it = await actsAtWork()
  device = await enrolled(it.store, START)
  await it.fleet.add(device.id)
})
afterEach(() => it.close())

const after = (hours: number) => new Date(START.getTime() + hours * HOUR).toISOString()

/** Healthy at noon, without a firewall an hour later, and never heard of again. */
async function aDay(): Promise<string[]> {
  it.clock.pass(HOUR)
  const first = await reportOf(device, 1, healthyFacts(it.clock.now()), it.clock.now())
  await it.fleet.report(device.id, first)
  it.clock.pass(HOUR)
  const { firewall: _wall, ...open } = healthyFacts(it.clock.now())
  const second = await reportOf(device, 2, open, it.clock.now())
  await it.fleet.report(device.id, second)
  it.clock.pass(HOUR)
  it.fleet.wake()
  await it.fleet.settled()
  return [first.digest, second.digest]
}

describe('device-history', () => {
  test('tells every change with the evidence and the policy behind it', async () => {
    const [first, second] = await aDay()
    const { items, next } = await it.acts('device-history', { id: device.id, check: 'firewall' })
    expect(next).toBeNull()
    expect(items).toEqual([
      { check: 'firewall', from: null, to: 'unknown', at: after(0), evidence: null, policyVersion: 1 },
      { check: 'firewall', from: 'unknown', to: 'pass', at: after(1), evidence: first, policyVersion: 1 },
      { check: 'firewall', from: 'pass', to: 'stale', at: after(1.25), evidence: first, policyVersion: 1 },
      { check: 'firewall', from: 'stale', to: 'unknown', at: after(2), evidence: second, policyVersion: 1 },
      { check: 'firewall', from: 'unknown', to: 'stale', at: after(2.25), evidence: second, policyVersion: 1 },
    ])
  })

  test('of a time, from its first moment up to the last', async () => {
    await aDay()
    const asked = { id: device.id, check: 'firewall', from: after(1), to: after(2) } as const
    expect((await it.acts('device-history', asked)).items.map(({ to }) => to)).toEqual(['pass', 'stale'])
    const nothing = { id: device.id, from: after(5), to: after(6) }
    expect((await it.acts('device-history', nothing)).items).toEqual([])
  })

  test('in another time zone, and never backwards', async () => {
    await aDay()
    const there = (hours: number) => `${after(hours + 5.5).slice(0, -1)}+05:30`
    const asked = { id: device.id, check: 'firewall', from: there(1), to: there(2) } as const
    expect((await it.acts('device-history', asked)).items.map(({ to }) => to)).toEqual(['pass', 'stale'])
    expect(await it.acts('device-state-at', { id: device.id, at: there(1) })).toMatchObject({ at: after(1) })
    const back = { id: device.id, from: there(2), to: after(1) }
    await expect(it.acts('device-history', back)).rejects.toMatchObject({ code: 'request-invalid' })
    expect((await it.acts('device-history', { ...back, from: after(1) })).items).toEqual([])
  })

  test('comes in pages', async () => {
    await aDay()
    const { items } = await it.acts('device-history', { id: device.id })
    const first = await it.acts('device-history', { id: device.id, limit: 3 })
    const second = await it.acts('device-history', { id: device.id, after: first.next! })
    expect([...first.items, ...second.items]).toEqual(items)
  })
})

describe('device-state-at', () => {
  const states: [hours: number, tiers: string[], firewall: string][] = [
    [0, [], 'unknown'],
    [0.99, [], 'unknown'],
    [1, ['public', 'internal', 'confidential'], 'pass'],
    [1.5, [], 'stale'],
    [2.1, ['public'], 'unknown'],
    [3, [], 'stale'],
  ]
  test.each(states)('after %d hours: %j, firewall %s', async (hours, tiers, firewall) => {
    await aDay()
    const at = after(hours)
    const state = await it.acts('device-state-at', { id: device.id, at })
    expect(state).toMatchObject({ id: device.id, at, forgotten: [] })
    expect(state.checks).toContainEqual(
      expect.objectContaining({ check: 'firewall', verdict: firewall, policyVersion: 1 }),
    )
    // `public` needs no check, and so it is open to whoever is enrolled.
    expect(state.tiers?.filter((tier) => tier !== 'public')).toEqual(tiers.filter((tier) => tier !== 'public'))
  })

  test('is nothing before the device was there, and unknown ahead', async () => {
    await aDay()
    expect(await it.acts('device-state-at', { id: device.id, at: after(-1) })).toMatchObject({ checks: [], tiers: [] })
    expect(await it.acts('device-state-at', { id: device.id, at: after(3.01) })).toMatchObject({ at: after(3) })
    await expect(it.acts('device-state-at', { id: device.id, at: after(9) })).rejects.toMatchObject({
      code: 'request-invalid',
    })
  })

  test('says what it no longer knows, rather than that there was nothing', async () => {
    await aDay()
    await it.store.forgetHistory(new Date(after(2.1)))
    const state = await it.acts('device-state-at', { id: device.id, at: after(1) })
    expect(state.tiers).toBeNull()
    expect(state.checks).toEqual([])
    expect(state.forgotten).toContain('firewall')
    const later = await it.acts('device-state-at', { id: device.id, at: after(2.1) })
    expect(later.checks).toContainEqual(expect.objectContaining({ check: 'firewall', verdict: 'unknown' }))
    expect(later.forgotten).toEqual([])
  })
})
