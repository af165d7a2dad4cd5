import { expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { readDefaultsNumber } from './macos-defaults.ts'

const UNSET =
  '2026-11-20 12:00:00.001 defaults[1:2] \nThe domain/default pair of (com.example.settings, idle) does not exist\n'

test.each([
  ['300\n', '', { kind: 'value', value: 300 }],
  ['0', '', { kind: 'value', value: 0 }],
  ['2.5\n', '', { kind: 'value', value: 2.5 }],
  ['', UNSET, { kind: 'absent' }],
  [UNSET, '', { kind: 'absent' }],
  ['', '', { kind: 'unreadable' }],
  ['', 'defaults: could not connect\n', { kind: 'unreadable' }],
  ['{\n    idle = 300;\n}\n', '', { kind: 'unreadable' }],
  ['300 seconds', '', { kind: 'unreadable' }],
])('defaults: %j and %j', (stdout, stderr, fact) => {
  expect(readDefaultsNumber(stdout, stderr)).toMatchObject(fact)
})

test('damage gives no number that is not there', () => {
  for (const text of mutations(UNSET, 10_000)) {
    const read = readDefaultsNumber(text)
    expect(read.kind !== 'value' || text.trim() === String(read.value)).toBe(true)
  }
})
