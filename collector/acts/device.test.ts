import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actsAtWork, type ActsAtWork } from '../../test/fakes/acts.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { START } from '../../test/fakes/fleet.ts'
import type { DeviceStatus } from '../store/store.ts'

let it: ActsAtWork
beforeEach(async () => {
  it = await actsAtWork()
})
afterEach(() => it.close())

const NOBODY = `dev_${'x'.repeat(43)}`
const healthy = healthyFacts(START)
const stored = async (id: string) => (await it.store.loadDevice(id))?.device

test('device-show tells what a device is and where it stands', async () => {
  const id = await it.device(healthy, { owner: 'anna@example.com', hostname: 'nightingale', serial: 'S1' })
  expect(await it.acts('device-show', { id })).toMatchObject({
    device: { id, hostname: 'nightingale', owner: 'anna@example.com', serial: 'S1', status: 'active', attested: false },
    standing: { deviceId: id, tiers: ['public', 'internal', 'confidential'] },
  })
})

describe('a device that is not enrolled', () => {
  test.each([
    'device-show',
    'device-approve',
    'device-lock-out',
    'device-readmit',
    'device-remove',
    'device-tag',
    'device-recheck',
    'device-history',
  ] as const)('%s', async (act) => {
    await expect(it.acts(act, { id: NOBODY })).rejects.toMatchObject({ code: 'device-unknown' })
  })
  test('device-owner', async () => {
    await expect(it.acts('device-owner', { id: NOBODY, owner: null })).rejects.toMatchObject({ code: 'device-unknown' })
  })
})

describe('the status of a device', () => {
  const ways: [
    from: DeviceStatus,
    act: 'device-approve' | 'device-lock-out' | 'device-readmit',
    to: DeviceStatus | null,
  ][] = [
    ['pending', 'device-approve', 'active'],
    ['active', 'device-approve', 'active'],
    ['pending', 'device-lock-out', 'locked-out'],
    ['active', 'device-lock-out', 'locked-out'],
    ['locked-out', 'device-lock-out', 'locked-out'],
    ['active', 'device-readmit', 'active'],
    ['locked-out', 'device-readmit', 'active'],
  ]
  test.each(ways)('%s, then %s: %s', async (from, act, to) => {
    const id = await it.device(healthy)
    await it.fleet.setStatus(id, from)
    expect(await it.acts(act, { id })).toMatchObject({ id, status: to })
    expect((await stored(id))?.status).toBe(to)
    const { standing } = await it.acts('device-show', { id })
    expect(standing.tiers.length > 0).toBe(to === 'active')
    expect(it.dismissed).toEqual(act === 'device-lock-out' ? [[id, 'device-locked-out']] : [])
  })

  test.each([
    ['locked-out', 'device-approve'],
    ['pending', 'device-readmit'],
  ] as const)('%s, then %s: refused', async (from, act) => {
    const id = await it.device(healthy, { status: from })
    await expect(it.acts(act, { id })).rejects.toMatchObject({ code: 'device-status-conflict' })
    expect(it.fleet.find(id)?.status).toBe(from)
  })
})

test('device-remove forgets a device, ends its connection, and leaves its history', async () => {
  const id = await it.device(healthy)
  await it.fleet.settled()
  expect(await it.acts('device-remove', { id })).toMatchObject({ id })
  expect(it.dismissed).toEqual([[id, 'device-unknown']])
  expect(await stored(id)).toBeUndefined()
  expect(it.fleet.find(id)).toBeNull()
  expect((await it.acts('device-history', { id })).items).not.toEqual([])
})

test('device-tag adds and takes away, each tag once, at most 32', async () => {
  const id = await it.device(healthy, { tags: ['lab', 'old'] })
  expect(await it.acts('device-tag', { id, add: ['pilot', 'lab'], remove: ['old', 'none'] })).toMatchObject({
    tags: ['lab', 'pilot'],
  })
  expect((await stored(id))?.tags).toEqual(['lab', 'pilot'])
  const many = Array.from({ length: 31 }, (_, index) => `tag-${index}`)
  await expect(it.acts('device-tag', { id, add: many })).rejects.toMatchObject({ code: 'request-invalid' })
  expect((await stored(id))?.tags).toEqual(['lab', 'pilot'])
})

test('device-owner says whose device it is, or nobody’s', async () => {
  const id = await it.device(healthy)
  expect((await it.acts('device-owner', { id, owner: 'anna@example.com' })).owner).toBe('anna@example.com')
  expect((await stored(id))?.owner).toBe('anna@example.com')
  expect((await it.acts('device-owner', { id, owner: null })).owner).toBeNull()
})

test('device-recheck says whether anybody heard it', async () => {
  const id = await it.device(healthy)
  expect(await it.acts('device-recheck', { id })).toEqual({ id, isAsked: false })
  it.connected.add(id)
  expect(await it.acts('device-recheck', { id })).toEqual({ id, isAsked: true })
})

test('where no collector runs, nobody is asked and nobody has to be sent away', async () => {
  const stopped = await actsAtWork({ agents: null })
  const id = await stopped.device(healthy)
  expect(await stopped.acts('device-recheck', { id })).toEqual({ id, isAsked: false })
  expect(await stopped.acts('device-lock-out', { id })).toMatchObject({ status: 'locked-out' })
  await stopped.close()
})

test('device-find knows devices by the beginning of their id, and says who is called so', async () => {
  const ids = [await it.device(null, { hostname: 'Nightingale', owner: 'anna@example.com' }), await it.device(null)]
  const [id = ''] = ids
  const named = { id, hostname: 'Nightingale', owner: 'anna@example.com' }
  for (const given of [id, id.slice(0, 20), id.slice(4, 20)]) {
    expect(await it.acts('device-find', { given })).toEqual({ byId: [named], count: 1, byName: [] })
  }
  expect(await it.acts('device-find', { given: 'dev_' })).toMatchObject({ count: 2 })
  expect(await it.acts('device-find', { given: 'nightingale' })).toEqual({ byId: [], count: 0, byName: [named] })
  expect(await it.acts('device-find', { given: '' })).toEqual({ byId: [], count: 0, byName: [] })
})
