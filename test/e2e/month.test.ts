import TinyQueue from 'tinyqueue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exception } from '../../collector/appraisal/exception.ts'
import { verdictsAt } from '../../collector/appraisal/history.ts'
import type { Fleet } from '../../collector/fleet/fleet.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { DeviceRecord, StandingChange, Store } from '../../collector/store/store.ts'
import { MusterError } from '../../shared/errors.ts'
import type { Standing } from '../../shared/standing.ts'
import { chance } from '../fakes/chance.ts'
import { enrolled, fleetOver, heldClock, inForce, START, unsignedReport, type HeldClock } from '../fakes/fleet.ts'
import {
  ASKED,
  closedBy,
  factsOf,
  heard,
  monthPolicy,
  newlyAsked,
  newLaptop,
  setBack,
  unheard,
  type Laptop,
  type State,
} from '../fakes/known-laptop.ts'

const DEVICES = 1000
const DAYS = 30
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const POLICIES = [inForce(monthPolicy('')), inForce(monthPolicy('screen-lock'))] as const
/** On the tenth day the policy begins to ask one thing more, for a while it does not, and then it does again. */
const CHANGES = [10, 20, 22].map((day) => START.getTime() + day * DAY)

const random = chance(20261123)
const laptops: Laptop[] = []
const records = new Map<string, DeviceRecord>()
const announced = new Set<string>()
const problems: string[] = []
const count = { reports: 0, refused: 0, restarts: 0, crashes: 0, sets: 0, removals: 0 }
let told: StandingChange[] = []
let exceptions: Exception[] = []
let policy = { ...POLICIES[0] }
let asksSince: number | null = null
let isAway = false
/** By how much the clock was set, all in all. */
let setBy = 0
let disk: Store
let life: { store: Store; end(): void }
let clock: HeldClock
let fleet: Fleet

const known = () => {
  const now = clock.now().getTime()
  return { exceptions, asksSince, now, passed: now - setBy }
}

/** Looks at one device as a gateway would, and holds it against what is really known. */
function look(laptop: Laptop): void {
  const { now, ...rest } = known()
  const standing = fleet.standing(laptop.id)
  if (!standing) return void (laptop.isGone || problems.push(`${laptop.id} has no standing`))
  if (laptop.isGone) problems.push(`${laptop.id} is back`)
  for (const tier of standing.tiers) {
    const isShut = tier === 'public' && (laptop.isLockedOut || laptop.isDoubted)
    const closed = tier === 'public' ? [] : closedBy(laptop, tier, { now, ...rest })
    if (isShut || closed.length > 0)
      problems.push(`${clock.now().toISOString()} ${tier} is open over ${closed.join()} of ${JSON.stringify(laptop)}`)
  }
  for (const { id, deadline, verdict } of standing.checks) {
    if (deadline === undefined) continue
    if (Date.parse(deadline) <= now) problems.push(`${verdict} of ${id} outlived its deadline ${deadline}`)
    announced.add(`${laptop.id} ${id} ${deadline}`)
  }
}

async function woken(): Promise<void> {
  fleet.wake()
  await fleet.settled()
}

/** Moves time on, stopping at each moment that the fleet has named. */
async function passUntil(moment: number): Promise<void> {
  for (let next = fleet.wake(); next && next.getTime() < moment; next = fleet.wake()) {
    clock.pass(Math.max(1, next.getTime() - clock.now().getTime()))
    await woken()
  }
  clock.pass(moment - clock.now().getTime())
  await woken()
}

/** What only a store that is away may refuse. */
async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    const isRefused = error instanceof MusterError && error.code === 'store-unavailable'
    if (!isRefused || !isAway) problems.push(String(error))
    count.refused += 1
    return false
  }
}

async function reported(laptop: Laptop): Promise<void> {
  if (laptop.isGone) return
  const now = clock.now()
  const states = { ...laptop.states }
  for (const check of ASKED) {
    if (random.oneIn(6)) states[check] = random.of<State>(['good', 'good', 'good', 'bad', 'unseen'])
  }
  laptop.sequence += 1
  count.reports += 1
  const report = unsignedReport(laptop.id, laptop.sequence, factsOf(states, now), now)
  const isKept = await attempt(() => fleet.report(laptop.id, report))
  if (isKept) heard(laptop, states, known())
  // Bad news counts although it was refused, and it is fresh; what it said may count or not.
  else laptop.heardAt = known().passed
  if (isKept) laptop.isDoubted = false
  look(laptop)
}

const refuse = () => Promise.reject(new MusterError('store-unavailable'))

/** A process over the store; what it writes after its end is not written. */
function begun(): typeof life {
  let isOver = false
  const writes = ['saveReport', 'saveOutcome', 'setStatus', 'setIdentity', 'setTags', 'removeDevice'] as const
  const guarded = writes.map((name) => {
    const write = disk[name] as (...args: unknown[]) => Promise<unknown>
    return [name, (...args: unknown[]) => (isOver ? new Promise(() => {}) : isAway ? refuse() : write(...args))]
  })
  return { store: { ...disk, ...Object.fromEntries(guarded) } as Store, end: () => void (isOver = true) }
}

