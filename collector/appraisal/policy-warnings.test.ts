import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { problemLines } from './policy-problems.ts'
import { policyWarnings } from './policy-warnings.ts'

const BASE = `
version: 1
freshness: 10m
tiers:
  public: []
  internal: [firewall, os-patch]
  secret: { checks: [secure-boot] }
default-tier: internal
checks:
  firewall: { grace: 1d }
`.trimStart()
const linesOf = (yaml: string) => {
  const warnings = policyWarnings(yaml)
  return warnings.length === 0 ? [] : problemLines(warnings).split('\n')
}

describe('nothing is said', () => {
  test.each([
    ['of the default policy', readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8')],
    ['of one that has an effect', BASE],
    ['of one without parameters', BASE.replace(/checks:\n.*\n$/, '')],
    [
      'of a default that is an override, where the checks say nothing',
      `${BASE.replace(/checks:\n.*\n$/, '')}overrides: [{ when: { tag: a }, checks: { firewall: { grace: 1d } } }]\n`,
    ],
    ['of one that is wrong', `${BASE}groups: { pilot: {} }\nunknown: pass\n`],
    ['of a check that two tiers name', BASE.replace('[secure-boot]', '[secure-boot, firewall]')],
    [
      'of an override that takes back an earlier one',
      `${BASE}overrides:
  - { when: { platform: linux }, checks: { firewall: { grace: 2d } } }
  - { when: { tag: old }, checks: { firewall: { grace: 1d } } }
`,
    ],
  ])('%s', (_name, yaml) => {
    expect(policyWarnings(yaml)).toEqual([])
  })
})

describe('what has no effect is said with its place', () => {
  test.each([
    {
      name: 'a freshness beyond that of every signal',
      yaml: BASE.replace('10m', '61m'),
      lines: ['line 2, column 12: freshness has no effect beyond 1 hour, the most that a signal is leant on'],
    },
    {
      name: 'a check twice in one list',
      yaml: BASE.replace('[firewall,', '[firewall, firewall,').replace(
        '[secure-boot]',
        '[os-patch, secure-boot, secure-boot]',
      ),
      lines: [
        'line 5, column 24: tiers.internal.1 stands in this list twice',
        'line 6, column 45: tiers.secret.checks.2 stands in this list twice',
      ],
    },
    {
      name: 'checks that no tier asks',
      yaml: `${BASE}  screen-lock: { grace: 1d }
overrides: [{ when: { tag: a }, checks: { os-supported: { grace: 1d } } }]
`,
      lines: [
        'line 10, column 16: checks.screen-lock is asked by no tier, so nobody is judged by it',
        'line 11, column 57: overrides.0.checks.os-supported is asked by no tier, so nobody is judged by it',
      ],
    },
    {
      name: 'groups without members',
      yaml: `${BASE}groups:\n  a: {}\n  b: { tags: [], owners: [] }\n  c: { tags: [x] }\n`,
      lines: [
        'line 11, column 6: groups.a has no members: name tags, owners or devices',
        'line 12, column 6: groups.b has no members: name tags, owners or devices',
      ],
    },
    {
      name: 'resources behind one that covers them',
      yaml: `${BASE}resources:
  - { match: 'wiki.example.com', tier: public }
  - { match: '*.example.com/**', tier: internal }
  - { match: 'payroll.example.com/**', tier: secret }
  - { match: 'wiki.example.com/admin/*', tier: secret }
  - { match: 'other.example', tier: secret }
`,
      lines: [
        'line 13, column 14: resources.2.match is never reached: resources.1 (*.example.com/**) covers it',
        'line 14, column 14: resources.3.match is never reached: resources.0 (wiki.example.com) covers it',
      ],
    },
    {
      name: 'a host as no browser sends it',
      yaml: `${BASE}resources:
  - { match: 'bücher.example/**', tier: public }
  - { match: 'xn--bcher-kva.example/bücher', tier: public }
`,
      lines: [
        'line 11, column 14: resources.0.match stands for no address that a browser asks for: it writes such a host as xn--...',
      ],
    },
    {
      name: 'overrides that change nothing',
      yaml: `${BASE}overrides:
  - { when: { tag: a }, checks: {} }
  - { when: { tag: a }, checks: { firewall: {} } }
  - { when: {}, checks: { firewall: { grace: 3d } } }
  - { when: { tag: a }, checks: { os-patch: { mode: enforce, grace: 0d, within: 14d } } }
`,
      lines: [
        'line 11, column 33: overrides.0.checks changes nothing',
        'line 12, column 33: overrides.1.checks changes nothing',
        'line 13, column 13: overrides.2.when names nothing, so every device is meant: write it under checks',
        'line 14, column 53: overrides.3.checks.os-patch.mode is what counts without this override',
        'line 14, column 69: overrides.3.checks.os-patch.grace is what counts without this override',
      ],
    },
    {
      name: 'an override with what the checks say, in other words',
      yaml: `${BASE}overrides:\n  - { when: { platform: linux }, checks: { firewall: { grace: 24h } } }\n`,
      lines: ['line 11, column 63: overrides.0.checks.firewall.grace is what counts without this override'],
    },
  ])('$name', ({ yaml, lines }) => {
    expect(linesOf(yaml)).toEqual(lines)
  })

  test('in time, for as many entries as a policy may have', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `  - { match: '*a${i}.example/**', tier: public }\n`)
    expect(policyWarnings(`${BASE}resources:\n${many.join('')}`)).toEqual([])
  })
})
