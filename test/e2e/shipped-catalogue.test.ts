import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Facts, SignalValue } from '../../shared/signals.ts'
import { read } from '../fakes/facts.ts'
import { asks } from '../fakes/rule.ts'
import { parseCatalogue } from '../../collector/appraisal/catalogue.ts'
import { osPatch } from '../../collector/appraisal/rules/os-patch.ts'
import { osSupported } from '../../collector/appraisal/rules/os-supported.ts'
import { compareVersions, lineNameOf, versionOf } from '../../collector/appraisal/versions.ts'

const CATALOGUE = parseCatalogue(readFileSync(join(import.meta.dirname, '../../collector/releases.yaml'), 'utf8'))

function isSecondTuesday(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return date.getUTCDay() === 2 && date.getUTCDate() > 7 && date.getUTCDate() < 15
}

describe('the catalogue that ships', () => {
  test('keeps versions as they are written, with their zeros', () => {
    expect(CATALOGUE.lines.map(({ version }) => version)).toEqual(expect.arrayContaining(['24.10', '10', null]))
  })

  test('lists the releases of each line by their own line, once, and none after the day until which it knows them', () => {
    for (const { id, version: line, releases, asOf } of CATALOGUE.releases) {
      const versions = releases.map(({ version }) => version)
      expect(new Set(versions).size).toBe(versions.length)
      for (const { version, releasedOn } of releases) {
        const it = versionOf(version)
        expect(it && lineNameOf(id, it)).toBe(line)
        expect(releasedOn <= (asOf ?? '')).toBe(true)
      }
    }
  })

  test('lists releases in the order of their numbers, which is that of their days', () => {
    for (const { releases } of CATALOGUE.releases) {
      for (const track of [undefined, 'hotpatch']) {
        const days = releases.filter((it) => it.track === track).map(({ releasedOn }) => releasedOn)
        expect(days).toEqual(days.toSorted())
      }
      const numbers = releases.flatMap(({ version }) => versionOf(version) ?? [])
      expect(numbers).toEqual(numbers.toSorted(compareVersions))
    }
  })

  test('ends lines of Windows on days on which Microsoft publishes, and none before the updates that are paid for end', () => {
    for (const { id, supportedUntil, extended = [] } of CATALOGUE.lines) {
      if (id !== 'windows') continue
      const ends = [supportedUntil ?? '', ...extended.map(({ until }) => until)]
      expect(ends.filter((day) => !isSecondTuesday(day))).toEqual([])
      expect(ends).toEqual(ends.toSorted())
    }
  })
})

const NOW = new Date('2026-11-25T08:00:00Z')
const UPDATES: SignalValue['os-updates'] = {
  pendingSecurity: 0,
  pending: 0,
  lastInstalledAt: null,
  lastCheckedAt: '2026-11-24T08:00:00Z',
  automatic: true,
  rebootRequired: false,
}
/** One that cannot say what is missing. */
const SILENT = { ...UPDATES, pendingSecurity: null, lastCheckedAt: null }

type Os = SignalValue['os']
/** What is right of `os-supported`, of `os-patch`, and of `os-patch` where the machine cannot say what is missing. */
type Expected = `${Verdict} ${Verdict} ${Verdict}`
type Verdict = 'pass' | 'fail' | 'unknown'
type Row = [os: Os, expected: Expected]

const windows = (build: string, edition: string | undefined, more: Partial<Os> = {}): Os => ({
  platform: 'windows',
  name: Number.parseInt(build, 10) < 22_000 ? 'Windows 10' : 'Windows 11',
  version: '',
  build,
  arch: 'x86_64',
  ...(edition !== undefined && { edition }),
  ...more,
})
const macos = (version: string, more: Partial<Os> = {}): Os => ({
  platform: 'macos',
  name: 'macOS',
  version,
  build: '25A1',
  arch: 'aarch64',
  ...more,
})
const linux = (id: string, version: string, more: Partial<Os> = {}): Os => ({
  platform: 'linux',
  name: id,
  version,
  build: '',
  arch: 'x86_64',
  id,
  ...more,
})
const all = (expected: Expected, ...machines: Os[]): Row[] => machines.map((os) => [os, expected])
const endsOn = (day: string) => ({ supportEnd: `${day}T23:59:59.000Z` })