async function opened(): Promise<void> {
  life = begun()
  const mine = life
  fleet = await fleetOver(life.store, clock, { policy, exceptions })
  fleet.onChange((change) => mine === life && told.push(change))
}

async function restarted(): Promise<void> {
  if (isAway) return
  await woken()
  life.end()
  clock.pass(random.below(3 * HOUR))
  count.restarts += 1
  await opened()
  await fleet.settled()
}

/** It ends in the middle of something: what was told and is not written is told once more. */
async function crashed(): Promise<void> {
  if (isAway) return
  clock.pass(random.below(20 * MINUTE))
  fleet.wake()
  for (let turns = random.below(4); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve))
  life.end()
  await disk.probe() // what was under way was written, or was not
  count.crashes += 1
  told = (await Promise.all(laptops.map(({ id }) => disk.standingChanges({ deviceId: id })))).flat()
  await opened()
  await fleet.settled()
}

async function wasSet(): Promise<void> {
  const by = random.of([-1, 1]) * random.of([10 * MINUTE, 3 * HOUR, DAY])
  clock.set(by)
  setBy += by
  count.sets += 1
  await woken()
  for (const laptop of laptops) setBack(laptop, clock.now().getTime())
}

function granted(): void {
  const laptop = random.of(laptops as [Laptop, ...Laptop[]])
  const now = clock.now()
  const exception: Exception = {
    id: `exc_${exceptions.length}`,
    target: random.oneIn(2) ? { device: laptop.id } : { tag: laptop.tag },
    check: random.of(ASKED),
    reason: 'a test',
    approver: 'anna',
    createdAt: now,
    expiresAt: new Date(now.getTime() + MINUTE + random.below(2 * DAY)),
    endedAt: null,
  }
  exceptions = [...exceptions, exception]
  fleet.useExceptions(exceptions)
}

function ended(): void {
  const one = random.below(exceptions.length)
  exceptions = exceptions.map((it, index) => (index === one ? { ...it, endedAt: clock.now() } : it))
  fleet.useExceptions(exceptions)
}

/** What happens to one laptop by an admin, or by doubt; and what takes it back some time later. */
async function changed(laptop: Laptop, isBack: boolean, kind: number): Promise<void> {
  if (laptop.isGone) return
  const { id } = laptop
  switch (kind) {
    case 0:
      laptop.isLockedOut = !isBack
      await attempt(() => fleet.setStatus(id, isBack ? 'active' : 'locked-out'))
      break
    case 1:
      laptop.tag = isBack ? 'team-1' : 'team-2'
      await attempt(() => fleet.setTags(id, [laptop.tag]))
      break
    default:
      laptop.isDoubted = true
      await attempt(() => fleet.distrust(id, 'unverified'))
  }
  look(laptop)
}

async function removed(laptop: Laptop, isBack: boolean): Promise<void> {
  if (isAway || laptop.isGone !== isBack) return
  if (isBack) {
    const record = records.get(laptop.id)
    if (record) await enrolled(disk, clock.now(), { ...record, tags: [laptop.tag] })
    Object.assign(laptop, { ...unheard(), isGone: false })
    await fleet.add(laptop.id)
  } else {
    await fleet.remove(laptop.id)
    Object.assign(laptop, { isGone: true, isLockedOut: false, isDoubted: false, sequence: 0 })
    count.removals += 1
  }
  look(laptop)
}

function usePolicy(index: number): void {
  const now = clock.now()
  asksSince = index % 2 === 1 ? now.getTime() : null
  if (asksSince !== null) for (const laptop of laptops) newlyAsked(laptop, 'screen-lock', known())
  policy = { ...(POLICIES[index % 2] ?? POLICIES[0]), version: policy.version + 1, since: now }
  fleet.usePolicy(policy)
}

const anyTime = () => START.getTime() + random.below(DAYS * DAY)

type Happening = { at: number; what: () => Promise<void> | void }

/** Laptops come for a few hours now and then, and report every twenty minutes or so while they are there. */
function* timetable(): Generator<Happening> {
  for (const laptop of laptops) {
    for (let session = 0; session < 4; session += 1) {
      let at = anyTime()
      for (let reports = 2 + random.below(9); reports > 0; reports -= 1) {
        yield { at, what: () => reported(laptop) }
        at += 15 * MINUTE + random.below(20 * MINUTE)
      }
    }
  }
  const often: [number, () => Promise<void> | void][] = [
    [40, granted],
    [10, ended],
    [8, restarted],
    [8, crashed],
    [8, wasSet],
    [4, () => void (isAway = true)],
  ]
  for (const [times, what] of often) {
    for (let index = 0; index < times; index += 1) yield { at: anyTime() + 5 * HOUR, what }
  }
  for (let index = 0; index < 48; index += 1)
    yield { at: START.getTime() + index * 15 * HOUR, what: () => void (isAway = false) }
  for (const [index, laptop] of laptops.entries()) {
    const what = index % 40 === 0 ? removed : index % 10 === 0 ? changed : null
    if (!what) continue
    const at = anyTime()
    const kind = (index / 10) % 3
    yield { at, what: () => what(laptop, false, kind) }
    yield { at: at + HOUR + random.below(2 * DAY), what: () => what(laptop, true, kind) }
  }
  for (const [index, at] of CHANGES.entries()) yield { at, what: () => usePolicy(index + 1) }
}

