import { expect, test } from 'vitest'
import type { SupportLine } from '../catalogue.ts'
import { entriesOf, linesOf, nameOfEntry } from './by-edition.ts'

const windows: SupportLine = { id: 'windows', version: '19045', name: 'Windows 10 22H2', supportedUntil: '2025-10-14' }
const debian: SupportLine = { id: 'debian', version: '12', name: 'Debian 12', supportedUntil: '2028-06-30' }

test('a line is taken apart and put together again as it was', () => {
  const lines: SupportLine[] = [windows, debian, { ...windows, version: '26100', editions: ['ltsc', 'home-pro'] }]
  expect(linesOf(lines.flatMap((line) => entriesOf(line)))).toEqual(lines)
})

test('a line of Windows that names no edition speaks of each, and no other has editions', () => {
  expect(entriesOf(windows)).toHaveLength(5)
  expect(entriesOf(debian)).toEqual([{ edition: null, line: debian }])
})

test('what another source says of one edition leaves the others', () => {
  const entries = new Map(entriesOf(windows).map((entry) => [nameOfEntry(entry), entry]))
  const later = { ...windows, supportedUntil: '2030-01-01', editions: ['ltsc' as const] }
  for (const entry of entriesOf(later)) entries.set(nameOfEntry(entry), entry)
  expect(linesOf(entries.values())).toEqual([
    { ...windows, editions: ['home-pro', 'enterprise', 'iot-ltsc', 'server'] },
    later,
  ])
})
