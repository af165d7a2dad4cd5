import { expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { bitOf, flagOf, numberOf, readPowerShellJson, textOf, timeOf } from './powershell.ts'

const NOISE = '#< CLIXML\r\n<Objs Version="1.1.0.1"><S S="Error">x</S></Objs>\r\nWARNING: {odd} things\r\n'

const good: [name: string, text: string, records: unknown[]][] = [
  ['an array', '[{"A":1},{"A":2}]', [{ A: 1 }, { A: 2 }]],
  ['an object where the array was taken away', '{"A":true}', [{ A: true }]],
  ['none', '[]', []],
  ['a null in the array', '[null]', []],
  ['over many lines', '[\r\n  {\r\n    "A":  "x\\"]y"\r\n  }\r\n]\r\n', [{ A: 'x"]y' }]],
  ['an array with members', '{"value":[{"A":1}],"Count":1}', [{ A: 1 }]],
  ['an empty array with members', '{"value":[],"Count":0}', []],
  ['a property that is an array with members', '{"A":{"value":["x"],"Count":1}}', [{ A: ['x'] }]],
  ['a property that only looks so', '{"A":{"value":["x"],"Count":2}}', [{ A: { value: ['x'], Count: 2 } }]],
  ['a mark of the byte order', '\uFEFF[{"A":1}]', [{ A: 1 }]],
  ['noise before it', `${NOISE}[{"A":1}]`, [{ A: 1 }]],
  ['noise after it', '[{"A":1}]\r\n\r\nPS C:\\> ', [{ A: 1 }]],
  ['a remark in brackets', '[WARNING] slow\n[x]\n[{"A":1}]', [{ A: 1 }]],
  ['coloured warnings', '\u001B[33;1mWARNING: x\u001B[0m\n{"A":1}\u001B[0m', [{ A: 1 }]],
  ['an object a line', '{"A":1}\n{"A":2}\n', [{ A: 1 }, { A: 2 }]],
  ['commas that nothing follows', '[{"A":[1,],},\n]', [{ A: [1] }]],
  ['a comma in a text', '{"A":",]"}', [{ A: ',]' }]],
]

const bad: [name: string, text: string][] = [
  ['nothing', ''],
  ['only CLIXML', NOISE],
  ['a sentence', 'Get-Tpm : Zugriff verweigert'],
  ['broken off in an array', '[{"A":1},'],
  ['broken off after one of its lines', '[\n{"A":1},\n{"A":2'],
  ['the beginning is lost', '"A":1},\n{"A":2}\n]'],
  ['ended too early', '{"A":1},"B":2}'],
  ['ended too early, on its own line', '{"A":1}\n,"B":2}'],
  ['a number', '5'],
  ['an array of flags', '[true]'],
  ['a flag among objects', '[{"A":1},true]'],
  ['two commas', '[{"A":1},,{"A":2}]'],
  ['no quotation marks', '{\n  A: 1\n}\n5]'],
]

test.each(good)('reads %s', (_, text, records) => {
  expect(readPowerShellJson(text)).toEqual({ kind: 'value', value: records })
})

test.each(bad)('refuses %s', (_, text) => {
  expect(readPowerShellJson(text).kind).toBe('unreadable')
})

test('a list that is cut anywhere is refused', () => {
  const whole = JSON.stringify([{ A: [1, { B: 'x,y' }] }, { A: [] }], null, 1)
  for (let length = 0; length < whole.length; length++) {
    expect(readPowerShellJson(whole.slice(0, length)).kind).toBe('unreadable')
  }
})

test('flags are true, false or their words, and bits also numbers', () => {
  const values = [true, false, 'True', ' false ', 'Wahr', '', 0, 1, 2, '1', '0', null, undefined, {}, []]
  expect(values.map(flagOf)).toEqual([true, false, true, false, ...Array.from({ length: 11 }, () => null)])
  expect(values.slice(6, 11).map(bitOf)).toEqual([false, true, null, true, false])
  expect([true, 'False', 'x', null].map(bitOf)).toEqual([true, false, null, null])
})

test('numbers stand as text too, and enumerations as objects', () => {
  const values = [4, '4', ' -4 ', '4.5', { value: 4, Value: 'Block' }, '', 'x', '0x4', '4e3', null, true, Infinity, {}]
  expect(values.map(numberOf)).toEqual([4, 4, -4, 4.5, 4, ...Array.from({ length: 8 }, () => null)])
})

test('texts are not empty', () => {
  expect([' x ', '', '  ', 5, null].map(textOf)).toEqual(['x', null, null, null, null])
})

test.each([
  ['/Date(1763640000000)/', '2025-11-20T12:00:00.000Z'],
  ['/Date(1763640000000+0100)/', '2025-11-20T12:00:00.000Z'],
  [{ value: '/Date(1763640000000)/', DateTime: 'Donnerstag' }, '2025-11-20T12:00:00.000Z'],
  [{ value: '2025-11-20T12:00:00Z', DisplayHint: 2 }, '2025-11-20T12:00:00.000Z'],
  ['2025-11-20T13:00:00.1234567+01:00', '2025-11-20T12:00:00.123Z'],
  ['20251120130000.000000+060', '2025-11-20T12:00:00.000Z'],
  ['20251120070000.000000-300', '2025-11-20T12:00:00.000Z'],
  ['2025-11-20T12:00:00', null],
  ['2025-13-40T12:00:00Z', null],
  ['20.11.2025 12:00:00', null],
  ['/Date(-11644473600000)/', null],
  ['/Date(-62135596800000)/', null],
  ['1601-01-01T00:00:00Z', null],
  ['0001-01-01T00:00:00Z', null],
  [{ DateTime: 'x' }, null],
  [1_763_640_000_000, null],
  ['', null],
  [null, null],
])('the moment of %j is %s', (it, at) => {
  expect(timeOf(it)).toBe(at)
})

test('damaged answers never throw, and only hold what stands in them', () => {
  const whole = `${NOISE}${JSON.stringify({ value: [{ On: false, At: '/Date(1763640000000)/', N: 3 }], Count: 1 }, null, 2)}`
  for (const text of mutations(whole, 10_000)) {
    const read = readPowerShellJson(text)
    if (read.kind !== 'value') continue
    for (const { On, At, N } of read.value) expect([flagOf(On), timeOf(At), numberOf(N)][0]).not.toBe(true)
  }
})

test('deep and long answers are read quickly', () => {
  const begun = performance.now()
  readPowerShellJson('['.repeat(200_000))
  readPowerShellJson('['.repeat(100_000) + ']'.repeat(100_000))
  readPowerShellJson('[x]\n'.repeat(200_000))
  readPowerShellJson('{"a":1}\n'.repeat(50_000))
  expect(performance.now() - begun).toBeLessThan(3000)
})
