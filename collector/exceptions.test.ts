import { afterEach, beforeEach, expect, test } from 'vitest'
import { heldClock, START, type HeldClock } from '../test/fakes/fleet.ts'
import { isInForce, openExceptions } from './exceptions.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

let store: Store
let clock: HeldClock
beforeEach(() => {
  store = openSqlite(':memory:')
  clock = heldClock()
})
afterEach(() => store.close())

const asked = {
  target: { tag: 'lab' },
  check: 'firewall',
  reason: 'a reason',
  approver: 'anna',
  expiresAt: new Date(START.getTime() + 86_400_000),
} as const

test('an exception is told of when it is granted and when it is ended, and outlives a restart', async () => {
  const exceptions = await openExceptions(store, clock.now)
  const told: string[][] = []
  exceptions.onChange((inForce) => told.push(inForce.map(({ id }) => id)))
  const first = await exceptions.grant(asked)
  const second = await exceptions.grant({ ...asked, check: 'screen-lock' })
  await exceptions.end(first.id, 'ben')
  expect(told).toEqual([[first.id], [second.id, first.id], [second.id]])
  const again = await openExceptions(store, clock.now)
  expect(again.counting()).toEqual(exceptions.counting())
  expect(again.all().map(({ id }) => id)).toEqual([second.id, first.id])
})

test('one that is over is in force for nobody, and cannot be ended', async () => {
  const exceptions = await openExceptions(store, clock.now)
  const { id } = await exceptions.grant(asked)
  clock.pass(86_400_000)
  expect(exceptions.all().filter((it) => isInForce(it, clock.now()))).toEqual([])
  await expect(exceptions.end(id, 'ben')).rejects.toMatchObject({ code: 'exception-unknown' })
})

const refuse = () => Promise.reject(new Error('the disk is full'))

test('one that could not be written is not in force', async () => {
  const exceptions = await openExceptions({ ...store, addException: refuse, endException: refuse }, clock.now)
  const told: unknown[] = []
  exceptions.onChange((inForce) => told.push(inForce))
  await expect(exceptions.grant(asked)).rejects.toThrow('disk is full')
  expect([exceptions.all(), told]).toEqual([[], []])
})

test('one that two people end at the same time ends once', async () => {
  const exceptions = await openExceptions(store, clock.now)
  const { id } = await exceptions.grant(asked)
  const ends = await Promise.allSettled([exceptions.end(id, 'anna'), exceptions.end(id, 'ben')])
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})
