import { expect, test } from 'vitest'
import { GDMF } from '../../../test/fakes/feeds.ts'
import { readGdmf } from './gdmf.ts'

const NOW = new Date('2026-11-25T12:00:00Z')

test('only what everybody is offered, and what is still signed', () => {
  expect(readGdmf(JSON.parse(GDMF), NOW)).toEqual({
    format: 'gdmf',
    statedOn: null,
    knownDays: ['2026-10-13', '2026-11-17', '2026-11-20'],
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
  ['of a response that is none', { ...asset, ProductVersionExtra: '(A)' }, 0, 1],
])('an entry %s', (_name, it, releases, skipped) => {
  const found = readGdmf({ PublicAssetSets: { macOS: [it] } }, NOW)
  expect([found.releases.length, found.skipped]).toEqual([releases, skipped])
})

test('a list without macOS has nothing, and one of another form is refused', () => {
  expect(readGdmf({ PublicAssetSets: {} }, NOW).releases).toEqual([])
  expect(() => readGdmf({ PublicAssetSets: [] }, NOW)).toThrow(expect.objectContaining({ code: 'releases-invalid' }))
})

const versions = (json: object) => readGdmf(json, NOW).releases.map(({ release }) => release.version)
const models = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `J${from + at}AP`)

test('what is offered to a few models alone is left out, whatever its number; builds of one version count together', () => {
  const macOS = [
    { ...asset, ProductVersion: '26.3.1', SupportedDevices: models(60) },
    { ...asset, ProductVersion: '26.3.2', SupportedDevices: models(1, 60) },
    { ...asset, ProductVersion: '26.4', SupportedDevices: models(20) },
    { ...asset, ProductVersion: '26.4', SupportedDevices: models(20, 20) },
    { ...asset, ProductVersion: '15.7.4', SupportedDevices: models(9) },
    { ...asset, ProductVersion: '15.7.5' },
  ]
  expect(versions({ PublicAssetSets: { macOS } })).toEqual(['26.3.1', '26.4', '26.4', '15.7.4', '15.7.5'])
  expect(versions({ PublicAssetSets: { macOS: macOS.slice(1, 2) } })).toEqual(['26.3.2'])
})

test('rapid responses count, by either name that they had', () => {
  const all = { ...asset, ProductVersion: '26.3.1', SupportedDevices: models(60) }
  const response = { ...all, ProductVersionExtra: '(a)' }
  const few = { ...response, ProductVersion: '26.3.2', SupportedDevices: models(1, 60) }
  const sets = { PublicAssetSets: { macOS: [all] }, PublicRapidSecurityResponses: null }
  expect(versions({ ...sets, PublicBackgroundSecurityImprovements: { macOS: [few, response] } })).toEqual([
    '26.3.1',
    '26.3.1 (a)',
  ])
  expect(versions({ ...sets, PublicRapidSecurityResponses: { iOS: [], macOS: [response] } })).toContain('26.3.1 (a)')
})
