import { describe, expect, test } from 'vitest'
import { ENDOFLIFE_OLD_MACOS, ENDOFLIFE_UBUNTU, ENDOFLIFE_WINDOWS } from '../../../test/fakes/feeds.ts'
import { readEndOfLife, readOldEndOfLife } from './endoflife.ts'

const read = (json: string) => readEndOfLife(JSON.parse(json))
const product = (name: string, ...releases: unknown[]) => readEndOfLife({ result: { name, releases } })

test('Windows: by build and edition, each with its own end; what is not for laptops is skipped', () => {
  const found = read(ENDOFLIFE_WINDOWS)
  expect(found).toMatchObject({ statedOn: '2026-11-20', skipped: 1, releases: [] })
  expect(found.lines.map(({ version, editions, supportedUntil }) => [version, editions, supportedUntil])).toEqual([
    ['26100', ['iot-ltsc'], '2034-10-10'],
    ['26100', ['ltsc'], '2029-10-09'],
    ['26100', ['enterprise'], '2027-10-12'],
    ['26100', ['home-pro'], '2026-10-13'],
    // Extended updates are paid: they end nothing later for everyone.
    ['19045', ['home-pro', 'enterprise'], '2025-10-14'],
  ])
})

test('Ubuntu: maintained until its own end, not that of what asks for a registration', () => {
  expect(read(ENDOFLIFE_UBUNTU)).toEqual({
    format: 'endoflife',
    statedOn: '2026-09-02',
    knownDays: ['2026-08-31', '2026-04-23', '2026-10-15'],
    lines: [
      { id: 'ubuntu', version: '26.04', name: 'Ubuntu 26.04 LTS', supportedUntil: '2031-05-29' },
      { id: 'ubuntu', version: '26.10', name: 'Ubuntu 26.10', supportedUntil: '2027-07-15' },
    ],
    releases: [],
    skipped: 0,
  })
})

test('the lists of the first API: days and booleans, about what their name says', () => {
  const found = readOldEndOfLife(JSON.parse(ENDOFLIFE_OLD_MACOS) as unknown[], '/api/macos.json')
  expect(found.lines).toEqual([
    { id: 'macos', version: '26', name: 'macOS 26', supportedUntil: null },
    // It has ended and nobody says when: the last sign of life is the last day of which that is known.
    { id: 'macos', version: '13', name: 'macOS 13', supportedUntil: '2025-08-20' },
    { id: 'macos', version: '12', name: 'macOS 12', supportedUntil: '2024-09-16' },
  ])
})

test.each([
  ['ubuntu.json', 'ubuntu'],
  ['C:\\feeds\\Ubuntu.JSON', 'ubuntu'],
  ['/api/rocky-linux.json', 'rocky'],
  ['/api/oracle-linux.json', 'ol'],
  ['sles', 'sles'],
])('%s is about %s', (name, id) => {
  expect(readOldEndOfLife([{ cycle: '9', eol: '2030-01-01', lts: true }], name).lines[0]?.id).toBe(id)
})

test.each([
  ['centos-stream', '9', ['centos-stream']],
  ['sles', '15.7', ['sles', 'sled']],
  ['opensuse', '16.0', ['opensuse-leap']],
  ['amazon-linux', '2023', ['amzn']],
  ['pop-os', '24.04', ['pop']],
])('%s %s belongs to %s', (name, version, ids) => {
  const found = product(name, { name: version, eolFrom: '2030-01-01' })
  expect(found.lines.map((line) => [line.id, line.version])).toEqual(ids.map((id) => [id, version]))
})

const end = (release: object, name = 'fedora') => {
  const found = product(name, { name: '43', ...release })
  return found.skipped > 0 ? 'skipped' : found.lines[0]?.supportedUntil
}

