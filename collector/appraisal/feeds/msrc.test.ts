import { describe, expect, test } from 'vitest'
import { MSRC } from '../../../test/fakes/feeds.ts'
import { readMsrc } from './msrc.ts'

test('the newest build of each family that laptops have, on its own day, and the hotpatches apart', () => {
  expect(readMsrc(JSON.parse(MSRC))).toEqual({
    format: 'msrc',
    statedOn: '2026-11-19',
    knownDays: ['2026-11-10'],
    lines: [],
    releases: [
      { id: 'windows', version: '26100', release: { version: '26100.9610', releasedOn: '2026-11-18' } },
      {
        id: 'windows',
        version: '26100',
        release: { version: '26100.9600', releasedOn: '2026-11-10', exploited: true },
      },
      {
        id: 'windows',
        version: '26100',
        release: { version: '26100.9598', track: 'hotpatch', releasedOn: '2026-11-10', exploited: true },
      },
      {
        id: 'windows',
        version: '20348',
        release: { version: '20348.5440', track: 'hotpatch', releasedOn: '2026-11-18' },
      },
    ],
    skipped: 0,
  })
})

const TREE = {
  FullProductName: [
    { ProductID: '1', Value: 'Windows 11 Version 24H2 for ARM64-based Systems' },
    { ProductID: '2', Value: 'Windows Server 2025' },
    { ProductID: '3', Value: 'Microsoft .NET Framework on Windows 11' },
    { ProductID: 4, Value: 'odd' },
  ],
}
const DAY = { InitialReleaseDate: '2026-11-10T08:00:00' }
const FIX = { Type: 2, SubType: 'Security Update', FixedBuild: '10.0.26100.9600', ProductID: ['1'] }
const of = (...vulnerabilities: unknown[]) =>
  readMsrc({ DocumentTracking: DAY, ProductTree: TREE, Vulnerability: vulnerabilities })
const found = (...vulnerabilities: unknown[]) => of(...vulnerabilities).releases.map(({ release }) => release)

test.each<[name: string, change: object, build: string | null]>([
  ['as it is', {}, '26100.9600'],
  ['without a kind', { SubType: undefined }, '26100.9600'],
  ['with a zero before its number', { FixedBuild: '10.0.26100.0960' }, '26100.960'],
  ['for several products, one of them ours', { ProductID: ['2', '1'] }, '26100.9600'],
  ['for servers, which have numbers of their own', { ProductID: ['2'], FixedBuild: '10.0.26100.33500' }, null],
  ['for a part of Windows', { ProductID: ['3'] }, null],
  ['for a product that is not listed', { ProductID: ['5'] }, null],
  ['for nobody', { ProductID: [] }, null],
  ['of the servicing stack', { SubType: 'Servicing Stack Update' }, null],
  ['of another type', { Type: 1 }, null],
  ['of a type in words', { Type: '2' }, null],
  ['of another product', { FixedBuild: '148.0.3967.97' }, null],
  ['of three numbers', { FixedBuild: '10.0.26100' }, null],
  ['of .NET 10', { FixedBuild: '10.0.7.1' }, null],
  ['of several builds', { FixedBuild: '10.0.26100.1, 10.0.26200.1' }, null],
  ['without a build', { FixedBuild: null }, null],
])('a fix %s', (_name, change, build) => {
  expect(found({ Remediations: [{ ...FIX, ...change }] }).map(({ version }) => version)).toEqual(
    build === null ? [] : [build],
  )
})

const fix = (revision: number, day?: string, exploited = false) => ({
  Remediations: [{ ...FIX, FixedBuild: `10.0.26100.${revision}` }],
  ...(day !== undefined && { RevisionHistory: [{ Date: day }, { Date: 7 }] }),
  ...(exploited && { Threats: [{ Type: 1, Description: { Value: 'Exploited:Yes' } }] }),
})

