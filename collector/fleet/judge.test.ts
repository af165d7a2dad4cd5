import { describe, expect, test } from 'vitest'
import { unreadable, value } from '../../shared/fact.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { read } from '../../test/fakes/facts.ts'
import { inForce, ISSUER, START } from '../../test/fakes/fleet.ts'
import { parseCatalogue } from '../appraisal/catalogue.ts'
import type { DeviceRecord } from '../store/store.ts'
import { farewell, judge, type Basis, type Judged } from './judge.ts'

const MINUTE = 60_000
const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE)
const minutes = (moment: Date) => (moment.getTime() - START.getTime()) / MINUTE

const policyOf = (checks: string) => `version: 1
freshness: 30m
tiers: { public: [], internal: [${checks}] }
default-tier: internal
checks: { firewall: { grace: 10m } }
`
const catalogue = parseCatalogue('{ date: 2026-11-15, lines: [], releases: [] }')
const basisOf = (checks: string, version = 1, since = at(0)): Basis => {
  return { inForce: inForce(policyOf(checks), version, since), catalogue, exceptions: [] }
}
const BASIS = basisOf('firewall')

const record: DeviceRecord = {
  ...fakeDevice(ISSUER),
  keyProtection: 'software',
  attested: false,
  status: 'active',
  identity: 'recognised',
  platform: 'linux',
  hostname: 'laptop',
  serial: null,
  owner: null,
  tags: [],
  enrolledAt: at(0),
}
const UNHEARD: Judged = { device: record, evidence: null, conclusion: null, facts: null }

/** The device as it is after it was judged, with a report of its firewall. */
function reported(before: Judged, isOn: boolean | null, minute: number): Judged {
  const evidence = { jws: 'jws', digest: `digest ${minute}`, receivedAt: at(minute), confirmedAt: at(minute) }
  const fact = isOn === null ? unreadable('denied') : value({ enabled: isOn })
  return { ...before, evidence, facts: { firewall: read(fact, at(minute)) } }
}
function concluded(judged: Judged, minute: number, basis = BASIS) {
  const { outcome, view } = judge(judged, basis, at(minute))
  return { after: { ...judged, conclusion: outcome.conclusion }, outcome, view }
}
/** One that passed at the beginning and fails since the fifth minute. */
function failing() {
  const good = concluded(reported(UNHEARD, true, 0), 0).after
  return concluded(reported(good, false, 5), 5).after
}

describe('a judgement', () => {
  test('of a device that was never judged is from nothing, and says what it leans on', () => {
    const { outcome, view } = concluded(reported(UNHEARD, true, 0), 1)
    expect(outcome.transitions).toEqual([
      {
        deviceId: record.id,
        check: 'firewall',
        from: null,
        to: 'pass',
        at: at(1),
        evidence: 'digest 0',
        policyVersion: 1,
      },
    ])
    const tiers = ['public', 'internal']
    expect(outcome.standingChanges).toMatchObject([{ before: [], after: tiers, at: at(1), checks: ['firewall'] }])
    expect(outcome.conclusion).toMatchObject({ tiers, concludedAt: at(1), policyVersion: 1, nextChange: at(30) })
    expect(view).toMatchObject({ device: record, basis: BASIS, standing: { tiers, evidenceAt: at(0).toISOString() } })
  })

  test('that changes nothing has nothing to tell', () => {
    const { after } = concluded(reported(UNHEARD, true, 0), 0)
    expect(concluded(after, 1).outcome).toMatchObject({ transitions: [], standingChanges: [] })
  })

  test('makes up for each moment that passed, at its own time and in order', () => {
    const { outcome } = concluded(failing(), 90)
    expect(outcome.transitions.map(({ from, to, at: when }) => [from, to, minutes(when)])).toEqual([
      ['grace', 'fail', 15],
      ['fail', 'stale', 35],
    ])
    expect(
      outcome.standingChanges.map(({ before, after, at: when }) => [before.at(-1), after.at(-1), minutes(when)]),
    ).toEqual([['internal', 'public', 15]])
  })

  test.each(['pending', 'locked-out'] as const)('of a device that is %s lets it use nothing', (status) => {
    const judged = { ...reported(UNHEARD, true, 0), device: { ...record, status } }
    const { outcome, view } = concluded(judged, 0)
    expect([outcome.conclusion.tiers, view.standing.tiers, outcome.standingChanges]).toEqual([[], [], []])
    expect(view.appraisal.tiers).toEqual(['public', 'internal'])
  })
})

