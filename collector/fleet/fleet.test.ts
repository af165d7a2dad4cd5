import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import type { FakeDevice } from '../../test/fakes/device.ts'
import { factsOf, healthyFacts, healthyValues } from '../../test/fakes/facts.ts'
import {
  enrolled,
  fleetOver,
  heldClock,
  inForce,
  ISSUER,
  reportOf,
  START,
  type HeldClock,
} from '../../test/fakes/fleet.ts'
import { verdictsAt } from '../appraisal/history.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { StandingChange, Store } from '../store/store.ts'
import type { Fleet, FleetOptions } from './fleet.ts'

let store: Store
let fleet: Fleet
let clock: HeldClock
let device: FakeDevice
let changes: StandingChange[]
let statuses: { deviceId: string; tiers: readonly string[]; revoked: boolean }[]
/** What the test lets happen between a write's start and its end. */
let meanwhile: () => Promise<unknown>
let isBroken: boolean

const refuse = () => Promise.reject(new MusterError('store-unavailable'))

beforeEach(async () => {
  const sqlite = openSqlite(':memory:')
  meanwhile = () => Promise.resolve()
  isBroken = false
  changes = []
  statuses = []
  clock = heldClock()
  store = {
    ...sqlite,
    async saveReport(record) {
      if (isBroken) return refuse()
      const saved = await sqlite.saveReport(record)
      await meanwhile()
      return saved
    },
    saveOutcome: (id, outcome) => (isBroken ? refuse() : sqlite.saveOutcome(id, outcome)),
    setIdentity: (id, identity) => (isBroken ? refuse() : sqlite.setIdentity(id, identity)),
    setStatus: (id, status) => (isBroken ? refuse() : sqlite.setStatus(id, status)),
  }
  device = await enrolled(store, START)
  fleet = await opened()
})
afterEach(() => store.close())

async function opened(otherwise: Partial<FleetOptions> = {}): Promise<Fleet> {
  const it = await fleetOver(store, clock, {
    ...otherwise,
    statuses: {
      reference: async () => ({ idx: 1, uri: 'https://muster.example/v1/status-lists/1' }),
      standingChanged: async (change) => void statuses.push(change),
    },
  })
  it.onChange((change) => changes.push(change))
  await it.settled()
  return it
}

const healthy = (sequence: number) => reportOf(device, sequence, healthyFacts(clock.now()), clock.now())
const unprotected = (sequence: number) => {
  const now = clock.now()
  const values = { ...healthyValues(now), 'endpoint-protection': { products: [] } }
  return reportOf(device, sequence, factsOf(values, now), now)
}
const open = async (sequence: number) => {
  const now = clock.now()
  return reportOf(device, sequence, factsOf({ ...healthyValues(now), firewall: { enabled: false } }, now), now)
}
/** Its firewall may be off for an hour. */
const GRACED = inForce(
  '{ version: 1, freshness: 15m, tiers: { public: [], restricted: [firewall] }, default-tier: public, checks: { firewall: { grace: 1h } } }',
)
/** Definitions that are older than this fail. */
const within = (age: string) =>
  inForce(
    `{ version: 1, freshness: 15m, tiers: { public: [], restricted: [endpoint-protection] }, default-tier: public, checks: { endpoint-protection: { definitions: ${age} } } }`,
  )

const settledNow = async () => {
  fleet.wake()
  await fleet.settled()
}
const tiers = () => fleet.standing(device.id)?.tiers
const moved = () => changes.map(({ before, after }) => [before.at(-1) ?? '', after.at(-1) ?? ''])

