import TinyQueue from 'tinyqueue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exception } from '../../collector/appraisal/exception.ts'
import { verdictsAt } from '../../collector/appraisal/history.ts'
import type { Fleet } from '../../collector/fleet/fleet.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { StandingChange, Store } from '../../collector/store/store.ts'
import { unreadable, value } from '../../shared/fact.ts'
import { SIGNALS, type Facts } from '../../shared/signals.ts'
import type { CheckId, Standing } from '../../shared/standing.ts'
import { chance } from '../fakes/chance.ts'
import { healthyValues, read } from '../fakes/facts.ts'
import { enrolled, fleetOver, heldClock, inForce, START, unsignedReport, type HeldClock } from '../fakes/fleet.ts'

const DEVICES = 1000
const DAYS = 30
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What the month is about: facts that come and go, with graces of very different length. */
const ASKED = ['disk-encryption', 'endpoint-protection', 'firewall', 'screen-lock'] as const
type Asked = (typeof ASKED)[number]
const GRACE: Record<Asked, number> = {
  'disk-encryption': 3 * DAY,
  'endpoint-protection': 0,
  firewall: 2 * HOUR,
  'screen-lock': DAY,
}
const policyOf = (restricted: string) => `version: 1
freshness: 12h
tiers:
  public: []
  internal: [disk-encryption]
  confidential: { checks: [endpoint-protection, firewall], unknown: grace }
  restricted: [${restricted}]
default-tier: internal
checks:
  disk-encryption: { grace: 3d }
  endpoint-protection: { grace: 0m }
  firewall: { grace: 2h }
  screen-lock: { grace: 1d }
`
/** On the tenth day the policy begins to ask one thing more. */
const ASKS_MORE_AT = new Date(START.getTime() + 10 * DAY)
const TIER_CHECKS: Record<string, readonly Asked[]> = {
  internal: ['disk-encryption'],
  confidential: ['disk-encryption', 'endpoint-protection', 'firewall'],
  restricted: ['disk-encryption', 'endpoint-protection', 'firewall'],
}

type State = 'good' | 'bad' | 'unseen'
/** The laptop as it really is, and what the collector can know of it: kept apart from all code under test. */
type Laptop = {
  id: string
  tag: string
  sequence: number
  lastAt: Date | null
  states: Record<Asked, State>
  /** When the first report came that was not good, after the last good one. */
  worseSince: Partial<Record<Asked, Date>>
  everGood: Set<Asked>
}

const random = chance(20261123)
const laptops: Laptop[] = []
const changes: StandingChange[] = []
const announced = new Set<string>()
const problems: string[] = []
let reports = 0
let restarts = 0
let exceptions: Exception[] = []
let asksMore = false
let store: Store
let clock: HeldClock
let fleet: Fleet

function factsOf({ states }: Laptop, now: Date): Facts {
  const good = healthyValues(now)
  const values = {
    'disk-encryption': {
      good: good['disk-encryption'],
      bad: { volumes: good['disk-encryption'].volumes.map((it) => ({ ...it, state: 'off' as const })) },
    },
    'endpoint-protection': { good: good['endpoint-protection'], bad: { products: [] } },
    firewall: { good: { enabled: true }, bad: { enabled: false } },
    'screen-lock': { good: good['screen-lock'], bad: { enabled: false, afterSeconds: null } },
  }
  const facts = ASKED.map((check) => {
    const state = states[check]
    return [check, read(state === 'unseen' ? unreadable('denied') : value<unknown>(values[check][state]), now)]
  })
  return Object.fromEntries(facts)
}

const encode = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url')

/** The best that anybody could say of a check now, by what was reported; computed without the appraisal. */
function mayHoldOpen(laptop: Laptop, check: Asked, tier: string, now: Date): boolean {
  const { lastAt, states, worseSince, everGood } = laptop
  if (!lastAt || now.getTime() >= lastAt.getTime() + SIGNALS[check].maxAgeSeconds * 1000) return false
  if (states[check] === 'good') return true
  const isExcepted = exceptions.some(
    ({ target, check: about, createdAt, expiresAt }) =>
      about === check &&
      createdAt <= now &&
      now < expiresAt &&
      ('device' in target ? target.device === laptop.id : 'tag' in target && target.tag === laptop.tag),
  )
  if (isExcepted) return true
  if (states[check] === 'unseen' && tier === 'restricted') return false
  const isNew = check === 'screen-lock' && asksMore
  const from = Math.max(worseSince[check]?.getTime() ?? Infinity, isNew ? ASKS_MORE_AT.getTime() : 0)
  return (everGood.has(check) || isNew) && now.getTime() < from + GRACE[check]
}

