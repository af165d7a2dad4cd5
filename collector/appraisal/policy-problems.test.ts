import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { valueOf } from './located.ts'
import { POLICY_CHARS, PolicyDocument } from './policy-document.ts'
import { problemLines, readPolicy, type PolicyProblem } from './policy-problems.ts'
import { policyOf } from './policy.ts'

const SHIPPED = readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8')
const BASE = `
version: 1
freshness: 10m
tiers:
  public: []
  internal: [firewall]
default-tier: internal
`.trimStart()

function problemsOf(yaml: string): PolicyProblem[] {
  const read = readPolicy(yaml)
  return read.ok ? [] : read.problems
}
/** A text as it is, or one of a form. */
const like = (it: string | RegExp): unknown => (typeof it === 'string' ? it : expect.stringMatching(it))
const linesOf = (yaml: string): string[] => problemLines(problemsOf(yaml)).split('\n')

describe('a policy that is right', () => {
  test.each([
    ['the default one', SHIPPED],
    ['the least', BASE],
    ['one without line breaks', '{version: 1, freshness: 1h, tiers: {a: []}, default-tier: a}'],
    ['one of JSON', JSON.stringify({ version: 1, freshness: '1h', tiers: { a: ['firewall'] }, 'default-tier': 'a' })],
    ['one from Windows', `\u{feff}${BASE.replaceAll('\n', '\r\n')}`],
    ['one with a tier of a strange name', BASE.replaceAll('internal', 'constructor')],
  ])('%s', (_name, yaml) => {
    expect(problemsOf(yaml)).toEqual([])
  })
})

