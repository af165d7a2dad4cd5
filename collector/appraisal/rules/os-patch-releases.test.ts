import { describe, expect, test } from 'vitest'
import { unreadable, type Fact } from '../../../shared/fact.ts'
import { parserOf } from '../../../shared/schema.ts'
import { read } from '../../../test/fakes/facts.ts'
import { NOW, asks, days, factsWith, judge } from '../../../test/fakes/rule.ts'
import { randomCases } from '../../../test/fakes/random-catalogue.ts'
import { Catalogue, parseCatalogue } from '../catalogue.ts'
import { osPatch } from './os-patch.ts'

/** `NOW` is 2026-11-24. Two weeks are not over since the releases of the 12th, and over since those before. */
const CATALOGUE = parseCatalogue(`
date: 2026-11-20
lines: []
releases:
  - id: windows
    version: 26100
    releases:
      - { version: 26100.8000, releasedOn: 2026-10-13 }
      - { version: 26100.8100, releasedOn: 2026-11-12, exploited: true }
  - id: windows
    version: 22631
    asOf: 2026-06-01
    releases: [{ version: 22631.6000, releasedOn: 2026-05-12 }]
  - id: macos
    version: 26
    asOf: 2026-11-19
    releases:
      - { version: 26.7, releasedOn: 2026-09-15 }
      - { version: 26.7.1, releasedOn: 2026-11-10 }
      - { version: 26.7.1 (a), releasedOn: 2026-11-12 }
  - id: macos
    version: 15
    releases: [{ version: 15.7.9, releasedOn: 2026-11-10 }]
`)

const UPDATES = {
  pendingSecurity: 0,
  pending: 0,
  lastInstalledAt: null,
  lastCheckedAt: days(-1).toISOString(),
  automatic: true,
  rebootRequired: false,
}
const UNTOLD = { ...UPDATES, pendingSecurity: null, detail: 'it has not answered yet' }

const windows = (build: string) => ({ platform: 'windows', name: 'Windows 11', version: '24H2', build, arch: 'x86_64' })
const macos = (version: string, rapidResponse?: string) => ({
  platform: 'macos',
  name: 'macOS',
  version,
  build: '25A1',
  arch: 'aarch64',
  ...(rapidResponse !== undefined && { rapidResponse }),
})

type Os = ReturnType<typeof windows> | ReturnType<typeof macos>
const contextOf = (os: Os, more: object = {}) => ({
  platform: os.platform === 'macos' ? ('macos' as const) : ('windows' as const),
  catalogue: CATALOGUE,
  others: { os },
  ...more,
})

const KNOWN = '(catalogue of 2026-11-20)'
const MACS = '(catalogue of 2026-11-19)'
const AGED = '(catalogue of 2026-06-01, which is 176 days old: newer releases are not known to it)'
const TOO_OLD = `the release catalogue is too old to say that nothing is missing ${AGED}`
const UNLISTED = `the release catalogue knows no security release of macOS 28.0 ${KNOWN}`
const VOUCHED = new Date('2027-01-20T00:00:00.000Z')
const DUE = new Date('2026-11-27T00:00:00.000Z')

