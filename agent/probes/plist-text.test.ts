import { expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { readPlistText } from './plist-text.ts'

const DEFAULTS = `{
    AutomaticCheckEnabled = 1;
    Empty =     (
    );
    Languages =     (
        en,
        "de-DE"
    );
    LastSuccessfulDate = "2026-11-12 18:40:50 +0000";
    Raw = {length = 3, bytes = 0x0a0b0c};
    Updates =     (
                {
            "Display Name" = "macOS \\U2014 \\"26.7\\"";
            Number = 27;
        }
    );
}
`
const PLUTIL = `{
  "AutomaticCheckEnabled" => 1
  "Flag" => true
  "LastSuccessfulDate" => 2026-11-12 18:40:50 +0000
  "Updates" => [
    0 => {
      "Display Name" => "macOS 26.7"
    }
    1 => {
    }
  ]
}
`

test('reads what defaults prints', () => {
  expect(readPlistText(DEFAULTS)).toEqual({
    AutomaticCheckEnabled: 1,
    Empty: [],
    Languages: ['en', 'de-DE'],
    LastSuccessfulDate: '2026-11-12 18:40:50 +0000',
    Raw: '{length = 3, bytes = 0x0a0b0c}',
    Updates: [{ 'Display Name': 'macOS — "26.7"', Number: 27 }],
  })
})

test('reads what plutil prints for people', () => {
  expect(readPlistText(PLUTIL)).toEqual({
    AutomaticCheckEnabled: 1,
    Flag: true,
    LastSuccessfulDate: '2026-11-12 18:40:50 +0000',
    Updates: [{ 'Display Name': 'macOS 26.7' }, {}],
  })
})

test('reads JSON', () => {
  expect(readPlistText(' {"a": [1, true, "x"]}\n')).toEqual({ a: [1, true, 'x'] })
})

test.each([
  '',
  'text',
  '{',
  '{ a = 1 }',
  '{ a = ; }',
  '{ a 1; }',
  '( a b )',
  '( a, b',
  '{ a = 1; } more',
  '{ "a => 1 }',
  '{ a = {length = 3, bytes = }; }',
  '('.repeat(100_000),
])('is none that is whole: %j', (text) => {
  expect(readPlistText(text)).toBeNull()
})

test('never throws, and stays quick', () => {
  for (const text of [DEFAULTS, PLUTIL]) {
    for (const damaged of mutations(text, 10_000)) expect(() => readPlistText(damaged)).not.toThrow()
  }
  const begin = performance.now()
  readPlistText(`{${' a = "x";'.repeat(100_000)}`)
  expect(performance.now() - begin).toBeLessThan(2000)
})