describe('an end', () => {
  test.each<[name: string, release: object, expected: unknown]>([
    ['is its day, whatever the flag says', { isEol: false, eolFrom: '2020-01-01' }, '2020-01-01'],
    ['is its day, whatever the other flag says', { isEol: true, eolFrom: '2040-01-01' }, '2040-01-01'],
    ['with a time is a day', { eolFrom: '2027-01-01T00:00:00Z' }, '2027-01-01'],
    ['that is not known yet is none', { isEol: false, eolFrom: null }, null],
    [
      'that has passed on a day that nobody knows',
      { isEol: true, latest: { name: '43', date: '2024-05-01' } },
      '2024-05-01',
    ],
    ['that has passed since the release', { isEol: true, releaseDate: '2023-05-01', latest: null }, '2023-05-01'],
    ['that has passed, and no sign of life', { isEol: true }, 'skipped'],
    ['that is absurd', { isEol: false, eolFrom: '9999-01-01' }, 'skipped'],
    ['of which nothing is said', {}, 'skipped'],
    ['that says nothing', { isEol: null, eolFrom: null }, 'skipped'],
    ['of another form', { eolFrom: true }, 'skipped'],
    ['that is paid counts for nothing', { eolFrom: '2026-01-01', eoesFrom: '2030-01-01' }, '2026-01-01'],
  ])('%s', (_name, release, expected) => {
    expect(end(release)).toBe(expected)
  })

  test.each<[name: string, release: object, expected: unknown]>([
    ['its long-term support is for everyone', { eolFrom: '2026-07-11', eoesFrom: '2028-06-30' }, '2028-06-30'],
    ['without a later phase', { eolFrom: '2026-07-11', eoesFrom: null }, '2026-07-11'],
    ['with a later phase that is no day', { eolFrom: '2026-07-11', eoesFrom: 'later' }, '2026-07-11'],
  ])('of Debian: %s', (_name, release, expected) => {
    expect(end(release, 'debian')).toBe(expected)
  })

  test.each<[name: string, release: object, expected: unknown]>([
    ['a day', { eol: '2026-07-11' }, '2026-07-11'],
    ['not yet', { eol: false }, null],
    ['already', { eol: true, releaseDate: '2020-01-01' }, '2020-01-01'],
    ['and a later phase for everyone', { eol: '2026-07-11', extendedSupport: '2028-06-30' }, '2028-06-30'],
    ['and a later phase that is only said to be', { eol: '2026-07-11', extendedSupport: true }, '2026-07-11'],
    ['nothing', {}, 'skipped'],
    ['a number', { eol: 2026 }, 'skipped'],
  ])('in a list of the first API: %s', (_name, release, expected) => {
    const found = readOldEndOfLife([{ cycle: '12', ...release }], 'debian.json')
    expect(found.skipped > 0 ? 'skipped' : found.lines[0]?.supportedUntil).toBe(expected)
  })
})

test.each([
  ['fedora', { name: 'rawhide', eolFrom: '2030-01-01' }],
  ['fedora', { name: '43.', eolFrom: '2030-01-01' }],
  ['linuxmint', { name: 'LMDE 4', eolFrom: '2030-01-01' }],
  ['macos', { name: '26.1', eolFrom: '2030-01-01' }],
  ['macos', { name: 'Tahoe', eolFrom: '2030-01-01' }],
  ['windows', { name: '11-24h2-w', eolFrom: '2030-01-01' }],
  ['windows', { name: '11-24h2-w', eolFrom: '2030-01-01', latest: { name: null } }],
  ['windows', { name: '11-24h2-q', eolFrom: '2030-01-01', latest: { name: '10.0.26100' } }],
  ['windows-server', { name: '1809-sac', eolFrom: '2020-11-10', latest: { name: '10.0.17763' } }],
  ['windows-server', { name: '2025', eolFrom: '2034-10-10', latest: { name: 'x' } }],
  ['windows-server', { name: '2025', eolFrom: '2034-10-10' }],
  ['windows-server', { name: 'Server!', eolFrom: '2034-10-10', latest: { name: '10.0.26100' } }],
  ['ubuntu', { eolFrom: '2030-01-01' }],
])('%s: what is no line is skipped and counted: %j', (name, release) => {
  expect(product(name, release)).toMatchObject({ lines: [], skipped: 1 })
})

test('servers share builds with laptops, and have an edition of their own', () => {
  const release = { name: '2012-r2', eolFrom: '2023-10-10', latest: { name: '6.3.9600' } }
  expect(product('windows-server', release).lines).toEqual([
    {
      id: 'windows',
      version: '9600',
      name: 'Windows Server 2012 R2',
      supportedUntil: '2023-10-10',
      editions: ['server'],
    },
  ])
})

test('an old Windows has one end for every edition', () => {
  const release = { name: '8.1', eolFrom: '2023-01-10', latest: { name: '6.3.9600' } }
  expect(product('windows', release).lines[0]).not.toHaveProperty('editions')
})

test('of all products those of laptops are taken', () => {
  const all = [
    { name: 'nodejs', releases: [{ name: '26', eolFrom: '2029-04-30' }] },
    { name: 'fedora', releases: [{ name: '43', eolFrom: '2026-12-02' }, 'odd'] },
    { name: 'debian', releases: [{ name: '13', eolFrom: '2028-08-09', releaseDate: '2025-08-09' }] },
    'odd',
  ]
  const found = readEndOfLife({ generated_at: '2026-11-20', result: all })
  expect(found).toMatchObject({ statedOn: '2026-11-20', skipped: 1, knownDays: ['2025-08-09'] })
  expect(found.lines.map(({ id }) => id)).toEqual(['fedora', 'debian'])
})

test.each<[string, () => unknown, RegExp]>([
  ['a product that runs on no laptop', () => product('nodejs'), /"nodejs" is no product that laptops run/],
  ['a product with a name of the language', () => product('constructor'), /no product/],
  [
    'one release instead of a product',
    () => readEndOfLife({ result: { name: '26.04', eolFrom: null } }),
    /name the address of a product/,
  ],
  ['no answer', () => readEndOfLife({ generated_at: 1 }), /endoflife\.date: /],
  ['a list that does not say of what', () => readOldEndOfLife([], 'feed.json'), /named after it, as in ubuntu\.json/],
])('%s is refused', (_name, act, problem) => {
  expect(act).toThrow(
    expect.objectContaining({ code: 'releases-invalid', message: expect.stringMatching(problem) as string }),
  )
})
