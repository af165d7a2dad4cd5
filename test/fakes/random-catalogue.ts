import type { Catalogue, Release, ReleaseLine, SupportLine } from '../../collector/appraisal/catalogue.ts'
import { absent, unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Facts, Platform, SignalValue } from '../../shared/signals.ts'
import { chance, type Chance } from './chance.ts'
import { read } from './facts.ts'
import { NOW, days } from './rule.ts'

const PLATFORMS = ['windows', 'macos', 'linux'] as const
const day = (luck: Chance) =>
  days(luck.below(200) - 150)
    .toISOString()
    .slice(0, 10)
const many = <T>(luck: Chance, of: (luck: Chance) => T) => Array.from({ length: luck.below(7) }, () => of(luck))

/** A system of any platform, or one that only half says which. */
function randomOs(luck: Chance): SignalValue['os'] {
  return {
    platform: luck.of(PLATFORMS),
    name: luck.of([
      'Windows 11',
      'Windows 10',
      'macOS',
      'Debian GNU/Linux',
      'CentOS Stream',
      'Windows Server 2025',
      '',
    ]),
    version: luck.of(['24H2', '26.6', '26.7', '15.7', '10.15.7', '12', '24.10', '9.6', '28', '', '..', '\0', '(a)']),
    build: luck.of([
      '26100.4652',
      '26100.8000',
      '26100.6508',
      '26100',
      '19045.6457',
      '25A1',
      '12.5',
      '',
      'x',
      '1.1.1.1',
    ]),
    arch: 'x86_64',
    ...(luck.oneIn(2) && { edition: luck.of(['Professional', 'Enterprise', 'EnterpriseS', 'PPIPro', '__proto__']) }),
    ...(luck.oneIn(4) && { rapidResponse: luck.of(['(a)', '(b)', 'a', '']) }),
    ...(luck.oneIn(3) && { track: 'hotpatch' as const }),
    ...(luck.oneIn(2) && { id: luck.of(['debian', 'centos', 'arch', 'windows', 'macos', 'constructor', '__proto__']) }),
    ...(luck.oneIn(4) && { supportEnd: days(luck.below(40) - 20).toISOString() }),
  }
}

function randomUpdates(luck: Chance): SignalValue['os-updates'] {
  return {
    pendingSecurity: luck.of([0, 0, 1, 7, null]),
    pending: luck.of([0, 9, null]),
    lastInstalledAt: null,
    lastCheckedAt: luck.of([null, days(-luck.below(12)).toISOString(), days(3).toISOString()]),
    automatic: luck.of([true, false, null]),
    rebootRequired: luck.of([true, false, false, null]),
    ...(luck.oneIn(5) && { detail: 'bad luck' }),
  }
}

function randomReleases(luck: Chance): ReleaseLine {
  const id = luck.of(['windows', 'macos'] as const)
  const version = id === 'windows' ? luck.of(['26100', '19045']) : luck.of(['26', '15', '10.15'])
  const versions: [string, ...string[]] =
    id === 'windows'
      ? ['26100.4652', '26100.6508', '26100.8000', '19045.6457', '19045.7000']
      : ['26.6', '26.7', '26.6 (a)', '15.7', '15.8', '10.15.7']
  const releases = Array.from({ length: luck.below(5) }, (): Release => ({
    version: luck.of(versions),
    releasedOn: day(luck),
    ...(id === 'windows' && luck.oneIn(3) && { track: 'hotpatch' as const }),
    ...(luck.oneIn(4) && { exploited: luck.oneIn(2) }),
  }))
  return { id, version, releases, ...(luck.oneIn(2) && { asOf: day(luck) }) }
}

function randomLine(luck: Chance): SupportLine {
  return {
    id: luck.of(['windows', 'macos', 'debian', 'centos', 'centos-stream', 'arch']),
    version: luck.of(['26100', '19045', '26', '15', '12', '9', null]),
    name: 'A line',
    supportedUntil: luck.of([day(luck), day(luck), null]),
    ...(luck.oneIn(3) && { editions: [luck.of(['home-pro', 'enterprise', 'ltsc'])] }),
    ...(luck.oneIn(3) && { extended: [{ until: day(luck), above: luck.of(['19045.6456', '26100.1', 'all']) }] }),
    ...(luck.oneIn(2) && { asOf: day(luck) }),
  }
}

function randomCatalogue(luck: Chance): Catalogue {
  return { date: day(luck), lines: many(luck, randomLine), releases: many(luck, randomReleases) }
}

function factOr<T>(luck: Chance, it: T): Fact<T> {
  return luck.oneIn(10) ? luck.of([absent, unreadable])('bad luck') : value(it)
}

/** What a rule is asked with. */
type Case = { facts: Facts; catalogue: Catalogue; platform: Platform; trackedSince: Date | null }

/** Machines and catalogues that make little sense, the same ones each time. */
export function* randomCases(count: number): Generator<Case> {
  for (let seed = 0; seed < count; seed++) {
    const luck = chance(seed)
    const os = randomOs(luck)
    yield {
      facts: {
        os: read(factOr(luck, os), NOW),
        'os-updates': read(factOr(luck, randomUpdates(luck)), NOW),
      },
      catalogue: randomCatalogue(luck),
      platform: luck.oneIn(20) ? luck.of(PLATFORMS) : os.platform,
      trackedSince: luck.of([null, days(-1), days(-13), days(-14), days(-40)]),
    }
  }
}
