import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { policyDiff } from './policy-diff.ts'

const SHIPPED = readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8')
const BASE = `
version: 1
freshness: 15m
tiers:
  public: []
  internal: [os-patch, firewall]
  secret: [secure-boot]
checks:
  os-patch: { within: 14d, grace: 7d }
  endpoint-protection: { anyOf: [huntress, wazuh] }
resources:
  - { match: 'a.example/**', tier: internal }
  - { match: 'b.example/**', tier: secret }
default-tier: internal
overrides:
  - { when: { platform: linux, tag: pilot }, checks: { firewall: { mode: report } } }
  - { when: { tag: old }, checks: { firewall: { grace: 2d } } }
`.trimStart()

/** `path: before > after` for each change from the base to what an edit makes of it. */
function changed(edit: (yaml: string) => string): string[] {
  return policyDiff(BASE, edit(BASE)).map(({ path, before, after }) => `${path}: ${before} > ${after}`)
}
const replaced = (from: string, to: string) => changed((yaml) => yaml.replace(from, to))

describe('what means the same is no change', () => {
  test.each([
    ['the same text', (yaml: string) => yaml],
    ['a comment', (yaml: string) => `# new\n${yaml}`],
    [
      'other spaces and quotes',
      (yaml: string) => yaml.replace('[os-patch, firewall]', '\n    - \'os-patch\'\n    - "firewall"'),
    ],
    ['another unit', (yaml: string) => yaml.replace('15m', '900s').replace('14d', '336h')],
    [
      'keys in another order',
      (yaml: string) =>
        yaml
          .replace('within: 14d, grace: 7d', 'grace: 7d, within: 14d')
          .replace('platform: linux, tag: pilot', 'tag: pilot, platform: linux'),
    ],
    ['sections in another order', (yaml: string) => yaml.replace('version: 1\n', '') + 'version: 1\n'],
    [
      'lists in another order',
      (yaml: string) =>
        yaml.replace('huntress, wazuh', 'wazuh, huntress').replace('os-patch, firewall', 'firewall, os-patch'),
    ],
    ['the long form of a tier', (yaml: string) => yaml.replace('[secure-boot]', '{ checks: [secure-boot] }')],
    [
      'a check that a tier before needs anyhow',
      (yaml: string) => yaml.replace('[secure-boot]', '[secure-boot, firewall]'),
    ],
    [
      'defaults that are written out',
      (yaml: string) =>
        yaml.replace('grace: 7d }', 'grace: 7d, mode: enforce }') + 'unknown: fail\nenrolment-grace: 0h\n',
    ],
    [
      'a check without parameters',
      (yaml: string) => yaml.replace('checks:\n', 'checks:\n  firewall: { grace: 0d }\n  secure-boot: {}\n'),
    ],
    [
      'an entry that is never reached',
      (yaml: string) => yaml.replace('default-tier', "  - { match: 'a.example/**', tier: secret }\ndefault-tier"),
    ],
    ['line breaks of Windows', (yaml: string) => yaml.replaceAll('\n', '\r\n')],
  ] as [string, (yaml: string) => string][])('%s', (_name, edit) => {
    expect(changed(edit)).toEqual([])
  })
})

