import { describe, expect, test } from 'vitest'
import { SOFA_V1, SOFA_V2 } from '../../../test/fakes/feeds.ts'
import type { Found } from './feed.ts'
import { readSofa } from './sofa.ts'

const read = (json: string) => readSofa(JSON.parse(json))
const versions = (found: Found) => found.releases.map(({ release }) => release.version)

test('version 1: in any order, without what fixes nothing, and as new as its newest release', () => {
  expect(read(SOFA_V1)).toEqual({
    format: 'sofa',
    statedOn: null,
    knownDays: ['2026-05-04', '2026-05-20', '2026-04-01'],
    lines: [],
    releases: [
      { id: 'macos', version: '14', release: { version: '14.8.2', releasedOn: '2026-05-20', exploited: true } },
      { id: 'macos', version: '14', release: { version: '14.8', releasedOn: '2026-04-01' } },
    ],
    skipped: 0,
  })
})

test('version 2: the newest release where it is listed nowhere else, rapid responses, nothing for some models alone', () => {
  const found = read(SOFA_V2)
  expect(found).toMatchObject({ statedOn: '2026-11-20', skipped: 0 })
  expect(found.releases).toEqual([
    { id: 'macos', version: '26', release: { version: '26.7', releasedOn: '2026-10-12', exploited: true } },
    { id: 'macos', version: '26', release: { version: '26.7.1', releasedOn: '2026-11-17' } },
    { id: 'macos', version: '26', release: { version: '26.7 (a)', releasedOn: '2026-10-30' } },
  ])
})

describe('one release', () => {
  const PLAIN = {
    UpdateName: 'macOS Tahoe 26.7',
    ProductVersion: '26.7',
    ReleaseDate: '2026-10-12T00:00:00Z',
    SecurityInfo: 'https://support.apple.com/en-us/000003',
    CVEs: { 'CVE-2026-1': false },
    UniqueCVEsCount: 1,
  }
  const of = (change: object) => readSofa({ OSVersions: [{ SecurityReleases: [{ ...PLAIN, ...change }] }] })
  const NONE = 'This update has no published CVE entries.'

  test.each<[name: string, change: object, version: string | null]>([
    ['as it is', {}, '26.7'],
    ['of 2020', { UpdateName: 'macOS Catalina 10.15.7', ProductVersion: '10.15.7' }, '10.15.7'],
    ['with a letter in its version', { ProductVersion: '13.4.1 (a)' }, '13.4.1 (a)'],
    ['with a letter in its name', { UpdateName: 'macOS Ventura 13.4.1 (c)', ProductVersion: '13.4.1' }, '13.4.1 (c)'],
    [
      'with a letter, counted to nothing',
      { ProductVersion: '13.4.1 (a)', CVEs: {}, UniqueCVEsCount: 0, SecurityInfo: NONE },
      '13.4.1 (a)',
    ],
    ['that says itself that it fixes nothing', { CVEs: {}, UniqueCVEsCount: 0, SecurityInfo: NONE }, null],
    ['whose list is still to come', { CVEs: {}, UniqueCVEsCount: 0 }, '26.7'],
    ['that is only counted', { CVEs: {}, UniqueCVEsCount: 3, SecurityInfo: NONE }, '26.7'],
    ['that only lists', { UniqueCVEsCount: null, SecurityInfo: null }, '26.7'],
    [
      'that lists what is attacked, and nothing else',
      { CVEs: null, UniqueCVEsCount: 0, SecurityInfo: NONE, ActivelyExploitedCVEs: ['CVE-2026-1'] },
      '26.7',
    ],
    ['of which nothing is said', { CVEs: undefined, UniqueCVEsCount: undefined, SecurityInfo: undefined }, null],
    ['with nulls', { DeviceScope: null, ProductName: null, ActivelyExploitedCVEs: null }, '26.7'],
  ])('%s', (_name, change, version) => {
    const found = of(change)
    expect(versions(found)).toEqual(version === null ? [] : [version])
    expect(found.skipped).toBe(0)
  })

  test.each<[name: string, change: object]>([
    ['of another system', { ProductName: 'iOS' }],
    ['of another system, by its name', { UpdateName: 'iOS 26.7 and iPadOS 26.7' }],
    ['without a name', { UpdateName: undefined }],
    ['with a version that is none', { ProductVersion: '26.7b' }],
    ['with a version of another form', { ProductVersion: 26.7 }],
    ['without a day', { ReleaseDate: '' }],
    ['of the year 9999', { ReleaseDate: '9999-01-01T00:00:00Z' }],
    ['with a count below nothing', { UniqueCVEsCount: -1 }],
  ])('%s is skipped and counted', (_name, change) => {
    expect(of(change)).toMatchObject({ releases: [], skipped: 1 })
  })

  test.each<[name: string, change: object, exploited: boolean]>([
    ['by its list', { ActivelyExploitedCVEs: ['CVE-2026-1'] }, true],
    ['by a true of version 1', { CVEs: { 'CVE-2026-1': true } }, true],
    ['by a mark of version 2', { CVEs: { 'CVE-2026-1': { ActivelyExploited: true } } }, true],
    ['by the catalogue of known attacks', { CVEs: { 'CVE-2026-1': { InKEV: true } } }, true],
    ['not by a false', { CVEs: { 'CVE-2026-1': { ActivelyExploited: false, InKEV: null } } }, false],
    ['not by an empty object', { CVEs: { 'CVE-2026-1': {} } }, false],
    ['not by a word', { CVEs: { 'CVE-2026-1': 'true' } }, false],
  ])('is known to be attacked %s', (_name, change, exploited) => {
    expect(of(change).releases[0]?.release.exploited).toBe(exploited || undefined)
  })
})

