import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { randomCases } from '../../../test/fakes/random-catalogue.ts'
import { NOW, asks, days, judge } from '../../../test/fakes/rule.ts'
import { parseCatalogue } from '../catalogue.ts'
import { osSupported } from './os-supported.ts'

const linux = (id: string, version: string, more: Partial<SignalValue['os']> = {}) => ({
  platform: 'linux',
  name: `Linux ${id}`,
  version,
  build: '',
  arch: 'x64',
  id,
  ...more,
})

test.each([
  {
    name: 'in the catalogue',
    os: linux('debian', '13'),
    verdict: 'pass',
    code: 2,
    why: 'Debian 13 is supported until 2030-06-30 (catalogue of 2026-11-01)',
  },
  {
    name: 'a minor release of a line in the catalogue',
    os: linux('rhel', '9.6'),
    verdict: 'pass',
    code: 2,
    why: 'Red Hat Enterprise Linux 9 is supported until 2032-05-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'known by its name alone, from what reports no ID',
    os: { platform: 'linux', name: 'Debian GNU/Linux', version: '13', build: '', arch: 'x64' },
    verdict: 'pass',
    code: 2,
    why: 'Debian 13 is supported until 2030-06-30 (catalogue of 2026-11-01)',
  },
  {
    name: 'rolling',
    os: linux('arch', ''),
    verdict: 'pass',
    code: 2,
    why: 'Arch Linux is a rolling release (catalogue of 2026-11-01)',
  },
  {
    name: 'out of support',
    os: linux('debian', '11'),
    verdict: 'fail',
    code: 96,
    why: 'Debian 11 is out of support since 2026-08-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'out of support, whatever it says of itself',
    os: linux('debian', '11', { supportEnd: '2040-01-01T00:00:00Z' }),
    verdict: 'fail',
    code: 96,
    why: 'Debian 11 is out of support since 2026-08-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'not in the catalogue',
    os: linux('plan9', '4'),
    verdict: 'unknown',
    code: null,
    why: 'Linux plan9 4 is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    name: 'not in the catalogue, but says its end',
    os: linux('fedora', '43', { supportEnd: '2026-12-02T00:00:00Z' }),
    verdict: 'pass',
    code: 2,
    why: 'Linux fedora 43 is supported until 2026-12-01 (as the system itself says)',
  },
  {
    name: 'not in the catalogue, and says that it is over',
    os: linux('fedora', '41', { supportEnd: '2025-12-15T00:00:00Z' }),
    verdict: 'fail',
    code: 96,
    why: 'Linux fedora 41 is out of support since 2025-12-14 (as the system itself says)',
  },
  {
    name: 'Linux without an id',
    os: { ...linux('', ''), id: undefined },
    verdict: 'unknown',
    code: null,
    why: 'Linux is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    name: 'a release that is still being made',
    os: linux('debian', ''),
    verdict: 'unknown',
    code: null,
    why: 'Linux debian tells no version, as releases that are still being made do (catalogue of 2026-11-01)',
  },
])('a system that is $name: $verdict', ({ os, verdict, code, why }) => {
  expect(judge(osSupported, os)).toMatchObject({ verdict, code, why })
})

describe('support ends at a moment', () => {
  const end = new Date('2030-07-01T00:00:00.000Z')

  test('which is known beforehand', () => {
    expect(judge(osSupported, linux('debian', '13')).until).toEqual(end)
    expect(judge(osSupported, linux('arch', '')).until).toBeUndefined()
  })

  test.each([
    { name: 'a moment before', now: new Date(end.getTime() - 1), verdict: 'pass' },
    { name: 'at the end', now: end, verdict: 'fail' },
  ])('$name: $verdict', ({ now, verdict }) => {
    expect(judge(osSupported, linux('debian', '13'), {}, { now }).verdict).toBe(verdict)
  })

  test('which the system may state to the second', () => {
    const supportEnd = days(1).toISOString()
    expect(judge(osSupported, linux('fedora', '43', { supportEnd }))).toMatchObject({ verdict: 'pass', until: days(1) })
    expect(judge(osSupported, linux('fedora', '43', { supportEnd: NOW.toISOString() })).verdict).toBe('fail')
  })
})