describe('a change is told by its path, before and after', () => {
  test.each([
    ['a value', '15m', '10m', ['freshness: 15m > 10m']],
    ['a parameter', 'within: 14d', 'within: 7d', ['checks.os-patch.within: 14d > 7d']],
    ['a parameter that is new', 'within: 14d', 'within: 14d, lists: 3d', ['checks.os-patch.lists: null > 3d']],
    ['a parameter that is gone', 'within: 14d, ', '', ['checks.os-patch.within: 14d > null']],
    ['a default that is not one any more', 'default-tier', 'unknown: grace\ndefault-tier', ['unknown: null > grace']],
    ['a list', 'huntress, wazuh', 'wazuh', ['checks.endpoint-protection.anyOf: huntress, wazuh > wazuh']],
    ['a list that is empty', '[huntress, wazuh]', '[]', ['checks.endpoint-protection.anyOf: huntress, wazuh > none']],
    [
      'minimum versions',
      'within: 14d',
      "within: 14d, minimum: { macos: ['15.7', '26.1'], windows: '26100' }",
      ['checks.os-patch.minimum.macos: null > 15.7, 26.1', 'checks.os-patch.minimum.windows: null > 26100'],
    ],
    [
      'a check that moves to another tier',
      'internal: [os-patch, firewall]\n  secret: [',
      'internal: [os-patch]\n  secret: [firewall, ',
      [
        'tiers.internal.checks: os-patch, firewall > os-patch',
        'tiers.secret.checks: secure-boot > firewall, secure-boot',
      ],
    ],
    [
      'how a tier takes unknown',
      '[secure-boot]',
      '{ checks: [secure-boot], unknown: grace }',
      ['tiers.secret.unknown: null > grace'],
    ],
    [
      'a new tier, and where it stands',
      '  secret: [',
      '  middle: [screen-lock]\n  secret: [',
      ['tiers: public, internal, secret > public, internal, middle, secret', 'tiers.middle.checks: null > screen-lock'],
    ],
    [
      'the order of tiers',
      '  internal: [os-patch, firewall]\n  secret: [secure-boot]\n',
      '  secret: [secure-boot]\n  internal: [os-patch, firewall]\n',
      ['tiers: public, internal, secret > public, secret, internal'],
    ],
    [
      'the tier of an address',
      "'b.example/**', tier: secret",
      "'b.example/**', tier: public",
      ['resources."b.example/**": secret > public'],
    ],
    [
      'an address that is new',
      'default-tier',
      "  - { match: '**', tier: secret }\ndefault-tier",
      ['resources."**": null > secret'],
    ],
    [
      'the order of addresses',
      "  - { match: 'a.example/**', tier: internal }\n  - { match: 'b.example/**', tier: secret }\n",
      "  - { match: 'b.example/**', tier: secret }\n  - { match: 'a.example/**', tier: internal }\n",
      ['resources: a.example/**, b.example/** > b.example/**, a.example/**'],
    ],
    [
      'groups',
      'default-tier',
      "groups: { pilot: { tags: [a, b], owners: ['*@x'] } }\ndefault-tier",
      ['groups.pilot.owners: null > *@x', 'groups.pilot.tags: null > a, b'],
    ],
    [
      'a parameter of an override',
      'mode: report',
      'mode: enforce',
      ['overrides."platform linux, tag pilot".firewall.mode: report > enforce'],
    ],
    [
      'for whom an override is',
      'tag: old',
      'group: old',
      ['overrides."group old".firewall.grace: null > 2d', 'overrides."tag old".firewall.grace: 2d > null'],
    ],
    [
      'an override for everybody',
      'when: { tag: old }',
      'when: {}',
      ['overrides."every device".firewall.grace: null > 2d', 'overrides."tag old".firewall.grace: 2d > null'],
    ],
    [
      'an override that a later one replaces',
      '  - { when: { tag: old }, checks: { firewall: { grace: 2d } } }\n',
      '  - { when: { tag: old }, checks: { firewall: { grace: 2d } } }\n  - { when: { tag: old }, checks: { firewall: { grace: 3d } } }\n',
      ['overrides."tag old".firewall.grace: 2d > 3d'],
    ],
    ['a key that no policy of this release has', 'default-tier', 'next: { a: 1 }\ndefault-tier', ['next.a: null > 1']],
  ] as [string, string, string, string[]][])('%s', (_name, from, to, changes) => {
    expect(replaced(from, to)).toEqual(changes)
  })

  test('the other way round where it is undone', () => {
    const after = BASE.replace('15m', '10m').replace('within: 14d, ', '')
    expect(policyDiff(after, BASE)).toEqual([
      { path: 'freshness', before: '10m', after: '15m' },
      { path: 'checks.os-patch.within', before: null, after: '14d' },
    ])
  })

  test('section by section, then by path', () => {
    const paths = policyDiff('', BASE).map(({ path }) => path)
    expect(paths).toEqual([
      'version',
      'freshness',
      'tiers',
      'tiers.internal.checks',
      'tiers.public.checks',
      'tiers.secret.checks',
      'checks.endpoint-protection.anyOf',
      'checks.os-patch.grace',
      'checks.os-patch.within',
      'resources."a.example/**"',
      'resources."b.example/**"',
      'default-tier',
      'overrides."platform linux, tag pilot".firewall.mode',
      'overrides."tag old".firewall.grace',
    ])
    expect(policyDiff(BASE, '').map(({ path }) => path)).toEqual(paths)
  })
})

describe('what is no policy', () => {
  test('is compared as far as it has values', () => {
    expect(policyDiff('- 1', 'tiers: { a: x, b: { unknown: fail } }\nresources: [5]\noverrides: 7')).toEqual([
      { path: 'tiers', before: null, after: 'a, b' },
      { path: 'tiers.a.checks', before: null, after: 'none' },
      { path: 'tiers.b.checks', before: null, after: 'none' },
      { path: 'tiers.b.unknown', before: null, after: 'fail' },
    ])
  })

  test('and is no YAML either is refused, on either side', () => {
    const refused = expect.objectContaining({
      code: 'policy-invalid',
      message: expect.stringMatching(/^line 1/) as string,
    }) as Error
    expect(() => policyDiff(BASE, 'a: *x')).toThrow(refused)
    expect(() => policyDiff('a: *x', BASE)).toThrow(refused)
  })

  test('because it is damaged is compared or refused, and a thing never differs from itself', () => {
    const odd: unknown[] = []
    for (const yaml of mutations(SHIPPED, 500)) {
      try {
        policyDiff(SHIPPED, yaml)
        odd.push(...policyDiff(yaml, yaml))
      } catch (error) {
        if (!(error instanceof MusterError)) odd.push(error)
      }
    }
    expect(odd).toEqual([])
  })
})
