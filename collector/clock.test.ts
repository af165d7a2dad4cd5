import { describe, expect, test } from 'vitest'
import { openClock } from './clock.ts'

const START = Date.parse('2026-11-24T08:00:00Z')
const DAY = 86_400_000

/** A machine whose time goes by and whose clock can be set. */
function machine() {
  let wall = START
  let uptime = 3600
  const told: number[] = []
  const clock = openClock({ wall: () => new Date(wall), uptime: () => uptime })
  clock.onSet((milliseconds) => told.push(milliseconds))
  return {
    told,
    now: () => clock.now().getTime() - START,
    pass(milliseconds: number) {
      wall += milliseconds
      uptime += milliseconds / 1000
    },
    set: (milliseconds: number) => void (wall += milliseconds),
  }
}

describe('a clock', () => {
  test('says nothing of time that goes by, however long it was asleep', () => {
    const it = machine()
    it.pass(1000)
    it.now()
    it.pass(3 * DAY)
    expect(it.now()).toBe(3 * DAY + 1000)
    expect(it.told).toEqual([])
  })

  test.each([DAY, -DAY, 60_000, -3600_000])('tells once of being set by %i ms', (milliseconds) => {
    const it = machine()
    it.set(milliseconds)
    expect(it.now()).toBe(milliseconds)
    it.pass(1000)
    it.now()
    expect(it.told).toEqual([milliseconds])
  })

  test('takes small corrections, also when they add up', () => {
    const it = machine()
    for (let count = 0; count < 100; count += 1) {
      it.pass(5000)
      it.set(400)
      it.now()
    }
    expect(it.told).toEqual([])
  })
})