describe('doubt', () => {
  test('a good report admits, and what closes the gate is doubt of the key', async () => {
    expect((await fleet.report(device.id, await healthy(1))).standing.tiers).toContain('restricted')
    await fleet.distrust(device.id, 'conflict')
    expect(tiers()).toEqual([])
    expect(statuses.at(-1)).toEqual({ deviceId: device.id, tiers: [], revoked: true })
  })

  test('is in force even where it cannot be written down', async () => {
    await fleet.report(device.id, await healthy(1))
    isBroken = true
    await expect(fleet.distrust(device.id, 'conflict')).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(tiers()).toEqual([])
  })

  test.each(['conflict', 'unverified'] as const)(
    'a report that was being stored does not take %s back, in its answer or afterwards',
    async (identity) => {
      await fleet.report(device.id, await healthy(1))
      meanwhile = () => fleet.distrust(device.id, identity)
      expect((await fleet.report(device.id, await healthy(2))).standing.tiers).toEqual([])
      expect(tiers()).toEqual([])
    },
  )

  test('of a copied key is raised by a sequence that was used before', async () => {
    await fleet.report(device.id, await healthy(2))
    await expect(fleet.report(device.id, await healthy(2))).rejects.toMatchObject({ code: 'identity-conflict' })
    expect(tiers()).toEqual([])
    expect((await store.loadDevice(device.id))?.device.identity).toBe('conflict')
  })

  test('that could not be written is written when the store is back, and survives a restart', async () => {
    await fleet.report(device.id, await healthy(1))
    isBroken = true
    await expect(fleet.distrust(device.id, 'conflict')).rejects.toMatchObject({ code: 'store-unavailable' })
    fleet.wake()
    await fleet.settled()
    isBroken = false
    fleet.wake()
    await fleet.settled()
    fleet = await opened()
    expect(tiers()).toEqual([])
  })

  test('good evidence mends bad evidence, but never a copied key', async () => {
    await fleet.distrust(device.id, 'unverified')
    expect((await fleet.report(device.id, await healthy(1))).standing.tiers).toContain('restricted')
    expect((await store.loadDevice(device.id))?.device.identity).toBe('recognised')
    await fleet.distrust(device.id, 'conflict')
    await fleet.distrust(device.id, 'unverified')
    expect((await fleet.report(device.id, await healthy(2))).standing.tiers).toEqual([])
  })

  test('is raised by two machines that take turns with one key, and by no other restart', async () => {
    for (const boot of ['a', 'a', 'b', 'c']) await fleet.arrive(device.id, boot)
    expect(fleet.find(device.id)?.identity).toBe('recognised')
    await expect(fleet.arrive(device.id, 'b')).rejects.toMatchObject({ code: 'identity-conflict' })
    expect(fleet.find(device.id)?.identity).toBe('conflict')
  })

  test('remembers no more machines than it needs', async () => {
    for (let boot = 0; boot < 20; boot += 1) await fleet.arrive(device.id, `boot ${boot}`)
    expect((await store.loadDevice(device.id))?.bootIds).toHaveLength(8)
  })
})

describe('a device that is removed', () => {
  test('while its report was being stored is not brought back', async () => {
    const removed: Promise<void>[] = []
    meanwhile = async () => void removed.push(fleet.remove(device.id))
    expect(await fleet.report(device.id, await healthy(1))).toMatchObject({
      standing: { tiers: [] },
      attestation: null,
    })
    await removed[0]
    expect(fleet.standing(device.id)).toBeNull()
    await expect(fleet.report(device.id, await healthy(2))).rejects.toMatchObject({ code: 'device-unknown' })
  })

  test('leaves its attestations revoked, and a history that comes to its end', async () => {
    await fleet.report(device.id, await healthy(1))
    await fleet.remove(device.id)
    await fleet.settled()
    expect(statuses.at(-1)).toEqual({ deviceId: device.id, tiers: [], revoked: true })
    const history = await store.transitions({ deviceId: device.id })
    expect(history.slice(-7).map(({ from, to }) => [from, to])).toEqual(Array.from({ length: 7 }, () => ['pass', null]))
    expect(moved().at(-1)).toEqual(['restricted', ''])
    expect(await store.standingChanges({ deviceId: device.id })).toEqual(changes)
  })

  test('takes along what was not written of it yet: a loss that nobody was told of would be one for ever', async () => {
    await fleet.report(device.id, await healthy(1))
    const { saveOutcome } = store
    store.saveOutcome = refuse
    await fleet.remove(device.id)
    store.saveOutcome = saveOutcome
    // Whoever comes next on this store finds what was lost.
    const [last] = (await store.standingChanges({ deviceId: device.id })).slice(-1)
    expect(last).toMatchObject({ after: [], cause: 'admin', status: 'locked-out' })
    const history = await store.transitions({ deviceId: device.id })
    expect(history.slice(-7).map(({ from, to }) => [from, to])).toEqual(Array.from({ length: 7 }, () => ['pass', null]))
  })

  test('stays, locked out, where that cannot be written, and can be removed again', async () => {
    await fleet.report(device.id, await healthy(1))
    const { removeDevice } = store
    store.removeDevice = refuse
    await expect(fleet.remove(device.id)).rejects.toMatchObject({ code: 'store-unavailable' })
    store.removeDevice = removeDevice
    expect(fleet.standing(device.id)).toMatchObject({ status: 'locked-out', tiers: [] })
    await fleet.remove(device.id)
    expect(fleet.find(device.id)).toBeNull()
    expect(await store.loadDevice(device.id)).toBeNull()
  })
})

