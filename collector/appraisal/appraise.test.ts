import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { unreadable, value } from '../../shared/fact.ts'
import { parserOf } from '../../shared/schema.ts'
import { SIGNAL_IDS, type Facts, type SignalId } from '../../shared/signals.ts'
import { CHECK_IDS, CheckResult, type CheckId } from '../../shared/standing.ts'
import { chance, type Chance } from '../../test/fakes/chance.ts'
import { healthyFacts, healthyValues, factsOf, read, unreadableFacts } from '../../test/fakes/facts.ts'
import { randomFacts } from '../../test/fakes/random-facts.ts'
import { appraise, type Appraisal, type AppraisalInput, type Identity, type Memory } from './appraise.ts'
import { parseCatalogue } from './catalogue.ts'
import { parsePolicy, type Policy, type Tier } from './policy.ts'
import { RULES } from './rules/all.ts'
import { statusOf } from './trust-vector.ts'

const DEFAULT = parsePolicy(readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8'))
const CATALOGUE = parseCatalogue(readFileSync(join(import.meta.dirname, '../releases.yaml'), 'utf8'))
const START = new Date('2026-11-24T08:00:00.000Z')
const MINUTE = 60_000

const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE)
const time = (minutes: number) => at(minutes).toISOString()

/** A laptop and what the collector remembers of it; every call is one appraisal, in the order of time. */
function laptop(policy: Policy, device: Partial<AppraisalInput['device']> = {}) {
  let memory: Memory = {}
  let evidence: AppraisalInput['evidence'] = null
  const look = (now: Date): Appraisal => {
    const input = { evidence, policy, catalogue: CATALOGUE, memory, now }
    const appraisal = appraise({ ...input, device: { platform: 'linux', tags: [], identity: 'recognised', ...device } })
    memory = appraisal.memory
    return appraisal
  }
  return {
    /** It reports, and is appraised at once. */
    reports(minutes: number, facts: (now: Date) => Facts): Appraisal {
      const now = at(minutes)
      evidence = { facts: facts(now), receivedAt: now, confirmedAt: now }
      return look(now)
    },
    /** It says that what it reported holds. */
    confirms(minutes: number): Appraisal {
      if (evidence) evidence = { ...evidence, confirmedAt: at(minutes) }
      return look(at(minutes))
    },
    /** Somebody asks. */
    asked: (minutes: number) => look(at(minutes)),
  }
}

const result = ({ checks }: Appraisal, id: CheckId) => checks.find((check) => check.id === id)

const on = (now: Date): Facts => ({ firewall: read(value({ enabled: true }), now) })
const off = (now: Date): Facts => ({ firewall: read(value({ enabled: false }), now) })
const unseen = (now: Date): Facts => ({ firewall: read(unreadable('denied'), now) })

const booted = (now: Date): Facts => ({ ...on(now), 'secure-boot': read(value({ enabled: true, tpm: null }), now) })

/** A policy that asks for the firewall alone, unless it says otherwise. */
const policyOf = (lines = '', tier = '[firewall]') =>
  parsePolicy(`
version: 1
freshness: 15m
tiers: { public: [], internal: ${tier} }
default-tier: internal
checks: { firewall: { grace: 1h } }
${lines}`)

