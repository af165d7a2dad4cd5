import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as feeds from '../../../test/fakes/feeds.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { MusterError } from '../../../shared/errors.ts'
import { Catalogue, parseCatalogue } from '../catalogue.ts'
import type { Feed } from './feed.ts'
import { mergeFeeds } from './merge.ts'
import { readFeed } from './read.ts'
import { shapeOf } from './shape.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const read = (text: string, name = 'feed', now = NOW) => readFeed(Buffer.from(text), { name, now })

test.each<[format: string, text: string, name: string]>([
  ['sofa', feeds.SOFA_V1, 'macos_data_feed.json'],
  ['sofa', feeds.SOFA_V2, 'anything'],
  ['endoflife', feeds.ENDOFLIFE_WINDOWS, 'anything'],
  ['endoflife', feeds.ENDOFLIFE_UBUNTU, ''],
  ['endoflife', feeds.ENDOFLIFE_OLD_MACOS, '/api/macos.json'],
  ['msrc', feeds.MSRC, '2026-Nov'],
  ['distro-info', feeds.DEBIAN_CSV, 'debian.csv'],
  ['distro-info', feeds.UBUNTU_CSV, 'anything'],
  ['gdmf', feeds.GDMF, 'pmv'],
  ['windows-builds', feeds.WINDOWS_BUILDS, 'windows.yaml'],
  ['catalogue', feeds.CATALOGUE_YAML, 'releases.yaml'],
])('%s is known by its content', (format, text, name) => {
  const feed = read(text, name)
  expect(feed.format).toBe(format)
  expect(feed.lines.length + feed.releases.length).toBeGreaterThan(0)
  // Those who save what they fetched may put a mark of the order of bytes before it, and space.
  expect(read(`\uFEFF${text}\r\n`, name)).toEqual(feed)
})

test.each<[name: string, content: string | Uint8Array, problem: RegExp]>([
  ['nothing', '', /it is empty/],
  ['space', ' \r\n\t', /it is empty/],
  ['a web page', '<!doctype html><html></html>', /web page/],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x7b, 0), /no text in UTF-8/],
  ['half of a feed', feeds.SOFA_V2.slice(0, 900), /no JSON, or not all of it/],
  ['JSON of another form', '{"notices": []}', /none of the feeds that are known/],
  [
    'a list of another form',
    '[{"os": "Windows 10", "build": "19045.5965"}, null, 7]',
    /none of the feeds that are known/,
  ],
  ['a list of nothing', '[]', /none of the feeds that are known/],
  ["the list of Microsoft's documents", '{"@odata.context": "x", "value": []}', /name the documents themselves/],
  ['another YAML', 'releases:\n  - releaseCycle: 1\n', /required properties/],
  ['a word', 'Not found', /./],
  ['broken YAML', 'lines: [', /./],
  ['broken YAML of builds', 'builds: [', /Windows builds: /],
  ['YAML without end', `lines:\n${'  - { id: a }\n'.repeat(100_000)}`, /too long for YAML/],
  ['YAML of great depth', `lines: ${'['.repeat(200_000)}`, /./],
  ['YAML that holds itself', 'lines: &a [*a]', /anchors are not read/],
  [
    'aliases of aliases',
    `a: &a [1,1,1,1,1,1,1,1,1]\n${['b', 'c', 'd', 'e', 'f', 'g'].map((it, at) => `${it}: &${it} [${`*${'abcdefg'[at]},`.repeat(9)}]\n`).join('')}`,
    /./,
  ],
  ['JSON of great depth', '[{"cycle":'.repeat(50_000), /no JSON/],
  ['keys of the language', '{"__proto__": {"OSVersions": []}, "constructor": 1}', /none of the feeds/],
])('%s is refused', (_name, content, problem) => {
  expect(() => readFeed(Buffer.from(content), { name: '__proto__', now: NOW })).toThrow(
    expect.objectContaining({ code: 'releases-invalid', message: expect.stringMatching(problem) as string }),
  )
})

