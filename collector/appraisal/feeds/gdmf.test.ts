import { expect, test } from 'vitest'
import { GDMF } from '../../../test/fakes/feeds.ts'
import { readGdmf } from './gdmf.ts'

const NOW = new Date('2026-11-25T12:00:00Z')

test('only what everybody is offered, and what is still signed', () => {
  expect(readGdmf(JSON.parse(GDMF), NOW)).toEqual({
    format: 'gdmf',
    statedOn: null,
    knownDays: ['2026-10-13', '2026-11-17'],
    lines: [],
    releases: [
      { id: 'macos', version: '15', release: { version: '15.9', releasedOn: '2026-10-13' } },
      { id: 'macos', version: '26', release: { version: '26.7.1', releasedOn: '2026-11-17' } },
    ],
    skipped: 0,
  })
})

const asset = { ProductVersion: '26.7', PostingDate: '2026-10-12' }

test.each<[name: string, asset: unknown, releases: number, skipped: number]>([
  ['that never expires', asset, 1, 0],
  ['that expires today', { ...asset, ExpirationDate: '2026-11-25' }, 1, 0],
  ['that expired yesterday', { ...asset, ExpirationDate: '2026-11-24' }, 0, 0],
  ['that expires on no day', { ...asset, ExpirationDate: 'never' }, 1, 0],
  ['with letters in its version', { ...asset, ProductVersion: '26.7b2' }, 0, 1],
  ['without a day', { ProductVersion: '26.7', PostingDate: null }, 0, 1],
  ['of a day that there is not', { ...asset, PostingDate: '2026-02-30' }, 0, 1],
  ['of another form', 'macOS', 0, 1],
])('an entry %s', (_name, it, releases, skipped) => {
  const found = readGdmf({ PublicAssetSets: { macOS: [it] } }, NOW)
  expect([found.releases.length, found.skipped]).toEqual([releases, skipped])
})

test('a list without macOS has nothing, and one of another form is refused', () => {
  expect(readGdmf({ PublicAssetSets: {} }, NOW).releases).toEqual([])
  expect(() => readGdmf({ PublicAssetSets: [] }, NOW)).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
})
