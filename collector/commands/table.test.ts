import { expect, test } from 'vitest'
import { table } from './table.ts'

test('columns are as wide as their widest cell, with nothing behind the last', () => {
  expect(
    table(
      ['ID', 'NAME', 'X'],
      [
        ['1', 'nightingale', '-'],
        ['22', 'wren', 'yes'],
      ],
    ),
  ).toBe(['ID  NAME         X', '1   nightingale  -', '22  wren         yes'].join('\n'))
  expect(table(['ID', 'NAME'], [])).toBe('ID  NAME')
  expect(table(['ID', 'NAME'], [['1', '']])).toBe('ID  NAME\n1')
})

test('letters that are drawn twice as wide, or on top of another, are counted as they are drawn', () => {
  const lines = table(
    ['N', 'X'],
    [
      ['漢字', '1'],
      ['e\u0301', '2'],
      ['abcd', '3'],
    ],
  ).split('\n')
  expect(lines).toEqual(['N     X', '漢字  1', 'e\u0301     2', 'abcd  3'])
})