describe('the default policy', () => {
  test('admits a healthy laptop to everything, until its report runs out', () => {
    const appraisal = laptop(DEFAULT).reports(0, healthyFacts)
    expect(appraisal.checks.map(({ id, verdict }) => [id, verdict])).toEqual(CHECK_IDS.map((id) => [id, 'pass']))
    expect(appraisal.tiers).toEqual(['public', 'internal', 'confidential', 'restricted'])
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 2, executables: 2, 'storage-opaque': 2 })
    expect(appraisal.earStatus).toBe('affirming')
    expect(appraisal.nextChange).toEqual(at(15))
  })

  test('admits a laptop whose every fact is unreadable to no tier but public', () => {
    const appraisal = laptop(DEFAULT).reports(0, unreadableFacts)
    for (const { verdict } of appraisal.checks) expect(verdict).toBe('unknown')
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(appraisal.earStatus).toBe('warning')
  })

  test('admits a laptop that sent no fact at all to no tier but public', () => {
    expect(laptop(DEFAULT).reports(0, () => ({})).tiers).toEqual(['public'])
  })

  test.each(SIGNAL_IDS.filter((id) => id !== 'device'))(
    'closes a tier when %s turns unreadable, whatever was before',
    (id) => {
      const it = laptop(DEFAULT)
      it.reports(0, healthyFacts)
      const appraisal = it.reports(5, (now) => ({ ...healthyFacts(now), [id]: read(unreadable('denied'), now) }))
      expect(appraisal.tiers).not.toContain('restricted')
      expect(appraisal.earStatus).toBe('warning')
    },
  )

  test('closes at once when endpoint protection stops, and leaves what does not need it', () => {
    const it = laptop(DEFAULT)
    it.reports(0, healthyFacts)
    const values = { ...healthyValues(at(5)), 'endpoint-protection': { products: [] } }
    const appraisal = it.reports(5, (now) => factsOf(values, now))
    expect(result(appraisal, 'endpoint-protection')).toMatchObject({ verdict: 'fail', since: time(5) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.executables).toBe(96)
  })

  test('asks of a Linux laptop what its override says', () => {
    const values = healthyValues(at(0))
    const products = values['endpoint-protection'].products.map((it) => ({ ...it, product: 'wazuh' }))
    const onLinux = { ...values, 'endpoint-protection': { products } }
    expect(laptop(DEFAULT).reports(0, (now) => factsOf(onLinux, now)).tiers).toContain('confidential')
    const onMac = laptop(DEFAULT, { platform: 'macos' }).reports(0, (now) => factsOf(onLinux, now))
    expect(result(onMac, 'endpoint-protection')?.verdict).toBe('fail')
  })
})

describe('a device that never reported', () => {
  test('is unknown since it was first asked about, and admitted to public alone', () => {
    const it = laptop(DEFAULT)
    it.asked(0)
    const appraisal = it.asked(30)
    expect(appraisal.tiers).toEqual(['public'])
    expect(result(appraisal, 'firewall')).toMatchObject({
      verdict: 'unknown',
      since: time(0),
      why: 'the device has not reported yet',
    })
    expect(appraisal.nextChange).toBeNull()
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
  })

  test('is not taken for one that passed before, because it was asked about', () => {
    const it = laptop(policyOf())
    it.asked(0)
    expect(result(it.reports(5, off), 'firewall')).toMatchObject({ verdict: 'fail', since: time(5) })
  })

  test('has no grace of a policy that forgives the unknown', () => {
    const it = laptop(policyOf('unknown: grace\nenrolment-grace: 1d'))
    expect(it.asked(0).tiers).toEqual(['public'])
  })
})

describe('an identity in doubt', () => {
  test.each([
    { identity: 'conflict', code: 96 },
    { identity: 'unverified', code: 99 },
  ] satisfies { identity: Identity; code: number }[])(
    '$identity admits to nothing, not even public',
    ({ identity, code }) => {
      const appraisal = laptop(DEFAULT, { identity }).reports(0, healthyFacts)
      expect(appraisal.tiers).toEqual([])
      expect(appraisal.vector['instance-identity']).toBe(code)
      expect(appraisal.earStatus).toBe('contraindicated')
      for (const { verdict } of appraisal.checks) expect(verdict).toBe('pass')
    },
  )
})

describe('pass and fail', () => {
  test('last since they began', () => {
    const it = laptop(policyOf())
    expect(result(it.reports(0, off), 'firewall')).toMatchObject({ verdict: 'fail', since: time(0) })
    expect(result(it.reports(5, off), 'firewall')).toMatchObject({ verdict: 'fail', since: time(0) })
    expect(result(it.reports(10, on), 'firewall')).toMatchObject({ verdict: 'pass', since: time(10) })
    expect(result(it.reports(15, on), 'firewall')).toMatchObject({ verdict: 'pass', since: time(10) })
  })

  test('say what was found, and what to do', () => {
    const check = result(laptop(policyOf()).reports(0, off), 'firewall')
    expect(check).toMatchObject({ title: 'Firewall', why: 'the firewall is off', mode: 'enforce' })
    expect(check?.fix).toMatch(/\.$/)
    expect(result(laptop(policyOf()).reports(0, on), 'firewall')).not.toHaveProperty('fix')
  })

  test('a device that never passed fails at once', () => {
    const appraisal = laptop(policyOf()).reports(0, off)
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.memory.firewall).toEqual({
      verdict: 'fail',
      since: at(0),
      passed: false,
      failingSince: at(0),
      trackedSince: null,
    })
  })
})