test('what was not expected to happen is no crash', () => {
  expect(() => read(feeds.SOFA_V2, '', new Date(Number.NaN))).toThrow(
    expect.objectContaining({
      code: 'releases-invalid',
      message: expect.stringMatching(/it cannot be read/) as string,
    }),
  )
})

// The order of releases means nothing.
const ordered = (it: Catalogue) => ({
  ...it,
  releases: it.releases.map((line) => ({
    ...line,
    releases: line.releases.toSorted((a, b) => (a.version < b.version ? 1 : -1)),
  })),
})

describe('a whole catalogue', () => {
  test('is read as it stands, with its day at each line', () => {
    const { date, ...rest } = parseCatalogue(feeds.CATALOGUE_YAML)
    const dated = <T extends object>(lines: T[]) => lines.map((line) => ({ ...line, asOf: date }))
    expect(read(feeds.CATALOGUE_YAML)).toEqual({
      format: 'catalogue',
      asOf: date,
      isDated: true,
      lines: dated(rest.lines),
      releases: dated(rest.releases),
      skipped: 0,
    })
  })

  test('that ships is one', () => {
    const shipped = readFileSync(join(import.meta.dirname, '../../releases.yaml'), 'utf8')
    const feed = read(shipped)
    expect(ordered(mergeFeeds(feed, []))).toEqual(ordered(parseCatalogue(shipped)))
  })

  test.each<[name: string, date: string, now: string, asOf: string]>([
    ['of the day before', '2026-11-01', '2026-11-25', '2026-11-01'],
    ['of tomorrow somewhere is of today', '2026-11-26', '2026-11-25', '2026-11-25'],
    ['with a slip in its year is as new as its newest release', '2062-11-01', '2026-11-25', '2026-10-12'],
    ['read by a clock that was never set is of that day', '2026-11-01', '1999-01-01', '1999-01-01'],
  ])('%s', (_name, date, now, asOf) => {
    const feed = read(feeds.CATALOGUE_YAML.replace('2026-11-01', date), '', new Date(`${now}T12:00:00Z`))
    expect([feed.asOf, feed.lines[0]?.asOf]).toEqual([asOf, asOf])
  })

  test('may say of a line how old it is', () => {
    const old = feeds.CATALOGUE_YAML.replace('2028-06-30 }', '2028-06-30, asOf: 2025-01-01 }')
    expect(read(old).lines[0]?.asOf).toBe('2025-01-01')
  })
})

const isCatalogue = shapeOf(Catalogue)
const compact = (json: string) => JSON.stringify(JSON.parse(json))
const MANY = 10_000
/** YAML is parsed a hundred times slower. */
const FEWER = 1000

const numbersIn = (it: string) => new Set(it.match(/\d+/g))

/** Every number of a feed stands in what it was read from: nothing is made up. */
function madeUp({ lines, releases }: Feed, text: string): string[] {
  const told = JSON.stringify([
    lines.map(({ version, supportedUntil, extended }) => [version, supportedUntil, extended]),
    releases.map(({ version, releases: list }) => [version, list.map((it) => [it.version, it.releasedOn])]),
  ])
  const there = numbersIn(text)
  const missing = [...numbersIn(told)].filter((number) => !there.has(number))
  return missing.filter((number) => ![...there].some((it) => Number(it) === Number(number)))
}