const HOME_AND_PRO = (
  'Core CoreN CoreSingleLanguage CoreCountrySpecific Cloud CloudEdition Professional ProfessionalN ' +
  'ProfessionalWorkstation ProfessionalWorkstationN ProfessionalEducation ProfessionalEducationN'
).split(' ')
const ENTERPRISE = 'Enterprise EnterpriseN EnterpriseEval Education EducationN IoTEnterprise ServerRdsh'.split(' ')
const HOTPATCH = { track: 'hotpatch' as const }
const SERVER = { name: 'Windows Server 2019' }
const BETA = { build: '26B5045e' }

const WINDOWS_10: Row[] = [
  // Without extended updates, with those of the first year, which is over, and with those of the second.
  ...all('fail fail fail', windows('19045.6456', 'Professional'), windows('19045.6466', 'Core')),
  ...all('fail fail fail', windows('19045.6467', 'Professional'), windows('19045.7663', 'Enterprise')),
  [windows('19045.7807', 'Professional'), 'fail pass pass'],
  ...all('pass pass pass', windows('19045.7808', 'Professional'), windows('19045.7900', 'Enterprise')),
  [windows('19045', 'Professional'), 'unknown unknown unknown'],
  [windows('19045.7900', 'EnterpriseS'), 'unknown pass pass'],
  // The long-term channels have the builds of others, and ends of their own.
  ...all('pass pass pass', windows('19044.7807', 'EnterpriseS'), windows('19044.7807', 'IoTEnterpriseS')),
  ...all('fail pass pass', windows('19044.7807', 'Enterprise'), windows('19044.7807', 'Professional')),
  [windows('19044.7548', 'EnterpriseS'), 'pass fail fail'],
  [windows('19044', 'EnterpriseS'), 'pass unknown unknown'],
  [windows('17763.9487', 'EnterpriseS'), 'pass pass pass'],
  [windows('17763.9376', 'EnterpriseS'), 'pass fail fail'],
  [windows('17763.9487', 'Professional'), 'fail pass pass'],
  [windows('17763.9487', 'ServerStandard', SERVER), 'pass pass unknown'],
  [windows('14393.9688', 'EnterpriseS'), 'fail pass pass'],
  // Nothing is known of their releases.
  ...all('fail pass unknown', windows('10240.21161', 'EnterpriseS'), windows('18363.1556', 'Education')),
]

const WINDOWS_11: Row[] = [
  ...HOME_AND_PRO.map((edition): Row => [windows('26100.9711', edition), 'fail pass pass']),
  ...ENTERPRISE.map((edition): Row => [windows('26100.9711', edition), 'pass pass pass']),
  ...all('pass pass pass', windows('26100.9711', 'EnterpriseS'), windows('26100.9711', 'IoTEnterpriseS')),
  ...['PPIPro', 'EnterpriseG', undefined].map((it): Row => [windows('26100.9711', it), 'unknown pass pass']),
  [windows('26100.33700', 'ServerStandard', { name: 'Windows Server 2025' }), 'unknown pass unknown'],
  // Three releases that share their revisions: the newest, a preview above it, one below it, and what tells none.
  ...['26100', '26200', '26300'].flatMap((build): Row[] => [
    ...all('pass pass pass', windows(`${build}.9711`, 'Enterprise'), windows(`${build}.9750`, 'Education')),
    ...all('pass fail fail', windows(`${build}.9600`, 'Enterprise'), windows(`${build}.9445`, 'Enterprise')),
    [windows(build, 'Enterprise'), 'pass unknown unknown'],
  ]),
  ...all('pass pass pass', windows('26200.9711', 'Core'), windows('26300.9711', 'Core'), windows('28000.3231', 'Core')),
  [windows('28000.2954', 'Enterprise'), 'pass fail fail'],
  ...all('fail pass pass', windows('22631.7652', 'Enterprise'), windows('22631.7652', 'Professional')),
  [windows('22631.7582', 'Education'), 'fail fail fail'],
  ...all('fail pass unknown', windows('22621.6060', 'Enterprise'), windows('22000.3260', 'Core')),
  // With hotpatches: after the release of October that all take, and before it.
  ...all(
    'pass pass pass',
    windows('26100.9711', 'Enterprise', HOTPATCH),
    windows('26200.9800', 'Enterprise', HOTPATCH),
  ),
  ...all('pass fail fail', windows('26100.9690', 'Enterprise', HOTPATCH), windows('26200.9300', 'Education', HOTPATCH)),
  // Builds for testers are above everything, and known to nobody.
  ...all('unknown pass unknown', windows('26220.7271', 'Professional'), windows('27842.1000', 'Enterprise')),
  ...all('unknown unknown unknown', windows('', 'Core'), windows('newest', 'Core')),
]