describe('grace', () => {
  test('is for a device that passed before, keeps its tier open, and says until when', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const appraisal = it.reports(5, off)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'grace', since: time(5), deadline: time(65) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.configuration).toBe(32)
    expect(appraisal.memory.firewall).toMatchObject({ passed: true, failingSince: at(5) })
  })

  test('counts from the first failure, not from the last report', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    const appraisal = it.reports(60, off)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'grace', since: time(5), deadline: time(65) })
    expect(appraisal.nextChange).toEqual(at(65))
  })

  test('ends at its deadline, also when nobody asked just then', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    it.reports(60, off)
    const appraisal = it.asked(70)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'fail', since: time(65) })
    expect(result(appraisal, 'firewall')).not.toHaveProperty('deadline')
    expect(appraisal.tiers).toEqual(['public'])
    expect(result(it.asked(72), 'firewall')?.since).toBe(time(65))
  })

  test('is over in the very moment of its deadline', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    it.reports(60, off)
    expect(result(it.asked(65 - 1 / MINUTE), 'firewall')?.verdict).toBe('grace')
    expect(result(it.asked(65), 'firewall')?.verdict).toBe('fail')
  })

  test('is given anew once the check has passed again', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    expect(it.reports(10, on).memory.firewall).toMatchObject({ verdict: 'pass', passed: true, failingSince: null })
    expect(result(it.reports(20, off), 'firewall')).toMatchObject({
      verdict: 'grace',
      since: time(20),
      deadline: time(80),
    })
  })

  test('counts from when the check was last seen to pass, although it could not be seen in between', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, unseen)
    expect(result(it.reports(10, off), 'firewall')).toMatchObject({
      verdict: 'grace',
      since: time(10),
      deadline: time(65),
    })
  })

  test('goes on after a silence as if there had been none', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.reports(5, off)
    expect(result(it.asked(40), 'firewall')?.verdict).toBe('stale')
    expect(result(it.reports(50, off), 'firewall')).toMatchObject({
      verdict: 'grace',
      since: time(50),
      deadline: time(65),
    })
    expect(result(it.asked(200), 'firewall')?.verdict).toBe('stale')
    expect(result(it.reports(210, off), 'firewall')).toMatchObject({ verdict: 'fail', since: time(210) })
  })

  test('of a device that never passed is what the policy gives at enrolment', () => {
    const it = laptop(policyOf('enrolment-grace: 10m'))
    const appraisal = it.reports(0, off)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'grace', deadline: time(10) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(result(it.asked(12), 'firewall')).toMatchObject({ verdict: 'fail', since: time(10) })
    it.reports(20, on)
    expect(result(it.reports(25, off), 'firewall')?.deadline).toBe(time(85))
  })
})