/** What is wrong with what was read, or null. */
function faultOf(feed: Feed, text: string): string | null {
  const { format, asOf, lines, releases } = feed
  if (!isCatalogue({ date: asOf, lines, releases })) return 'it is no catalogue'
  if (asOf > '2026-11-25') return 'it is of the future'
  if (lines.length + releases.length === 0) return 'it is empty'
  const isOut = releases.every((line) => line.releases.every(({ releasedOn }) => releasedOn <= '2026-11-26'))
  if (format !== 'catalogue' && !isOut) return 'a release is not out'
  // The day on which Microsoft publishes follows from the month alone.
  if (format === 'msrc' && !/"InitialReleaseDate":"\d{4}-\d\d-\d\dT/.test(text)) return null
  const numbers = madeUp(feed, text)
  return numbers.length > 0 ? `${numbers.join()} is made up` : null
}

/** What was read, or null where it was refused; whatever else is thrown ends the test. */
function readOrRefuse(text: string, name: string): Feed | null {
  try {
    return read(text, name)
  } catch (error) {
    if (!(error instanceof MusterError) || error.code !== 'releases-invalid') throw error
    return null
  }
}

describe('damaged and hostile', () => {
  test.each<[name: string, text: string, total: number]>([
    ['macos_data_feed.json', compact(feeds.SOFA_V1), MANY],
    ['macos_data_feed.json', compact(feeds.SOFA_V2), MANY],
    ['windows.json', compact(feeds.ENDOFLIFE_WINDOWS), MANY],
    ['ubuntu.json', compact(feeds.ENDOFLIFE_UBUNTU), MANY],
    ['macos.json', compact(feeds.ENDOFLIFE_OLD_MACOS), MANY],
    ['cvrf.json', compact(feeds.MSRC), MANY],
    ['debian.csv', feeds.DEBIAN_CSV, MANY],
    ['ubuntu.csv', feeds.UBUNTU_CSV, MANY],
    ['pmv.json', compact(feeds.GDMF), MANY],
    ['windows.yaml', feeds.WINDOWS_BUILDS, FEWER],
    ['releases.yaml', feeds.CATALOGUE_YAML, FEWER],
  ])('%s: damaged ones are read or refused, and nothing is made up', (name, text, total) => {
    let count = 0
    for (const damaged of mutations(text, total)) {
      const feed = readOrRefuse(damaged, name)
      const fault = feed && faultOf(feed, damaged)
      if (typeof fault === 'string') throw new Error(`${fault}: ${damaged}`)
      if (feed) count++
    }
    expect(count).toBeGreaterThan(total / 100)
    expect(count).toBeLessThan(total)
  })

  test.each<[name: string, json: unknown]>([
    [
      'systems',
      {
        OSVersions: Array.from({ length: 10 }, () => ({
          SecurityReleases: Array.from({ length: 20_000 }, () => ({ ProductVersion: '26.1' })),
        })),
      },
    ],
    [
      'releases',
      {
        result: {
          name: 'ubuntu',
          releases: Array.from({ length: 60_000 }, (_, at) => ({
            name: `${at % 1000}.${at % 997}`,
            eolFrom: '2030-01-01',
          })),
        },
      },
    ],
    [
      'vulnerabilities',
      {
        DocumentTitle: { Value: 'July 2026' },
        ProductTree: { FullProductName: [{ ProductID: '1', Value: 'Windows 11' }] },
        Vulnerability: Array.from({ length: 100_000 }, (_, at) => ({
          Remediations: [{ Type: 2, FixedBuild: `10.0.${10_000 + (at % 90_000)}.${at}`, ProductID: ['1'] }],
        })),
      },
    ],
    [
      'keys of the language',
      {
        OSVersions: [
          {
            SecurityReleases: [
              JSON.parse(
                '{"__proto__": {"ProductVersion": "26.1"}, "ProductVersion": "26.1", "ReleaseDate": "2026-01-01", "UpdateName": "macOS", "CVEs": {"__proto__": true}}',
              ),
            ],
          },
        ],
      },
    ],
  ])('%s without end end quickly', (_name, json) => {
    const started = performance.now()
    const feed = readOrRefuse(JSON.stringify(json), 'ubuntu.json')
    expect(performance.now() - started).toBeLessThan(5000)
    expect(feed && faultOf({ ...feed, format: 'msrc' }, '')).toBeNull()
  })
})
