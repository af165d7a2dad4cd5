import { describe, expect, test } from 'vitest'
import { parseCatalogue } from './catalogue.ts'
import { patchLevelOf, type Installed } from './patch-level.ts'

/** Half a year of a build with both tracks: hotpatches in May, June, August and September, for all a restart in April and July. */
const CATALOGUE = parseCatalogue(`
date: 2026-11-01
lines: []
releases:
  - id: windows
    version: 26100
    asOf: 2026-09-20
    releases:
      - { version: 26100.3775, releasedOn: 2026-04-14 }
      - { version: 26100.3981, releasedOn: 2026-05-12, track: hotpatch }
      - { version: 26100.4061, releasedOn: 2026-05-12 }
      - { version: 26100.4270, releasedOn: 2026-06-09, track: hotpatch }
      - { version: 26100.4349, releasedOn: 2026-06-09 }
      - { version: 26100.4652, releasedOn: 2026-07-14 }
      - { version: 26100.4660, releasedOn: 2026-07-21 }
      - { version: 26100.4851, releasedOn: 2026-08-11, track: hotpatch }
      - { version: 26100.4946, releasedOn: 2026-08-11 }
      - { version: 26100.6508, releasedOn: 2026-09-08, track: hotpatch }
      - { version: 26100.6584, releasedOn: 2026-09-08 }
  - id: windows
    version: 26200
    releases:
      - { version: 26200.6584, releasedOn: 2026-09-08 }
      - { version: 26100.9999, releasedOn: 2026-09-08 }
  - { id: windows, version: 26300, releases: [] }
  - id: macos
    version: 26
    releases:
      - { version: 26.3.1, releasedOn: 2026-03-04 }
      - { version: 26.3.1 (a), releasedOn: 2026-03-17 }
      - { version: '26.10', releasedOn: 2026-10-20 }
      - { version: 26.4, releasedOn: 2026-03-24 }
  - id: macos
    version: 10.15
    releases: [{ version: 10.15.7, releasedOn: 2020-09-24 }]
`)

const windows = (build: string, more: Partial<Installed> = {}): Installed => ({
  platform: 'windows',
  name: 'Windows 11',
  version: '24H2',
  build,
  arch: 'x86_64',
  ...more,
})
const macos = (version: string, rapidResponse?: string, build = '25A1'): Installed => ({
  platform: 'macos',
  name: 'macOS',
  version,
  build,
  arch: 'aarch64',
  ...(rapidResponse !== undefined && { rapidResponse }),
})
const hotpatched = (build: string) => windows(build, { track: 'hotpatch' })

const levelOf = (os: Installed, catalogue = CATALOGUE) => {
  const level = patchLevelOf(os, catalogue)
  if (!level.ok) return level.problem
  return { ...level.value, missed: level.value.missed.map(({ version }) => version) }
}

describe('of its own line a machine lacks', () => {
  test.each([
    { of: windows('26100.6584'), missed: [] },
    { of: windows('26100.4946'), missed: ['26100.6584'] },
    { of: windows('26100.4061'), missed: ['26100.6584', '26100.4946', '26100.4660', '26100.4652', '26100.4349'] },
    { of: windows('26100.9999'), missed: [] },
    { of: windows('26200.6584'), missed: [] },
    { of: windows('26200.1'), missed: ['26200.6584'] },
    { of: macos('26.10'), missed: [] },
    { of: macos('26.10.1'), missed: [] },
    { of: macos('26.4'), missed: ['26.10'] },
    { of: macos('26.3.1'), missed: ['26.10', '26.4', '26.3.1 (a)'] },
    { of: macos('26.3.1', '(a)'), missed: ['26.10', '26.4'] },
    { of: macos('26.10', undefined, '25K5045e'), missed: ['26.10'] },
    { of: macos('26.11', undefined, '25L5023b'), missed: [] },
    { of: macos('26.3.1', '(a)', '25D771280a'), missed: ['26.10', '26.4'] },
    { of: macos('26.3.1', '(b)'), missed: ['26.10', '26.4'] },
    { of: macos('26.3.2'), missed: ['26.10', '26.4'] },
    { of: macos('10.15.6'), missed: ['10.15.7'] },
  ])('$of.build $of.version $of.rapidResponse: $missed', ({ of, missed }) => {
    expect(levelOf(of)).toMatchObject({ missed, doubt: null })
  })
})

test('what is known of a line has the day of the line, else that of the catalogue', () => {
  expect(levelOf(windows('26100.4946'))).toMatchObject({ asOf: '2026-09-20' })
  expect(levelOf(windows('26200.4946'))).toMatchObject({ asOf: '2026-11-01' })
})

test.each([
  { of: windows('28000.1', { version: '26H1' }), name: 'Windows 11 26H1 (28000.1)' },
  { of: windows('26300.1', { version: '26H2' }), name: 'Windows 11 26H2 (26300.1)' },
  // The number of a server would be above all of them; where it is not told which it is, it may be one.
  { of: windows('26100.33650', { name: 'Windows Server 2025' }), name: 'Windows Server 2025 24H2 (26100.33650)' },
  { of: windows('26100.33650', { name: 'Windows', version: '' }), name: 'Windows (26100.33650)' },
  { of: macos('28.0'), name: 'macOS 28.0' },
  { of: macos('10.14.6'), name: 'macOS 10.14.6' },
  { of: macos('15.7.2'), name: 'macOS 15.7.2' },
])('of $name, which is not listed, nothing is known', ({ of, name }) => {
  const doubt = `the release catalogue knows no security release of ${name}`
  expect(levelOf(of)).toEqual({ missed: [], doubt, asOf: '2026-11-01' })
})