describe('what is wrong is said with its place', () => {
  test.each([
    { name: 'nothing', yaml: '', lines: ['line 1, column 1: the document is empty'] },
    { name: 'comments alone', yaml: '# soon\n', lines: ['line 1, column 1: the document is empty'] },
    { name: 'a word', yaml: 'no', lines: ['line 1, column 1: the document must be a map (key: value), not "no"'] },
    { name: 'a list', yaml: '\n- 1', lines: ['line 2, column 1: the document must be a map (key: value), not a list'] },
    { name: 'broken YAML', yaml: `${BASE}checks: {`, lines: ['line 7, column 9: this { is never closed'] },
    {
      name: 'a tab',
      yaml: BASE.replace('  public', '\tpublic'),
      lines: [/^line 4, column 1: there is a tab/, /^line 5/],
    },
    {
      name: 'an anchor with its alias',
      yaml: `${BASE}checks:\n  firewall: &day { grace: 1d }\n  secure-boot: *day\n`,
      lines: [/^line 8, column 13: anchors are not read/, /^line 9, column 16: .*aliases are not read/],
    },
    {
      name: 'a key twice',
      yaml: `${BASE}version: 1\n`,
      lines: ['line 7, column 1: version stands here twice, and only one can count'],
    },
    {
      name: 'keys that are missing',
      yaml: 'version: 1\nfreshness: 10m\n',
      lines: ['line 1, column 1: tiers is missing', 'line 1, column 1: default-tier is missing'],
    },
    {
      name: 'another version',
      yaml: BASE.replace('version: 1', 'version: 2'),
      lines: ['line 1, column 10: version must be 1, not 2'],
    },
    {
      name: 'a duration that is none',
      yaml: BASE.replace('10m', '10'),
      lines: ['line 2, column 12: freshness must be a number and s, m, h or d (15m, 24h, 14d), not 10'],
    },
    {
      name: 'a freshness of nothing',
      yaml: BASE.replace('10m', '0m'),
      lines: ['line 2, column 12: freshness must be from 1s to 31d'],
    },
    {
      name: 'a grace without end',
      yaml: `${BASE}checks: { firewall: { grace: 99999d } }\n`,
      lines: ['line 7, column 30: checks.firewall.grace must be from 0m to 366d'],
    },
    {
      name: 'lengths of time in which nothing can pass',
      yaml: `${BASE}checks:
  os-patch: { lists: 0d, catalogue: 0d }
  endpoint-protection: { definitions: 0d }
  screen-lock: { within: 0s }
  os-supported: { catalogue: 0d }
`,
      lines: [
        'line 8, column 22: checks.os-patch.lists must be from 1m to 366d',
        'line 8, column 37: checks.os-patch.catalogue must be from 1m to 366d',
        'line 9, column 39: checks.endpoint-protection.definitions must be from 1m to 366d',
        'line 10, column 26: checks.screen-lock.within must be from 1s to 1d',
        'line 11, column 30: checks.os-supported.catalogue must be from 1m to 3660d',
      ],
    },
    {
      name: 'no tiers',
      yaml: BASE.replace(/tiers:\n.*\n.*\n/, 'tiers: {}\n'),
      lines: [
        'line 3, column 8: tiers must not be empty',
        'line 4, column 15: default-tier is "internal", and the policy has none',
      ],
    },
    {
      name: 'a default tier that is no name, said once',
      yaml: BASE.replace(/default-tier: .*/, "default-tier: '-'"),
      lines: [/^line \d, column 15: default-tier must be one of: public, [^ ]+, not "-"$/],
    },
    {
      name: 'tiers as a list',
      yaml: BASE.replace(/tiers:\n.*\n.*\n/, 'tiers: [public, internal]\n'),
      lines: ['line 3, column 8: tiers must be a map (key: value), not a list'],
    },
    {
      name: 'a check that does not exist',
      yaml: BASE.replace('[firewall]', '[firewal, antivirus]'),
      lines: [
        'line 5, column 14: tiers.internal.0 must be one of: os-supported, os-patch, disk-encryption, endpoint-protection, firewall, screen-lock, secure-boot, not "firewal"; did you mean "firewall"?',
        /^line 5, column 23: tiers.internal.1 must be one of: .*, not "antivirus"$/,
      ],
    },
    {
      name: 'a tier without anything',
      yaml: BASE.replace(' []', ''),
      lines: [
        'line 4, column 10: tiers.public must be a list of checks, or a map of checks and unknown, and nothing is there',
      ],
    },
    {
      name: 'a tier of another shape',
      yaml: BASE.replace('[firewall]', 'firewall'),
      lines: [
        'line 5, column 13: tiers.internal must be a list of checks, or a map of checks and unknown, not "firewall"',
      ],
    },
    {
      name: 'the long form of a tier with other keys',
      yaml: BASE.replace('[firewall]', '{ check: [], unknown: pass }'),
      lines: [
        'line 5, column 13: tiers.internal.checks is missing',
        'line 5, column 15: tiers.internal.check is not a key that is known here; did you mean "checks"?',
        'line 5, column 35: tiers.internal.unknown must be one of: fail, grace, not "pass"',
      ],
    },
    {
      name: 'a tier whose name no address can carry',
      yaml: BASE.replace('public:', 'Top Secret:'),
      lines: [
        'line 4, column 3: tiers."Top Secret" is not a name of small letters, digits and hyphens that begins with a letter',
      ],
    },
    {
      name: 'keys that are not known',
      yaml: `${BASE}exceptions: []\nenrollment-grace: 1d\n__proto__: 1\nconstructor: 1\n`,
      lines: [
        /^line 7, column 1: exceptions is not a key that is known here; there are version, freshness, tiers, /,
        'line 8, column 1: enrollment-grace is not a key that is known here; did you mean "enrolment-grace"?',
        /^line 9, column 1: __proto__ is not a key/,
        /^line 10, column 1: constructor is not a key/,
      ],
    },
    {
      name: 'a check with a parameter of another, and a mode that is none',
      yaml: `${BASE}checks:\n  firewall:\n    within: 5m\n    mode: off\n`,
      lines: [
        'line 9, column 5: checks.firewall.within is not a key that is known here; there are grace, mode',
        'line 10, column 11: checks.firewall.mode must be one of: enforce, report, not "off"',
      ],
    },
    {
      name: 'a parameter of a rule, deep inside',
      yaml: `${BASE}checks:\n  endpoint-protection:\n    anyOf:\n      - wazuh\n      - 5\n`,
      lines: ['line 11, column 9: checks.endpoint-protection.anyOf.1 must be text in quotes, not 5'],
    },
    {
      name: 'overrides with all kinds of mistakes',
      yaml: `${BASE}overrides:
  - when: { platform: ios, group: pilot, os: linux }
    checks: { firewal: {} }
  - { checks: { firewall: { grace: 1w } } }
`,
      lines: [
        'line 8, column 23: overrides.0.when.platform must be one of: windows, macos, linux, not "ios"',
        'line 8, column 35: overrides.0.when.group is "pilot", and the policy has none',
        'line 8, column 42: overrides.0.when.os is not a key that is known here; there are platform, tag, group',
        'line 9, column 15: overrides.0.checks.firewal is not a key that is known here; did you mean "firewall"?',
        'line 10, column 5: overrides.1.when is missing',
        /^line 10, column 36: overrides.1.checks.firewall.grace must be a number and s, m, h or d/,
      ],
    },
    {
      name: 'a group that is nearly there',
      yaml: `${BASE}groups: { pilots: {}, berlin: {} }\noverrides: [{ when: { group: pilot }, checks: {} }]\n`,
      lines: [
        'line 8, column 30: overrides.0.when.group must be one of: pilots, berlin, not "pilot"; did you mean "pilots"?',
      ],
    },
    {
      name: 'groups that name nobody who could be',
      yaml: `${BASE}groups:
  pilot:
    owners: [anna, '*@it.example.com']
    devices: [laptop]
    tags: ['']
    users: []
  It: {}
`,
      lines: [
        "line 9, column 14: groups.pilot.owners.0 must be an e-mail address, or one with a * ('*@it.example.com')",
        'line 10, column 15: groups.pilot.devices.0 must be the id of a device (dev_...), not "laptop"',
        'line 11, column 12: groups.pilot.tags.0 must not be empty',
        'line 12, column 5: groups.pilot.users is not a key that is known here; there are tags, owners, devices',
        'line 13, column 3: groups.It is not a name of small letters, digits and hyphens that begins with a letter',
      ],
    },
    {
      name: 'groups as a list, of which no name is known',
      yaml: `${BASE}groups: [pilot]\noverrides: [{ when: { group: pilot }, checks: {} }]\n`,
      lines: ['line 7, column 9: groups must be a map (key: value), not a list'],
    },
    {
      name: 'tiers that do not exist',
      yaml: `${BASE.replace('default-tier: internal', 'default-tier: secret')}resources:\n  - { match: a.example, tier: intern }\n  - { match: a.example }\n`,
      lines: [
        'line 6, column 15: default-tier must be one of: public, internal, not "secret"',
        'line 8, column 31: resources.0.tier must be one of: public, internal, not "intern"; did you mean "internal"?',
        'line 9, column 5: resources.1.tier is missing',
      ],
    },
    {
      name: 'an address that no question has',
      yaml: `${BASE}resources:\n  - { match: 'https://wiki.example.com', tier: public }\n  - { match: 5, tier: public }\n`,
      lines: [
        'line 8, column 14: resources.0.match begins with a scheme: leave it out, addresses are compared without',
        'line 9, column 14: resources.1.match must be text in quotes, not 5',
      ],
    },
    {
      name: 'an "unknown" that would pass, and nothing where something belongs',
      yaml: `${BASE}unknown: pass\nresources:\noverrides: {}\n`,
      lines: [
        'line 7, column 10: unknown must be one of: fail, grace, not "pass"',
        'line 8, column 11: resources must be a list, and nothing is there',
        'line 9, column 12: overrides must be a list, not a map',
      ],
    },
  ])('$name', ({ yaml, lines }) => {
    expect(linesOf(yaml)).toEqual(lines.map(like))
  })

  test('apart for a program: line, column, path and problem', () => {
    expect(problemsOf(BASE.replace('10m', '0m'))).toEqual([
      { line: 2, column: 12, path: 'freshness', problem: 'must be from 1s to 31d' },
    ])
    expect(problemsOf('a: *x')).toEqual([
      { line: 1, column: 4, path: '', problem: expect.stringContaining('aliases') as string },
    ])
  })

  test('a hundred times, and then with how many more there are', () => {
    const yaml = BASE.replace('[firewall]', `[${Array.from({ length: 120 }, () => 'x').join()}]`)
    expect(problemsOf(yaml)).toHaveLength(120)
    expect(linesOf(yaml)).toHaveLength(101)
    expect(linesOf(yaml).at(-1)).toBe('and 20 more')
  })
})

