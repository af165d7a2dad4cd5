import { describe, expect, test } from 'vitest'
import type { Release, ReleaseLine, SupportLine } from '../catalogue.ts'
import type { Feed } from './feed.ts'
import { mergeFeeds } from './merge.ts'

type Parts = { format?: Feed['format']; lines?: SupportLine[]; releases?: ReleaseLine[] }
const feed = (asOf: string, parts: Parts): Feed => ({
  format: 'endoflife',
  asOf,
  isDated: true,
  skipped: 0,
  ...parts,
  lines: (parts.lines ?? []).map((line) => ({ asOf, ...line })),
  releases: (parts.releases ?? []).map((line) => ({ asOf, ...line })),
})
const debian = (supportedUntil: string | null, more: Partial<SupportLine> = {}): SupportLine => ({
  id: 'debian',
  version: '12',
  name: 'Debian 12',
  supportedUntil,
  ...more,
})
const windows = (supportedUntil: string, more: Partial<SupportLine> = {}): SupportLine => ({
  id: 'windows',
  version: '19045',
  name: 'Windows 10 22H2',
  supportedUntil,
  ...more,
})
const base = feed('2026-11-01', { format: 'catalogue', lines: [debian('2028-06-30')] })
const ends = (lines: readonly SupportLine[]) =>
  lines.map(({ version, supportedUntil, asOf }) => [version, supportedUntil, asOf])

describe('ends of support', () => {
  test.each<[name: string, others: Feed[], expected: unknown[]]>([
    ['nothing else', [], [['12', '2028-06-30', undefined]]],
    [
      'a newer source counts',
      [feed('2026-11-20', { lines: [debian('2028-07-31')] })],
      [['12', '2028-07-31', '2026-11-20']],
    ],
    [
      'an older one does not',
      [feed('2026-10-01', { lines: [debian('2028-07-31')] })],
      [['12', '2028-06-30', undefined]],
    ],
    [
      'of one day the later named counts',
      [feed('2026-11-01', { lines: [debian('2028-07-31')] })],
      [['12', '2028-07-31', undefined]],
    ],
    [
      'newer counts before later named',
      [feed('2026-11-20', { lines: [debian('2029-01-01')] }), feed('2026-11-10', { lines: [debian('2030-01-01')] })],
      [['12', '2029-01-01', '2026-11-20']],
    ],
    [
      'another line is added',
      [feed('2026-11-20', { lines: [debian(null, { version: '14' })] })],
      [
        ['12', '2028-06-30', undefined],
        ['14', null, '2026-11-20'],
      ],
    ],
    [
      'a source that does not name a line leaves it',
      [feed('2026-11-20', { lines: [] })],
      [['12', '2028-06-30', undefined]],
    ],
    [
      'a line may be older than its source',
      [feed('2026-11-20', { lines: [debian('2029-01-01', { asOf: '2026-01-01' })] })],
      [['12', '2028-06-30', undefined]],
    ],
  ])('%s', (_name, others, expected) => {
    expect(ends(mergeFeeds(base, others).lines)).toEqual(expected)
  })

  test('by edition: one that is named anew leaves the others', () => {
    const old = feed('2026-11-01', { format: 'catalogue', lines: [windows('2025-10-14')] })
    const next = feed('2026-11-20', { lines: [windows('2032-01-13', { editions: ['iot-ltsc'] })] })
    expect(mergeFeeds(old, [next]).lines.map(({ editions, supportedUntil }) => [editions, supportedUntil])).toEqual([
      [['home-pro', 'enterprise', 'ltsc', 'server'], '2025-10-14'],
      [['iot-ltsc'], '2032-01-13'],
    ])
  })

  test('who gets extended updates stays known when a newer source does not say it, and is replaced when it does', () => {
    const extended = [{ until: '2027-10-12', above: '19045.6456' }]
    const old = feed('2026-11-01', { format: 'catalogue', lines: [windows('2025-10-14', { extended })] })
    const silent = feed('2026-11-20', { lines: [windows('2025-10-15')] })
    expect(mergeFeeds(old, [silent]).lines).toEqual([{ ...windows('2025-10-15', { extended }), asOf: '2026-11-20' }])
    const told = feed('2026-11-21', { lines: [windows('2025-10-14', { extended: [] })] })
    expect(mergeFeeds(old, [silent, told]).lines[0]?.extended).toEqual([])
  })
})

const releases = (...list: Release[]) => [{ id: 'macos' as const, version: '26', releases: list }]

describe('releases', () => {
  const one: Release = { version: '26.1', releasedOn: '2026-10-01', exploited: true }
  const two: Release = { version: '26.2', releasedOn: '2026-11-17' }
  const old = feed('2026-11-01', { format: 'catalogue', releases: releases(one) })

  test('are joined, and the line is as new as its newest source', () => {
    const next = feed('2026-11-20', { releases: releases(two) })
    const merged = [{ id: 'macos', version: '26', releases: [two, one], asOf: '2026-11-20' }]
    expect(mergeFeeds(old, [next]).releases).toEqual(merged)
    expect(mergeFeeds(feed('2026-11-20', { format: 'catalogue', releases: releases(two) }), [old]).releases).toEqual([
      { id: 'macos', version: '26', releases: [two, one] },
    ])
  })

  test.each<[name: string, asOf: string]>([
    ['a newer source', '2026-11-20'],
    ['an older source', '2026-10-20'],
  ])('%s on the day of one: the earlier day counts, and attacked stays attacked', (_name, asOf) => {
    for (const releasedOn of ['2026-10-02', '2026-09-30']) {
      const next = feed(asOf, { releases: releases({ version: '26.1', releasedOn }) })
      expect(mergeFeeds(old, [next]).releases[0]?.releases).toEqual([
        { version: '26.1', releasedOn: releasedOn < '2026-10-01' ? releasedOn : '2026-10-01', exploited: true },
      ])
    }
  })

  test('a line that a source does not name stays', () => {
    const next = feed('2026-11-20', { releases: [{ id: 'macos', version: '15', releases: [] }] })
    expect(mergeFeeds(old, [next]).releases.map(({ version, releases: list }) => [version, list.length])).toEqual([
      ['26', 1],
    ])
  })
})

test('the day of the catalogue is that of the newest whole one; parts of it have days of their own', () => {
  expect(mergeFeeds(base, [feed('2026-11-20', {})]).date).toBe('2026-11-01')
  const whole = feed('2026-11-20', { format: 'catalogue' })
  expect(mergeFeeds(base, [whole])).toMatchObject({ date: '2026-11-20', lines: [{ asOf: '2026-11-01' }] })
})

test('the same sources give the same catalogue, to the letter', () => {
  const next = feed('2026-11-20', { lines: [windows('2025-10-14'), debian('2029-01-01')] })
  expect(JSON.stringify(mergeFeeds(base, [next]))).toBe(
    JSON.stringify(mergeFeeds(structuredClone(base), [structuredClone(next)])),
  )
})