const MACOS: Row[] = [
  ...all(
    'pass pass pass',
    macos('27.2'),
    macos('27.2.1'),
    macos('27.3', BETA),
    macos('27.2', { rapidResponse: '(a)' }),
  ),
  ...all('pass pass pass', macos('26.7.2'), macos('15.8.2')),
  ...all('pass fail fail', macos('27'), macos('27.0'), macos('27.1'), macos('27.2', BETA)),
  ...all('pass fail fail', macos('26.7.1'), macos('26.3.1', { rapidResponse: '(a)' }), macos('15.8.1')),
  ...['14.8.9', '13.7.8', '12.7.6', '11.7.11', '10.15.7'].map((it): Row => [macos(it), 'fail pass unknown']),
  // What old programs are told, what Apple never made, and what it has not made yet.
  ...['10.16', '16.0', '10', '28.0'].map((it): Row => [macos(it), 'unknown pass unknown']),
  [macos(''), 'unknown unknown unknown'],
]

const supported = (...machines: Os[]): Row[] => all('pass pass unknown', ...machines)
const ended = (...machines: Os[]): Row[] => all('fail pass unknown', ...machines)
const notKnown = (...machines: Os[]): Row[] => all('unknown pass unknown', ...machines)
const STREAM = { name: 'CentOS Stream' }

