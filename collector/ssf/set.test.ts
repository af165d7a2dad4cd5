import { describe, expect, test } from 'vitest'
import { NO_VECTORS, readVectors } from '../../test/fakes/vectors.ts'
import { CAUSES } from '../store/store.ts'
import { eventsOf, setClaims, subjectOf, UNTOLD, type Told, type Turn } from './set.ts'
import { parseSubject } from './subject.ts'

const AT = new Date('2026-11-23T10:00:00.900Z')
const ISSUER = 'https://muster.example'
const all = ['public', 'internal', 'confidential', 'restricted']
const upTo = (tier: string | null) => (tier === null ? [] : all.slice(0, all.indexOf(tier) + 1))

const told = (tier: string | null, more: Partial<Told> = {}): Told => {
  const tiers = upTo(tier)
  return { tiers, compliant: tiers.includes('confidential'), owner: null, ...more }
}
const turn = (tier: string | null, more: Partial<Turn> = {}): Turn => ({
  at: AT,
  tiers: upTo(tier),
  status: 'active',
  cause: 'report',
  reasons: [],
  owner: null,
  defaultTier: 'confidential',
  ...more,
})
const short = (type: string) => type.split('/').at(-1)
const payloadsOf = (before: Told, after: Turn) =>
  eventsOf(before, after).events.map(({ payload }) => payload as Record<string, unknown>)

/** The format of a member of a subject, where there is one. */
const formatOf = (it: unknown) => (typeof it === 'object' && it !== null && 'format' in it ? it.format : undefined)

const C = 'device-compliance-change'
const R = 'session-revoked'
const T = 'token-claims-change'

describe('of a turn of the tiers', () => {
  test.each([
    // From, to, and what has to be told of it. `confidential` is the default tier.
    [null, null, []],
    [null, 'public', [T]],
    [null, 'internal', [T]],
    [null, 'confidential', [C]],
    [null, 'restricted', [C]],
    ['public', 'internal', [T]],
    ['internal', 'public', [T, R]],
    ['internal', 'confidential', [C]],
    ['confidential', 'internal', [C, R]],
    ['confidential', 'restricted', [T]],
    ['restricted', 'confidential', [T, R]],
    ['restricted', null, [C, R]],
    ['public', null, [T, R]],
    ['restricted', 'restricted', []],
  ])('from %s to %s is told %j', (from, to, expected) => {
    const { events, told: next } = eventsOf(told(from), turn(to))
    expect(events.map(({ type }) => short(type))).toEqual(expected)
    expect(next).toEqual(told(to))
  })

  test('compliance is said as it was and as it is', () => {
    expect(payloadsOf(told('confidential'), turn('internal'))[0]).toMatchObject({
      previous_status: 'compliant',
      current_status: 'not-compliant',
      event_timestamp: 1795428000,
    })
    expect(payloadsOf(told('internal'), turn('confidential'))[0]).toMatchObject({
      previous_status: 'not-compliant',
      current_status: 'compliant',
    })
  })

  test('claims are said as they are now', () => {
    expect(payloadsOf(told('internal'), turn('public'))[0]).toMatchObject({ claims: { tiers: ['public'] } })
    expect(payloadsOf(told('public'), turn(null))[0]).toMatchObject({ claims: { tiers: [] } })
  })

  test('tiers that are exchanged for others are a loss as well', () => {
    const before = told('public', { tiers: ['public', 'old'] })
    expect(eventsOf(before, turn('internal')).events.map(({ type }) => short(type))).toEqual([T, R])
  })
})

describe('of another default tier', () => {
  test.each([
    ['confidential', 'restricted', [C]],
    ['restricted', 'restricted', []],
    ['internal', 'internal', [C]],
    ['internal', 'public', [C]],
    ['public', 'internal', []],
    [null, 'public', []],
    ['restricted', 'no such tier', [C]],
  ])('a device with %s, where it is %s now, is told %j, and no session ends', (tier, defaultTier, expected) => {
    const { events } = eventsOf(told(tier), turn(tier, { defaultTier, cause: 'policy' }))
    expect(events.map(({ type }) => short(type))).toEqual(expected)
  })
})