describe('what an admin does', () => {
  test('a device that is locked out may use nothing, at once, and again when it is readmitted', async () => {
    await fleet.report(device.id, await healthy(1))
    await fleet.setStatus(device.id, 'locked-out')
    expect(tiers()).toEqual([])
    expect(statuses.at(-1)?.revoked).toBe(true)
    await fleet.setStatus(device.id, 'active')
    expect(tiers()).toContain('restricted')
    expect(moved()).toEqual([
      ['', 'public'],
      ['public', 'restricted'],
      ['restricted', ''],
      ['', 'restricted'],
    ])
  })

  test('a device that waits for approval is attested to nobody', async () => {
    await fleet.report(device.id, await healthy(1))
    await fleet.setStatus(device.id, 'pending')
    await expect(fleet.attestation(device.id, ISSUER)).rejects.toMatchObject({ code: 'not-admitted' })
    expect((await fleet.report(device.id, await healthy(2))).attestation).toBeNull()
  })

  test('a lock counts though the store is away, and a report under way does not open it', async () => {
    await fleet.report(device.id, await healthy(1))
    isBroken = true
    await expect(fleet.setStatus(device.id, 'locked-out')).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(tiers()).toEqual([])
    isBroken = false
    await fleet.setStatus(device.id, 'active')
    meanwhile = () => fleet.setStatus(device.id, 'locked-out')
    expect((await fleet.report(device.id, await healthy(2))).standing.tiers).toEqual([])
    expect(tiers()).toEqual([])
  })
})

describe('reports', () => {
  test('of one device are taken one after the other, however many come at once', async () => {
    const reports = await Promise.all([unprotected(1), healthy(2), healthy(3), unprotected(4)])
    const answers = await Promise.all(reports.map((it) => fleet.report(device.id, it)))
    expect(answers.map(({ standing }) => standing.tiers.at(-1))).toEqual([
      'internal',
      'restricted',
      'restricted',
      'internal',
    ])
    const told = await store.transitions({ deviceId: device.id, check: 'endpoint-protection' })
    expect(told.map(({ to }) => to)).toEqual(['unknown', 'fail', 'pass', 'fail'])
  })

  test('give the number that the next one has to be above', async () => {
    await fleet.report(device.id, await healthy(7))
    expect(fleet.sessionDevice(device.id)?.lastSequence).toBe(7)
  })

  test('write what time did just before along with what they say', async () => {
    await fleet.report(device.id, await healthy(1))
    clock.pass(60 * 60_000)
    const { saveOutcome } = store
    store.saveOutcome = refuse
    await fleet.report(device.id, await healthy(2))
    store.saveOutcome = saveOutcome
    const told = await store.transitions({ deviceId: device.id, check: 'firewall' })
    expect(told.map(({ to }) => to)).toEqual(['unknown', 'pass', 'stale', 'pass'])
  })

  test('confirm the newest evidence and no other', async () => {
    const [good, bad] = [await healthy(1), await unprotected(2)]
    await fleet.report(device.id, bad)
    const confirmed = (sequence: number, of: string) =>
      fleet.report(device.id, { kind: 'unchanged', sequence, digest: of })
    await expect(confirmed(3, good.digest)).rejects.toMatchObject({ code: 'message-unexpected' })
    expect((await confirmed(3, bad.digest)).standing.tiers).toEqual(['public', 'internal'])
  })

  test('that could not be stored and count all the same are asked for in full', async () => {
    await fleet.report(device.id, await healthy(1))
    isBroken = true
    const bad = await unprotected(2)
    await expect(fleet.report(device.id, bad)).rejects.toMatchObject({ code: 'store-unavailable' })
    isBroken = false
    expect(fleet.sessionDevice(device.id)?.evidenceDigest).toBeNull()
    const unchanged = { kind: 'unchanged', sequence: 3, digest: bad.digest } as const
    await expect(fleet.report(device.id, unchanged)).rejects.toMatchObject({ code: 'message-unexpected' })
    await fleet.report(device.id, await unprotected(3))
    expect(fleet.sessionDevice(device.id)?.evidenceDigest).not.toBeNull()
  })

  test('whose storing fails leave nothing untold of what happened meanwhile', async () => {
    await fleet.report(device.id, await healthy(1))
    changes = []
    const { saveReport } = store
    store.saveReport = async () => {
      void fleet.setStatus(device.id, 'locked-out')
      await Promise.resolve()
      return refuse()
    }
    await expect(fleet.report(device.id, await healthy(2))).rejects.toMatchObject({ code: 'store-unavailable' })
    store.saveReport = saveReport
    expect(moved()).toEqual([['restricted', '']])
  })
})

