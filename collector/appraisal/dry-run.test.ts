import { describe, expect, test } from 'vitest'
import { VERDICTS, type CheckId, type CheckResult, type Verdict } from '../../shared/standing.ts'
import { compareTiers, deviceTiers, type DeviceTiers } from './dry-run.ts'
import type { Tier } from './policy.ts'

const LAPTOP = { id: 'dev_1', hostname: 'laptop', owner: 'anna@example.com' }
const MONDAY = '2026-11-30T08:00:00.000Z'
const FRIDAY = '2026-12-04T08:00:00.000Z'

const check = (id: CheckId, verdict: Verdict, more: Partial<CheckResult> = {}): CheckResult => ({
  id,
  title: id,
  verdict,
  since: '2026-11-24T08:00:00.000Z',
  why: 'it is so',
  mode: 'enforce',
  ...more,
})
const tier = (name: string, checks: CheckId[], unknown: Tier['unknown'] = 'fail'): Tier => ({ name, checks, unknown })

const open = { isOpen: true, closedBy: [], until: null, endedBy: [] }
const shut = (...closedBy: string[]) => ({ isOpen: false, closedBy, until: null, endedBy: [] })

/** What each verdict of `firewall` does to a tier that fails on what is not known, and to one that waits. */
const CLOSINGS = [
  { verdict: 'fail', internal: ['firewall'], secret: ['firewall'] },
  { verdict: 'stale', internal: ['firewall'], secret: ['firewall'] },
  { verdict: 'unknown', internal: ['firewall'], secret: ['firewall'] },
  { verdict: 'unknown', deadline: MONDAY, internal: ['firewall'], secret: [] },
  { verdict: 'pass', internal: [], secret: [] },
  { verdict: 'grace', deadline: MONDAY, internal: [], secret: [] },
  { verdict: 'excepted', deadline: MONDAY, internal: [], secret: [] },
  { verdict: 'not-applicable', internal: [], secret: [] },
] as const

describe('a tier stands to a device', () => {
  const tiers = [tier('public', []), tier('internal', ['firewall']), tier('secret', ['firewall', 'os-patch'], 'grace')]
  const standing = (admitted: string[], ...checks: CheckResult[]) => standingBut([], admitted, ...checks)
  /** With exceptions, of which the first list knows nothing. */
  const standingBut = (unexcused: CheckResult[], admitted: string[], ...checks: CheckResult[]) =>
    deviceTiers(LAPTOP, { tiers: admitted, checks, unexcused }, { tiers }).tiers.map(
      ({ isOpen, closedBy, until, endedBy }) => ({
        isOpen,
        closedBy,
        until,
        endedBy,
      }),
    )

  test('open without a limit where everything passes', () => {
    expect(standing(['public', 'internal', 'secret'], check('firewall', 'pass'), check('os-patch', 'pass'))).toEqual([
      open,
      open,
      open,
    ])
  })

  test.each(CLOSINGS)(
    'closed by $verdict (deadline: $deadline): $internal, $secret',
    ({ verdict, internal, secret, ...more }) => {
      const checks = [check('firewall', verdict, more), check('os-patch', 'pass')]
      expect(standing(['public'], ...checks).slice(1)).toEqual([shut(...internal), shut(...secret)])
    },
  )

  test('every verdict is among these', () => {
    expect(new Set(CLOSINGS.map(({ verdict }) => verdict))).toEqual(new Set(VERDICTS))
  })

  test('never closed by a check that is only reported, nor by one that it does not need', () => {
    const checks = [check('firewall', 'fail', { mode: 'report' }), check('secure-boot', 'fail')]
    expect(standing([], ...checks)[1]).toEqual(shut())
  })

  test('open until the first deadline, with the checks that end then', () => {
    const checks = [
      check('firewall', 'grace', { deadline: FRIDAY }),
      check('os-patch', 'excepted', { deadline: MONDAY }),
    ]
    expect(standing(['public', 'internal', 'secret'], ...checks)).toEqual([
      open,
      { ...open, until: FRIDAY, endedBy: ['firewall'] },
      { ...open, until: MONDAY, endedBy: ['os-patch'] },
    ])
  })

  test.each([
    { beneath: check('firewall', 'fail'), internal: MONDAY, secret: MONDAY },
    { beneath: check('firewall', 'grace', { deadline: FRIDAY }), internal: FRIDAY, secret: FRIDAY },
    { beneath: check('firewall', 'unknown'), internal: MONDAY, secret: MONDAY },
    { beneath: check('firewall', 'unknown', { deadline: FRIDAY }), internal: MONDAY, secret: FRIDAY },
  ])('open as long as an exception, or the grace beneath it: $beneath.verdict', ({ beneath, internal, secret }) => {
    const excepted = [check('firewall', 'excepted', { deadline: MONDAY }), check('os-patch', 'pass')]
    const [, first, second] = standingBut([beneath, check('os-patch', 'pass')], ['internal', 'secret'], ...excepted)
    expect([first?.until, second?.until]).toEqual([internal, secret])
    const sooner = check('firewall', 'grace', { deadline: '2026-11-25T00:00:00.000Z' })
    expect(standingBut([sooner], ['internal'], ...excepted)[1]?.until).toBe(MONDAY)
  })

  test('open without a limit where only what is reported has a deadline', () => {
    const checks = [check('firewall', 'grace', { deadline: FRIDAY, mode: 'report' }), check('os-patch', 'pass')]
    expect(standing(['internal'], ...checks)[1]).toEqual(open)
  })
})

