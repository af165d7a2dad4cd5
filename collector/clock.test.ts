import { describe, expect, test } from 'vitest'
import { chance } from '../test/fakes/chance.ts'
import { openClock } from './clock.ts'

const START = Date.parse('2026-11-24T08:00:00Z')
const SECOND = 1000
const DAY = 86_400 * SECOND

/** A machine whose time goes by, that sleeps, and whose clock can be set. */
function machine() {
  let wall = START
  let uptime = 3600
  let ran = 0
  let asked = 0
  const told: number[] = []
  const clock = openClock({
    wall: () => new Date(wall),
    uptime() {
      asked += 1
      return uptime
    },
    ran: () => ran,
  })
  clock.onSet((milliseconds) => told.push(milliseconds))
  const sleep = (milliseconds: number) => {
    wall += milliseconds
    uptime += milliseconds / 1000
  }
  return {
    told,
    asked: () => asked,
    now: () => clock.now().getTime() - START,
    sleep,
    pass(milliseconds: number) {
      sleep(milliseconds)
      ran += milliseconds
    },
    set: (milliseconds: number) => void (wall += milliseconds),
    /** The uptime is another by itself: a virtual machine was moved, or a container is told that of its host. */
    jump: (milliseconds: number) => void (uptime += milliseconds / 1000),
  }
}

describe('a clock', () => {
  test('says nothing of time that goes by, however long the machine was asleep', () => {
    const it = machine()
    it.pass(SECOND)
    it.now()
    it.sleep(3 * DAY)
    expect(it.now()).toBe(3 * DAY + SECOND)
    it.pass(DAY)
    it.now()
    expect(it.told).toEqual([])
  })

  test.each([DAY, -DAY, 365 * DAY, -365 * DAY, 60 * SECOND, -3600 * SECOND])(
    'tells once of being set by %i ms, at the first look',
    (milliseconds) => {
      const it = machine()
      it.set(milliseconds)
      expect(it.now()).toBe(milliseconds)
      expect(it.told).toEqual([milliseconds])
      it.pass(SECOND)
      it.now()
      it.pass(DAY)
      it.now()
      expect(it.told).toEqual([milliseconds])
    },
  )

  test('tells of being set while the machine was asleep, and not of the sleep', () => {
    const it = machine()
    it.sleep(2 * DAY)
    it.set(-DAY)
    it.now()
    expect(it.told).toEqual([-DAY])
  })

  test.each([DAY, -DAY])('an uptime that jumps by %i ms says nothing of the clock, then or later', (milliseconds) => {
    const it = machine()
    it.pass(2 * SECOND)
    it.jump(milliseconds)
    expect(it.now()).toBe(2 * SECOND)
    it.pass(DAY)
    it.now()
    expect(it.told).toEqual([])
    it.set(DAY)
    it.now()
    expect(it.told).toEqual([DAY])
  })

  test('takes small corrections, also when they add up', () => {
    const it = machine()
    for (let count = 0; count < 100; count += 1) {
      it.pass(5 * SECOND)
      it.set(400)
      it.now()
    }
    expect(it.told).toEqual([])
  })

  test('asks for the uptime about once a second, however often it is asked for the time', () => {
    const it = machine()
    const before = it.asked()
    for (let count = 0; count < 10_000; count += 1) {
      it.pass(1)
      it.now()
    }
    expect(it.asked() - before).toBe(10)
  })

  test('whatever happens in whatever order, the sum of what was told is by how much it was set', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = chance(seed)
      const it = machine()
      let set = 0
      for (let count = 0; count < 40; count += 1) {
        const span = 10 * SECOND + random.below(2 * DAY)
        const what = random.below(4)
        if (what === 0) it.pass(span)
        else if (what === 1) it.sleep(span)
        else {
          const by = random.oneIn(2) ? span : -span
          it.set(by)
          set += by
        }
        it.now()
      }
      expect(it.told.reduce((sum, by) => sum + by, 0)).toBe(set)
    }
  })
})
