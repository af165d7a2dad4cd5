import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActInput } from './all.ts'
import { actsAtWork, type ActsAtWork } from '../../test/fakes/acts.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { START } from '../../test/fakes/fleet.ts'

const DAY = 86_400_000
let it: ActsAtWork
beforeEach(async () => {
  it = await actsAtWork()
})
afterEach(() => it.close())

const { 'secure-boot': _boot, ...withoutBoot } = healthyFacts(START)
const why = { reason: 'new firmware is ordered', approver: 'anna@example.com' }
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id)
const tiers = async (id: string) => (await it.acts('device-show', { id })).standing.tiers

describe('exception-grant', () => {
  const targets: [name: string, target: (id: string) => object][] = [
    ['a device', (device) => ({ device })],
    ['a tag', () => ({ tag: 'pilot' })],
    ['a group', () => ({ group: 'pilot' })],
  ]
  test.each(targets)('lets a check of %s pass at once, visibly, until its end', async (_name, targetOf) => {
    const id = await it.device(withoutBoot, { tags: ['pilot'] })
    const other = await it.device(withoutBoot)
    expect(await tiers(id)).not.toContain('confidential')

    const asked = { ...targetOf(id), check: 'secure-boot', ...why, expires: '14d' }
    const { exception, devices } = await it.acts('exception-grant', asked)
    expect(devices).toBe(1)
    expect(exception).toMatchObject({ ...targetOf(id), ...why, isInForce: true, endedAt: null })
    expect(exception.expiresAt).toBe(new Date(START.getTime() + 14 * DAY).toISOString())
    expect(await tiers(id)).toContain('confidential')
    expect((await it.acts('device-show', { id })).standing.checks).toContainEqual(
      expect.objectContaining({
        id: 'secure-boot',
        verdict: 'excepted',
        deadline: exception.expiresAt,
        exception: { id: exception.id, ...why, expiresAt: exception.expiresAt },
      }),
    )
    expect(await tiers(other)).not.toContain('confidential')
  })

  test('takes a moment for its end', async () => {
    const expires = new Date(START.getTime() + DAY).toISOString()
    const { exception } = await it.acts('exception-grant', { tag: 'lab', check: 'firewall', ...why, expires })
    expect(exception.expiresAt).toBe(expires)
    const elsewhere = `${new Date(Date.parse(expires) + 2 * 3_600_000).toISOString().slice(0, -1)}+02:00`
    const same = await it.acts('exception-grant', { tag: 'lab', check: 'firewall', ...why, expires: elsewhere })
    expect(same.exception.expiresAt).toBe(expires)
  })

  const good = { tag: 'lab', check: 'firewall', ...why, expires: '14d' }
  const { tag: _tag, ...forNobody } = good
  const refused: [name: string, asked: ActInput<'exception-grant'>, problem: RegExp][] = [
    ['nobody', forNobody, /one device, one tag or one group/],
    ['two targets', { ...good, group: 'pilot' }, /one device, one tag or one group/],
    ['an empty tag', { ...good, tag: '' }, /one device, one tag or one group/],
    ['a blank tag', { ...good, tag: ' ' }, /one device, one tag or one group/],
    ['an empty target beside another', { ...good, device: '' }, /one device, one tag or one group/],
    ['a device that is not enrolled', { ...forNobody, device: 'dev_nobody' }, /no device dev_nobody/],
    [
      'a group that the policy does not have',
      { ...forNobody, group: 'pilots' },
      /no group "pilots"; did you mean "pilot"/,
    ],
    ['a check that nobody knows', { ...good, check: 'firewal' }, /no check "firewal"; did you mean "firewall"/],
    ['a check that no tier asks for', { ...good, check: 'disk-encryption' }, /asks for no check "disk-encryption"/],
    ['no reason', { ...good, reason: ' ' }, /reason is missing/],
    ['no approver', { ...good, approver: '' }, /approver is missing/],
    ['no end', { ...good, expires: '' }, /neither a time/],
    ['an end that is no time', { ...good, expires: 'tomorrow' }, /neither a time/],
    ['an end in the past', { ...good, expires: '2020-01-01T00:00:00Z' }, /end/],
    ['no time at all', { ...good, expires: '0d' }, /end/],
    ['more than 90 days', { ...good, expires: '91d' }, /90 days/],
  ]
  test.each(refused)('refuses %s', async (_name, asked, problem) => {
    await expect(it.acts('exception-grant', asked)).rejects.toMatchObject({
      code: 'exception-invalid',
      message: expect.stringMatching(problem),
    })
    expect((await it.acts('exception-list', { all: true })).items).toEqual([])
  })
})

test('exception-end ends one at once, and only once', async () => {
  const id = await it.device(withoutBoot)
  const asked = { device: id, check: 'secure-boot', ...why, expires: '14d' }
  const { exception } = await it.acts('exception-grant', asked)
  it.clock.pass(60_000)
  expect(await it.acts('exception-end', { id: exception.id, by: 'ben' })).toMatchObject({
    endedAt: it.clock.now().toISOString(),
    isInForce: false,
  })
  expect(await tiers(id)).not.toContain('confidential')
  const unknown = { code: 'exception-unknown' }
  await expect(it.acts('exception-end', { id: exception.id, by: 'ben' })).rejects.toMatchObject(unknown)
  await expect(it.acts('exception-end', { id: 'exc_nothing', by: 'ben' })).rejects.toMatchObject(unknown)
})

test('exception-list shows what is in force, and with `all` also what is over', async () => {
  const granted: string[] = []
  for (const expires of ['1d', '3d', '9d']) {
    const asked = { tag: 'lab', check: 'firewall', ...why, expires }
    granted.unshift((await it.acts('exception-grant', asked)).exception.id)
    it.clock.pass(1000)
  }
  await it.acts('exception-end', { id: granted[0]!, by: 'ben' })
  it.clock.pass(2 * DAY)
  expect(idsOf(await it.acts('exception-list', {}))).toEqual([granted[1]])
  const all = await it.acts('exception-list', { all: true })
  expect(idsOf(all)).toEqual(granted)
  expect(all.items.map(({ isInForce }) => isInForce)).toEqual([false, true, false])
  const page = await it.acts('exception-list', { all: true, limit: 2 })
  expect([idsOf(page), page.next]).toEqual([granted.slice(0, 2), granted[1]])
})

test('exception-list goes on after one that has ended meanwhile', async () => {
  const granted: string[] = []
  for (let left = 3; left > 0; left--) {
    const asked = { tag: 'lab', check: 'firewall', ...why, expires: '9d' }
    granted.unshift((await it.acts('exception-grant', asked)).exception.id)
  }
  const first = await it.acts('exception-list', { limit: 1 })
  await it.acts('exception-end', { id: granted[0]!, by: 'ben' })
  const second = await it.acts('exception-list', { limit: 1, after: first.next! })
  expect([idsOf(first), idsOf(second)]).toEqual([[granted[0]], [granted[1]]])
  expect(idsOf(await it.acts('exception-list', { after: second.next! }))).toEqual([granted[2]])
})
