import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { MusterError } from '../../shared/errors.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import { parsePolicy, type Policy } from './policy.ts'

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

describe('what is wrong with a policy is said, with its line', () => {
  test.each([
    { name: 'nothing', yaml: '', message: /^it must be object$/ },
    { name: 'a list', yaml: '- 1', message: /^line 1: it must be object$/ },
    { name: 'broken YAML', yaml: `${base}checks: [`, message: /at line 7/ },
    { name: 'a key twice', yaml: `${base}version: 1\n`, message: /unique at line 7/ },
    { name: 'another version', yaml: base.replace('version: 1', 'version: 2'), message: /^line 1: version / },
    {
      name: 'a duration that is none',
      yaml: base.replace('10m', 'ten minutes'),
      message: /^line 2: freshness must match/,
    },
    {
      name: 'no tiers',
      yaml: base.replace(/tiers:\n.*\n.*\n/, 'tiers: {}\n'),
      message: /^line 3: tiers must not have fewer than 1/,
    },
    {
      name: 'a check that does not exist',
      yaml: base.replace('[firewall]', '[firewall, antivirus]'),
      message: /^line 5: tiers.internal.1 must be one of/,
    },
    {
      name: 'a tier of another shape',
      yaml: base.replace('[firewall]', '7'),
      message: /^line 5: tiers.internal must be/,
    },
    {
      name: 'a tier with a key that is not known',
      yaml: base.replace('[firewall]', '{ checks: [], pass: all }'),
      message: /^line 5: tiers.internal/,
    },
    {
      name: 'a tier with a word for unknown that would let in',
      yaml: base.replace('[firewall]', '{ checks: [], unknown: pass }'),
      message: /^line 5: tiers.internal/,
    },
    {
      name: 'a tier whose name no address can carry',
      yaml: base.replace('internal:', 'Top Secret:'),
      message: /tiers.Top Secret is not a key/,
    },
    { name: 'a key that is not known', yaml: `${base}exceptions: []\n`, message: /^line 7: exceptions is not a key/ },
    {
      name: 'a check with a parameter of another',
      yaml: `${base}checks:\n  firewall:\n    grace: 1d\n    within: 5m\n`,
      message: /^line 10: checks.firewall.within is not a key/,
    },
    {
      name: 'a mode that is not one',
      yaml: `${base}checks:\n  firewall: { mode: off }\n`,
      message: /^line 8: checks.firewall.mode /,
    },
    {
      name: 'an override with a wrong parameter',
      yaml: `${base}overrides:\n  - when: {}\n    checks:\n      firewall: { grace: 1w }\n`,
      message: /^line 10: overrides.0.checks.firewall.grace /,
    },
    {
      name: 'an override for a platform that is not one',
      yaml: `${base}overrides:\n  - when: { platform: ios }\n    checks: {}\n`,
      message: /^line 8: overrides.0.when.platform /,
    },
    {
      name: 'a default tier that does not exist',
      yaml: base.replace('default-tier: internal', 'default-tier: secret'),
      message: /^default-tier: there is no tier "secret"; there are public, internal$/,
    },
    {
      name: 'a resource that needs a tier that does not exist',
      yaml: `${base}resources: [{ match: a, tier: secret }]\n`,
      message: /^resources: there is no tier "secret"/,
    },
    {
      name: 'an "unknown" that would pass',
      yaml: `${base}unknown: pass\n`,
      message: /^line 7: unknown must be one of/,
    },
  ])('$name', ({ yaml, message }) => {
    expect(() => parsePolicy(yaml)).toThrow(
      expect.objectContaining({ code: 'policy-invalid', message: expect.stringMatching(message) }),
    )
  })
})

test('a damaged policy is refused with its code, or can be asked about any device', () => {
  const read: Policy[] = []
  for (const yaml of mutations(shipped, 2000)) {
    try {
      read.push(parsePolicy(yaml))
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
    }
  }
  const lengths = read.flatMap((policy) => [
    policy.freshnessMs,
    policy.enrolmentGraceMs,
    ...[...policy.checksFor(linux).values()].map(({ graceMs }) => graceMs),
  ])
  expect(lengths.filter((ms) => !Number.isInteger(ms) || ms < 0)).toEqual([])
})

describe('the resource map', () => {
  test.each([
    { match: 'a.example', address: 'a.example/', matches: true },
    { match: 'a.example', address: 'a.example/x/y', matches: true },
    { match: 'a.example', address: 'a.example.evil/', matches: false },
    { match: 'a.example', address: 'b.a.example/', matches: false },
    { match: 'a.example', address: 'axexample/', matches: false },
    { match: 'a.example/x', address: 'a.example/x', matches: true },
    { match: 'a.example/x', address: 'a.example/x/y', matches: false },
    { match: 'a.example/*', address: 'a.example/x', matches: true },
    { match: 'a.example/*', address: 'a.example/x/y', matches: false },
    { match: 'a.example/**', address: 'a.example/x/y', matches: true },
    { match: 'a.example/*/y', address: 'a.example/x/y', matches: true },
    { match: 'a.example/**/z', address: 'a.example/x/y/z', matches: true },
    { match: 'a.example/x**', address: 'a.example/x\ny', matches: true },
    { match: '*.example', address: 'a.example/', matches: true },
    { match: '*.example', address: 'example/', matches: false },
    { match: '*.example', address: 'evil/a.example', matches: false },
    { match: '**', address: 'anything/at/all', matches: true },
    { match: 'a.example/(x|y)+', address: 'a.example/(x|y)+', matches: true },
    { match: 'a.example/(x|y)+', address: 'a.example/x', matches: false },
  ])('$match covers $address: $matches', ({ match, address, matches }) => {
    const policy = parsePolicy(`${base}resources:\n  - { match: ${JSON.stringify(match)}, tier: public }\n`)
    expect(policy.resources[0]?.pattern.test(address)).toBe(matches)
  })
})
