import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { WINDOWS_BUILDS } from '../../../test/fakes/feeds.ts'
import { readWindowsBuilds } from './windows-builds.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const read = (yaml: string) => readWindowsBuilds(parseDocument(yaml, { schema: 'failsafe' }).toJS(), NOW)

test('reads what an admin keeps by hand', () => {
  const found = read(WINDOWS_BUILDS)
  expect(found).toMatchObject({ format: 'windows-builds', statedOn: '2026-11-20', skipped: 0 })
  expect(found.lines).toEqual([
    { id: 'windows', version: '26100', name: 'Windows 11 24H2', supportedUntil: '2026-10-13', editions: ['home-pro'] },
    {
      id: 'windows',
      version: '26100',
      name: 'Windows 11 24H2',
      supportedUntil: '2027-10-12',
      editions: ['enterprise'],
    },
    {
      id: 'windows',
      version: '19045',
      name: 'Windows 10 22H2',
      supportedUntil: '2025-10-14',
      extended: [{ until: '2026-10-13', above: '19045.6456' }],
    },
  ])
  expect(found.releases.map(({ version, release }) => [version, release])).toEqual([
    ['26100', { version: '26100.9500', releasedOn: '2026-10-13' }],
    ['26100', { version: '26100.9600', releasedOn: '2026-11-10', exploited: true }],
    ['26100', { version: '26100.9598', releasedOn: '2026-11-10', track: 'hotpatch' }],
    ['26200', { version: '26200.9500', releasedOn: '2026-10-13' }],
    ['26200', { version: '26200.9600', releasedOn: '2026-11-10', exploited: true }],
    ['26200', { version: '26200.9598', releasedOn: '2026-11-10', track: 'hotpatch' }],
    ['19045', { version: '19045.6456', releasedOn: '2025-10-14' }],
    ['19045', { version: '19045.7700', releasedOn: '2026-11-10' }],
  ])
})

test('a name is not needed', () => {
  expect(read('date: 2026-11-20\nbuilds: [{ build: 26100, supported: 2026-10-13 }]').lines[0]?.name).toBe(
    'Windows, build 26100',
  )
})

test.each([
  ['no date', 'builds: [{ build: 26100 }]', /required properties date/],
  ['no builds', 'date: 2026-11-20\nbuilds: []', /builds must not have fewer than 1 items/],
  ['a build that is none', 'date: 2026-11-20\nbuilds: [{ build: 24H2 }]', /builds\.0\.build/],
  ['a key with a slip', 'date: 2026-11-20\nbuilds: [{ build: 26100, release: {} }]', /builds\.0\.release is not a key/],
  [
    'a whole version for a revision',
    'date: 2026-11-20\nbuilds: [{ build: 26100, releases: { 2026-11-10: 26100.9600 } }]',
    /builds\.0\.releases\.2026-11-10 must match/,
  ],
  [
    'a day that there is not',
    'date: 2026-11-20\nbuilds: [{ build: 26100, releases: { 2026-11-31: 9600 } }]',
    /builds\.0\.releases\.2026-11-31 is no day/,
  ],
  [
    'a moment for a day',
    'date: 2026-11-20\nbuilds: [{ build: 26100, hotpatch: { 2026-11-10T08: 9600 } }]',
    /builds\.0\.hotpatch\.2026-11-10T08 is no day/,
  ],
  [
    'a day to come',
    'date: 2026-11-20\nbuilds: [{ build: 26100, releases: { 2062-11-10: 9600 } }]',
    /2062-11-10 has not come yet/,
  ],
  [
    'an edition with a slip',
    'date: 2026-11-20\nbuilds: [{ build: 26100, supported: { pro: 2026-10-13 } }]',
    /builds\.0\.supported: pro must be one of: home-pro, enterprise/,
  ],
  [
    'extended updates after no end',
    'date: 2026-11-20\nbuilds: [{ build: 19045, extended: [{ until: 2026-10-13, above: 1 }] }]',
    /has extended, but not supported/,
  ],
  [
    'a release twice',
    'date: 2026-11-20\nbuilds: [{ build: 26100, releases: { 2026-11-10: 9600, 2026-11-11: 9600 } }]',
    /the release 26100\.9600 is listed twice/,
  ],
  [
    'a hotpatch twice',
    'date: 2026-11-20\nbuilds: [{ build: [26100, 26100], hotpatch: { 2026-11-10: 9600 } }]',
    /the hotpatch 26100\.9600 is listed twice/,
  ],
  [
    'an end twice',
    'date: 2026-11-20\nbuilds: [{ build: 26100, supported: 2026-10-13 }, { build: 26100, supported: { ltsc: 2029-10-09 } }]',
    /the end of support of 26100 \(ltsc\) is listed twice/,
  ],
])('%s is refused, with the place', (_name, yaml, problem) => {
  expect(() => read(yaml)).toThrow(
    expect.objectContaining({ code: 'releases-invalid', message: expect.stringMatching(problem) as string }),
  )
})