beforeAll(async () => {
  disk = openSqlite(':memory:')
  clock = heldClock()
  for (let index = 0; index < DEVICES; index += 1) {
    const tag = `team-${index % 50}`
    const { id } = await enrolled(disk, START, { tags: [tag] })
    const state = await disk.loadDevice(id)
    if (state) records.set(id, state.device)
    laptops.push(newLaptop(id, tag))
  }
  await opened()
  await fleet.settled()
  const queue = new TinyQueue([...timetable()], (a, b) => a.at - b.at)
  for (let next = queue.pop(); next; next = queue.pop()) {
    // A restart, or a clock that was set, may have taken us beyond the next happening.
    if (next.at > clock.now().getTime()) await passUntil(next.at)
    await next.what()
    if (random.oneIn(20)) for (const laptop of laptops.slice(0, 50)) look(laptop)
  }
  isAway = false
  await passUntil(clock.now().getTime() + DAY)
  for (const laptop of laptops) look(laptop)
}, 120_000)
afterAll(() => disk.close())

describe('a month of a thousand laptops', () => {
  test('was a full one', () => {
    expect(count.reports).toBeGreaterThan(20_000)
    expect(count.refused).toBeGreaterThan(20)
    expect(count).toMatchObject({ sets: 8 })
    expect(Math.min(count.restarts, count.crashes)).toBeGreaterThan(5)
    expect(count.removals).toBeGreaterThan(15)
    expect(told.length).toBeGreaterThan(10_000)
    expect(announced.size).toBeGreaterThan(1000)
  })

  test('never said better than what was reported allows', () => {
    expect(problems.slice(0, 10)).toEqual([])
  })

  test('told each change of standing once, each from what the one before left', async () => {
    const breaks: string[] = []
    const byDevice = Map.groupBy(told, ({ deviceId }) => deviceId)
    for (const { id } of laptops) {
      const changes = byDevice.get(id) ?? []
      let before: string[] = []
      for (const change of changes) {
        if (change.before.join() !== before.join()) breaks.push(`${id} ${change.at.toISOString()}`)
        before = change.after
      }
      if (before.join() !== (fleet.standing(id)?.tiers ?? []).join()) breaks.push(`${id} at the end`)
      const kept = await disk.standingChanges({ deviceId: id })
      if (kept.length !== changes.length) breaks.push(`${id}: ${kept.length} kept, ${changes.length} told`)
    }
    expect(breaks.slice(0, 10)).toEqual([])
  })

  test('its history leads to the present, and each deadline fired once at its own time', async () => {
    const breaks: string[] = []
    let fired = 0
    for (const { id } of laptops) {
      const history = await disk.transitions({ deviceId: id })
      const last = new Map<string, { to: string | null; at: number; late: number }>()
      const ends = new Set<string>()
      for (const { check, from, to, at, evidence } of history) {
        const before = last.get(check) ?? { to: null, at: 0, late: 0 }
        if (before.to !== from) breaks.push(`${id} ${check}: ${String(before.to)}, then from ${String(from)}`)
        // Time goes back only where the clock was set back.
        const late = before.late + (before.at > at.getTime() ? 1 : 0)
        if (late > count.sets) breaks.push(`${id} ${check}: ${at.toISOString()} comes late`)
        if (to !== 'unknown' && to !== null && evidence === null)
          breaks.push(`${id} ${check}: no evidence behind ${to}`)
        last.set(check, { to, at: at.getTime(), late })
        if (from === 'grace' && to === 'fail') {
          const end = `${id} ${check} ${at.toISOString()}`
          if (ends.has(end)) breaks.push(`${end} fired twice`)
          ends.add(end)
          if (announced.has(end)) fired += 1
        }
      }
      const replayed = [...verdictsAt(history, clock.now())].map(([check, { to }]) => `${check} ${String(to)}`)
      const present = presentOf(fleet.standing(id))
      if (replayed.toSorted().join() !== present) breaks.push(`${id}: ${replayed.join()} is not ${present}`)
    }
    expect(breaks.slice(0, 10)).toEqual([])
    expect(fired).toBeGreaterThan(50)
  })
})

const presentOf = (standing: Standing | null) =>
  (standing?.checks ?? [])
    .map(({ id, verdict }) => `${id} ${verdict}`)
    .toSorted()
    .join()
