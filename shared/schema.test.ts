import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { jsonParserOf, keysOf, nullable, oneOf, parserOf, strict, text } from './schema.ts'

const Person = strict({
  name: text(5),
  role: oneOf(['admin', 'user']),
  boss: nullable(text(5)),
  tags: Type.Array(text(3)),
})
const good = { name: 'Ada', role: 'admin', boss: null, tags: ['a'] }

describe('a parser', () => {
  const parse = parserOf(Person)

  test('returns what it was given where that has the shape', () => {
    const parsed = parse(good)
    expect(parsed).toEqual({ ok: true, value: good })
    expect(parsed.ok && parsed.value).toBe(good)
  })

  test.each([
    {
      name: 'a key that is not known',
      input: { ...good, admin: true },
      problem: 'admin is not a key that is known here',
    },
    {
      name: 'a key that is missing',
      input: { name: 'Ada', role: 'admin', boss: null },
      problem: 'it must have required properties tags',
    },
    {
      name: 'a text that is too long',
      input: { ...good, name: 'Augusta' },
      problem: 'name must not have more than 5 characters',
    },
    {
      name: 'a word that is none of them',
      input: { ...good, role: 'root' },
      problem: 'role must be one of: admin, user',
    },
    { name: 'the wrong type inside a list', input: { ...good, tags: ['a', 7] }, problem: 'tags.1 must be string' },
    { name: 'null', input: null, problem: 'it must be object' },
    { name: 'nothing', input: undefined, problem: 'it must be object' },
    { name: 'a list', input: [], problem: 'it must be object' },
  ])('says where and what of $name', ({ input, problem }) => {
    expect(parse(input)).toEqual({ ok: false, problem })
  })

  test('keeps a hostile path out of its message, but for a hundred characters', () => {
    const parsed = parse({ ...good, ['x'.repeat(5000)]: 1 })
    expect(parsed).toEqual({ ok: false, problem: `${'x'.repeat(100)} is not a key that is known here` })
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('does not know the key %s', (key) => {
    expect(parse(JSON.parse(`{"name":"Ada","role":"admin","boss":null,"tags":[],"${key}":{}}`)).ok).toBe(false)
  })

  test('does not take an inherited key for one of its own', () => {
    expect(parse(Object.create(good)).ok).toBe(false)
  })
})

describe('a JSON parser', () => {
  const parse = jsonParserOf(Person)

  test('reads JSON of the shape', () => {
    expect(parse(JSON.stringify(good))).toEqual({ ok: true, value: good })
  })

  test.each(['', ' ', '{', 'undefined', "{'a':1}", '{"a":1}}', '\u{feff}{}', '{"name":NaN}', '['.repeat(10_000)])(
    'says of %j that it is no JSON',
    (json) => {
      expect(parse(json)).toEqual({ ok: false, problem: 'it is not JSON' })
    },
  )

  test('says of JSON of another shape where it differs', () => {
    expect(parse('[]')).toEqual({ ok: false, problem: 'it must be object' })
  })
})

test('the keys of a table are in the order in which they are written', () => {
  expect(keysOf({ second: 1, first: 2 })).toEqual(['second', 'first'])
})
