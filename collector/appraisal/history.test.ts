import { describe, expect, test } from 'vitest'
import { at, laptop, off, on, policyOf, unseen } from '../../test/fakes/appraised.ts'
import { transitionsBetween, verdictsAt } from './history.ts'
import type { CheckMemory, Memory } from './memory.ts'

const remembered = (verdict: CheckMemory['verdict'], minute: number): CheckMemory => ({
  verdict,
  since: at(minute),
  passed: false,
  failingSince: null,
  passingSince: null,
  trackedSince: null,
  askedSince: null,
  lapsedAt: null,
  mode: 'enforce',
})
const ABOUT = { deviceId: 'dev_1', at: at(5), evidence: 'a digest', policyVersion: 3 }

describe('between two appraisals', () => {
  test.each<{ name: string; before: Memory; after: Memory; changes: object[] }>([
    {
      name: 'a first verdict',
      before: {},
      after: { firewall: remembered('pass', 5) },
      changes: [{ check: 'firewall', from: null, to: 'pass' }],
    },
    {
      name: 'another verdict',
      before: { firewall: remembered('pass', 0) },
      after: { firewall: remembered('fail', 5) },
      changes: [{ check: 'firewall', from: 'pass', to: 'fail' }],
    },
    {
      name: 'the same verdict',
      before: { firewall: remembered('pass', 0) },
      after: { firewall: { ...remembered('pass', 0), passed: true } },
      changes: [],
    },
    {
      name: 'a check that is no longer asked',
      before: { firewall: remembered('pass', 0) },
      after: {},
      changes: [{ check: 'firewall', from: 'pass', to: null }],
    },
    {
      name: 'a verdict that began ahead of the clock, which was set back',
      before: { firewall: remembered('pass', 60) },
      after: { firewall: remembered('pass', 5) },
      changes: [{ check: 'firewall', from: 'pass', to: 'pass' }],
    },
    {
      name: 'several',
      before: { firewall: remembered('pass', 0), 'screen-lock': remembered('pass', 0) },
      after: { firewall: remembered('stale', 5), 'screen-lock': remembered('stale', 5) },
      changes: [
        { check: 'firewall', from: 'pass', to: 'stale' },
        { check: 'screen-lock', from: 'pass', to: 'stale' },
      ],
    },
  ])('there is $name', ({ before, after, changes }) => {
    expect(transitionsBetween(before, after, ABOUT)).toEqual(changes.map((change) => ({ ...ABOUT, ...change })))
  })
})

/** The state of the firewall in a minute, and the minute in which it came to be. */
function firewallAt(it: ReturnType<typeof laptop>, minute: number) {
  const held = verdictsAt(it.history, at(minute)).get('firewall')
  return held && [held.to, (held.at.getTime() - at(0).getTime()) / 60_000]
}

describe('what held at a moment', () => {
  test('is the last that became of each check by then', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(10, off)
    it.reports(20, unseen)
    it.asked(90)
    it.under(100, policyOf('', '[secure-boot]'))
    expect(firewallAt(it, -1)).toBeUndefined()
    expect(firewallAt(it, 0)).toEqual(['pass', 0])
    expect(firewallAt(it, 9.99)).toEqual(['pass', 0])
    expect(firewallAt(it, 10)).toEqual(['grace', 10])
    expect(firewallAt(it, 34)).toEqual(['unknown', 20])
    expect(firewallAt(it, 35)).toEqual(['stale', 35])
    expect(firewallAt(it, 99)).toEqual(['stale', 35])
    expect(firewallAt(it, 100)).toBeUndefined()
  })

  test('is told by the clock that was right, after it was set back', () => {
    const it = laptop(policyOf())
    it.reports(0, off)
    it.reports(60, off)
    it.reports(10, off)
    expect(firewallAt(it, 12)).toEqual(['fail', 10])
    it.reports(20, on)
    expect(firewallAt(it, 25)).toEqual(['pass', 20])
    expect(firewallAt(it, 99)).toEqual(['pass', 20])
  })
})