test.each([
  { of: windows('26100'), why: 'how far Windows 11 24H2 (26100) is patched is not told' },
  { of: windows(''), why: 'how far Windows 11 24H2 () is patched is not told' },
  { of: macos(''), why: 'how far macOS is patched is not told' },
  { of: macos('26.3.1', 'a'), why: 'how far macOS 26.3.1 a is patched is not told' },
])('$of.build $of.version cannot be compared', ({ of, why }) => {
  expect(levelOf(of)).toBe(why)
})

const catalogueOf = (...releases: string[]) =>
  parseCatalogue(
    `date: 2026-11-01\nlines: []\nreleases: [{ id: windows, version: 26100, releases: [${releases.join(', ')}] }]`,
  )

describe('a machine that takes hotpatches', () => {
  test.each([
    { name: 'has the newest', build: '26100.6508', missed: [] },
    { name: 'has the newest of the others', build: '26100.6584', missed: [] },
    { name: 'has more than the newest of all', build: '26100.6700', missed: [] },
    { name: 'lacks one', build: '26100.4851', missed: ['26100.6508'] },
    {
      name: 'is on a release of the others, and lacks the next of its own',
      build: '26100.4946',
      missed: ['26100.6508'],
    },
    { name: 'has the release for all of July', build: '26100.4652', missed: ['26100.6508', '26100.4851'] },
    {
      name: 'lacks the release for all of July',
      build: '26100.4270',
      missed: ['26100.6508', '26100.4851', '26100.4652'],
    },
  ])('$name: $missed', ({ build, missed }) => {
    expect(levelOf(hotpatched(build))).toMatchObject({ missed, doubt: null })
  })

  test('is known by its number too, where it does not say so', () => {
    expect(levelOf(windows('26100.6508'))).toMatchObject({ missed: [], doubt: null })
    expect(levelOf(windows('26100.6507'))).toMatchObject({ missed: ['26100.6584'] })
  })

  const JUNE = '{ version: 26100.4270, releasedOn: 2026-06-09, track: hotpatch }'
  const JULY = '{ version: 26100.4652, releasedOn: 2026-07-14 }'
  const JULY_LATER = '{ version: 26100.4660, releasedOn: 2026-07-21 }'
  const JULY_HOTPATCH = '{ version: 26100.4640, releasedOn: 2026-07-14, track: hotpatch }'
  const AUGUST = '{ version: 26100.4946, releasedOn: 2026-08-11 }'
  const AUGUST_HOTPATCH = '{ version: 26100.4851, releasedOn: 2026-08-11, track: hotpatch }'

  test.each([
    {
      name: 'lacks what all have to take, where nothing is known of its own track',
      releases: [JULY, AUGUST],
      build: '26100.4270',
      missed: ['26100.4652'],
      doubt: 'the release catalogue does not know the hotpatch to 26100.4946',
    },
    {
      name: 'is not judged by the other track where its own is not known',
      releases: [JULY, AUGUST],
      build: '26100.4660',
      missed: [],
      doubt: 'the release catalogue does not know the hotpatch to 26100.4946',
    },
    {
      name: 'is current with the newest of the other track, though its own is not known',
      releases: [JULY, AUGUST],
      build: '26100.4946',
      missed: [],
      doubt: null,
    },
    {
      name: 'is not known to be current where nothing is known',
      releases: [],
      build: '26100.4946',
      missed: [],
      doubt: 'the release catalogue does not know the hotpatches of this build',
    },
    {
      name: 'is not known to be current where the hotpatch of the last month is not listed',
      releases: [JUNE, JULY, AUGUST],
      build: '26100.4652',
      missed: [],
      doubt: 'the release catalogue does not know the hotpatch to 26100.4946',
    },
    {
      name: 'lacks what all have to take, whatever else is not listed',
      releases: [JUNE, JULY, AUGUST],
      build: '26100.4270',
      missed: ['26100.4652'],
      doubt: 'the release catalogue does not know the hotpatch to 26100.4946',
    },
    {
      name: 'is not known to need a second release of the month',
      releases: [JUNE, JULY, JULY_LATER],
      build: '26100.4652',
      missed: [],
      doubt: 'the release catalogue does not know the hotpatch to 26100.4660',
    },
    {
      name: 'needs none of the other track from before its newest hotpatch',
      releases: [JUNE, JULY, JULY_LATER, AUGUST_HOTPATCH, AUGUST],
      build: '26100.4851',
      missed: [],
      doubt: null,
    },
    {
      name: 'has a hotpatch in a month that begins with a release for all',
      releases: [JUNE, JULY_HOTPATCH, JULY],
      build: '26100.4640',
      missed: [],
      doubt: null,
    },
  ])('$name', ({ releases, build, missed, doubt }) => {
    expect(levelOf(hotpatched(build), catalogueOf(...releases))).toMatchObject({ missed, doubt })
  })
})