/** Looks at one device as a gateway would, and holds it against what is really known. */
function look(laptop: Laptop): void {
  const now = clock.now()
  const standing = fleet.standing(laptop.id)
  if (!standing) return void problems.push(`${laptop.id} has no standing`)
  for (const tier of standing.tiers.filter((it) => it !== 'public')) {
    const needed = tier === 'restricted' && asksMore ? ASKED : (TIER_CHECKS[tier] ?? [])
    for (const check of needed) {
      if (!mayHoldOpen(laptop, check, tier, now)) problems.push(`${now.toISOString()} ${tier} is open over ${check}`)
    }
  }
  for (const { id, deadline, verdict } of standing.checks) {
    if (deadline === undefined) continue
    if (Date.parse(deadline) <= now.getTime()) problems.push(`${verdict} of ${id} outlived its deadline ${deadline}`)
    announced.add(`${laptop.id} ${id} ${deadline}`)
  }
}

/** Moves time on, stopping at each moment that the fleet has named. */
async function passUntil(moment: Date): Promise<void> {
  for (let next = fleet.wake(); next && next < moment; next = fleet.wake()) {
    clock.pass(Math.max(1, next.getTime() - clock.now().getTime()))
    fleet.wake()
    await fleet.settled()
  }
  clock.pass(moment.getTime() - clock.now().getTime())
  fleet.wake()
  await fleet.settled()
}

async function reported(laptop: Laptop): Promise<void> {
  const now = clock.now()
  for (const check of ASKED) {
    if (random.oneIn(6)) laptop.states[check] = random.of<State>(['good', 'good', 'good', 'bad', 'unseen'])
    if (laptop.states[check] === 'good') {
      laptop.everGood.add(check)
      delete laptop.worseSince[check]
    } else laptop.worseSince[check] ??= now
  }
  laptop.sequence += 1
  laptop.lastAt = now
  reports += 1
  await fleet.report(laptop.id, unsignedReport(laptop.id, laptop.sequence, factsOf(laptop, now), now))
  look(laptop)
}

async function restarted(): Promise<void> {
  await fleet.settled()
  clock.pass(random.below(3 * HOUR))
  restarts += 1
  fleet = await opened()
  await fleet.settled()
}

async function opened(): Promise<Fleet> {
  const policy = asksMore ? inForce(policyOf('screen-lock'), 2, ASKS_MORE_AT) : inForce(policyOf(''))
  const it = await fleetOver(store, clock, { policy, exceptions })
  it.onChange((change) => changes.push(change))
  return it
}

function granted(): void {
  const laptop = random.of(laptops as [Laptop, ...Laptop[]])
  const now = clock.now()
  exceptions = [
    ...exceptions,
    {
      id: `exc_${exceptions.length}`,
      target: random.oneIn(2) ? { device: laptop.id } : { tag: laptop.tag },
      check: random.of<CheckId>([...ASKED]),
      reason: 'a test',
      approver: 'anna',
      createdAt: now,
      expiresAt: new Date(now.getTime() + MINUTE + random.below(2 * DAY)),
      endedAt: null,
    },
  ]
  fleet.useExceptions(exceptions)
}

type Happening = { at: number; what: () => Promise<void> | void }

/** Laptops come for a few hours now and then, and report every twenty minutes or so while they are there. */
function* timetable(): Generator<Happening> {
  for (const laptop of laptops) {
    for (let session = 0; session < 4; session += 1) {
      let at = START.getTime() + random.below(DAYS * DAY)
      for (let count = 2 + random.below(10); count > 0; count -= 1) {
        yield { at, what: () => reported(laptop) }
        at += 15 * MINUTE + random.below(20 * MINUTE)
      }
    }
  }
  for (let count = 0; count < 40; count += 1) yield { at: START.getTime() + random.below(DAYS * DAY), what: granted }
  for (let count = 0; count < 12; count += 1) yield { at: START.getTime() + random.below(DAYS * DAY), what: restarted }
  yield {
    at: ASKS_MORE_AT.getTime(),
    what() {
      asksMore = true
      fleet.usePolicy(inForce(policyOf('screen-lock'), 2, ASKS_MORE_AT))
    },
  }
}

