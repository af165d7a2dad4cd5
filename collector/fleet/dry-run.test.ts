import { describe, expect, test } from 'vitest'
import { chance, type Chance } from '../../test/fakes/chance.ts'
import { read } from '../../test/fakes/facts.ts'
import { enrolled, fleetOver, heldClock, inForce, reportOf, type HeldClock } from '../../test/fakes/fleet.ts'
import { unreadable, value } from '../../shared/fact.ts'
import type { Facts } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import type { FakeDevice } from '../../test/fakes/device.ts'
import type { DryRun } from '../appraisal/dry-run.ts'
import type { Exception } from '../appraisal/exception.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { Fleet } from './fleet.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const CHECKS = ['firewall', 'secure-boot', 'screen-lock'] as const
type Finding = 'good' | 'bad' | 'unread'
type Found = Record<(typeof CHECKS)[number], Finding>

/** Facts whose verdicts time alone does not change: what is foretold leans on grace and exceptions, and on nothing else. */
function factsOf(found: Found, now: Date): Facts {
  const { firewall, 'secure-boot': secureBoot, 'screen-lock': screenLock } = found
  const fact = <T>(finding: Finding, it: T) => read(finding === 'unread' ? unreadable('denied') : value(it), now)
  return {
    firewall: fact(firewall, { enabled: firewall === 'good' }),
    'secure-boot': fact(secureBoot, { enabled: secureBoot === 'good', tpm: null }),
    'screen-lock': fact(screenLock, { enabled: true, afterSeconds: screenLock === 'good' ? 60 : 7200 }),
  }
}

function randomPolicy(luck: Chance): string {
  const grace = () => luck.of(['0m', '1h', '1d', '3d', '14d'])
  const mode = () => luck.of(['enforce', 'enforce', 'report'])
  const tiers = [[], [], []] as string[][]
  for (const check of CHECKS) if (!luck.oneIn(5)) tiers[luck.below(3)]?.push(check)
  const tier = (checks: string[] | undefined) =>
    `{ checks: [${(checks ?? []).join(', ')}], unknown: ${luck.of(['fail', 'grace'])} }`
  const checks = CHECKS.map((id) => `  ${id}: { grace: ${grace()}, mode: ${mode()} }`)
  const when = [
    '{ group: pilot }',
    '{ tag: lab }',
    '{ platform: linux, tag: lab }',
    '{ group: pilot, tag: lab }',
  ] as const
  const overrides = Array.from(
    { length: luck.below(3) },
    () => `  - { when: ${luck.of(when)}, checks: { ${luck.of(CHECKS)}: { grace: ${grace()}, mode: ${mode()} } } }`,
  )
  return `version: 1
freshness: 15m
tiers:
  public: ${tier([])}
  ${luck.of(['internal', 'inner'])}: ${tier(tiers[0])}
  confidential: ${tier(tiers[1])}
  restricted: ${tier(tiers[2])}
enrolment-grace: ${luck.of(['0d', '2d', '7d'])}
checks:
${checks.join('\n')}
groups:
  pilot: { tags: [pilot], owners: ['*@it.example.com'] }
default-tier: confidential
overrides: ${overrides.length === 0 ? '[]' : `\n${overrides.join('\n')}`}
`
}

type Laptop = { device: FakeDevice; found: Found; sequence: number }

async function say(fleet: Fleet, clock: HeldClock, laptops: readonly Laptop[]): Promise<void> {
  for (const laptop of laptops) {
    const { device, found } = laptop
    await fleet.report(device.id, await reportOf(device, ++laptop.sequence, factsOf(found, clock.now()), clock.now()))
  }
}

const isHeard = ({ evidenceAt, checks }: Standing) =>
  evidenceAt !== null && checks.every(({ verdict }) => verdict !== 'stale')

const tiersOf = (fleet: Fleet): Map<string, string[]> =>
  new Map(fleet.devices().map(({ id }) => [id, fleet.standing(id)?.tiers ?? []]))

