import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECK_IDS } from '../../shared/standing.ts'
import { problemLines } from './policy-problems.ts'
import { parsePolicy, policyOf, policyProblems, type Policy } from './policy.ts'

const shipped = readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8')
const DAY = 86_400_000

const tierOf = (policy: Policy, name: string) => policy.tiers.find((tier) => tier.name === name)
const linux = { id: 'dev_1', platform: 'linux', tags: [], owner: null } as const
const windows = { ...linux, platform: 'windows' } as const

describe('the default policy', () => {
  const policy = parsePolicy(shipped)

  test('builds each tier on the one before', () => {
    expect(policy.tiers).toEqual([
      { name: 'public', checks: [], unknown: 'fail' },
      { name: 'internal', checks: ['os-supported', 'disk-encryption'], unknown: 'fail' },
      {
        name: 'confidential',
        checks: ['os-supported', 'disk-encryption', 'os-patch', 'endpoint-protection', 'firewall'],
        unknown: 'fail',
      },
      { name: 'restricted', checks: expect.arrayContaining(CHECK_IDS), unknown: 'fail' },
    ])
    expect(tierOf(policy, 'restricted')?.checks).toHaveLength(CHECK_IDS.length)
  })

  test('believes evidence for 15 minutes, and has no grace for a device that never passed', () => {
    expect(policy).toMatchObject({ freshnessMs: 900_000, enrolmentGraceMs: 0, defaultTier: 'confidential' })
  })

  test('enforces every check, with a grace of its own, and none where protection was stopped', () => {
    const checks = policy.checksFor(windows)
    expect([...checks.keys()]).toEqual(CHECK_IDS)
    for (const { mode } of checks.values()) expect(mode).toBe('enforce')
    expect(Object.fromEntries([...checks].map(([id, { graceMs }]) => [id, graceMs / DAY]))).toEqual({
      'os-supported': 30,
      'os-patch': 7,
      'disk-encryption': 3,
      'endpoint-protection': 0,
      firewall: 1,
      'screen-lock': 7,
      'secure-boot': 30,
    })
  })

  test('counts other products on Linux', () => {
    expect(policy.checksFor(linux).get('endpoint-protection')?.ask).toContain('wazuh')
    expect(policy.checksFor(windows).get('endpoint-protection')?.ask).not.toContain('wazuh')
  })
})

const base = `
version: 1
freshness: 10m
tiers:
  public: []
  internal: [firewall]
default-tier: internal
`.trimStart()

describe('a policy', () => {
  test('needs no more than tiers, freshness and a default', () => {
    const policy = parsePolicy(base)
    expect(policy).toMatchObject({ freshnessMs: 600_000, enrolmentGraceMs: 0, resources: [] })
    expect([...policy.checksFor(linux)]).toEqual([
      ['firewall', expect.objectContaining({ graceMs: 0, mode: 'enforce' })],
    ])
  })

  test('asks only what some tier needs', () => {
    expect([...parsePolicy(`${base}checks: { secure-boot: { grace: 1d } }\n`).checksFor(linux).keys()]).toEqual([
      'firewall',
    ])
  })

  test('gives devices that never passed the grace that it says', () => {
    expect(parsePolicy(`${base}enrolment-grace: 2d\n`).enrolmentGraceMs).toBe(2 * DAY)
  })

  test('says for all tiers what becomes of "unknown", and a tier may say otherwise', () => {
    const yaml = base.replace(
      'internal: [firewall]',
      'internal: { checks: [firewall] }\n  secret: { checks: [os-patch], unknown: fail }',
    )
    expect(parsePolicy(`${yaml}unknown: grace\n`).tiers).toEqual([
      { name: 'public', checks: [], unknown: 'grace' },
      { name: 'internal', checks: ['firewall'], unknown: 'grace' },
      { name: 'secret', checks: ['firewall', 'os-patch'], unknown: 'fail' },
    ])
    expect(parsePolicy(yaml).tiers.map(({ unknown }) => unknown)).toEqual(['fail', 'fail', 'fail'])
  })

  test('names a check twice and needs it once', () => {
    expect(parsePolicy(base.replace('[firewall]', '[firewall, firewall]')).tiers[1]?.checks).toEqual(['firewall'])
  })
})

