import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActInput } from './all.ts'
import { actsAtWork, type ActsAtWork } from '../../test/fakes/acts.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { START } from '../../test/fakes/fleet.ts'

let it: ActsAtWork
beforeEach(async () => {
  it = await actsAtWork()
})
afterEach(() => it.close())

const healthy = healthyFacts(START)
const { firewall: _wall, ...open } = healthy
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id)

describe('filters', () => {
  const cases: [name: string, asked: ActInput<'device-list'>, found: string[]][] = [
    ['nothing', {}, ['good', 'mac', 'open', 'silent', 'waiting']],
    ['a tier', { tier: 'internal' }, ['good', 'mac']],
    ['a verdict', { verdict: 'unknown' }, ['open', 'silent']],
    ['a check', { check: 'firewall' }, ['good', 'mac', 'open', 'silent', 'waiting']],
    ['a check with a verdict', { check: 'firewall', verdict: 'unknown' }, ['open', 'silent']],
    ['another check with that verdict', { check: 'secure-boot', verdict: 'unknown' }, ['silent']],
    ['a platform', { platform: 'macos' }, ['mac']],
    ['a tag', { tag: 'lab' }, ['mac', 'open']],
    ['an owner, in any letters', { owner: 'Anna@Example.com' }, ['good']],
    ['a status', { status: 'pending' }, ['waiting']],
    ['several', { tag: 'lab', tier: 'internal' }, ['mac']],
    ['a check that the policy does not ask for', { check: 'os-patch' }, []],
  ]
  test.each(cases)('%s', async (_name, asked, expected) => {
    const names = new Map([
      [await it.device(healthy, { owner: 'anna@example.com' }), 'good'],
      [await it.device(healthy, { platform: 'macos', tags: ['lab'] }), 'mac'],
      [await it.device(open, { tags: ['lab', 'x'] }), 'open'],
      [await it.device(null), 'silent'],
      [await it.device(healthy, { status: 'pending' }), 'waiting'],
    ])
    const { items, next } = await it.acts('device-list', asked)
    expect(items.map(({ id }) => names.get(id) ?? id).toSorted()).toEqual(expected)
    expect(idsOf({ items })).toEqual(idsOf({ items }).toSorted())
    expect(next).toBeNull()
  })

  test('a tier that the policy does not have', async () => {
    await expect(it.acts('device-list', { tier: 'intern' })).rejects.toMatchObject({ code: 'tier-unknown' })
  })
})

test('says of each what does not pass, and until when', async () => {
  const id = await it.device(open)
  const { items } = await it.acts('device-list', {})
  expect(items).toEqual([
    expect.objectContaining({
      id,
      tiers: ['public'],
      evidenceAt: START.toISOString(),
      checks: expect.arrayContaining([
        { id: 'firewall', verdict: 'unknown', since: START.toISOString(), mode: 'enforce' },
      ]),
    }),
  ])
})

test.each([1, 2, 3, 7, 24, 25, 26, 1000])('pages of %i have each of 25 devices once, in order', async (limit) => {
  const ids = []
  for (let index = 0; index < 25; index++) ids.push(await it.device(null))
  const seen: string[] = []
  const pages: number[] = []
  for (let after: string | null | undefined; after !== null;) {
    const page = await it.acts('device-list', { limit, ...(after !== undefined && { after }) })
    seen.push(...idsOf(page))
    pages.push(page.items.length)
    after = page.next
  }
  expect(seen).toEqual(ids.toSorted())
  expect(pages).toHaveLength(Math.ceil(25 / limit))
})

test('a page goes on after a device that is gone meanwhile', async () => {
  for (let index = 0; index < 5; index++) await it.device(null)
  const first = await it.acts('device-list', { limit: 2 })
  await it.acts('device-remove', { id: first.next! })
  expect((await it.acts('device-list', { after: first.next! })).items).toHaveLength(3)
})

test('a list that takes long lets others come between', async () => {
  const id = await it.device(healthy)
  const device = it.fleet.find(id)!
  const standing = it.fleet.standing(id)
  const takesLong = () => {
    for (const began = performance.now(); performance.now() - began < 1;);
    return standing
  }
  const devices = () => Array.from({ length: 40 }, () => device)
  const other = await actsAtWork({ fleet: { ...it.fleet, devices, standing: takesLong } })
  let turns = 0
  let counting = setImmediate(function count() {
    turns += 1
    counting = setImmediate(count)
  })
  await other.acts('device-list', { verdict: 'fail' })
  clearImmediate(counting)
  expect(turns).toBeGreaterThan(5)
  await other.close()
})