describe('with the default of 14 days', () => {
  test.each([
    {
      name: 'has the newest release',
      os: windows('26100.8100'),
      verdict: 'pass',
      code: 2,
      why: `Windows 11 24H2 (26100.8100) lacks no security release ${KNOWN}`,
      until: VOUCHED,
    },
    {
      name: 'has more than the newest release',
      os: windows('26100.8199'),
      verdict: 'pass',
      code: 2,
      why: `Windows 11 24H2 (26100.8199) lacks no security release ${KNOWN}`,
      until: VOUCHED,
    },
    {
      name: 'has the newest release, and does not say whether more is missing',
      os: windows('26100.8100'),
      updates: UNTOLD,
      verdict: 'pass',
      code: 2,
      why: `Windows 11 24H2 (26100.8100) lacks no security release ${KNOWN}`,
      until: VOUCHED,
    },
    {
      name: 'lacks a release that is not due',
      os: windows('26100.8000'),
      verdict: 'pass',
      code: 32,
      why: `Windows 11 24H2 (26100.8000) lacks the security release 26100.8100 of 2026-11-12, and what is fixed there is known to be attacked; due 2026-11-26 ${KNOWN}`,
      until: DUE,
    },
    {
      name: 'lacks a release that is due',
      os: windows('26100.7999'),
      verdict: 'fail',
      code: 32,
      why: `Windows 11 24H2 (26100.7999) lacks 2 security releases since 2026-10-13, the newest is 26100.8100 of 2026-11-12, and what is fixed there is known to be attacked; was due 2026-10-27 ${KNOWN}`,
      until: undefined,
    },
    {
      name: 'lacks a release that is due, by the catalogue alone',
      os: macos('26.6.2'),
      verdict: 'fail',
      code: 32,
      why: `macOS 26.6.2 lacks 3 security releases since 2026-09-15, the newest is 26.7.1 (a) of 2026-11-12; was due 2026-09-29 ${MACS}`,
      until: undefined,
    },
    {
      name: 'lacks a rapid response',
      os: macos('26.7.1'),
      verdict: 'pass',
      code: 32,
      why: `macOS 26.7.1 lacks the security release 26.7.1 (a) of 2026-11-12; due 2026-11-26 ${MACS}`,
      until: DUE,
    },
    {
      name: 'has the rapid response',
      os: macos('26.7.1', '(a)'),
      verdict: 'pass',
      code: 2,
      why: `macOS 26.7.1 (a) lacks no security release ${MACS}`,
      until: new Date('2027-01-19T00:00:00.000Z'),
    },
    {
      name: 'is on an older line, and has its newest release',
      os: macos('15.7.9'),
      verdict: 'pass',
      code: 2,
      why: `macOS 15.7.9 lacks no security release ${KNOWN}`,
      until: VOUCHED,
    },
    {
      name: 'knows of an update that the catalogue does not',
      os: macos('15.7.9'),
      updates: { ...UPDATES, pendingSecurity: 1 },
      context: { trackedSince: days(-10) },
      verdict: 'pass',
      code: 32,
      why: `1 security update pending, first seen 2026-11-14; due 2026-11-28; macOS 15.7.9 lacks no security release ${KNOWN}`,
      until: days(4),
    },
    {
      name: 'knows for too long of an update that the catalogue does not',
      os: macos('15.7.9'),
      updates: { ...UPDATES, pendingSecurity: 1 },
      context: { trackedSince: days(-14) },
      verdict: 'fail',
      code: 32,
      why: '1 security update pending, first seen 2026-11-10',
      until: undefined,
    },
    {
      name: 'lacks what will be due by the catalogue before it is by the machine',
      os: windows('26100.8000'),
      updates: { ...UPDATES, pendingSecurity: 1 },
      context: { trackedSince: days(-1) },
      verdict: 'pass',
      code: 32,
      why: `Windows 11 24H2 (26100.8000) lacks the security release 26100.8100 of 2026-11-12, and what is fixed there is known to be attacked; due 2026-11-26 ${KNOWN}; 1 security update pending, first seen 2026-11-23; due 2026-12-07`,
      until: DUE,
    },
    {
      name: 'lacks what will be due by the machine before it is by the catalogue',
      os: windows('26100.8000'),
      updates: { ...UPDATES, rebootRequired: true },
      context: { trackedSince: days(-13) },
      verdict: 'pass',
      code: 32,
      why: `Windows 11 24H2 (26100.8000) lacks the security release 26100.8100 of 2026-11-12, and what is fixed there is known to be attacked; due 2026-11-26 ${KNOWN}; installed updates wait for a restart, first seen 2026-11-11; due 2026-11-25`,
      until: days(1),
    },
    {
      name: 'is of a line whose catalogue is too old, and has looked itself',
      os: windows('22631.6000'),
      verdict: 'pass',
      code: 2,
      why: `no other update is missing by what the machine found on 2026-11-23; ${TOO_OLD}`,
      until: days(6),
    },
    {
      name: 'is of a line whose catalogue is too old, and knows of an update',
      os: windows('22631.6000'),
      updates: { ...UPDATES, pendingSecurity: 3 },
      verdict: 'pass',
      code: 32,
      why: `3 security updates pending, first seen 2026-11-24; due 2026-12-08; no other update is missing by what the machine found on 2026-11-23; ${TOO_OLD}`,
      until: days(6),
    },
    {
      name: 'is behind even an old catalogue',
      os: windows('22631.5999'),
      verdict: 'fail',
      code: 32,
      why: `Windows 11 24H2 (22631.5999) lacks the security release 22631.6000 of 2026-05-12; was due 2026-05-26 ${AGED}`,
      until: undefined,
    },
    {
      name: 'is of a line whose catalogue is too old, and does not know either',
      os: windows('22631.6000'),
      updates: UNTOLD,
      verdict: 'unknown',
      code: null,
      why: `${TOO_OLD}; which security updates are pending is not known: it has not answered yet`,
      until: undefined,
    },
    {
      name: 'is of a line whose catalogue is too old, and has not looked for long',
      os: windows('22631.6000'),
      updates: { ...UPDATES, lastCheckedAt: days(-7).toISOString() },
      verdict: 'unknown',
      code: null,
      why: `${TOO_OLD}; Windows Update last looked for updates 7 days ago`,
      until: undefined,
    },
    {
      name: 'is of a line whose catalogue is too old, and does not tell when it looked',
      os: windows('22631.6000'),
      updates: { ...UPDATES, lastCheckedAt: null, rebootRequired: true },
      context: { trackedSince: days(-13) },
      verdict: 'unknown',
      code: null,
      why: `${TOO_OLD}; when Windows Update last looked for updates is not known`,
      until: days(1),
    },
    {
      name: 'is of a line that is not listed, and has looked itself',
      os: macos('28.0'),
      verdict: 'pass',
      code: 2,
      why: `no other update is missing by what the machine found on 2026-11-23; ${UNLISTED}`,
      until: days(6),
    },
    {
      name: 'is of a line that is not listed, and has not looked for long',
      os: macos('28.0'),
      updates: { ...UPDATES, lastCheckedAt: days(-8).toISOString() },
      verdict: 'unknown',
      code: null,
      why: `${UNLISTED}; Software Update last looked for updates 8 days ago`,
      until: undefined,
    },
    {
      name: 'is of a line that is not listed, and does not tell when it looked',
      os: macos('28.0'),
      updates: { ...UPDATES, lastCheckedAt: null },
      verdict: 'unknown',
      code: null,
      why: `${UNLISTED}; when Software Update last looked for updates is not known`,
      until: undefined,
    },
    {
      name: 'does not tell its revision, whatever it says of its updates',
      os: windows('26100'),
      context: { trackedSince: days(-13) },
      updates: { ...UPDATES, rebootRequired: true },
      verdict: 'unknown',
      code: null,
      why: 'how far Windows 11 24H2 (26100) is patched is not told',
      until: days(1),
    },
  ])('a machine that $name: $verdict', ({ os, updates = UPDATES, context = {}, verdict, code, why, until }) => {
    const judgement = judge(osPatch, updates, {}, contextOf(os, context))
    expect(judgement).toMatchObject({ verdict, code, why })
    expect(judgement.until).toEqual(until)
  })
})

