import { expect, test } from 'vitest'
import { readingsOf } from './code-pages.ts'
import { decode } from './text.ts'

test.each([
  ['Japanese', '8ca982c282a982e882dc82b982f1', '見つかりません'],
  ['Chinese', 'd7a2b2e1b1edcfeebbf2d6b5', '注册表项或值'],
  ['Russian', 'e3aaa0a7a0adadeba920e0a0a7a4a5ab', 'указанный раздел'],
  ['Korean', 'b7b9c1f6bdbac6aeb8ae20c5b0', '레지스트리 키'],
])('finds what a console wrote in %s', (_, bytes, words) => {
  expect(readingsOf(decode(Buffer.from(bytes, 'hex')))).toContain(words)
})

test('reads what is plain, or no bytes of a code page, in one way only', () => {
  expect(readingsOf('plain')).toEqual(['plain'])
  expect(readingsOf('見つかりません')).toEqual(['見つかりません'])
})