const windows = (build: string, edition?: string) => ({
  platform: 'windows',
  name: 'Windows 11',
  version: '24H2',
  build,
  arch: 'x86_64',
  ...(edition !== undefined && { edition }),
})
const macos = (version: string) => ({ platform: 'macos', name: 'macOS', version, build: '25A1', arch: 'aarch64' })

const ENDS = parseCatalogue(`
date: 2026-11-01
lines:
  - { id: windows, version: 26100, editions: [home-pro], name: 24H2 Home, supportedUntil: 2026-10-13, asOf: 2026-10-14 }
  - { id: windows, version: 26100, editions: [enterprise], name: 24H2 Enterprise, supportedUntil: 2027-10-12, asOf: 2026-10-14 }
  - { id: windows, version: 26100, editions: [ltsc], name: LTSC 2024, supportedUntil: 2029-10-09, asOf: 2026-01-01 }
  - id: windows
    version: 19045
    name: Windows 10 22H2
    supportedUntil: 2025-10-14
    extended: [{ until: 2026-10-13, above: 19045.6456 }, { until: 2027-10-12, above: 19045.7663 }]
  - { id: macos, version: 12, name: macOS 12, supportedUntil: 2024-09-16 }
  - { id: macos, version: 26, name: macOS 26, supportedUntil: '-' }
`)

test.each([
  {
    platform: 'windows' as const,
    os: windows('26100.4652', 'Professional'),
    verdict: 'fail',
    why: '24H2 Home is out of support since 2026-10-13 (catalogue of 2026-10-14)',
  },
  {
    platform: 'windows' as const,
    os: windows('26100.4652', 'Enterprise'),
    verdict: 'pass',
    why: '24H2 Enterprise is supported until 2027-10-12 (catalogue of 2026-10-14)',
  },
  {
    platform: 'windows' as const,
    os: windows('26100.4652', 'EnterpriseS'),
    verdict: 'pass',
    why: 'LTSC 2024 is supported until 2029-10-09 (catalogue of 2026-01-01, which is 327 days old: newer releases are not known to it)',
  },
  {
    platform: 'windows' as const,
    os: windows('26100.4652'),
    verdict: 'unknown',
    why: 'the end of support of Windows 11 24H2 (26100.4652) hangs on its edition, and the edition is not told (catalogue of 2026-11-01)',
  },
  {
    platform: 'windows' as const,
    os: { ...windows('27842.1', 'Core'), supportEnd: '2040-01-01T00:00:00Z' },
    verdict: 'unknown',
    why: 'Windows 11 24H2 (27842.1) is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    platform: 'windows' as const,
    os: windows('19045.6456'),
    verdict: 'fail',
    why: 'Windows 10 22H2 is out of support since 2025-10-14 (catalogue of 2026-11-01)',
  },
  {
    platform: 'windows' as const,
    os: windows('19045.7663'),
    verdict: 'fail',
    why: 'Windows 10 22H2 is out of support since 2026-10-13 (with extended updates; catalogue of 2026-11-01)',
  },
  {
    platform: 'windows' as const,
    os: windows('19045.7700'),
    verdict: 'pass',
    why: 'Windows 10 22H2 is supported until 2027-10-12 (with extended updates; catalogue of 2026-11-01)',
  },
  {
    platform: 'windows' as const,
    os: windows('19045'),
    verdict: 'unknown',
    why: 'Windows 10 22H2 is out of support, and whether extended updates arrive is not told (catalogue of 2026-11-01)',
  },
  {
    platform: 'macos' as const,
    os: macos('12.7.6'),
    verdict: 'fail',
    why: 'macOS 12 is out of support since 2024-09-16 (catalogue of 2026-11-01)',
  },
  {
    platform: 'macos' as const,
    os: macos('26.6.2'),
    verdict: 'pass',
    why: 'macOS 26 is supported, and no end is known (catalogue of 2026-11-01)',
  },
  {
    platform: 'macos' as const,
    os: macos('28.0'),
    verdict: 'unknown',
    why: 'macOS 28.0 is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    platform: 'macos' as const,
    os: linux('arch', ''),
    verdict: 'unknown',
    why: 'the device was enrolled on macos, and says that it runs linux',
  },
])('$os.name $os.version $os.build $os.edition: $verdict', ({ platform, os, verdict, why }) => {
  expect(judge(osSupported, os, {}, { platform, catalogue: ENDS })).toMatchObject({ verdict, why })
})