test.each<[name: string, improvements: unknown, version: string[], skipped: number]>([
  [
    'for every model',
    { 26: [{ Version: '26.3.1', VersionExtra: '(a)', PostingDate: '2026-03-17', DeviceScope: 'universal' }] },
    ['26.3.1 (a)'],
    0,
  ],
  [
    'of which nobody says for whom',
    { 26: [{ Version: '26.3.1', VersionExtra: ' (b)', PostingDate: '2026-03-17' }] },
    ['26.3.1 (b)'],
    0,
  ],
  ['without its letter', { 26: [{ Version: '26.3.1', VersionExtra: null, PostingDate: '2026-03-17' }] }, [], 1],
  ['without a day', { 26: [{ Version: '26.3.1', VersionExtra: '(a)', PostingDate: '' }] }, [], 1],
  ['of no version', { 26: [{ Version: '9', VersionExtra: '(a)', PostingDate: '2026-03-17' }] }, [], 1],
  ['in another form', [1, 2], [], 0],
])('a background improvement %s', (_name, improvements, version, skipped) => {
  const release = { UpdateName: 'macOS Tahoe 26.3.1', ProductVersion: '26.3.1', ReleaseDate: '2026-03-04' }
  const of = (change: object) =>
    readSofa({
      OSVersions: [{ SecurityReleases: [{ ...release, ...change }] }],
      BackgroundSecurityImprovements: improvements,
    })
  const found = of({})
  expect([versions(found), found.skipped]).toEqual([version, skipped])
  // The feed of another system has the same there.
  expect(versions(of({ ProductName: 'iOS' }))).toEqual([])
})

test.each<[name: string, json: unknown]>([
  ['no list of systems', { OSVersions: 'none' }],
  ['systems without end', { OSVersions: Array.from({ length: 101 }, () => ({})) }],
])('%s: refused', (_name, json) => {
  expect(() => readSofa(json)).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
})

test('a system of another form is skipped and counted, and one without releases is none', () => {
  const found = readSofa({ OSVersions: [7, { SecurityReleases: 'x' }, {}, { SecurityReleases: null }] })
  expect(found).toMatchObject({ releases: [], skipped: 2 })
})

const xprotect = (day: unknown) => ({
  OSVersions: [],
  XProtectPayloads: { 'com.apple.XProtectFramework.XProtect': '157', ReleaseDate: day },
  XProtectPlistConfigData: { 'com.apple.XProtect': '5358', ReleaseDate: '2026-08-20T21:14:25Z' },
})

test('is as new as what XProtect got last, where it does not say how new it is', () => {
  expect(readSofa(xprotect('2026-09-01T21:14:25Z')).knownDays).toEqual(['2026-09-01', '2026-08-20'])
  for (const odd of [undefined, null, 7, 'soon']) expect(readSofa(xprotect(odd)).knownDays).toEqual(['2026-08-20'])
})