describe('unknown', () => {
  test('closes the tier at once, even for a device that passed a moment ago', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const appraisal = it.reports(5, unseen)
    expect(result(appraisal, 'firewall')).toMatchObject({
      verdict: 'unknown',
      since: time(5),
      why: 'unreadable: denied',
    })
    expect(result(appraisal, 'firewall')).not.toHaveProperty('deadline')
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(result(it.reports(10, unseen), 'firewall')?.since).toBe(time(5))
  })

  test('stays unknown in a tier that forgives it, which stays open until the deadline', () => {
    const it = laptop(policyOf('unknown: grace'))
    it.reports(0, on)
    const appraisal = it.reports(5, unseen)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'unknown', deadline: time(65) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    const last = it.reports(60, unseen)
    expect(last.nextChange).toEqual(at(65))
    const over = it.asked(65)
    expect(result(over, 'firewall')).toMatchObject({ verdict: 'unknown', since: time(5) })
    expect(result(over, 'firewall')).not.toHaveProperty('deadline')
    expect(over.tiers).toEqual(['public'])
  })

  test('is forgiven by the tier that says so, and by no other', () => {
    const it = laptop(policyOf('', '{ checks: [firewall], unknown: grace }, secret: [secure-boot]'))
    expect(it.reports(0, booted).tiers).toEqual(['public', 'internal', 'secret'])
    expect(it.reports(5, (now) => ({ ...booted(now), ...unseen(now) })).tiers).toEqual(['public', 'internal'])
  })

  test('is not forgiven where the device never passed, unless enrolment has a grace', () => {
    expect(laptop(policyOf('unknown: grace')).reports(0, unseen).tiers).toEqual(['public'])
    expect(laptop(policyOf('unknown: grace\nenrolment-grace: 10m')).reports(0, unseen).tiers).toEqual([
      'public',
      'internal',
    ])
  })
})

describe('stale', () => {
  test('is evidence older than the policy allows, from that moment on', () => {
    const it = laptop(policyOf())
    expect(it.reports(0, on).nextChange).toEqual(at(15))
    expect(result(it.asked(15 - 1 / MINUTE), 'firewall')?.verdict).toBe('pass')
    const appraisal = it.asked(20)
    expect(result(appraisal, 'firewall')).toMatchObject({
      verdict: 'stale',
      since: time(15),
      why: 'the last report ran out 5 minutes ago',
    })
    expect(result(appraisal, 'firewall')?.fix).toBeDefined()
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.nextChange).toBeNull()
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(result(it.asked(300), 'firewall')?.since).toBe(time(15))
  })

  test('is not forgiven by a tier that forgives the unknown, nor by grace', () => {
    const it = laptop(policyOf('unknown: grace'))
    it.reports(0, on)
    it.reports(5, off)
    expect(it.asked(20).tiers).toEqual(['public'])
  })

  test('is put off by "unchanged"', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    expect(it.confirms(10).nextChange).toEqual(at(25))
    expect(result(it.asked(24), 'firewall')?.verdict).toBe('pass')
    expect(result(it.asked(25), 'firewall')?.verdict).toBe('stale')
  })

  test('ends with the next report, which passes anew', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    it.asked(20)
    const appraisal = it.reports(30, on)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'pass', since: time(30) })
    expect(appraisal.memory.firewall).toMatchObject({ passed: true, failingSince: null })
  })

  test('is a single signal that grew older than it may, while the others hold', () => {
    const it = laptop(policyOf('', '[firewall, secure-boot]'))
    // A firewall may be 30 minutes old; this one was read 20 minutes before it was sent.
    expect(it.reports(0, (now) => ({ ...booted(now), ...on(at(-20)) })).nextChange).toEqual(at(10))
    const appraisal = it.asked(10)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict: 'stale', since: time(10) })
    expect(result(appraisal, 'secure-boot')?.verdict).toBe('pass')
    expect(appraisal.tiers).toEqual(['public'])
  })

  test('is a fact that was too old when it came; one from the future is as old as its report', () => {
    const late = laptop(policyOf()).reports(0, () => on(at(-31)))
    expect(result(late, 'firewall')?.verdict).toBe('stale')
    const it = laptop(policyOf())
    const early = it.reports(0, () => on(at(500)))
    expect(result(early, 'firewall')?.verdict).toBe('pass')
    expect(result(it.asked(15), 'firewall')?.verdict).toBe('stale')
  })

  test('leaves the memory of a device that is stale from its first report', () => {
    const it = laptop(policyOf())
    expect(it.reports(0, () => on(at(-31))).memory.firewall).toEqual({
      verdict: 'stale',
      since: at(-1),
      passed: false,
      failingSince: null,
      trackedSince: null,
    })
  })
})