beforeAll(async () => {
  store = openSqlite(':memory:')
  clock = heldClock()
  for (let count = 0; count < DEVICES; count += 1) {
    const tag = `team-${count % 50}`
    const { id } = await enrolled(store, START, { tags: [tag] })
    const states = {
      'disk-encryption': 'good',
      'endpoint-protection': 'good',
      firewall: 'good',
      'screen-lock': 'good',
    } as const
    laptops.push({ id, tag, sequence: 0, lastAt: null, states: { ...states }, worseSince: {}, everGood: new Set() })
  }
  fleet = await opened()
  await fleet.settled()
  const queue = new TinyQueue([...timetable()], (a, b) => a.at - b.at)
  for (let next = queue.pop(); next; next = queue.pop()) {
    // A restart may have taken longer than until the next happening.
    if (next.at > clock.now().getTime()) await passUntil(new Date(next.at))
    await next.what()
    if (random.oneIn(20)) for (const laptop of laptops.slice(0, 50)) look(laptop)
  }
  await passUntil(new Date(clock.now().getTime() + DAY))
  for (const laptop of laptops) look(laptop)
}, 120_000)
afterAll(() => store.close())

describe('a month of a thousand laptops', () => {
  test('was a full one', () => {
    expect(reports).toBeGreaterThan(20_000)
    expect(restarts).toBe(12)
    expect(changes.length).toBeGreaterThan(10_000)
    expect(announced.size).toBeGreaterThan(1000)
  })

  test('never said better than what was reported allows', () => {
    expect(problems.slice(0, 10)).toEqual([])
  })

  test('told each change of standing once, each from what the one before left', async () => {
    const breaks: string[] = []
    const byDevice = Map.groupBy(changes, ({ deviceId }) => deviceId)
    for (const { id } of laptops) {
      const told = byDevice.get(id) ?? []
      let before: string[] = []
      for (const change of told) {
        if (change.before.join() !== before.join()) breaks.push(`${id} ${change.at.toISOString()}`)
        before = change.after
      }
      if (before.join() !== fleet.standing(id)?.tiers.join()) breaks.push(`${id} at the end`)
      const kept = await store.standingChanges({ deviceId: id })
      if (kept.length !== told.length) breaks.push(`${id}: ${kept.length} kept, ${told.length} told`)
    }
    expect(breaks.slice(0, 10)).toEqual([])
  })

  test('its history leads to the present, and each deadline fired once at its own time', async () => {
    const breaks: string[] = []
    let fired = 0
    for (const { id } of laptops) {
      const history = await store.transitions({ deviceId: id })
      const last = new Map<string, { to: string | null; at: number }>()
      const ends = new Set<string>()
      for (const { check, from, to, at, evidence } of history) {
        const before = last.get(check) ?? { to: null, at: 0 }
        if (before.to !== from) breaks.push(`${id} ${check}: ${String(before.to)}, then from ${String(from)}`)
        if (before.at > at.getTime()) breaks.push(`${id} ${check}: ${at.toISOString()} comes late`)
        if (to !== 'unknown' && evidence === null) breaks.push(`${id} ${check}: no evidence behind ${String(to)}`)
        last.set(check, { to, at: at.getTime() })
        if (from === 'grace' && to === 'fail') {
          const end = `${id} ${check} ${at.toISOString()}`
          if (ends.has(end)) breaks.push(`${end} fired twice`)
          ends.add(end)
          if (announced.has(end)) fired += 1
        }
      }
      const replayed = [...verdictsAt(history, clock.now())]
        .map(([check, { to }]) => `${check} ${String(to)}`)
        .toSorted()
      const present = presentOf(fleet.standing(id))
      if (replayed.join() !== present.join()) breaks.push(`${id}: ${replayed.join()} is not ${present.join()}`)
    }
    expect(breaks.slice(0, 10)).toEqual([])
    expect(fired).toBeGreaterThan(100)
  })
})

const presentOf = (standing: Standing | null) =>
  (standing?.checks ?? []).map(({ id, verdict }) => `${id} ${verdict}`).toSorted()