describe('overrides', () => {
  const policy = parsePolicy(`${base}
checks:
  firewall: { grace: 1d }
overrides:
  - { when: { platform: linux }, checks: { firewall: { grace: 2d } } }
  - { when: { tag: pilot }, checks: { firewall: { mode: report } } }
  - { when: { platform: linux, tag: server }, checks: { firewall: { grace: 3d } } }
  - { when: {}, checks: { secure-boot: { grace: 9d } } }
`)

  test.each([
    { name: 'none that applies', platform: 'windows', tags: ['other'], grace: 1, mode: 'enforce' },
    { name: 'one by platform', platform: 'linux', tags: [], grace: 2, mode: 'enforce' },
    {
      name: 'one by tag, which leaves the rest as it was',
      platform: 'windows',
      tags: ['other', 'pilot'],
      grace: 1,
      mode: 'report',
    },
    { name: 'two that say different things', platform: 'linux', tags: ['pilot'], grace: 2, mode: 'report' },
    { name: 'a later one over an earlier one', platform: 'linux', tags: ['server'], grace: 3, mode: 'enforce' },
    {
      name: 'one that asks for two things, of which one holds',
      platform: 'windows',
      tags: ['server'],
      grace: 1,
      mode: 'enforce',
    },
  ] as const)('$name', ({ platform, tags, grace, mode }) => {
    expect(policy.checksFor({ ...linux, platform, tags }).get('firewall')).toMatchObject({ graceMs: grace * DAY, mode })
  })

  test('by group, whose members are named by device, tag or owner', () => {
    const grouped = parsePolicy(`${base}
groups:
  pilot: { tags: [pilot], owners: ['anna@example.com', '*@it.example.com'], devices: [dev_9] }
  empty: {}
overrides:
  - { when: { group: pilot, platform: linux }, checks: { firewall: { mode: report } } }
`)
    const modeOf = (device: object) => grouped.checksFor({ ...linux, ...device }).get('firewall')?.mode
    expect(grouped.groupsOf({ ...linux, id: 'dev_9' })).toEqual(['pilot'])
    expect(modeOf({})).toBe('enforce')
    expect(modeOf({ id: 'dev_9' })).toBe('report')
    expect(modeOf({ tags: ['pilot'] })).toBe('report')
    expect(modeOf({ owner: 'Anna@Example.com' })).toBe('report')
    expect(modeOf({ owner: 'bob@it.example.com' })).toBe('report')
    expect(modeOf({ owner: 'bob@it.example.com.evil' })).toBe('enforce')
    expect(modeOf({ owner: 'bob@x@it.example.com' })).toBe('enforce')
    expect(modeOf({ id: 'dev_9', platform: 'macos' })).toBe('enforce')
  })

  test('are prepared once for all devices that they apply to', () => {
    expect(policy.checksFor(linux)).toBe(policy.checksFor({ ...linux, tags: ['other'] }))
    expect(policy.checksFor(linux)).not.toBe(policy.checksFor(windows))
  })
})

test('an address is looked up in the resource map, in its order', () => {
  const { resources } = parsePolicy(`${base}resources:
  - { match: 'a.example/x', tier: internal }
  - { match: '*.example', tier: public }
`)
  const tierFor = (address: string) => resources.find(({ pattern }) => pattern.test(address))?.tier
  expect(['a.example/x', 'a.example/y', 'b.test/'].map(tierFor)).toEqual(['internal', 'public', undefined])
})

test('a policy that is wrong is refused with everything that is wrong, one problem a line', () => {
  const yaml = base.replace('10m', 'soon').replace('[firewall]', '[firewal]')
  const lines = [
    'line 2, column 12: freshness must be a number and s, m, h or d (15m, 24h, 14d), not "soon"',
    expect.stringMatching(/^line 5, column 14: tiers.internal.0 must be one of: .*; did you mean "firewall"\?$/),
  ]
  expect(() => parsePolicy(yaml)).toThrow(
    expect.objectContaining({
      code: 'policy-invalid',
      message: expect.stringMatching(/^[^\n]+\n[^\n]+$/) as string,
    }) as Error,
  )
  expect(problemLines(policyProblems(yaml)).split('\n')).toEqual(lines)
  expect(policyProblems(yaml)).toHaveLength(2)
  expect(policyProblems(base)).toEqual([])
})

test('a rule that refuses its parameters when they are put together is a policy that is wrong', () => {
  const checks = { firewall: { within: '5m' } as object }
  const policy = policyOf({ version: 1, freshness: '15m', tiers: { a: ['firewall'] }, 'default-tier': 'a', checks })
  expect(() => policy.checksFor(linux)).toThrow(expect.objectContaining({ code: 'policy-invalid' }) as Error)
})
