import { describe, expect, test } from 'vitest'
import { at, inText, keyTwice, located, offsetAt, valueOf, type Located, type Path } from './located.ts'
import { readYaml } from './yaml.ts'

function read(text: string): Located {
  const it = readYaml(text, { maxLength: 10_000, schema: 'core' })
  if (!it.ok) throw new Error(it.problems[0]?.problem)
  return located(it.document.contents, text)
}

describe('values of a document', () => {
  test.each([
    ['a: 1\nb: [x, true, ~]\n', { a: 1, b: ['x', true, null] }],
    ['"a\\u0042": 1', { aB: 1 }],
    ['a:\nb: { c, d: }', { a: null, b: { c: null, d: null } }],
    ['- \n- a', [null, 'a']],
    ['2: a\ntrue: b\n~: c\n[x, y]: d\n', { '2': 'a', true: 'b', '~': 'c', '[x, y]': 'd' }],
    [': a', { '': 'a' }],
    ['word', 'word'],
    ['', null],
    ['a: 2024-01-01\nb: 0x1f', { a: '2024-01-01', b: 31 }],
  ])('%j', (text, values) => {
    expect(valueOf(read(text))).toEqual(values)
  })

  test('have the keys of the language for keys like any other', () => {
    const values = valueOf(read('__proto__: { polluted: 1 }\nconstructor: x'))
    expect(Object.keys(values as object)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('a place', () => {
  const text = 'a: 1\nb:\n  - x\n  - c: y\nd:\n'
  const root = read(text)

  test.each<[path: Path, from: string | null]>([
    [[], 'a: 1'],
    [['a'], '1'],
    [['b'], '- x'],
    [['b', 0], 'x'],
    [['b', 1], 'c: y'],
    [['b', 1, 'c'], 'y'],
    [['b', 2], null],
    [['b', 'c'], null],
    [['e'], null],
    [['a', 'e'], null],
    [['e', 'f'], null],
  ])('of %j', (path, from) => {
    const found = at(root, path)
    expect(found ? text.slice(found.offset, found.offset + (from ?? '').length) : null).toBe(from)
  })

  test('of a value that is missing is behind its key', () => {
    expect(at(root, ['d'])).toMatchObject({ kind: 'scalar', value: null, offset: text.indexOf('d:') + 2 })
    expect(at(read('{ x }'), ['x'])).toMatchObject({ value: null, offset: 3 })
    expect(located(null, '')).toEqual({ kind: 'scalar', value: null, offset: 0 })
  })

  test('of what is not there is that of what would hold it', () => {
    expect(offsetAt(root, ['b', 1, 'c'])).toBe(text.indexOf('y'))
    expect(offsetAt(root, ['b', 1, 'e', 'f'])).toBe(text.indexOf('c:'))
    expect(offsetAt(root, ['e'])).toBe(0)
  })
})

describe('a key that is there twice', () => {
  test.each([
    ['a: 1\nb: 2', undefined],
    ['a: 1\nb: 2\na: 3', 10],
    ['x: [1, { a: 1, b: { c: 1, c: 2 } }]', 26],
    ['a: 1\n"a": 2', 5],
    ['word', undefined],
  ])('%j', (text, offset) => {
    expect(keyTwice(read(text))?.offset).toBe(offset)
  })
})

test.each([
  [[], ''],
  [['tiers', 'internal', 1], 'tiers.internal.1'],
  [['a b', 'x.y', '', 'line\nbreak'], '"a b"."x.y".""."line\\nbreak"'],
  [['x'.repeat(100)], JSON.stringify('x'.repeat(60))],
] as [Path, string][])('%j is written %s', (path, text) => {
  expect(inText(path)).toBe(text)
})