describe('a hostile policy is a policy that is wrong', () => {
  test.each([
    ['too long', `${BASE}${'# x\n'.repeat(POLICY_CHARS / 4)}`, /at most 262144 are read/],
    ['of 10 MB', '['.repeat(10_000_000), /10000000 characters/],
    ['nested deeply', `a: ${'{a: '.repeat(10_000)}`, /too deeply/],
    ['a bomb', `a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n`, /anchors are not read/],
    ['that holds itself', 'a: &a [*a]', /anchors/],
    ['with keys of the language', '__proto__: { version: 1 }', /__proto__ is not a key/],
    [
      'with a parameter that everything has',
      `${BASE}checks: { firewall: { constructor: 1 } }`,
      /constructor is not a key/,
    ],
    [
      'with a key of lines',
      `"a\\nline 1, column 1: b": 1\n${BASE}`,
      /^line 1, column 1: "a\\nline 1, column 1: b" is not a key/,
    ],
    ['with a long word', BASE.replace('internal: [', `${'x'.repeat(1000)}: [`), /"x{60}" is not a name/],
    ['with zeroes', '\0'.repeat(1000), /no text in UTF-8/],
  ])('%s', (_name, yaml, first) => {
    const problems = problemsOf(yaml)
    expect(problems.length).toBeGreaterThan(0)
    expect(problemLines(problems)).toMatch(first)
    for (const { problem } of problems) expect(problem).not.toContain('\n')
    expect({}).not.toHaveProperty('version')
  })
})