describe('a check in report mode', () => {
  const reported = policyOf('overrides: [{ when: { tag: pilot }, checks: { firewall: { mode: report } } }]')

  test.each([
    { name: 'fails', facts: off, verdict: 'fail', code: 32 },
    { name: 'is unknown', facts: unseen, verdict: 'unknown', code: 36 },
  ])('that $name is shown and not counted', ({ facts, verdict, code }) => {
    const appraisal = laptop(reported, { tags: ['pilot'] }).reports(0, facts)
    expect(result(appraisal, 'firewall')).toMatchObject({ verdict, mode: 'report' })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.configuration).toBe(code)
  })

  test('counts for a device that the override does not name', () => {
    expect(laptop(reported).reports(0, off).tiers).toEqual(['public'])
  })
})

const updates = (pendingSecurity: number | null) => (now: Date) => {
  const values = healthyValues(now)
  return factsOf({ ...values, 'os-updates': { ...values['os-updates'], pendingSecurity } }, now)
}
const tracked = ({ memory }: Appraisal) => memory['os-patch']?.trackedSince

describe('what a rule tracks', () => {
  const patching = policyOf('', '[os-patch]')

  test('begins when it is first seen, and lasts until it is seen to be over', () => {
    const it = laptop(patching)
    expect(tracked(it.reports(0, updates(0)))).toBeNull()
    expect(tracked(it.reports(5, updates(1)))).toEqual(at(5))
    expect(tracked(it.reports(10, updates(3)))).toEqual(at(5))
    expect(tracked(it.reports(15, updates(null)))).toEqual(at(5))
    expect(tracked(it.reports(20, () => ({})))).toEqual(at(5))
    expect(tracked(it.asked(60))).toEqual(at(5))
    expect(tracked(it.reports(65, updates(2)))).toEqual(at(5))
    expect(tracked(it.reports(70, updates(0)))).toBeNull()
    expect(tracked(it.reports(75, updates(1)))).toEqual(at(75))
  })

  test('fails when its time is over, by time alone, and grace follows', () => {
    const it = laptop(patching)
    it.reports(0, updates(0))
    it.reports(5, updates(1))
    const due = 5 + 14 * 24 * 60
    expect(it.reports(due - 5, updates(1)).nextChange).toEqual(at(due))
    expect(result(it.asked(due - 1), 'os-patch')?.verdict).toBe('pass')
    expect(result(it.asked(due), 'os-patch')?.verdict).toBe('fail')
  })
})

test('a tier is closed where the policy does not ask what it needs', () => {
  const policy: Policy = { ...policyOf(), checksFor: () => new Map() }
  expect(laptop(policy).reports(0, on).tiers).toEqual(['public'])
})

/** Everything of an answer that a gateway or a person may rely on; the words of `why` tell ages, which always change. */
const answerOf = ({ checks, tiers, vector, earStatus }: Appraisal) => ({
  checks: checks.map(({ id, verdict, since, deadline, mode }) => ({ id, verdict, since, deadline, mode })),
  tiers,
  vector,
  earStatus,
})

const POLICIES = [
  DEFAULT,
  policyOf('unknown: grace\nenrolment-grace: 3m', '[firewall, disk-encryption, os-patch, os-supported]'),
  policyOf(
    'overrides: [{ when: { platform: linux }, checks: { firewall: { mode: report }, os-patch: { within: 7m, lists: 7d, grace: 2m }, disk-encryption: { volumes: all, suspended: 4m, grace: 5m } } }]',
    '{ checks: [firewall, os-patch, disk-encryption], unknown: grace }, secret: [endpoint-protection, screen-lock]',
  ),
] as const

type Past = { input: AppraisalInput; appraisal: Appraisal }