describe('who began it, and why', () => {
  const stale = [{ id: 'firewall', verdict: 'stale' as const, why: 'not heard for 15 minutes', fix: 'Go online.' }]
  const failing = [
    { id: 'firewall', verdict: 'fail' as const, why: 'it is off', fix: 'Switch the firewall on.' },
    { id: 'screen-lock', verdict: 'grace' as const, why: 'after 30 minutes', fix: 'Lock sooner.' },
    { id: 'os-patch', verdict: 'unknown' as const, why: 'it could not be read' },
  ]
  test.each([
    ['report', {}, 'policy'],
    ['time', {}, 'policy'],
    ['time', { reasons: stale }, 'system'],
    ['policy', {}, 'policy'],
    ['catalogue', {}, 'policy'],
    ['exception', {}, 'admin'],
    ['admin', { status: 'locked-out' }, 'admin'],
    ['user', { status: 'locked-out' }, 'user'],
    ['identity', {}, 'system'],
    ['record', { status: 'locked-out' }, 'system'],
    [null, {}, 'policy'],
    [null, { status: 'locked-out' }, 'admin'],
  ] as const)('%s with %j began with %s', (cause, more, expected) => {
    for (const payload of payloadsOf(told('restricted'), turn(null, { cause, ...more }))) {
      expect(payload).toMatchObject({ initiating_entity: expected })
    }
  })

  test('an admin is told each check that does not pass, a user what to do about those that count', () => {
    const [payload] = payloadsOf(told('restricted'), turn('public', { reasons: failing }))
    expect(payload).toMatchObject({
      reason_admin: {
        en:
          'The device reported something else than before. Admitted to: public; before: public, internal, confidential, restricted. ' +
          'Checks: firewall fail: it is off; screen-lock grace: after 30 minutes; os-patch unknown: it could not be read',
      },
      reason_user: { en: 'Firewall: Switch the firewall on. Security updates: it could not be read' },
    })
  })

  test.each([
    ['admin', 'locked-out', /admin has locked/],
    ['admin', 'pending', /approve/],
    ['user', 'locked-out', /taken away/],
    ['record', 'locked-out', /cannot read/],
    ['identity', 'active', /in doubt/],
    ['policy', 'active', /less than before/],
  ] as const)('a user is told of %s with a device that is %s', (cause, status, text) => {
    const [payload] = payloadsOf(told('restricted'), turn(null, { cause, status }))
    expect(payload).toMatchObject({ reason_user: { en: expect.stringMatching(text) } })
  })

  test('whatever it is, both reasons have words, and never endlessly many', () => {
    const long = Array.from({ length: 32 }, () => ({ id: 'x', verdict: 'fail' as const, why: 'y'.repeat(400) }))
    for (const cause of [...CAUSES, 'record' as const, null]) {
      for (const [from, to] of [
        [null, 'restricted'],
        ['restricted', null],
        ['public', 'internal'],
      ] as const) {
        for (const payload of payloadsOf(told(from), turn(to, { cause, reasons: long }))) {
          for (const reason of [payload['reason_admin'], payload['reason_user']] as { en: string }[]) {
            expect(reason.en.length).toBeGreaterThan(10)
            expect(reason.en.length).toBeLessThanOrEqual(1500)
          }
        }
      }
    }
  })
})

test('a device that was removed is still that of whom it was', () => {
  const owner = 'alice@example.com'
  expect(eventsOf(told('public', { owner }), turn(null, { status: 'locked-out' })).told.owner).toBe(owner)
  expect(eventsOf(told('public', { owner }), turn('internal')).told.owner).toBeNull()
  expect(eventsOf(UNTOLD, turn('internal', { owner })).told.owner).toBe(owner)
})

test.each([
  ['complex', 'alice@example.com', ['complex', 'iss_sub', 'email']],
  ['complex', null, ['complex', 'iss_sub', undefined]],
  ['device', 'alice@example.com', ['iss_sub', undefined, undefined]],
  ['user', 'alice@example.com', ['email', undefined, undefined]],
  // A device without a user is not left out for that.
  ['user', null, ['iss_sub', undefined, undefined]],
] as const)('the subject in the form %s, with the user %s', (form, owner, formats) => {
  const subject = subjectOf(form, { deviceId: 'dev_a', owner }, ISSUER) as Record<string, { format: string } | string>
  expect([subject['format'], formatOf(subject['device']), formatOf(subject['user'])]).toEqual(formats)
  expect(JSON.stringify(subject)).toContain(formats[0] === 'email' ? owner : `"iss":"${ISSUER}","sub":"dev_a"`)
})

test('a SET has what it has to have, and neither sub nor exp', () => {
  const claims = setClaims({
    issuer: ISSUER,
    audience: 'gw_1',
    jti: 'j',
    at: AT,
    txn: 't',
    subject: { format: 'opaque', id: 's' },
    event: { type: 'urn:e', payload: { a: 1 } },
  })
  expect(claims).toEqual({
    iss: ISSUER,
    jti: 'j',
    iat: 1795428000,
    aud: 'gw_1',
    txn: 't',
    sub_id: { format: 'opaque', id: 's' },
    events: { 'urn:e': { a: 1 } },
  })
})

describe.skipIf(NO_VECTORS !== '')(`beside the published examples of CAEP${NO_VECTORS}`, () => {
  type Example = { event: string; set: Record<string, unknown> & { events: Record<string, object>; sub_id: object } }
  const examples = (NO_VECTORS === '' ? readVectors('caep/caep-1_0-example-sets.json') : []) as Example[]

  test.each([
    [C, told('confidential'), turn('internal')],
    [R, told('internal'), turn(null)],
    [T, told('public'), turn('internal')],
  ])('a SET of %s has the members that they have, and no others', (name, before, after) => {
    const event = eventsOf(before, after).events.find(({ type }) => short(type) === name)!
    const subject = subjectOf('complex', { deviceId: 'dev_a', owner: 'alice@example.com' }, ISSUER)
    const claims = setClaims({ issuer: ISSUER, audience: 'gw_1', jti: 'j', at: AT, txn: 't', subject, event })
    const same = examples.filter((it) => it.event === name)
    expect(same.length).toBeGreaterThan(0)
    for (const { set } of same) {
      expect(Object.keys(claims).toSorted()).toEqual(Object.keys(set).toSorted())
      expect(Object.keys(set.events)).toEqual([event.type])
    }
    const theirs = new Set(
      same.flatMap(({ set }) => Object.values(set.events).flatMap((payload) => Object.keys(payload))),
    )
    expect(Object.keys(event.payload).toSorted()).toEqual([...theirs].toSorted())
  })

  test('their subjects are ones that can be read', () => {
    for (const { set } of examples) expect(parseSubject(set.sub_id)).toMatchObject({ ok: true })
  })
})
