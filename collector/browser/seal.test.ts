import { expect, test } from 'vitest'
import { Type } from 'typebox'
import { strict } from '../../shared/schema.ts'
import { sealOf } from './seal.ts'

const Thing = strict({ a: Type.Integer(), b: Type.String() })
const secret = Buffer.alloc(32, 1)
const { seal, open } = sealOf(secret, 'a purpose', Thing)

test('what was sealed comes back, and stands in a cookie as it is', () => {
  const sealed = seal({ a: 1, b: 'ä;,"\\ \n' })
  expect(sealed).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/)
  expect(open(sealed)).toEqual({ a: 1, b: 'ä;,"\\ \n' })
})

test('no character of it can be another', () => {
  const sealed = seal({ a: 1, b: 'x' })
  const changed = Array.from(sealed).flatMap((character, index) =>
    ['A', 'B', '_', '0', '=', '', '.', ' ']
      .filter((it) => it !== character)
      .map((it) => `${sealed.slice(0, index)}${it}${sealed.slice(index + 1)}`),
  )
  expect(changed.filter((it) => open(it) !== null)).toEqual([])
  const odd = [
    '',
    '.',
    '..',
    'x',
    `${sealed}.`,
    `.${sealed}`,
    `${sealed}.${sealed}`,
    sealed.split('.')[0] ?? '',
    'A'.repeat(10_000),
  ]
  expect(odd.filter((it) => open(it) !== null)).toEqual([])
})

test('what was sealed for another purpose, with another key or of another shape is not taken', () => {
  const sealed = seal({ a: 1, b: 'x' })
  expect(sealOf(secret, 'another purpose', Thing).open(sealed)).toBeNull()
  expect(sealOf(Buffer.alloc(32, 2), 'a purpose', Thing).open(sealed)).toBeNull()
  expect(sealOf(secret, 'a purpose', strict({ a: Type.Integer() })).open(sealed)).toBeNull()
})