/** A device with a random past, at a random moment of it: the last thing that was asked, and the answer. */
function randomPast(luck: Chance): Past {
  const policy = luck.of(POLICIES)
  const identity: Identity = luck.oneIn(20) ? luck.of(['conflict', 'unverified']) : 'recognised'
  const device: AppraisalInput['device'] = {
    platform: luck.of(['linux', 'linux', 'linux', 'macos']),
    tags: [],
    identity,
  }
  let input: AppraisalInput = {
    evidence: null,
    device,
    policy,
    catalogue: CATALOGUE,
    memory: {},
    now: START,
  }
  let appraisal = appraise(input)
  for (let steps = 1 + luck.below(5); steps > 0; steps--) {
    const now = new Date(input.now.getTime() + luck.of([1, 60_000, 240_000, 899_999, 900_000, 7_200_000]))
    const next = luck.of(['report', 'report', 'report', 'confirm', 'wait'])
    const evidence =
      next === 'report'
        ? { facts: luck.oneIn(4) ? healthyFacts(now) : randomFacts(luck, now), receivedAt: now, confirmedAt: now }
        : input.evidence && (next === 'confirm' ? { ...input.evidence, confirmedAt: now } : input.evidence)
    input = {
      evidence,
      device,
      policy,
      catalogue: CATALOGUE,
      memory: appraisal.memory,
      now,
    }
    appraisal = appraise(input)
  }
  return { input, appraisal }
}

/** What a fact has to say for its check to count as good, written down a second time and as plainly as can be. */
const SUPPORTED = new Set(['debian 13', 'ubuntu 24.04', 'rhel 9.6'])
const GOOD: { [Id in CheckId]: (facts: Facts, now: Date) => boolean } = {
  'os-supported': ({ os }, now) => {
    if (os?.kind !== 'value') return false
    const { platform, id, version, supportEnd } = os.value
    if (platform === 'linux' && (id === 'arch' || SUPPORTED.has(`${id} ${version}`))) return true
    const isOver = platform === 'linux' && id === 'debian' && version === '11'
    return !isOver && supportEnd !== undefined && Date.parse(supportEnd) > now.getTime()
  },
  'os-patch': ({ 'os-updates': lacking }) => lacking?.kind === 'value' && lacking.value.pendingSecurity !== null,
  'disk-encryption': ({ 'disk-encryption': disks }) =>
    disks?.kind === 'value' &&
    disks.value.volumes.some(({ role }) => role === 'system') &&
    disks.value.volumes.every(({ role, state }) => role !== 'system' || state === 'on' || state === 'suspended'),
  'endpoint-protection': ({ 'endpoint-protection': edr }) =>
    edr?.kind === 'value' &&
    edr.value.products.some(({ state, product }) => state === 'healthy' && product !== 'clamav'),
  firewall: ({ firewall }) =>
    firewall?.kind === 'value' && firewall.value.enabled && firewall.value.profiles?.['public'] !== false,
  'screen-lock': ({ 'screen-lock': lock }) =>
    lock?.kind === 'value' && lock.value.enabled && lock.value.afterSeconds !== null && lock.value.afterSeconds <= 900,
  'secure-boot': ({ 'secure-boot': boot }) => boot?.kind === 'value' && boot.value.enabled,
}

/** Whether a check holds its tier open, as its result tells the world. */
function holdsOpen(tier: Tier, check: CheckResult | undefined, now: Date): boolean {
  if (!check) return false
  const inGrace = check.deadline !== undefined && Date.parse(check.deadline) > now.getTime()
  const forgiven = check.verdict === 'grace' || (check.verdict === 'unknown' && tier.unknown === 'grace')
  return check.mode === 'report' || check.verdict === 'pass' || (forgiven && inGrace)
}

/** Whether the answer is the same at another moment, by time alone. */
function isSameAt({ input, appraisal }: Past, ms: number): boolean {
  const then = appraise({ ...input, memory: appraisal.memory, now: new Date(ms) })
  return isDeepStrictEqual(answerOf(then), answerOf(appraisal))
}