describe('a release is due at a moment', () => {
  const lacking = contextOf(windows('26100.8000'))

  test.each([
    { name: 'a moment before', now: new Date(DUE.getTime() - 1), verdict: 'pass' },
    { name: 'at the end of the day, and of the time that the policy gives', now: DUE, verdict: 'fail' },
  ])('$name: $verdict', ({ now, verdict }) => {
    expect(judge(osPatch, UPDATES, {}, { ...lacking, now }).verdict).toBe(verdict)
  })

  test.each([
    { asked: { within: '30d' }, verdict: 'pass', until: new Date('2026-12-13T00:00:00.000Z') },
    { asked: { within: '11d' }, verdict: 'fail', until: undefined },
    { asked: { within: '30d', exploited: '12d' }, verdict: 'pass', until: days(2 - 8 / 24 - 1) },
    { asked: { within: '30d', exploited: '11d' }, verdict: 'fail', until: undefined },
    { asked: { within: '11d', exploited: '30d' }, verdict: 'fail', until: undefined },
    { asked: { exploited: '36h' }, verdict: 'fail', until: undefined },
  ])('$asked: $verdict', ({ asked, verdict, until }) => {
    const judgement = judge(osPatch, UPDATES, asked, lacking)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.until).toEqual(until)
  })

  test('which is not sooner where nothing that it fixes is attacked', () => {
    const asked = { within: '14d', exploited: '1d' }
    expect(judge(osPatch, UPDATES, asked, contextOf(macos('26.7.1'))).verdict).toBe('pass')
  })
})

