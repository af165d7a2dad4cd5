import { describe, expect, test } from 'vitest'
import { at } from '../../test/fakes/appraised.ts'
import { recall, type CheckMemory, type Memory } from './memory.ts'

const PASSING: CheckMemory = {
  verdict: 'pass',
  since: at(0),
  passed: true,
  failingSince: null,
  passingSince: at(0),
  trackedSince: null,
  askedSince: null,
  lapsedAt: null,
  mode: 'enforce',
}
const UNHEARD: CheckMemory = { ...PASSING, verdict: 'unknown', passed: false, passingSince: null }

test('of a check that was never asked there is nothing', () => {
  expect(recall('firewall', 'enforce', { memory: {}, policySince: at(0), now: at(9) })).toEqual({
    verdict: null,
    since: at(9),
    passed: false,
    failingSince: null,
    passingSince: null,
    trackedSince: null,
    askedSince: null,
    lapsedAt: null,
  })
})

test('what lies ahead of the clock began now at the latest, and a grace that lapsed stays lapsed', () => {
  const ahead = at(60)
  const begun = { since: ahead, failingSince: ahead, passingSince: ahead, trackedSince: ahead, askedSince: ahead }
  const memory: Memory = { firewall: { ...PASSING, ...begun, lapsedAt: ahead } }
  const now = at(10)
  expect(recall('firewall', 'enforce', { memory, policySince: at(0), now })).toMatchObject({
    since: now,
    failingSince: now,
    passingSince: now,
    trackedSince: now,
    askedSince: now,
    lapsedAt: ahead,
  })
})

const known = { firewall: PASSING }
const asked = (memory: Memory, mode: CheckMemory['mode'] = 'enforce', policySince = at(5)) =>
  recall('screen-lock', mode, { memory, policySince, now: at(9) })

describe('a check is newly asked', () => {
  test.each<{ name: string; memory: Memory; askedSince: Date | null }>([
    { name: 'of a device that passed another', memory: known, askedSince: at(5) },
    {
      name: 'of a device that failed another',
      memory: { firewall: { ...UNHEARD, failingSince: at(0) } },
      askedSince: at(5),
    },
    {
      name: 'where it was only reported before',
      memory: { 'screen-lock': { ...PASSING, mode: 'report' } },
      askedSince: at(5),
    },
    { name: 'not of a device that is new itself', memory: {}, askedSince: null },
    { name: 'not of a device that never reported', memory: { firewall: UNHEARD }, askedSince: null },
    {
      name: 'not where it was asked before',
      memory: { ...known, 'screen-lock': { ...PASSING, askedSince: at(2) } },
      askedSince: at(2),
    },
  ])('$name', ({ memory, askedSince }) => {
    expect(asked(memory).askedSince).toEqual(askedSince)
  })

  test('not while it is only reported', () => {
    expect(asked(known, 'report').askedSince).toBeNull()
    expect(asked({ 'screen-lock': { ...PASSING, askedSince: at(2) } }, 'report').askedSince).toBeNull()
  })

  test('so that what lapsed while nobody counted it does not count', () => {
    expect(asked({ 'screen-lock': { ...PASSING, mode: 'report', lapsedAt: at(3) } }).lapsedAt).toBeNull()
  })

  test('now at the latest, where the clock was set back since', () => {
    expect(asked(known, 'enforce', at(60)).askedSince).toEqual(at(9))
  })
})