describe('for any facts, any past and any moment', () => {
  const pasts = Array.from({ length: 4000 }, (_, seed) => randomPast(chance(seed)))
  const parseCheck = parserOf(CheckResult)

  /** The pasts of which it is not true, by their seeds. */
  const exceptionsTo = (isTrueOf: (past: Past, seed: number) => boolean) =>
    pasts.flatMap((past, seed) => (isTrueOf(past, seed) ? [] : [seed]))

  test('a pass rests on a fact that says so', () => {
    const exceptions = exceptionsTo(({ input: { evidence, now }, appraisal }) =>
      appraisal.checks.every(({ id, verdict }) => verdict !== 'pass' || (evidence && GOOD[id](evidence.facts, now))),
    )
    expect(exceptions).toEqual([])
  })

  test('a tier is open only where each of its checks passes, is in its grace, or is not counted', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) =>
      input.policy.tiers
        .filter(({ name }) => appraisal.tiers.includes(name))
        .every(
          (tier) =>
            input.device.identity === 'recognised' &&
            tier.checks.every((id) => holdsOpen(tier, result(appraisal, id), input.now)),
        ),
    )
    expect(exceptions).toEqual([])
  })

  test('a tier of the default policy that is open stands on open tiers', () => {
    const names = DEFAULT.tiers.map(({ name }) => name)
    const exceptions = exceptionsTo(
      ({ input, appraisal: { tiers } }) =>
        input.policy !== DEFAULT || tiers.join() === names.slice(0, tiers.length).join(),
    )
    expect(exceptions).toEqual([])
  })

  test('ear_status is never better than any claim of the vector', () => {
    const rank = { affirming: 0, none: 1, warning: 2, contraindicated: 3 }
    const exceptions = exceptionsTo(({ appraisal: { vector, earStatus } }) =>
      Object.values(vector).every((code) => rank[earStatus] >= rank[statusOf(code)]),
    )
    expect(exceptions).toEqual([])
  })

  test('what could not be seen is never affirmed, and never 0, 1 or silence', () => {
    const exceptions = exceptionsTo(({ appraisal: { checks, vector, earStatus } }) =>
      checks
        .filter(({ verdict }) => verdict === 'unknown' || verdict === 'stale')
        .every(({ id }) => {
          const code = vector[RULES[id].claim]
          const affirmed = code !== undefined && statusOf(code) === 'affirming'
          return !affirmed && (vector.configuration ?? 0) >= 36 && earStatus !== 'affirming' && earStatus !== 'none'
        }),
    )
    expect(exceptions).toEqual([])
  })

  test('to see less never opens a tier', () => {
    const exceptions = exceptionsTo(
      ({ input, appraisal }) =>
        input.policy !== DEFAULT ||
        SIGNAL_IDS.every((id) => {
          const blinded = appraise({ ...input, evidence: input.evidence && without(input.evidence, id, input.now) })
          return blinded.tiers.every((name) => appraisal.tiers.includes(name))
        }),
    )
    expect(exceptions).toEqual([])
  })

  test('every result has the shape that travels', () => {
    expect(exceptionsTo(({ appraisal }) => appraisal.checks.every((check) => parseCheck(check).ok))).toEqual([])
  })

  test('the same question has the same answer, and asking twice changes nothing', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) => {
      const again = appraise({ ...input, memory: appraisal.memory })
      return isDeepStrictEqual(appraise(input), appraisal) && isDeepStrictEqual(answerOf(again), answerOf(appraisal))
    })
    expect(exceptions).toEqual([])
  })

  describe('the moment at which time changes the answer', () => {
    test('lies ahead, and nothing changes before it', () => {
      const exceptions = exceptionsTo((past, seed) => {
        const now = past.input.now.getTime()
        const end = past.appraisal.nextChange?.getTime() ?? now + 1e12
        const between = now + chance(seed).below(end - now)
        return end > now && isSameAt(past, between) && isSameAt(past, end - 1)
      })
      expect(exceptions).toEqual([])
    })

    test('changes it, but for a few that are the price of simple rules', () => {
      const moments = pasts.filter(({ appraisal }) => appraisal.nextChange !== null)
      const idle = moments.filter((past) => isSameAt(past, past.appraisal.nextChange?.getTime() ?? 0))
      expect(idle.length / moments.length).toBeLessThan(0.05)
    })
  })
})

function without(
  evidence: NonNullable<AppraisalInput['evidence']>,
  id: SignalId,
  now: Date,
): AppraisalInput['evidence'] {
  return { ...evidence, facts: { ...evidence.facts, [id]: read(unreadable('denied'), now) } }
}
