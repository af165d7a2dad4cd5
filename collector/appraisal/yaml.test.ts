import { describe, expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { plainValues, readYaml, type YamlOptions } from './yaml.ts'

const OPTIONS: YamlOptions = { maxLength: 1000, schema: 'core' }
const problemsOf = (text: string, options = OPTIONS) => {
  const read = readYaml(text, options)
  return read.ok ? [] : read.problems.map(({ line, column, problem }) => `${line}:${column} ${problem}`)
}

describe('a document', () => {
  test('is read, and its values have places', () => {
    const read = readYaml('\u{feff}a: 1\r\nb:\r\n  - x # c\r\n', OPTIONS)
    expect(read.ok && read.document.toJS()).toEqual({ a: 1, b: ['x'] })
    expect(read.ok && [0, 1, 7, 15].map(read.placeOf)).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 1 },
      { line: 2, column: 1 },
      { line: 3, column: 5 },
    ])
  })

  test('may be empty, which is for its reader to judge', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n']) {
      const read = readYaml(text, OPTIONS)
      expect(read.ok && read.document.toJS()).toBeNull()
      expect(read.ok && read.placeOf(0)).toEqual({ line: 1, column: 1 })
    }
  })

  test('keeps numbers as text where that is asked for', () => {
    const read = readYaml('a: 24.10\n', { ...OPTIONS, schema: 'failsafe' })
    expect(read.ok && read.document.toJS()).toEqual({ a: '24.10' })
  })

  test('may end with its own mark', () => {
    expect(problemsOf('---\na: 1\n...\n# end\n')).toEqual([])
  })

  test('has a key twice, which is for its reader to see', () => {
    expect(problemsOf('a: 1\na: 2\n')).toEqual([])
  })
})

describe('what is not read is said with its place', () => {
  test.each([
    ['a tab', 'a:\n\tb: 1', ['2:1 there is a tab: YAML is indented by spaces']],
    ['a list that does not end', 'a: [1\nb: 2\nc: @x', ['1:4 this [ is never closed']],
    ['a list that ends as a map', 'a: [1}\nb: 2', ['1:4 this [ is never closed']],
    ['a list within another that does not end', 'a: [[1]\nb: 2', ['1:4 this [ is never closed']],
    ['a map that does not end', 'a: 1\nb: {\n  c: 1', ['2:4 this { is never closed']],
    ['text that does not end', 'a: "x', ['1:4 this " has no other half']],
    ['a quote alone', 'a: "', ['1:4 this " has no other half']],
    [
      'text that ends lines later, behind another mistake',
      "a: @x\nb: 'it''s\nc: 1\nd: 'y'\n",
      [expect.stringMatching(/^1:4/), "2:4 this ' has no other half"],
    ],
    ['a comma that is missing', '{ "a": 1 "b": 2 }', ['1:8 inside [ ] or { } this has to be followed by a comma']],
    [
      'a star without quotes',
      'a: *.example.com',
      ['1:4 a value that begins with * has to be in quotes; aliases are not read here'],
    ],
    [
      'two keys in a line',
      'a: b: c',
      ['1:4 this is not indented as its neighbours are, or has a ":" where it needs quotes'],
    ],
    ['a line that is indented otherwise', 'a:\n  b: 1\n c: 2', [expect.stringMatching(/^3:1 /)]],
    [
      'a sign that YAML keeps for itself',
      'a: @x',
      ['1:4 plain value cannot start with reserved character @: put it in quotes'],
    ],
    ['an escape that is none', 'a: "\\q"', ['1:5 invalid escape sequence \\q']],
    [
      'an anchor and an alias',
      'a: &x 1\nb: *x\n',
      [/^1:4 anchors/, /^2:4 .*aliases/].map((it) => expect.stringMatching(it)),
    ],
    ['an alias without an anchor', 'a: *x', [expect.stringMatching(/^1:4 .*aliases/)]],
    [
      'a merge of maps',
      'a: &x { b: 1 }\nc: { <<: *x }\n',
      [/^1:4 anchors/, /^2:10 .*aliases/].map((it) => expect.stringMatching(it)),
    ],
    ['an anchor of the whole', '--- &x\na: 1\n', [expect.stringMatching(/^1:5 anchors/)]],
    ['a key with an anchor', '&x a: 1\n', [expect.stringMatching(/^1:1 anchors/)]],
    ['a tag', 'a: !!binary xx\nb: ! x\n', [/^1:4 tags/, /^2:4 tags/].map((it) => expect.stringMatching(it))],
    ['a directive', '%YAML 1.1\n---\na: yes\n', [expect.stringMatching(/^1:1 directives/)]],
    ['a second document', 'a: 1\n---\nb: 1\n', ['2:1 a second document begins here, and one is read']],
    ['two mistakes', 'a: @x\nb: `y\n', [expect.stringMatching(/^1:4/), expect.stringMatching(/^2:4/)]],
    ['two mistakes of one line', 'a: [@x, `y]\n', [expect.stringMatching(/^1:5/)]],
  ])('%s', (_name, text, problems) => {
    expect(problemsOf(text)).toEqual(problems)
  })

  test.each([
    ['\u{fffd}\u{fffd}a\0:\0', '1:4'],
    ['a: 1\nb: \0', '2:4'],
  ])('%j, which is no UTF-8', (text, place) => {
    expect(problemsOf(text)).toEqual([`${place} this is no text in UTF-8, as which it has to be saved`])
  })

  test('a document that is too long', () => {
    expect(problemsOf('a'.repeat(1001))).toEqual(['1:1 the document has 1001 characters, and at most 1000 are read'])
  })
})

