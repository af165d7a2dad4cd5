import { expect, test } from 'vitest'
import { actsAtWork } from '../../test/fakes/acts.ts'
import type { Catalogue } from '../appraisal/catalogue.ts'
import type { Releases } from '../releases.ts'

// Today is 2026-11-23.
const catalogue: Catalogue = {
  date: '2026-11-01',
  lines: [
    { id: 'macos', version: '26', name: 'macOS 26', supportedUntil: null, asOf: '2026-11-20' },
    {
      id: 'windows',
      version: '19045',
      name: 'Windows 10 22H2',
      editions: ['home-pro'],
      supportedUntil: '2025-10-14',
      extended: [
        { until: '2026-10-13', above: '19045.6456' },
        { until: '2027-10-12', above: '19045.7000' },
      ],
    },
    { id: 'arch', version: null, name: 'Arch Linux', supportedUntil: null, asOf: '2026-11-24' },
  ],
  releases: [
    {
      id: 'macos',
      version: '26',
      asOf: '2026-11-13',
      releases: [
        { version: '26.1', releasedOn: '2026-09-01' },
        { version: '26.2', releasedOn: '2026-11-03' },
        { version: '26.1.1', releasedOn: '2026-10-01' },
      ],
    },
    {
      id: 'windows',
      version: '19045',
      releases: [
        { version: '19045.9623', releasedOn: '2026-11-10' },
        { version: '19045.9999', releasedOn: '2026-10-13' },
        { version: '19045.10000', releasedOn: '2026-11-10' },
        { version: '19045.9620', releasedOn: '2026-11-10', track: 'hotpatch' },
        { version: '19045.10001', releasedOn: '2026-11-11', track: 'hotpatch' },
      ],
    },
  ],
}

const failing: ReturnType<Releases['sources']>[number] = {
  source: 'https://feeds.example.com/macos.json',
  state: 'failing',
  pinned: 'sha256',
  format: 'sofa',
  asOf: '2026-11-13',
  lines: 1,
  releases: 3,
  skipped: 0,
  goodAt: '2026-11-20T10:00:00.000Z',
  triedAt: '2026-11-23T10:00:00.000Z',
  error: { code: 'releases-unreachable', detail: 'it did not answer' },
}

test('each line is shown with its end, its newest release, and the age of the older of both', async () => {
  let refreshed = 0
  const releases = {
    catalogue: () => catalogue,
    sources: () => [failing],
    refresh: async () => {
      refreshed += 1
      return [failing]
    },
  }
  const it = await actsAtWork({ releases })
  const shown = await it.acts('releases-show', {})
  expect(shown).toMatchObject({ date: '2026-11-01', ageDays: 22, sources: [failing] })
  expect(
    shown.lines.map(({ name, supportedUntil, extendedUntil, newest, asOf, ageDays }) => [
      name,
      supportedUntil,
      extendedUntil,
      newest?.version ?? null,
      asOf,
      ageDays,
    ]),
  ).toEqual([
    ['macOS 26', null, null, '26.2', '2026-11-13', 10],
    ['Windows 10 22H2', '2025-10-14', '2027-10-12', '19045.10000', '2026-11-01', 22],
    ['Arch Linux', null, null, null, '2026-11-24', 0],
  ])
  expect(refreshed).toBe(0)
  expect(await it.acts('releases-refresh', {})).toEqual(shown)
  expect(refreshed).toBe(1)
  await it.close()
})