test('before its end, a build without its revision is as supported as any', () => {
  const context = { platform: 'windows' as const, catalogue: ENDS, now: new Date('2025-10-14T23:59:59.999Z') }
  expect(judge(osSupported, windows('19045'), {}, context)).toMatchObject({ verdict: 'pass' })
})

describe('a line without a known end is supported for as long as somebody looks', () => {
  const context = { platform: 'macos' as const, catalogue: ENDS }
  const until = new Date('2027-12-07T00:00:00.000Z')

  test('which is 400 days after the catalogue', () => {
    expect(judge(osSupported, macos('26.1'), {}, context).until).toEqual(until)
    const before = new Date(until.getTime() - 1)
    expect(judge(osSupported, macos('26.1'), {}, { ...context, now: before }).verdict).toBe('pass')
    expect(judge(osSupported, macos('26.1'), {}, { ...context, now: until })).toMatchObject({
      verdict: 'unknown',
      why: 'the end of support of macOS 26 is not known (catalogue of 2026-11-01, which is 401 days old: newer releases are not known to it)',
      fix: 'Ask your admin to refresh the release catalogue.',
    })
  })

  test('or as long as the policy says', () => {
    expect(judge(osSupported, macos('26.1'), { catalogue: '22d' }, context).verdict).toBe('unknown')
    expect(judge(osSupported, macos('26.1'), { catalogue: '23d' }, context).verdict).toBe('pass')
  })
})

const valueOf = <T>(fact: Fact<T> | undefined): T | null => (fact?.kind === 'value' ? fact.value : null)

test('of 10,000 machines none is supported that neither the catalogue nor itself says so of', () => {
  const found = new Map<string, number>()
  for (const { facts, catalogue, platform } of randomCases(10_000)) {
    const { verdict, until } = asks(osSupported).judge(facts, { now: NOW, platform, catalogue, trackedSince: null })
    found.set(verdict, (found.get(verdict) ?? 0) + 1)
    if (verdict !== 'pass') continue
    const os = valueOf(facts.os)
    const lines = catalogue.lines.filter(({ id }) => id === os?.platform || os?.platform === 'linux')
    const ends = lines.flatMap((line) => [line.supportedUntil, ...(line.extended ?? []).map((it) => it.until)])
    const isSaid = ends.some((end) => end === null || end >= NOW.toISOString().slice(0, 10))
    const isOwn = os?.platform === 'linux' && Date.parse(os.supportEnd ?? '') > NOW.getTime()
    expect({ isSaid: isSaid || isOwn, platform }).toEqual({ isSaid: true, platform: os?.platform })
    expect(until === undefined || until > NOW).toBe(true)
  }
  for (const verdict of ['pass', 'fail', 'unknown']) expect(found.get(verdict)).toBeGreaterThan(300)
})

test('of 10,000 judgements none changes before the moment that it names', () => {
  for (const { facts, ...context } of randomCases(10_000)) {
    const { verdict, until } = asks(osSupported).judge(facts, { ...context, now: NOW })
    const later = until ? new Date(until.getTime() - 1) : days(10_000)
    expect(asks(osSupported).judge(facts, { ...context, now: later }).verdict).toBe(verdict)
  }
})
