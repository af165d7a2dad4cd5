import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actsAtWork, POLICY, type ActsAtWork } from '../../test/fakes/acts.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { START } from '../../test/fakes/fleet.ts'

const STRICTER = POLICY.replace('[firewall]', '[firewall, screen-lock]')
const anna = 'anna@example.com'

let it: ActsAtWork
beforeEach(async () => {
  it = await actsAtWork()
})
afterEach(() => it.close())

const { 'screen-lock': _lock, ...unlocked } = healthyFacts(START)

describe('policy-apply', () => {
  test('answers with the version and how many are judged again, and counts at once', async () => {
    const id = await it.device(unlocked)
    await it.device(null)
    expect((await it.acts('device-show', { id })).standing.tiers).toEqual(['public', 'internal', 'confidential'])

    const applied = await it.acts('policy-apply', { document: STRICTER, author: anna })
    expect(applied).toMatchObject({ version: 2, author: anna, isNew: true, devices: 2, since: START.toISOString() })
    expect((await it.acts('device-show', { id })).standing.tiers).toEqual(['public'])
    await it.fleet.settled()
    expect(await it.acts('policy-progress', {})).toEqual({ version: 2, done: 2, total: 2 })
  })

  test('says so where the document is in force already', async () => {
    await it.device(null)
    expect(await it.acts('policy-apply', { document: POLICY, author: anna })).toMatchObject({
      version: 1,
      isNew: false,
      devices: 0,
    })
  })

  test('a document that is not right is refused with all that is wrong, and changes nothing', async () => {
    const document = POLICY.replace('[firewall]', '[firewal]').replace('default-tier: internal', 'default-tier: intern')
    const refused = await it.acts('policy-apply', { document, author: anna }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'policy-invalid' })
    expect((refused as Error).message.split('\n')).toEqual([
      expect.stringMatching(/^line 5, .*"firewall"/),
      expect.stringMatching(/^line 11, .*"internal"/),
    ])
    expect((await it.acts('policy-show', {})).version).toBe(1)
  })
})

test('policy-dry-run names who would lose which tier by which check, and changes nothing', async () => {
  const id = await it.device(unlocked, { hostname: 'nightingale', owner: anna })
  await it.device(healthyFacts(START))
  const before = await it.acts('device-show', { id })

  const dryRun = await it.acts('policy-dry-run', { document: STRICTER })
  expect(dryRun).toMatchObject({ devices: 2, changed: 1 })
  expect(dryRun.changes).toEqual([
    expect.objectContaining({
      deviceId: id,
      hostname: 'nightingale',
      owner: anna,
      loses: [
        { tier: 'internal', checks: ['screen-lock'] },
        { tier: 'confidential', checks: ['screen-lock'] },
      ],
    }),
  ])
  expect(await it.acts('policy-dry-run', { document: STRICTER, limit: 0 })).toMatchObject({ changed: 1, changes: [] })
  expect(await it.acts('device-show', { id })).toEqual(before)
  expect((await it.acts('policy-list', {})).items).toHaveLength(1)
})

describe('versions', () => {
  beforeEach(async () => {
    await it.acts('policy-apply', { document: STRICTER, author: anna })
    it.clock.pass(60_000)
    await it.acts('policy-rollback', { author: 'ben' })
  })

  test('are listed with who put them in force, the newest first, a page at a time', async () => {
    const all = await it.acts('policy-list', {})
    expect(all.next).toBeNull()
    expect(all.items.map(({ version, author, source, restores }) => [version, author, source, restores])).toEqual([
      [3, 'ben', 'apply', 1],
      [2, anna, 'apply', null],
      [1, 'the policy file of the configuration', 'file', null],
    ])
    const first = await it.acts('policy-list', { limit: 2 })
    expect([first.items.length, first.next]).toEqual([2, '2'])
    const second = await it.acts('policy-list', { limit: 2, after: '2' })
    expect([second.items.map(({ version }) => version), second.next]).toEqual([[1], null])
    await expect(it.acts('policy-list', { after: '77' })).rejects.toMatchObject({ code: 'request-invalid' })
  })

  test('are shown as they were written', async () => {
    expect(await it.acts('policy-show', {})).toMatchObject({ version: 3, isInForce: true, document: POLICY })
    expect(await it.acts('policy-show', { version: 2 })).toMatchObject({ isInForce: false, document: STRICTER })
    await expect(it.acts('policy-show', { version: 4 })).rejects.toMatchObject({ code: 'policy-version-unknown' })
  })

  test('differ by meaning', async () => {
    const added = {
      path: expect.stringContaining('tiers.internal'),
      before: 'firewall',
      after: 'firewall, screen-lock',
    }
    expect(await it.acts('policy-diff', { from: 1, to: 2 })).toEqual({ from: 1, to: 2, changes: [added] })
    expect(await it.acts('policy-diff', {})).toMatchObject({
      from: 2,
      to: 3,
      changes: [{ before: 'firewall, screen-lock', after: 'firewall' }],
    })
    expect(await it.acts('policy-diff', { from: 1 })).toEqual({ from: 1, to: 3, changes: [] })
    expect(await it.acts('policy-diff', { document: STRICTER })).toEqual({ from: 3, to: null, changes: [added] })
    await expect(it.acts('policy-diff', { from: 1, to: 9 })).rejects.toMatchObject({ code: 'policy-version-unknown' })
    await expect(it.acts('policy-diff', { to: 1, document: POLICY })).rejects.toMatchObject({ code: 'request-invalid' })
  })

  test('can be put back by number', async () => {
    expect(await it.acts('policy-rollback', { to: 2, author: 'ben' })).toMatchObject({ version: 4, isNew: true })
    expect((await it.acts('policy-list', { limit: 1 })).items[0]?.restores).toBe(2)
    await expect(it.acts('policy-rollback', { to: 12, author: 'ben' })).rejects.toMatchObject({
      code: 'policy-version-unknown',
    })
  })
})
