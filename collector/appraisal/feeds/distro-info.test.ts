import { expect, test } from 'vitest'
import { DEBIAN_CSV, UBUNTU_CSV } from '../../../test/fakes/feeds.ts'
import { readDistroInfo } from './distro-info.ts'

const NOW = new Date('2026-11-25T12:00:00Z')

test('debian.csv: long-term support is for everyone; what is not out yet is no line', () => {
  expect(readDistroInfo(DEBIAN_CSV, NOW)).toEqual({
    format: 'distro-info',
    statedOn: null,
    knownDays: expect.arrayContaining(['2025-08-09', '2027-08-01']) as string[],
    lines: [
      { id: 'debian', version: '3.1', name: 'Debian 3.1', supportedUntil: '2008-03-31' },
      { id: 'debian', version: '11', name: 'Debian 11', supportedUntil: '2026-08-31' },
      { id: 'debian', version: '12', name: 'Debian 12', supportedUntil: '2028-06-30' },
    ],
    releases: [],
    skipped: 0,
  })
})

test('ubuntu.csv: what asks for a registration is not for everyone', () => {
  expect(readDistroInfo(UBUNTU_CSV.replaceAll('\n', '\r\n'), NOW).lines).toEqual([
    { id: 'ubuntu', version: '4.10', name: 'Ubuntu 4.10', supportedUntil: '2006-04-30' },
    { id: 'ubuntu', version: '22.04', name: 'Ubuntu 22.04 LTS', supportedUntil: '2027-06-01' },
    { id: 'ubuntu', version: '26.10', name: 'Ubuntu 26.10', supportedUntil: '2027-07-15' },
  ])
})

const HEADER = 'version,codename,series,created,release,eol,eol-lts'
const row = (it: string) => `${HEADER}\n,Sid,sid,1993-08-16\n${it}\n`

test.each([
  ['is cut off before its end', '12,Bookworm,bookworm,2021-08-14,2023-06-10', 0, 1],
  ['is cut off within its end', '12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-1', 0, 1],
  ['has no later phase', '12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11', 1, 0],
  ['has a later phase that is no day', '12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,never', 0, 1],
  ['has no day of creation', '12,Bookworm,bookworm,,2023-06-10,2026-07-11', 1, 0],
  ['has letters in its version', '12b,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11', 0, 1],
  ['is released on no day', '12,Bookworm,bookworm,2021-08-14,soon,2026-07-11', 0, 1],
  ['is released tomorrow', '12,Bookworm,bookworm,2021-08-14,2026-11-26,2030-07-11', 1, 0],
  ['is released the day after', '12,Bookworm,bookworm,2021-08-14,2026-11-27,2030-07-11', 0, 0],
  ['is a word', 'Bookworm', 0, 0],
])('a row that %s', (_name, it, lines, skipped) => {
  const found = readDistroInfo(row(it), NOW)
  expect([found.lines.length, found.skipped]).toEqual([lines, skipped])
})

test('a column that is missing is empty', () => {
  const found = readDistroInfo('version,codename,series,release,eol\n,,sid\n12,B,bookworm,2023-06-10,2026-07-11\n', NOW)
  expect(found.lines).toHaveLength(1)
})

test.each(['', HEADER, `${HEADER}\n1,One,one,2020-01-01,2020-01-01,2030-01-01\n`])(
  'a table of neither distribution is refused: "%s"',
  (csv) => {
    expect(() => readDistroInfo(csv, NOW)).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
  },
)