/** A device by its tiers: `true` open, a list of checks closed by these, a time open until then. */
function device(id: string, tiers: Record<string, true | string[] | string>, hostname = id): DeviceTiers {
  return {
    deviceId: id,
    hostname,
    owner: null,
    tiers: Object.entries(tiers).map(([name, it]) => ({
      tier: name,
      isOpen: !Array.isArray(it),
      closedBy: Array.isArray(it) ? it : [],
      until: typeof it === 'string' ? it : null,
      endedBy: typeof it === 'string' ? ['firewall'] : [],
    })),
  }
}

describe('a dry run', () => {
  test('says nothing of devices for which nothing changes', () => {
    const same = [device('a', { internal: true, secret: ['firewall'] }), device('b', { internal: MONDAY })]
    expect(compareTiers(same, same)).toEqual({
      devices: 2,
      tiers: [
        { tier: 'internal', before: 2, after: 2, gain: 0, lose: 0, willLose: 0 },
        { tier: 'secret', before: 0, after: 0, gain: 0, lose: 0, willLose: 0 },
      ],
      changes: [],
    })
    expect(compareTiers([], [])).toEqual({ devices: 0, tiers: [], changes: [] })
  })

  test('names who loses and who gains, and which checks close or closed the tier', () => {
    const run = compareTiers(
      [device('a', { internal: true, secret: true }), device('b', { internal: ['os-patch'], secret: ['firewall'] })],
      [device('a', { internal: true, secret: ['firewall'] }), device('b', { internal: true, secret: ['firewall'] })],
    )
    expect(run.changes).toEqual([
      {
        deviceId: 'a',
        hostname: 'a',
        owner: null,
        before: ['internal', 'secret'],
        after: ['internal'],
        gains: [],
        loses: [{ tier: 'secret', checks: ['firewall'] }],
        willLose: [],
      },
      {
        deviceId: 'b',
        hostname: 'b',
        owner: null,
        before: [],
        after: ['internal'],
        gains: [{ tier: 'internal', checks: ['os-patch'] }],
        loses: [],
        willLose: [],
      },
    ])
    expect(run.tiers).toEqual([
      { tier: 'internal', before: 1, after: 2, gain: 1, lose: 0, willLose: 0 },
      { tier: 'secret', before: 1, after: 0, gain: 0, lose: 1, willLose: 0 },
    ])
    expect(JSON.parse(JSON.stringify(run))).toEqual(run)
  })

  test.each([
    { name: 'a deadline that is new', before: true, after: MONDAY, will: true },
    { name: 'a deadline that comes sooner', before: FRIDAY, after: MONDAY, will: true },
    { name: 'a deadline that comes later', before: MONDAY, after: FRIDAY, will: false },
    { name: 'a deadline that stays', before: MONDAY, after: MONDAY, will: false },
    { name: 'a deadline that goes', before: MONDAY, after: true, will: false },
    { name: 'a tier that opens for a while only', before: ['firewall'], after: MONDAY, will: true },
  ])('says who will lose a tier, and when: $name', ({ before, after, will }) => {
    const { changes, tiers } = compareTiers(
      [device('a', { internal: before as true })],
      [device('a', { internal: after as true })],
    )
    expect(changes.flatMap(({ willLose }) => willLose)).toEqual(
      will ? [{ tier: 'internal', on: MONDAY, checks: ['firewall'] }] : [],
    )
    expect(tiers[0]?.willLose).toBe(will ? 1 : 0)
  })

  test('counts a tier that is new and one that is gone, which no check decides', () => {
    const run = compareTiers([device('a', { old: true })], [device('a', { fresh: true })])
    expect(run.tiers).toEqual([
      { tier: 'fresh', before: 0, after: 1, gain: 1, lose: 0, willLose: 0 },
      { tier: 'old', before: 1, after: 0, gain: 0, lose: 1, willLose: 0 },
    ])
    expect(run.changes[0]).toMatchObject({
      gains: [{ tier: 'fresh', checks: [] }],
      loses: [{ tier: 'old', checks: [] }],
    })
  })

  test('compares only devices that both sides know', () => {
    const run = compareTiers(
      [device('a', { internal: true }), device('removed', { internal: true })],
      [device('a', { internal: true }), device('new', { internal: ['firewall'] })],
    )
    expect(run).toMatchObject({ devices: 1, changes: [] })
  })

  test('has one order, whatever order the devices come in: who loses most, who loses first, then by name', () => {
    const before = [
      device('gains', { internal: ['firewall'], secret: ['firewall'] }),
      device('friday', { internal: true, secret: true }),
      device('monday', { internal: true, secret: true }),
      device('two', { internal: true, secret: true }, 'same'),
      device('one', { internal: true, secret: true }, 'same'),
      device('all', { internal: true, secret: true }),
      device('another', { internal: true, secret: true }),
    ]
    const after = [
      device('gains', { internal: true, secret: ['firewall'] }),
      device('friday', { internal: FRIDAY, secret: FRIDAY }),
      device('monday', { internal: FRIDAY, secret: MONDAY }),
      device('two', { internal: true, secret: ['firewall'] }, 'same'),
      device('one', { internal: true, secret: ['firewall'] }, 'same'),
      device('all', { internal: ['firewall'], secret: ['firewall'] }),
      device('another', { internal: true, secret: ['firewall'] }),
    ]
    const order = ['all', 'another', 'one', 'two', 'monday', 'friday', 'gains']
    for (const devices of [after, after.toReversed()]) {
      expect(compareTiers(before, devices).changes.map(({ deviceId }) => deviceId)).toEqual(order)
    }
  })
})