/** A fleet with a past of some days, and a policy that is about to be applied. */
async function world(luck: Chance) {
  const store = openSqlite(':memory:')
  const clock = heldClock()
  const fleet = await fleetOver(store, clock, { policy: inForce(randomPolicy(luck), 1, clock.now()) })
  const finding = () => luck.of<Finding>(['good', 'good', 'bad', 'bad', 'unread'])
  const found = (): Found => ({ firewall: finding(), 'secure-boot': finding(), 'screen-lock': finding() })
  const laptops: Laptop[] = []
  for (let left = 6; left > 0; left--) {
    const device = await enrolled(store, clock.now(), {
      tags: [...(luck.oneIn(3) ? ['lab'] : []), ...(luck.oneIn(3) ? ['pilot'] : [])],
      owner: luck.of([null, 'anna@it.example.com', 'ben@example.com']),
      status: luck.of(['active', 'active', 'active', 'active', 'pending', 'locked-out']),
      platform: luck.of(['linux', 'windows']),
    })
    await fleet.add(device.id)
    laptops.push({ device, found: found(), sequence: 0 })
  }
  const exceptions: Exception[] = []
  let version = 1
  for (let steps = luck.below(5); steps > 0; steps--) {
    await say(
      fleet,
      clock,
      laptops.filter(() => !luck.oneIn(5)),
    )
    clock.pass(luck.of([HOUR, HOUR, DAY, 2 * DAY, 5 * DAY]))
    fleet.wake()
    for (const laptop of laptops) if (luck.oneIn(2)) laptop.found = found()
    if (!luck.oneIn(4)) {
      const [first] = laptops
      exceptions.push({
        id: `exc_${exceptions.length}`,
        target: luck.of<Exception['target']>([{ tag: 'lab' }, { group: 'pilot' }, { device: first?.device.id ?? '' }]),
        check: luck.of(CHECKS),
        reason: 'r',
        approver: 'a',
        createdAt: clock.now(),
        expiresAt: new Date(clock.now().getTime() + luck.of([HOUR, DAY, 2 * DAY, 10 * DAY])),
        endedAt: null,
      })
      fleet.useExceptions([...exceptions])
    }
    if (luck.oneIn(3)) fleet.usePolicy(inForce(randomPolicy(luck), ++version, clock.now()))
  }
  await say(
    fleet,
    clock,
    laptops.filter(() => !luck.oneIn(6)),
  )
  await fleet.settled()
  const next = inForce(randomPolicy(luck), version + 1, clock.now())
  return { store, clock, fleet, laptops, next }
}

type Changes = DryRun['changes']
const named = (list: readonly { tier: string }[]) => list.map(({ tier }) => tier).toSorted()

describe('what a dry run foretells happens', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))('in fleet %i', async (seed) => {
    const { store, clock, fleet, laptops, next } = await world(chance(seed))
    const before = tiersOf(fleet)
    const foretold = await fleet.dryRun(next.policy)
    expect(tiersOf(fleet)).toEqual(before)
    fleet.usePolicy(next)
    const after = tiersOf(fleet)

    const changeOf = new Map(foretold.changes.map((change) => [change.deviceId, change]))
    for (const [id, is] of after) {
      const was = before.get(id) ?? []
      const change: Pick<Changes[number], 'gains' | 'loses'> = changeOf.get(id) ?? { gains: [], loses: [] }
      expect(named(change.gains)).toEqual(is.filter((tier) => !was.includes(tier)).toSorted())
      expect(named(change.loses)).toEqual(was.filter((tier) => !is.includes(tier)).toSorted())
    }
    for (const { tier, before: some, after: others, gain, lose } of foretold.tiers) {
      const count = (all: Map<string, string[]>) => [...all.values()].filter((it) => it.includes(tier)).length
      expect([tier, some, others, some + gain - lose]).toEqual([tier, count(before), count(after), others])
    }

    const losses = foretold.changes.flatMap(({ deviceId, willLose }) => willLose.map((it) => ({ deviceId, ...it })))
    const heard = laptops.filter(({ device }) => [fleet.standing(device.id)].some((it) => it !== null && isHeard(it)))
    const has = ({ deviceId, tier }: (typeof losses)[number]) => fleet.standing(deviceId)?.tiers.includes(tier)
    for (const moment of [...new Set(losses.map(({ on }) => on))].toSorted()) {
      const those = losses.filter(({ on }) => on === moment)
      clock.pass(Date.parse(moment) - clock.now().getTime() - 1000)
      await say(fleet, clock, heard)
      expect(those.filter((it) => !has(it))).toEqual([])
      clock.pass(1000)
      expect(those.filter(has)).toEqual([])
    }
    await fleet.settled()
    await store.close()
  })
})

describe('a dry run', () => {
  const other = `version: 1
freshness: 15m
tiers: { public: [], inner: [firewall] }
default-tier: inner
`
  test('lets others have their turn, and compares with the policy that counted when it began', async () => {
    const store = openSqlite(':memory:')
    const clock = heldClock()
    for (let count = 0; count < 200; count += 1) await enrolled(store, clock.now())
    const before = inForce(other.replace('firewall', 'secure-boot'))
    const fleet = await fleetOver(store, clock, { policy: before })
    await fleet.settled()
    let turns = 0
    const apply = setImmediate(() => {
      turns += 1
      // Everybody may use everything now.
      fleet.usePolicy(inForce(other.replace('[firewall]', '[]'), 2, clock.now()))
    })
    const { tiers } = await fleet.dryRun(inForce(other).policy)
    clearImmediate(apply)
    expect(turns).toBe(1)
    expect(tiers.find(({ tier }) => tier === 'inner')).toMatchObject({ before: 0, after: 0 })
    await fleet.settled()
    await store.close()
  })
})
