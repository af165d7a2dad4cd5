import { describe, expect, test } from 'vitest'
import { catalogueOf, parseCatalogue } from './catalogue.ts'

const releases = (list: string) => `{ id: macos, version: 26, releases: [${list}] }`

describe('a catalogue', () => {
  const line = 'id: debian, version: 13, name: Debian 13, supportedUntil: 2030-06-30'

  test.each([
    { name: 'nothing', yaml: '', problem: /it must be object/ },
    { name: 'broken YAML', yaml: 'lines: [', problem: /^line 1, column 8: this \[ is never closed/ },
    { name: 'no date', yaml: `lines: [{ ${line} }]`, problem: /required properties date/ },
    { name: 'a date that does not exist', yaml: `date: 2026-02-30\nlines: []`, problem: /date must match format/ },
    {
      name: 'a line without an end',
      yaml: `date: 2026-11-01\nlines: [{ id: a, version: 1, name: A }]`,
      problem: /lines.0 must have required properties supportedUntil/,
    },
    {
      name: 'a key that is not known',
      yaml: `date: 2026-11-01\nlines: [{ ${line}, esm: yes }]`,
      problem: /lines.0.esm is not a key/,
    },
    {
      name: 'a key twice',
      yaml: `date: 2026-11-01\ndate: 2026-11-02\nlines: []`,
      problem: /^line 2, column 1: date stands here twice$/,
    },
    { name: 'no map', yaml: 'windows', problem: /it must be object/ },
    {
      name: 'a line twice',
      yaml: `date: 2026-11-01\nlines: [{ ${line} }, { ${line} }]`,
      problem: /debian 13 is listed twice/,
    },
    {
      name: 'an edition twice',
      yaml: `date: 2026-11-01
lines:
  - { id: windows, version: 26100, editions: [home-pro, enterprise], name: A, supportedUntil: 2027-10-12 }
  - { id: windows, version: 26100, editions: [enterprise, ltsc], name: B, supportedUntil: 2029-10-09 }`,
      problem: /lines: windows 26100 enterprise is listed twice/,
    },
    {
      name: 'an edition that is not known',
      yaml: `date: 2026-11-01\nlines: [{ ${line}, editions: [pro] }]`,
      problem: /lines.0.editions.0 must be one of: home-pro/,
    },
    {
      name: 'the releases of a line twice',
      yaml: `date: 2026-11-01\nlines: []\nreleases: [${releases('')}, ${releases('')}]`,
      problem: /releases: macos 26 is listed twice/,
    },
    {
      name: 'a release that is no version',
      yaml: `date: 2026-11-01\nlines: []\nreleases: [${releases('{ version: newest, releasedOn: 2026-08-17 }')}]`,
      problem: /releases.0.releases.0.version must match/,
    },
    {
      name: 'a release of which it is not plain whether it is attacked',
      yaml: `date: 2026-11-01\nlines: []\nreleases: [${releases('{ version: 26.6, releasedOn: 2026-08-17, exploited: yes }')}]`,
      problem: /releases.0.releases.0.exploited must be boolean/,
    },
    {
      name: 'a track that is not known',
      yaml: `date: 2026-11-01\nlines: []\nreleases: [${releases('{ version: 26.6, releasedOn: 2026-08-17, track: beta }')}]`,
      problem: /releases.0.releases.0.track must be equal to constant/,
    },
  ])('is refused with $name', ({ yaml, problem }) => {
    expect(() => parseCatalogue(yaml)).toThrow(
      expect.objectContaining({ code: 'releases-invalid', message: expect.stringMatching(problem) }),
    )
  })

  test('has what is written there', () => {
    expect(
      parseCatalogue(`
date: 2026-11-01
lines:
  - id: windows
    version: 19045
    editions: [home-pro, enterprise]
    name: Windows 10 22H2
    supportedUntil: 2025-10-14
    extended: [{ until: 2026-10-13, above: 19045.6456 }]
    asOf: 2026-10-01
releases:
  - id: macos
    version: 10.15
    asOf: 2026-09-10
    releases:
      - { version: 10.15.7, releasedOn: 2020-09-24, exploited: true }
      - { version: 10.15.7 (a), releasedOn: 2020-09-25, exploited: false }
`),
    ).toEqual({
      date: '2026-11-01',
      lines: [
        {
          id: 'windows',
          version: '19045',
          editions: ['home-pro', 'enterprise'],
          name: 'Windows 10 22H2',
          supportedUntil: '2025-10-14',
          extended: [{ until: '2026-10-13', above: '19045.6456' }],
          asOf: '2026-10-01',
        },
      ],
      releases: [
        {
          id: 'macos',
          version: '10.15',
          asOf: '2026-09-10',
          releases: [
            { version: '10.15.7', releasedOn: '2020-09-24', exploited: true },
            { version: '10.15.7 (a)', releasedOn: '2020-09-25', exploited: false },
          ],
        },
      ],
    })
  })

  test('may name no releases', () => {
    expect(parseCatalogue('date: 2026-11-01\nlines: []').releases).toEqual([])
  })
})

const NEWER = 'newer releases are not known to it'

test.each([
  { now: '2026-09-10T12:00:00Z', words: 'catalogue of 2026-09-10' },
  { now: '2026-10-25T23:59:59Z', words: 'catalogue of 2026-09-10' },
  { now: '2026-10-26T00:00:00Z', words: `catalogue of 2026-09-10, which is 46 days old: ${NEWER}` },
  { now: '2026-11-25T16:00:00Z', words: `catalogue of 2026-09-10, which is 76 days old: ${NEWER}` },
  { now: '2026-08-01T00:00:00Z', words: 'catalogue of 2026-09-10' },
])('is told with its age where that matters: at $now: $words', ({ now, words }) => {
  expect(catalogueOf('2026-09-10', new Date(now))).toBe(words)
})
