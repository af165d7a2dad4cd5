import { describe, expect, test } from 'vitest'
import { chance } from '../../test/fakes/chance.ts'
import {
  drawEntry,
  keptUntil,
  leaseFor,
  leasedUntil,
  restedBefore,
  statusOf,
  statusUnder,
  type HeldLease,
  type LeaseStanding,
  type LeaseStatus,
} from './status-leases.ts'

const NOW = new Date('2026-11-24T08:00:00Z')
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

const PIC = ['public', 'internal', 'confidential']
const PI = ['public', 'internal']

const lease = (more: Partial<HeldLease> = {}): HeldLease => ({
  list: 1,
  index: 7,
  deviceId: 'dev_1',
  tiers: PIC,
  status: 0,
  until: after(86_400),
  last: after(600),
  ...more,
})
const admitted = (tiers: readonly string[]): LeaseStanding => ({ tiers, revoked: false })
const revoked: LeaseStanding = { tiers: [], revoked: true }

describe('what is true of tiers', () => {
  test.each<{ name: string; standing: LeaseStanding | undefined; tiers: string[]; status: LeaseStatus }>([
    { name: 'valid where nobody told of the device', standing: undefined, tiers: PIC, status: 0 },
    { name: 'valid where the device has them', standing: admitted(PIC), tiers: PIC, status: 0 },
    { name: 'valid where it has more', standing: admitted(PIC), tiers: PI, status: 0 },
    { name: 'valid where there are none', standing: admitted([]), tiers: [], status: 0 },
    { name: 'lost where it has fewer', standing: admitted(PI), tiers: PIC, status: 2 },
    { name: 'lost where it has others', standing: admitted(['x', 'y', 'z']), tiers: PIC, status: 2 },
    { name: 'revoked where nobody should let it in', standing: revoked, tiers: [], status: 1 },
    { name: 'revoked whatever it has', standing: { tiers: PIC, revoked: true }, tiers: PI, status: 1 },
  ])('$name', ({ standing, tiers, status }) => {
    expect(statusOf(standing, tiers)).toBe(status)
  })
})

describe('an entry under a new standing', () => {
  test.each<{ name: string; held: HeldLease; standing: LeaseStanding; status: LeaseStatus }>([
    { name: 'stays while nothing is lost', held: lease(), standing: admitted(PIC), status: 0 },
    { name: 'is marked when a tier is lost', held: lease(), standing: admitted(PI), status: 2 },
    {
      name: 'stays when a tier is lost that it does not name',
      held: lease({ tiers: PI }),
      standing: admitted(PI),
      status: 0,
    },
    { name: 'stays marked when the tier comes back', held: lease({ status: 2 }), standing: admitted(PIC), status: 2 },
    { name: 'is revoked', held: lease(), standing: revoked, status: 1 },
    { name: 'is revoked after a tier was lost', held: lease({ status: 2 }), standing: revoked, status: 1 },
    {
      name: 'stays revoked when the device is let in again',
      held: lease({ status: 1 }),
      standing: admitted(PIC),
      status: 1,
    },
    {
      name: 'stays revoked when it loses a tier besides',
      held: lease({ status: 1 }),
      standing: admitted(PI),
      status: 1,
    },
    {
      name: 'is marked as long as a verifier whose clock is behind may take what names it for alive',
      held: lease({ last: after(-119) }),
      standing: admitted(PI),
      status: 2,
    },
    {
      name: 'is not marked when all that names it has ended',
      held: lease({ last: after(-120) }),
      standing: admitted(PI),
      status: 0,
    },
    {
      name: 'is revoked also then',
      held: lease({ last: after(-120) }),
      standing: revoked,
      status: 1,
    },
  ])('$name', ({ held, standing, status }) => {
    expect(statusUnder(standing, held, NOW)).toBe(status)
  })
})

describe('a lease is written', () => {
  test.each([
    { name: 'a day ahead', held: lease({ until: NOW }), until: after(86_400) },
    { name: 'further where an attestation needs it', held: lease({ last: after(90_000) }), until: after(90_000) },
    { name: 'to the end of what names it, once marked', held: lease({ status: 2 }), until: after(600) },
  ])('$name', ({ held, until }) => {
    expect(leasedUntil(held, NOW)).toEqual(until)
  })

  test.each([
    { name: 'as it was', held: lease(), until: after(86_400) },
    { name: 'to the end of what names it, once marked', held: lease({ status: 1 }), until: after(600) },
    { name: 'never short of what names it', held: lease({ until: new Date(0) }), until: after(600) },
  ])('again, when something of it changes, $name', ({ held, until }) => {
    expect(keptUntil(held)).toEqual(until)
  })

  test('and its entry rests for an hour after its end', () => {
    expect(restedBefore(NOW)).toEqual(after(-3600))
  })
})

describe('an attestation names', () => {
  const held = [lease({ index: 1, status: 2 }), lease({ index: 2, tiers: PI }), lease({ index: 3 })]
  test.each<{ name: string; tiers: string[]; status: LeaseStatus; index: number | undefined }>([
    { name: 'the entry of its tiers', tiers: PIC, status: 0, index: 3 },
    { name: 'the entry of its tiers in any order', tiers: ['internal', 'public'], status: 0, index: 2 },
    { name: 'one that is marked only where that is true', tiers: PIC, status: 2, index: 1 },
    { name: 'none of fewer tiers', tiers: ['public'], status: 0, index: undefined },
    { name: 'none of other tiers', tiers: ['public', 'secret'], status: 0, index: undefined },
    { name: 'none of another status', tiers: PI, status: 1, index: undefined },
  ])('$name', ({ tiers, status, index }) => {
    expect(leaseFor(held, tiers, status)?.index).toBe(index)
  })

  test('one that is marked where the device flutters, and a new one only of tiers that it never had', () => {
    const many = Array.from({ length: 200 }, (_, index) => lease({ index, status: 2 }))
    expect(leaseFor(many.slice(1), PIC, 0)).toBeUndefined()
    expect(leaseFor(many, PIC, 0)?.status).toBe(2)
    expect(leaseFor(many, PI, 0)).toBeUndefined()
    expect(leaseFor([...many, lease({ index: 200 })], PIC, 0)?.index).toBe(200)
  })
})

const room = (taken: number[], entries = 8) => ({
  taken: taken.length,
  entries,
  isTaken: (index: number) => taken.includes(index),
})

describe('an entry is drawn', () => {
  test('at random, and never one that is taken', () => {
    const chances = chance(1)
    const taken = [0, 2, 5]
    const drawn = Array.from({ length: 1000 }, () => drawEntry(new Map([[1, room(taken)]]), chances.below))
    const counts = Array.from({ length: 8 }, (_, index) => drawn.filter((it) => it?.index === index).length)
    expect(counts.map((count) => count > 120)).toEqual([false, true, false, true, true, false, true, true])
    expect(taken.map((index) => counts[index])).toEqual([0, 0, 0])
  })

  test('from the first list that is less than half full', () => {
    const lists = new Map([
      [3, room([0, 1, 2, 3])],
      [1, room([0, 1, 2])],
      [2, room([])],
    ])
    expect(drawEntry(lists, () => 5)).toEqual({ list: 1, index: 5 })
  })

  test('from none where all are half full', () => {
    expect(drawEntry(new Map([[1, room([0, 1, 2, 3])]]), () => 5)).toBeNull()
    expect(drawEntry(new Map(), () => 5)).toBeNull()
  })

  test('also by chance that always falls the same way', () => {
    expect(drawEntry(new Map([[1, room([6, 7, 0])]]), () => 6)).toEqual({ list: 1, index: 1 })
  })
})