describe('a policy that came into force', () => {
  const MORE = basisOf('firewall, secure-boot', 2, at(8))

  test('while nobody looked counts from its own beginning', () => {
    const { outcome } = concluded(failing(), 90, MORE)
    expect(outcome.transitions.map(({ check, to, at: when }) => [check, to, minutes(when)])).toEqual([
      ['secure-boot', 'unknown', 8],
      ['firewall', 'fail', 15],
      ['firewall', 'stale', 35],
      ['secure-boot', 'stale', 35],
    ])
    expect(outcome.standingChanges.map(({ after, at: when }) => [after.at(-1), minutes(when)])).toEqual([['public', 8]])
  })

  test('before the device was judged by the one before it says nothing of that time', () => {
    const judgedLate = concluded(failing(), 12).after
    const { outcome } = concluded(judgedLate, 13, MORE)
    expect(outcome.transitions.map(({ check, to, at: when }) => [check, to, minutes(when)])).toEqual([
      ['secure-boot', 'unknown', 13],
    ])
  })
})

test('the history of a device that goes ends with it', () => {
  const judged = failing()
  const last = judged.conclusion
  if (!last) throw new Error('it was judged')
  expect(farewell(judged, last, at(6))).toMatchObject({
    conclusion: last,
    transitions: [{ check: 'firewall', from: 'grace', to: null, at: at(6), evidence: 'digest 5', policyVersion: 1 }],
    standingChanges: [],
  })
})

describe('what brings a change of standing about', () => {
  const good = () => concluded(reported(UNHEARD, true, 0), 0)
  const { after, view } = good()
  const known = { ...after, view }
  const rows: [what: string, judged: Judged, basis: Basis, minute: number, cause: string | undefined][] = [
    ['silence', known, BASIS, 31, 'time'],
    ['silence while nobody looked', after, BASIS, 31, 'time'],
    ['other evidence', reported(known, null, 20), BASIS, 21, 'report'],
    ['an admin', { ...known, device: { ...record, status: 'locked-out' } }, BASIS, 1, 'admin'],
    ['a key in doubt', { ...known, device: { ...record, identity: 'conflict' } }, BASIS, 1, 'identity'],
  ]
  test.each(rows)('%s', (_what, judged, basis, minute, cause) => {
    const { standingChanges } = judge(judged, basis, at(minute)).outcome
    expect(standingChanges.at(-1)?.cause).toBe(cause)
  })

  test('another policy, and then time under it, while nobody looked', () => {
    const next = basisOf('firewall, screen-lock', 2, at(1))
    const changes = judge(known, next, at(40)).outcome.standingChanges
    expect(changes.map(({ cause, at: when }) => [cause, minutes(when)])).toEqual([['policy', 1]])
    const lax = basisOf('firewall', 2, at(1))
    expect(judge(known, lax, at(40)).outcome.standingChanges).toMatchObject([{ cause: 'time', at: at(30) }])
  })

  test('another policy, whether it was seen coming or not', () => {
    const next = basisOf('firewall, screen-lock', 2, at(1))
    for (const judged of [known, after]) {
      expect(judge(judged, next, at(2)).outcome.standingChanges).toMatchObject([{ cause: 'policy', after: ['public'] }])
    }
  })

  test('who knows better says so; the moments before are of time alone', () => {
    expect(judge(known, BASIS, at(40), 'user').outcome).toMatchObject({ standingChanges: [{ cause: 'time' }] })
    expect(
      judge({ ...known, device: { ...record, status: 'locked-out' } }, BASIS, at(1), 'user').outcome,
    ).toMatchObject({
      standingChanges: [{ cause: 'user' }],
    })
  })

  test('goes with what was said of the checks that did not hold', () => {
    const { standingChanges } = judge(known, BASIS, at(31)).outcome
    expect(standingChanges.at(-1)?.reasons).toEqual([
      { id: 'firewall', verdict: 'stale', why: expect.stringMatching(/./), fix: expect.stringMatching(/./) },
    ])
    expect(good().outcome.standingChanges.at(-1)?.reasons).toEqual([])
  })
})