/** Documents that take a parser's time or stack. */
const MANY = 20_000
const HOSTILE: Record<string, string> = {
  'lists in lists': '['.repeat(MANY),
  'maps in maps': '{'.repeat(MANY),
  'maps in lists': '[{'.repeat(MANY / 2),
  'keys in keys': 'a: '.repeat(MANY / 3),
  'lists in lists of lines': '- '.repeat(MANY / 2),
  'explicit keys': '? '.repeat(MANY / 2),
  'stairs of keys': Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  'many keys': Array.from({ length: MANY / 5 }, (_, index) => `k${index}: v`).join('\n'),
  'many equal keys': 'a: b\n'.repeat(MANY / 5),
  'a bomb of aliases': `a: &a [x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [*a, *a, *a]`).join('\n')}`,
  'many documents': '---\n'.repeat(MANY / 4),
  'many anchors': '&a '.repeat(MANY / 3),
  'many tags': '! '.repeat(MANY / 2),
  'ends without beginnings': ']'.repeat(MANY),
  quotes: '"'.repeat(MANY),
  'line breaks': '\n'.repeat(MANY),
  zeroes: '\0'.repeat(MANY),
}

const deep = (levels: number) => `a: ${'['.repeat(levels)}${']'.repeat(levels)}`

describe('a hostile document ends, and ends nothing else', () => {
  test.each(Object.keys(HOSTILE))('%s', (name) => {
    expect(readYaml(HOSTILE[name] ?? '', { maxLength: 1e6, schema: 'core' })).toHaveProperty('ok')
  })

  test('one that is nested too deeply says where', () => {
    expect(problemsOf(deep(14))).toEqual([])
    expect(problemsOf(deep(20))).toEqual([expect.stringMatching(/^1:\d+ lists and maps are nested too deeply here$/)])
  })

  test('2,000 damaged ones', () => {
    const good = 'a: { b: [1, "x", *y], ? c : d }\n- &y e:\n  - |\n    f\n'
    let count = 0
    for (const text of mutations(good, 2000)) if ('ok' in readYaml(text, OPTIONS)) count++
    expect(count).toBe(2000)
  })
})

describe('plain values', () => {
  test('come through as text', () => {
    expect(plainValues('a: [1, 24.10]\nb: { c: no }\nd:\n', 100)).toEqual({
      ok: true,
      value: { a: ['1', '24.10'], b: { c: 'no' }, d: '' },
    })
  })

  test.each([
    ['broken YAML', 'a: "x\n', /^line 1, column 4: this " has no other half/],
    ['an alias', 'a: *x\n', /^line 1, column 4: .*aliases/],
    ['two problems', 'a: @x\nb: *x\n', /^line 1, column 4: .*\nline 2, column 4: /],
    ['a key twice', 'a: [{ b: 1, b: 2 }]\n', /^line 1, column 13: b stands here twice$/],
    ['too much', `a: ${'x'.repeat(100)}`, /^line 1, column 1: the document has 103 characters/],
  ])('%s is a problem in words, and never an exception', (_name, yaml, problem) => {
    expect(plainValues(yaml, 100)).toEqual({ ok: false, problem: expect.stringMatching(problem) as string })
  })
})
