import { Type, type TSchema } from 'typebox'
import { describe, expect, test } from 'vitest'
import { oneOf, strict, text } from '../../shared/schema.ts'
import { inText, located } from './located.ts'
import { shapeFlaws } from './policy-shape.ts'
import { readYaml } from './yaml.ts'

/** A text as it is, or one of a form. */
const like = (it: string | RegExp): unknown => (typeof it === 'string' ? it : expect.stringMatching(it))

function flawsOf(yaml: string, schema: TSchema): string[] {
  const read = readYaml(yaml, { maxLength: 10_000, schema: 'core' })
  if (!read.ok) throw new Error(read.problems[0]?.problem)
  const root = located(read.document.contents, yaml)
  return shapeFlaws(root, schema).map(({ offset, path, problem }) => `${offset} ${inText(path)} ${problem}`)
}

const Words = Type.Array(oneOf(['fail', 'grace']), { maxItems: 2 })
const Name = Type.String({ pattern: '^[a-z]+$', description: 'a name of small letters' })
const Shape = strict({
  version: Type.Literal(1),
  word: Type.Optional(oneOf(['fail', 'grace'])),
  words: Type.Optional(Words),
  name: Type.Optional(Name),
  text: Type.Optional(text(5)),
  count: Type.Optional(Type.Integer()),
  named: Type.Optional(
    Type.Record(Name, Words, { additionalProperties: false, description: 'a name of small letters' }),
  ),
  open: Type.Optional(Type.Record(Name, Words, { additionalProperties: false })),
  either: Type.Optional(Type.Union([Words, strict({ words: Words })], { description: 'a list, or a map of words' })),
  even: Type.Optional(
    Type.Refine(
      Type.Unknown(),
      (it) => it === 2,
      () => 'must be even',
    ),
  ),
  mixed: Type.Optional(
    Type.Object(
      { known: Type.Optional(Name) },
      { patternProperties: { '^x-': Name }, additionalProperties: false, minProperties: 1 },
    ),
  ),
})

describe('what is not of the shape', () => {
  test.each([
    ['version: 1', []],
    ['version: 2', ['9 version must be 1, not 2']],
    ['version: "1"', ['9 version must be 1, not "1"']],
    ['word: fail', ['0 version is missing']],
    ['', ['0  must be a map (key: value), and nothing is there']],
    ['[]', ['0  must be a map (key: value), not a list']],
  ])('%j', (yaml, flaws) => {
    expect(flawsOf(yaml, Shape)).toEqual(flaws)
  })

  test.each([
    ['word: fial', 'word must be one of: fail, grace, not "fial"; did you mean "fail"?'],
    ['word: pass', 'word must be one of: fail, grace, not "pass"'],
    ['word: [fail]', 'word must be one of: fail, grace, not a list'],
    ['word:', 'word must be one of: fail, grace, and nothing is there'],
    ['word: 5', 'word must be one of: fail, grace, not 5'],
    ['words: fail', 'words must be a list, not "fail"'],
    ['words:', 'words must be a list, and nothing is there'],
    ['words: { a: 1 }', 'words must be a list, not a map'],
    ['words: [fail, grace, fail]', 'words must not have more than 2 items'],
    ['name: Anna', 'name must be a name of small letters, not "Anna"'],
    ['name: 5', 'name must be a name of small letters, not 5'],
    [`name: ${'A'.repeat(70)}`, `name must be a name of small letters, not "${'A'.repeat(60)}..."`],
    ['text: 5', 'text must be text in quotes, not 5'],
    ['text: true', 'text must be text in quotes, not true'],
    ['text: abcdef', 'text must not have more than 5 characters'],
    ['count: many', 'count must be integer, not "many"'],
    ['wrod: fail', 'wrod is not a key that is known here; did you mean "word"?'],
    ['zzz: 1', /^zzz is not a key that is known here; there are version, word, words, /],
    ['constructor: 1', /^constructor is not a key/],
    ['__proto__: 1', /^__proto__ is not a key/],
    ['2: 1', /^2 is not a key/],
    ['named: { Anna: [] }', 'named.Anna is not a name of small letters'],
    ['named: { anna: [fial] }', 'named.anna.0 must be one of: fail, grace, not "fial"; did you mean "fail"?'],
    ['open: { Anna: [] }', 'open.Anna is not a key that is known here'],
    ['either: 5', 'either must be a list, or a map of words, not 5'],
    ['either: [pass]', 'either.0 must be one of: fail, grace, not "pass"'],
    ['either: { words: [pass] }', 'either.words.0 must be one of: fail, grace, not "pass"'],
    [
      'either: { word: [] }',
      ['either.word is not a key that is known here; did you mean "words"?', 'either.words is missing'],
    ],
    ['even: 3', 'even must be even'],
    ['even: [3]', 'even must be even'],
    ['even: { a: 3 }', 'even must be even'],
    ['mixed: {}', 'mixed must not be empty'],
    [
      'mixed: { x-a: A, known: b, other: c }',
      [
        'mixed.x-a must be a name of small letters, not "A"',
        'mixed.other is not a key that is known here; there are known',
      ],
    ],
    ['word: fail\nword: grace', 'word stands here twice, and only one can count'],
  ] as [string, string | RegExp | string[]][])('%j', (yaml, expected) => {
    const found = flawsOf(`version: 1\n${yaml}`, Shape).map((it) => it.replace(/^\d+ /, ''))
    expect(found).toEqual([expected].flat().map(like))
  })
})
