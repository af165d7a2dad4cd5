import { describe, expect, test } from 'vitest'
import type { SupportLine } from '../catalogue.ts'
import { feedOf, type Found, type FoundRelease } from './feed.ts'

const NOW = new Date('2026-11-25T23:00:00Z')
const line = (version: string, supportedUntil: string | null, more: Partial<SupportLine> = {}): SupportLine => ({
  id: 'sles',
  version,
  name: `SLES ${version}`,
  supportedUntil,
  ...more,
})
const release = (version: string, releasedOn: string, more: object = {}): FoundRelease => ({
  id: 'macos',
  version: '26',
  release: { version, releasedOn, ...more },
})
const feed = (found: Partial<Found>) =>
  feedOf(
    { format: 'sofa', statedOn: null, knownDays: ['2026-11-01'], lines: [], releases: [], skipped: 0, ...found },
    NOW,
  )

describe('how new a feed is', () => {
  const releases = [release('26.1', '2026-11-01')]

  test.each<[name: string, found: Partial<Found>, asOf: string, isDated: boolean]>([
    ['as it says', { statedOn: '2026-11-20' }, '2026-11-20', true],
    ['of tomorrow somewhere is of today', { statedOn: '2026-11-26' }, '2026-11-25', true],
    ['of the future is as new as what it knows', { statedOn: '2031-01-01' }, '2026-11-01', false],
    [
      'as new as the newest thing it knows',
      { knownDays: ['2026-10-01', '2026-11-10', '2026-01-01'] },
      '2026-11-10',
      false,
    ],
    ['which has happened', { knownDays: ['2026-10-01', '2027-10-01'] }, '2026-10-01', false],
  ])('%s', (_name, found, asOf, isDated) => {
    expect(feed({ releases, ...found })).toMatchObject({ asOf, isDated, releases: [{ asOf }] })
  })

  test('is to be told', () => {
    expect(() => feed({ releases, knownDays: [] })).toThrow(/it tells no day/)
  })
})

test('what is not out yet is no release, and is counted', () => {
  const releases = [release('26.1', '2026-11-26'), release('26.2', '2026-11-27'), release('26.3', '2099-01-01')]
  expect(feed({ releases, skipped: 1 })).toMatchObject({ releases: [{ releases: [{ version: '26.1' }] }], skipped: 3 })
})

test('nothing left is refused', () => {
  expect(() => feed({ skipped: 3 })).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
  expect(() => feed({ releases: [release('26.3', '2099-01-01')] })).toThrow(/nothing in it could be read/)
})

test('releases by line, each once and since its first day, the newest first; attacked once is attacked', () => {
  const releases = [
    release('26.1', '2026-09-01', { exploited: true }),
    release('26.2', '2026-10-01'),
    { ...release('15.1', '2026-10-01'), version: '15' },
    release('26.1', '2026-09-02'),
    release('26.1', '2026-09-01', { track: 'hotpatch' }),
  ]
  expect(feed({ releases }).releases.map((it) => [it.version, it.releases])).toEqual([
    [
      '26',
      [
        { version: '26.2', releasedOn: '2026-10-01' },
        { version: '26.1', releasedOn: '2026-09-01', exploited: true },
        { version: '26.1', releasedOn: '2026-09-01', track: 'hotpatch' },
      ],
    ],
    ['15', [{ version: '15.1', releasedOn: '2026-10-01' }]],
  ])
})

describe('of two ends for the same line', () => {
  test.each<[name: string, lines: SupportLine[], ends: (string | null)[]]>([
    ['the earlier counts', [line('15.7', '2031-07-31'), line('15.7', '2030-07-31')], ['2030-07-31']],
    [
      'the earlier counts, whichever is first',
      [line('15.7', '2030-07-31'), line('15.7', '2031-07-31')],
      ['2030-07-31'],
    ],
    ['a known one counts before none', [line('15.7', null), line('15.7', '2031-07-31')], ['2031-07-31']],
    [
      'a known one counts before none that comes later',
      [line('15.7', '2031-07-31'), line('15.7', null)],
      ['2031-07-31'],
    ],
    ['two lines have two', [line('15.7', null), line('15.6', '2025-12-31')], [null, '2025-12-31']],
  ])('%s', (_name, lines, ends) => {
    expect(feed({ lines }).lines.map(({ supportedUntil }) => supportedUntil)).toEqual(ends)
  })

  test('each edition of Windows is a line', () => {
    const windows = { id: 'windows', name: 'Windows 10 1507' }
    const lines = [
      line('10240', '2017-05-09', { ...windows, editions: ['home-pro', 'enterprise'] }),
      line('10240', '2016-01-01', { ...windows, editions: ['enterprise', 'ltsc'] }),
    ]
    expect(feed({ lines }).lines.map(({ editions, supportedUntil }) => [editions, supportedUntil])).toEqual([
      [['home-pro'], '2017-05-09'],
      [['enterprise', 'ltsc'], '2016-01-01'],
    ])
  })
})

test.each<[name: string, lines: SupportLine[], versions: string[]]>([
  ['one release among others', [line('15', '2019-12-31'), line('15.7', '2031-07-31')], ['15.7']],
  ['all of its releases', [line('22', '2029-04-30'), line('22.1', '2029-04-30')], ['22', '22.1']],
  ['nothing of another line', [line('1', '2029-04-30'), line('15.7', '2031-07-31')], ['1', '15.7']],
  [
    'nothing of another system',
    [line('15', '2019-12-31'), line('15.7', '2031-07-31', { id: 'opensuse-leap' })],
    ['15', '15.7'],
  ],
])('a bare number that stands for %s', (_name, lines, versions) => {
  expect(feed({ lines }).lines.map(({ version }) => version)).toEqual(versions)
})

const many = <T>(count: number, make: (at: number) => T) => Array.from({ length: count }, (_, at) => make(at))

test('no more than the catalogue takes', () => {
  const found = feed({
    lines: many(2100, (at) => line(`1.${at}`, null)),
    releases: [
      ...many(510, (at) => release(`26.${at}`, '2026-01-01')),
      ...many(210, (at) => ({ ...release('1.1', '2026-01-01'), version: `${at}` })),
    ],
  })
  expect(found.lines).toHaveLength(2000)
  expect(found.releases).toHaveLength(200)
  expect(found.releases[0]?.releases).toHaveLength(500)
})