/** Every word in the place of every other: nearly all of it is YAML still, and little of it a policy. */
function misplaced(text: string): string[] {
  const places = [...text.matchAll(/[\w.-]+/g)]
  const words = [...new Set(places.map(([word]) => word))]
  return places.flatMap(({ 0: word, index }) =>
    words.map((other) => text.slice(0, index) + other + text.slice(index + word.length)),
  )
}

/** Without one of its lines. */
function shortened(text: string): string[] {
  const lines = text.split('\n')
  return lines.map((_, at) => lines.toSpliced(at, 1).join('\n'))
}

describe('thousands of damaged policies', () => {
  const whole = `version: 1
freshness: 15m
tiers: # from the least
  internal: [os-patch]
  secret: { checks: [firewall], unknown: grace }
checks:
  firewall: { grace: 1d }
unknown: fail
resources:
  - { match: '*.a.example/**', tier: secret }
default-tier: internal
groups:
  pilot: { owners: ['*@it.example'], devices: [dev_a] }
overrides:
  - when: { group: pilot, platform: linux, tag: new }
    checks: { os-patch: { mode: report, minimum: { macos: ['15.7', '26.1'] } } }
`
  const parse = parserOf(PolicyDocument)
  const device = { id: 'dev_a', platform: 'linux', tags: ['new'], owner: 'a@it.example.com' } as const

  test('are each found wrong, with a place in the document, or can be asked about a device', () => {
    const odd: unknown[] = []
    let right = 0
    const damaged = new Set([...mutations(whole, 1000), ...misplaced(whole), ...shortened(whole)])
    for (const yaml of damaged) {
      const read = readPolicy(yaml)
      if (read.ok) {
        right++
        // What is found right is right to the schema too.
        if (!parse(valueOf(read.value.root)).ok) odd.push(yaml)
        const { tiers, resources = [], 'default-tier': usual } = read.value.document
        odd.push(...[usual, ...resources.map(({ tier }) => tier)].filter((tier) => !Object.hasOwn(tiers, tier)))
        const checks = policyOf(read.value.document).checksFor(device)
        odd.push(...[...checks.values()].filter(({ graceMs }) => !(graceMs >= 0 && graceMs <= 366 * 86_400_000)))
      } else {
        const lines = yaml.split(/\r\n|\n/).map((line) => line.length)
        // The parser's own columns are a blank line late at times.
        const isIn = ({ line, column, path }: PolicyProblem) =>
          column >= 1 && (lines[line - 1] ?? -1) >= (path === '' ? 0 : column - 1)
        odd.push(...read.problems.filter((it) => !isIn(it) || it.problem === ''))
        if (read.problems.length === 0) odd.push(yaml)
      }
    }
    expect(odd).toEqual([])
    expect(damaged.size).toBeGreaterThan(2500)
    expect(right).toBeGreaterThan(250)
    expect(right).toBeLessThan(1000)
  })
})