describe('several builds', () => {
  test.each<[name: string, vulnerabilities: unknown[], expected: unknown[]]>([
    ['of one day: the newest', [fix(9), fix(11), fix(10)], [['26100.11', '2026-11-10', undefined]]],
    [
      'of two days: both',
      [fix(11, '2026-11-20'), fix(10)],
      [
        ['26100.11', '2026-11-20', undefined],
        ['26100.10', '2026-11-10', undefined],
      ],
    ],
    [
      'an older build of a later day says nothing new',
      [fix(11), fix(10, '2026-11-20')],
      [['26100.11', '2026-11-10', undefined]],
    ],
    [
      'but what it fixes may be under attack',
      [fix(11), fix(10, '2026-11-20', true)],
      [['26100.11', '2026-11-10', true]],
    ],
    [
      'one build for two holes is out since the first',
      [fix(11, '2026-11-20'), fix(11, '2026-11-15', true)],
      [['26100.11', '2026-11-15', true]],
    ],
    ['neither under attack', [fix(11, '2026-11-20'), fix(11, '2026-11-15')], [['26100.11', '2026-11-15', undefined]]],
    ['in the other order', [fix(11, '2026-11-15', true), fix(11, '2026-11-20')], [['26100.11', '2026-11-15', true]]],
    [
      'a hole that was known before is fixed with the document',
      [fix(11, '2026-10-01')],
      [['26100.11', '2026-11-10', undefined]],
    ],
  ])('%s', (_name, vulnerabilities, expected) => {
    expect(
      found(...vulnerabilities).map(({ version, releasedOn, exploited }) => [version, releasedOn, exploited]),
    ).toEqual(expected)
  })
})

test.each<[threat: unknown, exploited: true | undefined]>([
  [{ Type: 1, Description: { Value: 'Publicly Disclosed:Yes;Exploited:Yes' } }, true],
  [{ Type: 1, Description: { Value: 'Publicly Disclosed:Yes;Exploited:No' } }, undefined],
  [{ Type: 3, Description: { Value: 'Exploited:Yes' } }, undefined],
  [{ Type: 1 }, undefined],
  ['Exploited:Yes', undefined],
])('the threat %j', (threat, exploited) => {
  expect(found({ Remediations: [FIX], Threats: [threat] })[0]?.exploited).toBe(exploited)
})

const day = (document: object) => readMsrc({ ProductTree: TREE, ...document }).knownDays[0]

describe('the day of a document', () => {
  test.each<[name: string, document: object, expected: string]>([
    ['as it states', { DocumentTracking: DAY, DocumentTitle: { Value: 'July 2026' } }, '2026-11-10'],
    ['the second Tuesday of its month', { DocumentTitle: { Value: 'July 2026 Security Updates' } }, '2026-07-14'],
    [
      'of a month that begins on a Tuesday',
      { DocumentTitle: { Value: 'September 2026 Security Updates' } },
      '2026-09-08',
    ],
    [
      'of a month that begins on a Wednesday',
      { DocumentTitle: { Value: 'april 2026 security updates' } },
      '2026-04-14',
    ],
    [
      'where the day is none',
      { DocumentTracking: { InitialReleaseDate: 'x' }, DocumentTitle: { Value: 'July 2026' } },
      '2026-07-14',
    ],
  ])('%s', (_name, document, expected) => {
    expect(day(document)).toBe(expected)
  })

  test.each<[name: string, document: object]>([
    ['nothing', {}],
    ['nulls', { DocumentTitle: { Value: null }, DocumentTracking: null }],
    ['another title', { DocumentTitle: { Value: 'Mariner Release Notes' } }],
    ['a month of another language', { DocumentTitle: { Value: 'Juli 2026' } }],
    ['a year that is none', { DocumentTitle: { Value: 'July 9999' } }],
  ])('that tells %s: refused', (_name, document) => {
    expect(() => day(document)).toThrow(/does not say of which month it is/)
  })
})

test.each<[name: string, tracking: object, statedOn: string | null]>([
  ['as it was revised', { CurrentReleaseDate: '2026-11-19T08:00:00' }, '2026-11-19'],
  ['to the end of its month, whenever it was revised', { CurrentReleaseDate: '2027-03-01T08:00:00' }, '2026-11-30'],
  ['', { CurrentReleaseDate: null }, null],
])('a document knows of releases %s', (_name, tracking, statedOn) => {
  const document = { DocumentTracking: { ...DAY, ...tracking }, ProductTree: TREE, Vulnerability: [fix(9)] }
  expect(readMsrc(document).statedOn).toBe(statedOn)
})

test('a document of December knows to the end of the year', () => {
  const DocumentTracking = { InitialReleaseDate: '2026-12-08', CurrentReleaseDate: '2027-01-09' }
  expect(readMsrc({ DocumentTracking, ProductTree: TREE, Vulnerability: [] }).statedOn).toBe('2026-12-31')
})

test('vulnerabilities of another form are skipped and counted, and no vulnerabilities are none', () => {
  expect(of(7, { Remediations: 'x' }, {}, { Remediations: null, Threats: null })).toMatchObject({
    releases: [],
    skipped: 2,
  })
  expect(readMsrc({ DocumentTracking: DAY, ProductTree: TREE, Vulnerability: null }).releases).toEqual([])
})

test('a document without its products is refused', () => {
  expect(() => readMsrc({ ProductTree: {} })).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
})
