import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MusterError, type ErrorCode } from '../../shared/errors.ts'
import { parserOf } from '../../shared/schema.ts'
import type { CheckResult, Standing } from '../../shared/standing.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { postureDecider } from './authzen-posture.ts'
import { proofsOf, type Prove } from './authzen-proof.ts'
import { Answer, type Entity, type Question } from './authzen.ts'
import type { DecisionEvent } from './decision-event.ts'

const policy = parsePolicy(readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8'))
const NOW = new Date('2026-11-24T08:00:00.000Z')
const [GOOD, OTHER, NEW] = [`dev_${'a'.repeat(43)}`, `dev_${'b'.repeat(43)}`, `dev_${'c'.repeat(43)}`]
const OPEN = ['public', 'internal']

const failing: CheckResult = {
  id: 'secure-boot',
  title: 'Secure Boot',
  verdict: 'fail',
  since: NOW.toISOString(),
  why: 'it is off',
  fix: 'Switch it on in the firmware.',
  mode: 'enforce',
}
const standingOf = (deviceId: string, more: Partial<Standing> = {}): Standing => ({
  deviceId,
  status: 'active',
  tiers: OPEN,
  checks: [failing],
  earStatus: 'warning',
  evidenceAt: NOW.toISOString(),
  evaluatedAt: NOW.toISOString(),
  nextChange: '2026-11-24T08:02:00.900Z',
  policyVersion: 1,
  ...more,
})

/** A proof that says which device it is of; any other is refused with the code that it says. */
const prove: Prove = (attestation, { proof }) => {
  if (proof !== 'good') throw new MusterError(proof as ErrorCode, `refused as ${proof}`)
  return { deviceId: attestation, by: 'dpop' }
}
const shown = (attestation: unknown, proof: unknown = 'good') => ({
  attestation,
  dpop: { proof, method: 'GET', url: 'https://wiki.example.com/' },
})

const FLEET = [
  { id: OTHER, owner: 'bob@example.com' },
  { id: GOOD, owner: 'alice@example.com' },
  { id: NEW, owner: null },
]

function opened(
  standings: Standing[] = [standingOf(GOOD), standingOf(OTHER, { tiers: [], status: 'pending' })],
  inForce = () => policy,
) {
  const told: DecisionEvent[] = []
  let proofs = 0
  const decider = postureDecider({
    standing: (id) => standings.find(({ deviceId }) => deviceId === id) ?? null,
    devices: () => FLEET,
    policy: () => ({ policy: inForce(), version: 7 }),
    proofOf: proofsOf((...given) => {
      proofs += 1
      return prove(...given)
    }),
    nonce: () => 'a-nonce',
    gateway: { id: 'gw_1', name: 'wiki' },
    decided: (event) => void told.push(event),
    clock: () => NOW,
  })
  return { decider, told, proofsSeen: () => proofs }
}

const alice = (properties?: Record<string, unknown>): Entity => ({
  type: 'user',
  id: 'alice@example.com',
  ...(properties && { properties }),
})
const question = (more: Partial<Question> = {}): Question => ({
  subject: alice({ device_id: GOOD }),
  action: { name: 'GET' },
  resource: { type: 'route', id: 'wiki.example.com/' },
  ...more,
})

/** Allowed, or the code of the denial. */
function outcome(asked: Question): unknown {
  const { decision, context } = opened().decider.decide(asked)
  return decision ? 'allowed' : context?.['code']
}

const device = (id: string, properties?: Record<string, unknown>) => ({
  type: 'device',
  id,
  ...(properties && { properties }),
})

describe('the device of a question', () => {
  test.each<{ name: string; asked: Partial<Question>; expected: string }>([
    { name: 'named', asked: {}, expected: 'allowed' },
    { name: 'the subject itself', asked: { subject: device(GOOD) }, expected: 'allowed' },
    { name: 'the subject, and named', asked: { subject: device(GOOD, { device_id: GOOD }) }, expected: 'allowed' },
    { name: 'another that waits for approval', asked: { subject: device(OTHER) }, expected: 'not-admitted' },
    { name: 'one that nobody knows', asked: { subject: device(NEW) }, expected: 'device-unknown' },
    { name: 'not named', asked: { subject: alice() }, expected: 'device-not-named' },
    { name: 'named by nothing', asked: { subject: alice({ device_id: '' }) }, expected: 'device-not-named' },
    { name: 'named by a number', asked: { subject: alice({ device_id: 7 }) }, expected: 'device-not-named' },
    { name: 'named by null', asked: { subject: alice({ device_id: null }) }, expected: 'device-not-named' },
    { name: 'named by a list', asked: { subject: alice({ device_id: [GOOD] }) }, expected: 'device-not-named' },
    { name: 'a user by its id', asked: { subject: { type: 'user', id: GOOD } }, expected: 'device-not-named' },
    { name: 'proved', asked: { subject: alice(), context: shown(GOOD) }, expected: 'allowed' },
    { name: 'proved and named', asked: { context: shown(GOOD) }, expected: 'allowed' },
    {
      name: 'proved, of no good standing',
      asked: { subject: alice(), context: shown(OTHER) },
      expected: 'not-admitted',
    },
    {
      name: 'named by a number, and proved',
      asked: { subject: alice({ device_id: 7 }), context: shown(GOOD) },
      expected: 'device-not-named',
    },
    // A proof that does not hold is never made up for by a name.
    {
      name: 'with a proof that was used',
      asked: { context: shown(GOOD, 'proof-replayed') },
      expected: 'proof-replayed',
    },
    { name: 'with a wrong proof', asked: { context: shown(GOOD, 'proof-invalid') }, expected: 'proof-invalid' },
    {
      name: 'with a wrong attestation',
      asked: { context: shown('x', 'attestation-refused') },
      expected: 'attestation-refused',
    },
    { name: 'with an attestation alone', asked: { context: { attestation: GOOD } }, expected: 'proof-invalid' },
    { name: 'with a DPoP proof alone', asked: { context: { dpop: shown(GOOD).dpop } }, expected: 'proof-invalid' },
    { name: 'with an attestation that is a number', asked: { context: shown(7) }, expected: 'proof-invalid' },
    { name: 'with null for an attestation', asked: { context: shown(null) }, expected: 'proof-invalid' },
    { name: 'with a proof that is a list', asked: { context: shown(GOOD, ['good']) }, expected: 'proof-invalid' },
  ])('$name: $expected', ({ asked, expected }) => {
    expect(outcome(question(asked))).toBe(expected)
  })

  test.each<{ name: string; asked: Partial<Question> }>([
    { name: 'named and proved', asked: { context: shown(OTHER) } },
    { name: 'the subject and named', asked: { subject: device(GOOD, { device_id: OTHER }) } },
    { name: 'the subject and proved', asked: { subject: device(GOOD), context: shown(OTHER) } },
    { name: 'the subject, and named by a number', asked: { subject: device(GOOD, { device_id: 7 }) } },
  ])('two that differ ($name) are refused, on record', ({ asked }) => {
    const { decider, told } = opened()
    expect(() => decider.decide(question(asked))).toThrow(expect.objectContaining({ code: 'proofs-differ' }))
    expect(told).toMatchObject([{ allow: false, code: 'proofs-differ', deviceId: null }])
    expect(decider.permits(question(asked))).toBe(false)
  })

  test('is asked for its proof once, whatever leans on it', () => {
    const { decider, proofsSeen } = opened()
    for (let times = 0; times < 3; times++) decider.decide(question({ context: shown(GOOD) }))
    expect(proofsSeen()).toBe(1)
    decider.decide(question({ context: shown(GOOD, 'proof-invalid') }))
    decider.decide(question({ context: { ...shown(GOOD, 'proof-invalid'), ip: 'x' } }))
    expect(proofsSeen()).toBe(2)
  })

  test('is told the nonce that its proof needs', () => {
    const answer = opened().decider.decide(question({ context: shown(GOOD, 'proof-nonce-needed') }))
    expect(answer).toMatchObject({ decision: false, context: { code: 'proof-nonce-needed', dpop_nonce: 'a-nonce' } })
    expect(answer.context).not.toHaveProperty('posture')
  })
})

const tierOf = (resource: Partial<Entity>) => {
  const { decider, told } = opened()
  decider.decide(question({ resource: { type: 'route', id: 'wiki.example.com/', ...resource } }))
  return told[0]?.tier
}

describe('the tier of a question', () => {
  test.each([
    { name: 'is what the resource names', resource: { properties: { tier: 'restricted' } }, tier: 'restricted' },
    { name: 'is that of the resource map', resource: { id: 'https://payroll.example.com/x' }, tier: 'restricted' },
    { name: 'is the default of the policy', resource: { id: '/payroll/{id}' }, tier: 'confidential' },
    { name: 'is the resource itself', resource: { type: 'tier', id: 'internal' }, tier: 'internal' },
    {
      name: 'is the resource itself, and named',
      resource: { type: 'tier', id: 'internal', properties: { tier: 'internal' } },
      tier: 'internal',
    },
    {
      name: 'is none where two are named',
      resource: { type: 'tier', id: 'public', properties: { tier: 'internal' } },
      tier: '',
    },
    { name: 'is what is named, even where there is no such tier', resource: { properties: { tier: 'x' } }, tier: 'x' },
    { name: 'is none where it is named by nothing', resource: { properties: { tier: '' } }, tier: '' },
    { name: 'is none where it is named by a number', resource: { properties: { tier: 7 } }, tier: '' },
    { name: 'is none where it is named by null', resource: { properties: { tier: null } }, tier: '' },
  ])('$name', ({ resource, tier }) => {
    expect(tierOf(resource)).toBe(tier)
  })

  test('is looked for once for each address, until there is another policy', () => {
    const looked: string[] = []
    const policyOf = (tier: string) => ({
      ...policy,
      resources: [
        {
          match: '**',
          tier,
          pattern: { ...policy.resources[0]!.pattern, test: (address: string) => looked.push(address) > 0 },
        },
      ],
    })
    let now = policyOf('internal')
    const { decider, told } = opened(undefined, () => now)
    const [one, other] = ['a.example.com/1', 'a.example.com/2'].map((id) =>
      question({ resource: { type: 'route', id } }),
    )
    for (const asked of [one, other, one, other, one]) decider.decide(asked!)
    const looks = looked.length
    expect(new Set(looked).size).toBe(2)
    decider.decide(one!)
    expect(looked).toHaveLength(looks)
    now = policyOf('restricted')
    decider.decide(one!)
    expect(told.map(({ tier }) => tier)).toEqual([...Array.from({ length: 6 }, () => 'internal'), 'restricted'])
  })

  test.each(['', 'x', '__proto__', 'constructor'])('that the policy does not have denies: "%s"', (tier) => {
    const resource = { type: 'route', id: 'wiki.example.com/', properties: { tier } }
    expect(outcome(question({ resource }))).toBe('tier-unknown')
  })
})

describe('an answer', () => {
  const parseAnswer = parserOf(Answer)
  const posture = {
    device_id: GOOD,
    ear_status: 'warning',
    tiers: OPEN,
    checks: [failing],
    evaluated_at: NOW.toISOString(),
    expires_in: 120,
  }
  const restricted = question({ resource: { type: 'tier', id: 'restricted' } })

  test('that allows says where the device stands, and for how long that holds', () => {
    const answer = opened().decider.decide(question())
    expect(answer).toEqual({ decision: true, context: { posture } })
    expect(parseAnswer(answer).ok).toBe(true)
  })

  test('that denies says why, to the person and to the admin, and how to mend it', () => {
    const late = { ...failing, id: 'firewall', verdict: 'grace', deadline: '2026-11-25T09:30:00.000Z' } as const
    const { decider } = opened([standingOf(GOOD, { checks: [failing, late] })])
    const answer = decider.decide(restricted)
    expect(answer).toEqual({
      decision: false,
      context: {
        code: 'not-admitted',
        reason_user: { '403': expect.stringContaining('Switch it on in the firmware.') },
        reason_admin: { '403': expect.stringContaining('not admitted to restricted: secure-boot is fail (it is off)') },
        posture: { ...posture, checks: [failing, late] },
      },
    })
    const admin = (answer.context as { reason_admin: Record<string, string> }).reason_admin['403']
    expect(admin).toContain('secure-boot: Switch it on in the firmware.')
    expect(admin).toContain('firewall: Switch it on in the firmware. It has until 2026-11-25T09:30:00.000Z.')
    expect(parseAnswer(answer).ok).toBe(true)
  })

  test('about a check that nobody can mend says nothing of mending', () => {
    const { fix: _, ...unfixable } = failing
    const answer = opened([standingOf(GOOD, { checks: [unfixable] })]).decider.decide(restricted)
    expect(answer.context).toMatchObject({
      reason_admin: { '403': 'not admitted to restricted: secure-boot is fail (it is off)' },
    })
  })

  test('about a device that nobody knows, or none, has no posture to tell', () => {
    for (const subject of [alice(), alice({ device_id: NEW })]) {
      const answer = opened().decider.decide(question({ subject }))
      expect(answer).toMatchObject({ decision: false, context: { reason_user: { '403': expect.any(String) } } })
      expect(answer.context).not.toHaveProperty('posture')
    }
  })

  test.each([
    { name: 'nothing changes by time', nextChange: null },
    { name: 'the moment has passed', nextChange: '2026-11-24T07:59:00.000Z' },
    { name: 'the moment is less than a second away', nextChange: '2026-11-24T08:00:00.999Z' },
  ])('holds for no time where $name', ({ nextChange }) => {
    const { decider } = opened([standingOf(GOOD, { nextChange })])
    expect(decider.decide(question())).toMatchObject({ context: { posture: { expires_in: 0 } } })
  })
})

describe('a decision', () => {
  test('is told with all that an auditor asks of it', () => {
    const { decider, told } = opened()
    decider.decide(question({ context: { ip: '203.0.113.9' } }))
    decider.decide(question({ subject: { type: 'device', id: GOOD }, resource: { type: 'tier', id: 'restricted' } }))
    decider.decide(question({ subject: alice(), context: { ...shown(GOOD), ip: 7 } }))
    const common = { at: NOW, by: 'authzen', gateway: { id: 'gw_1', name: 'wiki' }, action: 'GET', policyVersion: 7 }
    expect(told).toEqual([
      {
        ...common,
        deviceId: GOOD,
        provedBy: 'named',
        user: 'alice@example.com',
        resource: 'route:wiki.example.com/',
        tier: 'internal',
        client: '203.0.113.9',
        allow: true,
        code: null,
        reason: 'admitted to internal',
        failing: [],
      },
      {
        ...common,
        deviceId: GOOD,
        provedBy: 'named',
        user: null,
        resource: 'tier:restricted',
        tier: 'restricted',
        client: null,
        allow: false,
        code: 'not-admitted',
        reason: expect.stringContaining('secure-boot is fail'),
        failing: ['secure-boot'],
      },
      expect.objectContaining({ provedBy: 'dpop', deviceId: GOOD, allow: true, client: null }),
    ])
  })

  test('that is only looked at for a search is told to nobody', () => {
    const { decider, told } = opened()
    expect([decider.permits(question()), decider.permits(question({ subject: alice() }))]).toEqual([true, false])
    expect(told).toEqual([])
  })
})

const userOf = ({ id, owner }: { id: string; owner: string | null }) => ({
  type: 'user',
  id: owner,
  properties: { device_id: id },
})

describe('candidates', () => {
  const { decider } = opened()
  const search = (
    subject: { type: string; properties?: Record<string, unknown> },
    context?: Record<string, unknown>,
  ) => [...decider.subjects({ ...question(), subject, ...(context && { context }) })]
  test('for a subject are the devices, or their owners by the device that they would come from', () => {
    expect(search({ type: 'device' })).toEqual(FLEET.map(({ id }) => ({ type: 'device', id })))
    expect(search({ type: 'user' })).toEqual(FLEET.slice(0, 2).map(userOf))
    expect(search({ type: 'spaceship' })).toEqual([])
  })

  test('are those of one device where the search names or proves it', () => {
    expect(search({ type: 'device', properties: { device_id: GOOD } })).toEqual([{ type: 'device', id: GOOD }])
    expect(search({ type: 'user', properties: { device_id: GOOD } })).toEqual([userOf(FLEET[1]!)])
    expect(search({ type: 'user' }, shown(GOOD))).toEqual([userOf(FLEET[1]!)])
    for (const odd of [7, null, '', [GOOD]])
      expect(search({ type: 'user', properties: { device_id: odd } })).toEqual([])
    expect(search({ type: 'device' }, shown(GOOD, 'proof-replayed'))).toEqual([])
  })

  test('for a resource are the tiers and the resource map; each is a question that may be asked', () => {
    const resources = [...decider.resources({ ...question(), resource: { type: 'tier' } })]
    expect(resources).toEqual([
      ...policy.tiers.map(({ name }) => ({ type: 'tier', id: name })),
      { type: 'route', id: 'payroll.example.com/**', properties: { tier: 'restricted' } },
      { type: 'route', id: '*.example.com/**', properties: { tier: 'internal' } },
    ])
    const open = resources.filter((resource) => decider.permits(question({ resource })))
    expect(open.map(({ id }) => id)).toEqual(['public', 'internal', '*.example.com/**'])
  })

  test('for an action are the methods of HTTP', () => {
    expect([...decider.actions(question())].map(({ name }) => name)).toContain('GET')
  })
})