describe('loss of standing', () => {
  test('is told once for each change of the tiers, with the checks behind it', async () => {
    await fleet.report(device.id, await healthy(1))
    changes = []
    await fleet.report(device.id, await unprotected(2))
    await fleet.report(device.id, await unprotected(3))
    expect(changes).toMatchObject([
      {
        deviceId: device.id,
        before: ['public', 'internal', 'confidential', 'restricted'],
        after: ['public', 'internal'],
        status: 'active',
        checks: ['endpoint-protection'],
      },
    ])
  })

  test('counts before it is written, and its history is written when the store is back', async () => {
    await fleet.report(device.id, await healthy(1))
    isBroken = true
    await expect(fleet.report(device.id, await unprotected(2))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(tiers()).toEqual(['public', 'internal'])
    isBroken = false
    fleet.wake()
    await fleet.settled()
    const told = await store.transitions({ deviceId: device.id, check: 'endpoint-protection' })
    expect(told.map(({ from, to }) => [from, to])).toEqual([
      [null, 'unknown'],
      ['unknown', 'pass'],
      ['pass', 'fail'],
    ])
  })

  test('by time alone is told to the status lists too', async () => {
    await fleet.report(device.id, await healthy(1))
    clock.pass(15 * 60_000)
    await settledNow()
    expect(statuses.at(-1)).toEqual({ deviceId: device.id, tiers: ['public'], revoked: false })
  })

  test('of a device that could use nothing is told to the status lists when it is locked out', async () => {
    await fleet.setStatus(device.id, 'pending')
    await fleet.setStatus(device.id, 'locked-out')
    expect(statuses.at(-1)).toEqual({ deviceId: device.id, tiers: [], revoked: true })
  })

  test('is told to all, though one who is told of it makes a mistake', async () => {
    const told: StandingChange[] = []
    fleet.onChange(() => {
      throw new Error('a mistake')
    })
    fleet.onChange((change) => told.push(change))
    await fleet.report(device.id, await healthy(1))
    expect(told).toHaveLength(1)
    expect(await store.standingChanges({ deviceId: device.id })).toHaveLength(2)
  })

  test('a gain never counts before it is written', async () => {
    await fleet.report(device.id, await unprotected(1))
    isBroken = true
    await expect(fleet.report(device.id, await healthy(2))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(tiers()).toEqual(['public', 'internal'])
  })
})

describe('time', () => {
  const MINUTE = 60_000

  test('closes by itself when the report runs out, at that moment', async () => {
    await fleet.report(device.id, await healthy(1))
    changes = []
    clock.pass(14 * MINUTE)
    fleet.wake()
    await fleet.settled()
    expect(changes).toEqual([])
    clock.pass(3 * MINUTE)
    fleet.wake()
    await fleet.settled()
    const end = new Date(START.getTime() + 15 * MINUTE)
    expect(changes).toMatchObject([{ at: end, after: ['public'] }])
    const stale = await store.transitions({ deviceId: device.id, from: end })
    expect(stale.map(({ to, at }) => [to, at])).toEqual(Array.from({ length: 7 }, () => ['stale', end]))
  })

  test('closes too where nobody woke: whoever asks is told what holds now', async () => {
    await fleet.report(device.id, await healthy(1))
    clock.pass(15 * MINUTE)
    expect(tiers()).toEqual(['public'])
  })

  test('is made up for after a restart, each moment at its own time and told once', async () => {
    await fleet.report(device.id, await healthy(1))
    await fleet.settled()
    changes = []
    clock.pass(60 * MINUTE)
    fleet = await opened()
    fleet = await opened()
    expect(moved()).toEqual([['restricted', 'public']])
    expect(await store.standingChanges({ deviceId: device.id })).toMatchObject([
      { after: ['public'] },
      { after: ['public', 'internal', 'confidential', 'restricted'] },
      { at: new Date(START.getTime() + 15 * MINUTE), after: ['public'] },
    ])
  })

  test('a clock that is set forward a day revokes nobody, and one set back keeps no report alive', async () => {
    await fleet.report(device.id, await healthy(1))
    for (const days of [1, -1, -1]) {
      clock.set(days * 86_400_000)
      fleet.wake()
      await fleet.settled()
      expect(tiers()).toContain('restricted')
    }
    clock.pass(15 * MINUTE)
    fleet.wake()
    await fleet.settled()
    expect(tiers()).toEqual(['public'])
  })

  const DAY = 1440 * MINUTE
  test.each([
    ['forth and back', [DAY, -DAY]],
    ['back and forth', [-DAY, DAY]],
    ['a year ahead', [365 * DAY]],
    ['a year back', [-365 * DAY]],
    ['by an hour each time', [60 * MINUTE, 60 * MINUTE, -60 * MINUTE, 60 * MINUTE]],
  ])('a clock that is set %s revokes nobody and keeps nothing alive', async (_, moves) => {
    // No date of what the device says matters here: only when it said so.
    const policy = inForce(
      '{ version: 1, freshness: 15m, tiers: { public: [], restricted: [firewall] }, default-tier: public }',
    )
    fleet = await opened({ policy })
    await fleet.report(device.id, await healthy(1))
    changes = []
    for (const by of moves) {
      clock.set(by)
      await settledNow()
      clock.pass(MINUTE)
    }
    expect(tiers()).toContain('restricted')
    expect(changes).toEqual([])
    const end = clock.now().getTime() + (15 - moves.length) * MINUTE
    expect(fleet.wake()).toEqual(new Date(end))
    clock.pass((15 - moves.length) * MINUTE)
    await settledNow()
    expect(changes).toMatchObject([{ at: new Date(end), after: ['public'] }])
  })

  test.each([DAY, -DAY])('a clock that is set by %i ms while a report is being stored does the same', async (by) => {
    meanwhile = async () => {
      clock.set(by)
      clock.now()
    }
    expect((await fleet.report(device.id, await healthy(1))).standing.tiers).toContain('restricted')
    clock.pass(14 * MINUTE)
    await settledNow()
    expect(tiers()).toContain('restricted')
    clock.pass(MINUTE)
    await settledNow()
    expect(tiers()).toEqual(['public'])
  })

  test('a grace that would have ended in time that the clock has skipped ends when it was set', async () => {
    fleet = await opened({ policy: GRACED })
    await fleet.report(device.id, await healthy(1))
    await fleet.report(device.id, await open(2))
    expect(tiers()).toContain('restricted')
    clock.set(DAY)
    await settledNow()
    expect(tiers()).toEqual(['public'])
    expect((await store.transitions({ deviceId: device.id })).at(-1)).toMatchObject({ to: 'fail', at: clock.now() })
  })

  test('a grace that ran when the clock was set back has its end written, for a restart', async () => {
    fleet = await opened({ policy: GRACED })
    await fleet.report(device.id, await healthy(1))
    clock.pass(5 * MINUTE)
    await fleet.report(device.id, await open(2))
    clock.set(-DAY)
    await settledNow()
    const kept = (await store.loadDevice(device.id))?.conclusion?.memory.firewall
    expect(kept?.failingSince).toEqual(clock.now())
  })

  test('a clock that is set back after a restart leaves each report as old as it is', async () => {
    await fleet.report(device.id, await healthy(1))
    clock.pass(MINUTE)
    fleet = await opened()
    clock.set(-DAY)
    await settledNow()
    expect(tiers()).toContain('restricted')
    clock.pass(DAY)
    expect(tiers()).toEqual(['public'])
  })

  test('a clock that is set back has what it said of the future told anew', async () => {
    clock.set(-DAY)
    await settledNow()
    const said = verdictsAt(await store.transitions({ deviceId: device.id }), clock.now())
    expect(said.size).toBe(fleet.standing(device.id)?.checks.length)
  })

  test('a moment that comes sooner by another policy is kept for a restart, though nothing else changed', async () => {
    fleet = await opened({ policy: within('7d') })
    await fleet.report(device.id, await healthy(1)) // its definitions are three hours old
    const sooner = { ...within('190m'), version: 2 }
    fleet.usePolicy(sooner)
    await fleet.settled()
    clock.pass(60 * MINUTE)
    fleet = await opened({ policy: sooner })
    const told = await store.transitions({ deviceId: device.id, from: new Date(START.getTime() + MINUTE) })
    expect(told.map(({ to, at }) => [to, (at.getTime() - START.getTime()) / MINUTE])).toEqual([
      ['fail', 10],
      ['stale', 15],
    ])
  })

  test('a check counts from the policy that began to count it, also where a restart has come since', async () => {
    const counted = (mode: string, version: number) =>
      inForce(
        `{ version: 1, freshness: 15m, tiers: { public: [], restricted: [firewall, secure-boot] }, default-tier: public, checks: { firewall: { mode: ${mode}, grace: 2h } } } # ${version}`,
        version,
        clock.now(),
      )
    fleet = await opened({ policy: counted('report', 1) })
    await fleet.report(device.id, await open(1))
    clock.pass(20 * MINUTE)
    await settledNow()
    const began = clock.now()
    for (const version of [2, 3]) {
      fleet.usePolicy(counted('enforce', version))
      await fleet.settled()
      clock.pass(10 * MINUTE)
    }
    fleet = await opened({ policy: fleet.policy() })
    await fleet.report(device.id, await open(2))
    const deadline = new Date(began.getTime() + 120 * MINUTE).toISOString()
    expect(fleet.standing(device.id)?.checks).toMatchObject([{ verdict: 'grace', deadline }, {}])
  })

  test('a machine that slept has grown older', async () => {
    await fleet.report(device.id, await healthy(1))
    clock.pass(3 * DAY)
    await settledNow()
    expect(tiers()).toEqual(['public'])
  })

  test('a report that was stored under a clock a day ahead says nothing after a restart, nor when time gets there', async () => {
    clock.set(DAY)
    await fleet.report(device.id, await healthy(1))
    clock = heldClock()
    fleet = await opened()
    expect(tiers()).toEqual(['public'])
    clock.pass(DAY)
    expect(tiers()).toEqual(['public'])
  })

  test('a clock that was behind at the start makes no old report fresh when it is set right', async () => {
    await fleet.report(device.id, await healthy(1))
    clock = heldClock(new Date(START.getTime() + MINUTE))
    fleet = await opened()
    clock.set(60 * MINUTE)
    await settledNow()
    expect(tiers()).toEqual(['public'])
    await fleet.report(device.id, await healthy(2))
    clock.set(60 * MINUTE)
    expect(tiers()).toContain('restricted')
  })

  test('a clock that is corrected a little leaves a history that leads to the present', async () => {
    for (const report of [healthy, unprotected, healthy, unprotected]) {
      await fleet.report(device.id, await report(changes.length + 1))
      clock.set(-3000)
      clock.pass(1000)
    }
    const history = await store.transitions({ deviceId: device.id })
    clock.pass(MINUTE)
    const present = new Map(fleet.standing(device.id)?.checks.map(({ id, verdict }) => [id, verdict]))
    for (const [id, { to }] of verdictsAt(history, clock.now())) expect([id, to]).toEqual([id, present.get(id)])
  })
})

describe('judging everybody again', () => {
  test('writes nothing where it finds nothing new', async () => {
    await fleet.report(device.id, await healthy(1))
    let writes = 0
    const { saveOutcome } = store
    store.saveOutcome = (...given) => {
      writes += 1
      return saveOutcome(...given)
    }
    fleet.useExceptions([])
    await fleet.settled()
    expect(writes).toBe(0)
  })

  test('goes on where one of them cannot be judged', async () => {
    const other = await enrolled(store, START)
    const problems: unknown[] = []
    const { policy, ...rest } = fleet.policy()
    const broken = {
      ...policy,
      checksFor(it: Parameters<typeof policy.checksFor>[0]) {
        if (it.id === device.id) throw new Error('a mistake')
        return policy.checksFor(it)
      },
    }
    fleet = await fleetOver(store, clock, { policy: { ...rest, policy: broken }, onError: (it) => problems.push(it) })
    await fleet.settled()
    expect(problems).toHaveLength(1)
    expect(() => fleet.standing(device.id)).toThrow('a mistake')
    expect(await store.transitions({ deviceId: other.id })).not.toEqual([])
  })
})
