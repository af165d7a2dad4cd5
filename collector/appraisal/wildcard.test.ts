import { describe, expect, test } from 'vitest'
import { covers, matches, wildcard } from './wildcard.ts'

describe('a pattern stands for a text', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['**', '', true],
    ['**', 'a/b\nc', true],
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['aa', 'a', false],
    ['a*', 'a', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abb', false],
    ['a*c', 'ab/c', false],
    ['a**c', 'ab/c', true],
    ['a**c', 'ab/cd', false],
    ['*b*', 'abc', true],
    ['*a*b', 'aabab', true],
    ['*/b/**', 'a/b/c/d', true],
    ['*/b/**', 'a/b', false],
    ['**/b/*', 'a/b/b/c', true],
    ['**/b/*', 'a/b/c/d', false],
    ['**a*b', 'xa/ab', true],
    ['***', 'a/b', true],
    ['***', '', true],
    ['a.c', 'abc', false],
    ['(a|b)+', '(a|b)+', true],
    ['(a|b)+', 'a', false],
    ['\u{1f600}*', '\u{1f600}x', true],
  ])('%j, %j: %s', (pattern, text, isMatch) => {
    expect(matches(wildcard(pattern), text, '/')).toBe(isMatch)
  })

  test('with the separator that is asked for', () => {
    expect(matches(wildcard('*@b'), 'a/a@b', '@')).toBe(true)
    expect(matches(wildcard('*@b'), 'a@a@b', '@')).toBe(false)
  })

  test('as a regular expression says, for every short pattern and text', () => {
    const words = ['', 'a', '/', '*', '**', 'b']
    const texts = ['', 'a', 'b', '/', 'a/', 'a/b', '/a', 'ab', 'ba', 'aa/b', 'a//b', 'ab/ab']
    const wrong: string[] = []
    for (const one of words) {
      for (const two of words) {
        for (const three of words) {
          const pattern = `${one}${two}${three}`
          const parts = pattern.split(/(\*\*|\*)/).map((part) => ({ '*': '[^/]*', '**': '.*' })[part] ?? part)
          const oracle = new RegExp(`^${parts.join('')}$`, 's')
          wrong.push(...texts.filter((text) => matches(wildcard(pattern), text, '/') !== oracle.test(text)))
        }
      }
    }
    expect(wrong).toEqual([])
  })

  test('in one pass over the text, so that a pattern of many stars ends too', () => {
    expect(matches(wildcard('*a'.repeat(100)), `${'a'.repeat(16_000)}b`, '/')).toBe(false)
    expect(matches(wildcard('**a'.repeat(100)), `${'/a'.repeat(8000)}b`, '/')).toBe(false)
  })
})

describe('a pattern stands for all that another one stands for', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['*', 'a', true],
    ['*', '*', true],
    ['*', '**', false],
    ['**', '*', true],
    ['**', '**', true],
    ['a*', 'a', true],
    ['a', 'a*', false],
    ['a*', 'ab*c', true],
    ['a*', 'a*/b', false],
    ['a/**', 'a/b/*', true],
    ['a/*', 'a/b/**', false],
    ['*.example/**', 'a.example/b', true],
    ['*.example/**', '*.a.example/**', true],
    ['*.example/**', 'example/**', false],
    ['*.example/**', '**', false],
    ['**', '*.example/**', true],
    ['**/a', '**/b/a', true],
    ['*a*', 'b*a*c', true],
  ])('%s, %s: %s', (pattern, other, isCovered) => {
    expect(covers(wildcard(pattern), wildcard(other), '/')).toBe(isCovered)
  })

  test('and never says so where a text is of the other alone', () => {
    const words = ['', 'a', '/', '*', '**', 'b']
    const patterns = words.flatMap((one) => words.flatMap((two) => words.map((three) => `${one}${two}${three}`)))
    const texts = ['', 'a', 'b', '/', 'a/', 'a/b', '/a', 'ab', 'ba', 'aa/b', 'a//b', 'ab/ab', 'b/b/a']
    const isOf = patterns.map((pattern) => texts.map((text) => matches(wildcard(pattern), text, '/')))
    const wrong = patterns.flatMap((pattern, i) =>
      patterns.filter(
        (other, j) =>
          covers(wildcard(pattern), wildcard(other), '/') && texts.some((_, k) => isOf[j]?.[k] && !isOf[i]?.[k]),
      ),
    )
    expect(wrong).toEqual([])
  })
})