test.each([
  { asked: { catalogue: '3d' }, verdict: 'unknown' },
  { asked: { catalogue: '4d' }, verdict: 'pass' },
  { asked: { catalogue: '3d', lists: '8d' }, verdict: 'pass' },
])('the policy says how old the catalogue may be: $asked gives $verdict', ({ asked, verdict }) => {
  const updates = { ...UPDATES, lastCheckedAt: days(-7).toISOString() }
  expect(judge(osPatch, updates, asked, contextOf(windows('26100.8100'))).verdict).toBe(verdict)
})

const fixOf = (os: Os, updates: object, context: object = {}) =>
  judge(osPatch, { ...UPDATES, ...updates }, {}, contextOf(os, context)).fix

test('what to do hangs on what is missing, and where', () => {
  expect(fixOf(windows('26100.8100'), {})).toBeUndefined()
  expect(fixOf(windows('26100.8000'), { pendingSecurity: 1 })).toMatch(/^Install the pending .* restart the laptop\.$/)
  expect(fixOf(windows('26100.8000'), {})).toMatch(
    /^Install the pending .* restart the laptop\. If none is offered, ask/,
  )
  expect(fixOf(windows('26100.7999'), {})).toMatch(
    /^Install the pending .* restart the laptop\. If none is offered, ask/,
  )
  expect(fixOf(windows('26100.8000'), { rebootRequired: true })).toMatch(/^Restart .* Install the pending .* laptop\.$/)
  expect(fixOf(windows('26100.8100'), { rebootRequired: true })).toMatch(/^Restart/)
  expect(fixOf(windows('26100.8100'), { rebootRequired: true }, { trackedSince: days(-20) })).toMatch(/^Restart/)
  expect(fixOf(macos('26.6'), {})).toMatch(/^Install the pending updates in System Settings/)
  expect(fixOf(macos('28.0'), UNTOLD)).toMatch(/^Search for updates .* refresh the release catalogue/)
})

describe('the operating system', () => {
  const context = { now: NOW, platform: 'windows' as const, catalogue: CATALOGUE, trackedSince: days(-13) }

  test('has to be known', () => {
    const facts = {
      ...factsWith(osPatch, { ...UPDATES, pendingSecurity: 1 }),
      os: read<never>(unreadable('denied'), NOW),
    }
    expect(asks(osPatch).judge(facts, context)).toMatchObject({
      verdict: 'unknown',
      why: 'the operating system is not known: denied',
      until: days(1),
    })
  })

  test('has to be the one that was enrolled', () => {
    expect(judge(osPatch, UPDATES, {}, { ...context, others: { os: macos('26.7.1', '(a)') } })).toMatchObject({
      verdict: 'unknown',
      why: 'the device was enrolled on windows, and says that it runs macos',
    })
  })
})