const LINUX: Row[] = [
  ...supported(linux('debian', '13', { build: '13.2' }), linux('debian', '12', { build: '12.13' })),
  ...ended(linux('debian', '11'), linux('debian', '11.2')),
  ...notKnown(linux('debian', ''), linux('debian', '14'), linux('raspbian', '12')),
  ...supported(...['26.10', '26.04', '24.04', '22.04'].map((it) => linux('ubuntu', it))),
  ...ended(...['25.10', '25.04', '24.10', '20.04', '18.04'].map((it) => linux('ubuntu', it))),
  ...notKnown(linux('ubuntu', '27.04'), linux('neon', '24.04'), linux('elementary', '8'), linux('zorin', '17')),
  ...supported(linux('linuxmint', '22.2'), linux('pop', '22.04')),
  ...ended(linux('linuxmint', '20'), linux('pop', '20.04')),
  ...notKnown(linux('linuxmint', '7', { name: 'LMDE' })),
  // Fedora and what is made of it state their end themselves.
  ...supported(linux('fedora', '43', endsOn('2026-12-02')), linux('bazzite', '43', endsOn('2026-12-02'))),
  ...ended(
    linux('fedora', '42', endsOn('2026-05-13')),
    linux('fedora', '41'),
    linux('nobara', '40', endsOn('2025-05-13')),
  ),
  ...notKnown(linux('fedora', '45'), linux('fedora', 'eln')),
  ...supported(linux('rhel', '10.0'), linux('rhel', '9.6'), linux('rhel', '8.10'), linux('rocky', '9.6')),
  ...supported(
    linux('almalinux', '10.0'),
    linux('ol', '9.4'),
    linux('centos', '9', STREAM),
    linux('centos', '10', STREAM),
  ),
  ...ended(linux('rhel', '7.9'), linux('ol', '7.9'), linux('centos', '8', STREAM), linux('centos', '8')),
  ...notKnown(linux('rhel', '11.0'), linux('centos', '9')),
  ...supported(linux('opensuse-leap', '16.0'), linux('sles', '15.7'), linux('sled', '15.7')),
  ...ended(linux('opensuse-leap', '15.6'), linux('sles', '15.6'), linux('sles', '12.5')),
  ...notKnown(linux('opensuse-leap', '16.1'), linux('sles', '15'), linux('sles', '16.0'), linux('sles_sap', '12.2')),
  ...supported(linux('amzn', '2023', endsOn('2029-06-30')), linux('alpine', '3.22.1')),
  ...ended(linux('amzn', '2', endsOn('2026-06-30')), linux('alpine', '3.21.4')),
  ...notKnown(linux('amzn', '2018.03'), linux('steamos', '3.7.16'), linux('nixos', '26.05'), linux('tails', '6.11')),
  ...supported(...['arch', 'endeavouros', 'garuda', 'manjaro', 'artix', 'archarm', 'void'].map((id) => linux(id, ''))),
  ...supported(linux('cachyos', '20251228.0.475343'), linux('kali', '2026.3'), linux('gentoo', '2.18')),
  ...supported(...['tumbleweed', 'slowroll', 'microos'].map((it) => linux(`opensuse-${it}`, '20261120'))),
]

const MACHINES = [...WINDOWS_10, ...WINDOWS_11, ...MACOS, ...LINUX]

const factsOf = (os: Fact<Os>, updates: Fact<SignalValue['os-updates']>): Facts => ({
  os: read(os, NOW),
  'os-updates': read(updates, NOW),
})
const judgeBy = (rule: typeof osPatch, facts: Facts, { platform }: Os, now = NOW) =>
  asks(rule).judge(facts, { now, platform, catalogue: CATALOGUE, trackedSince: null })

const denied = unreadable('denied')

describe('by the catalogue that ships', () => {
  test.each(MACHINES)('%j: %s', (os, expected) => {
    const told = factsOf(value(os), value(UPDATES))
    const judgements = [
      judgeBy(osSupported, told, os),
      judgeBy(osPatch, told, os),
      judgeBy(osPatch, factsOf(value(os), value(SILENT)), os),
    ]
    expect(judgements.map(({ verdict }) => verdict).join(' ')).toBe(expected)
  })

  test.each(MACHINES)('%j passes nothing of what it does not tell', (os) => {
    expect(judgeBy(osSupported, factsOf(denied, value(UPDATES)), os).verdict).toBe('unknown')
    expect(judgeBy(osPatch, factsOf(value(os), denied), os).verdict).not.toBe('pass')
    const withoutVersion = judgeBy(osPatch, factsOf(denied, value(UPDATES)), os).verdict
    expect(withoutVersion).toBe(os.platform === 'linux' ? 'pass' : 'unknown')
  })

  test.each(MACHINES)('%j fares no better by a catalogue that is a year old', (os, expected) => {
    const later = new Date('2027-11-25T08:00:00Z')
    const updates = { ...UPDATES, lastCheckedAt: later.toISOString() }
    const [supportedNow, patchedNow] = expected.split(' ')
    const { verdict } = judgeBy(osSupported, factsOf(value(os), value(UPDATES)), os, later)
    expect(verdict === 'pass' && supportedNow !== 'pass').toBe(false)
    expect(judgeBy(osPatch, factsOf(value(os), value(SILENT)), os, later).verdict).not.toBe('pass')
    // What it lacked it lacks, and else its own word counts, for as long as that is new.
    expect(judgeBy(osPatch, factsOf(value(os), value(updates)), os, later).verdict).toBe(patchedNow)
  })
})