function judgeWithoutUpdates(os: Os, asked: object) {
  const { 'os-updates': _, ...facts } = factsWith(osPatch, UPDATES, { os })
  const { platform } = contextOf(os)
  return asks(osPatch, asked).judge(facts, { now: NOW, platform, catalogue: CATALOGUE, trackedSince: null })
}

describe('where the machine cannot say what is missing', () => {
  test.each([
    { name: 'one that is behind fails', os: windows('26100.7999'), asked: {}, verdict: 'fail' },
    {
      name: 'one that is behind and still has time is not known',
      os: windows('26100.8000'),
      asked: {},
      verdict: 'unknown',
    },
    { name: 'one that lacks nothing is not known', os: windows('26100.8100'), asked: {}, verdict: 'unknown' },
    { name: 'a minimum decides alone', os: macos('26.1'), asked: { minimum: { macos: '26.1' } }, verdict: 'pass' },
    {
      name: 'a minimum fails',
      os: macos('28.0'),
      asked: { minimum: { macos: '28.1' }, within: '14d' },
      verdict: 'fail',
    },
    {
      name: 'a minimum is not enough',
      os: macos('28.1'),
      asked: { minimum: { macos: '28.1' }, within: '14d' },
      verdict: 'unknown',
    },
  ])('$name', ({ os, asked, verdict }) => {
    expect(judgeWithoutUpdates(os, asked).verdict).toBe(verdict)
  })
})

const valueOf = <T>(fact: Fact<T> | undefined): T | null => (fact?.kind === 'value' ? fact.value : null)

describe('of 10,000 machines and catalogues that make little sense', () => {
  const all = [...randomCases(10_000)]
  const parameters = [{}, { within: '3d', exploited: '1d', catalogue: '10d' }, { minimum: { macos: '26.7' } }]

  test('each is one that may be', () => {
    const parse = parserOf(Catalogue)
    expect(all.filter(({ catalogue }) => !parse(catalogue).ok)).toEqual([])
  })

  test.each(parameters)('none is known to lack nothing that nobody vouches for: %j', (asked) => {
    const prepared = asks(osPatch, asked)
    const found = new Map<string, number>()
    for (const { facts, catalogue, platform, trackedSince } of all) {
      const { verdict, until, why } = prepared.judge(facts, { now: NOW, platform, catalogue, trackedSince })
      found.set(verdict, (found.get(verdict) ?? 0) + 1)
      expect(why.length).toBeLessThan(2000)
      expect(until === undefined || until > NOW).toBe(true)
      if (verdict !== 'pass' || (asked.minimum && platform === 'macos')) continue
      const [os, updates] = [valueOf(facts.os), valueOf(facts['os-updates'])]
      const looked = Date.parse(updates?.lastCheckedAt ?? '')
      const isOwnWord = updates?.pendingSecurity !== null && looked > days(-7).getTime() && looked <= days(2).getTime()
      const isListed = catalogue.releases.some(
        ({ id, version, releases, asOf = catalogue.date }) =>
          id === os?.platform &&
          [os.build, os.version].some((it) => it === version || it.startsWith(`${version}.`)) &&
          releases.length > 0 &&
          Date.parse(asOf) > days(-61).getTime(),
      )
      expect(isOwnWord || isListed).toBe(true)
      expect(updates).not.toBeNull()
      expect(platform === 'linux' || os?.platform === platform).toBe(true)
    }
    for (const verdict of ['pass', 'fail', 'unknown']) expect(found.get(verdict)).toBeGreaterThan(300)
  })

  test.each(parameters)('no judgement changes before the moment that it names: %j', (asked) => {
    const prepared = asks(osPatch, asked)
    for (const [at, { facts, ...context }] of all.entries()) {
      const { verdict, until } = prepared.judge(facts, { ...context, now: NOW })
      const later = until ? new Date(until.getTime() - 1) : days((at % 100) + 1)
      expect(prepared.judge(facts, { ...context, now: later }).verdict).toBe(verdict)
    }
  })
})
