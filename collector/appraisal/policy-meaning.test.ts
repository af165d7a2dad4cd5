import { describe, expect, test } from 'vitest'
import { defaultOf, meaningOf } from './policy-meaning.ts'

describe('the same is meant', () => {
  test.each([
    ['24h', '1d'],
    ['0s', '0d'],
    [
      ['a', 'b'],
      ['b', 'a', 'a'],
    ],
    ['15.7', ['15.7']],
    [
      { a: ['2', '1'], b: '60s' },
      { b: '1m', a: ['1', '2'] },
    ],
    [undefined, null],
    [[], []],
  ])('by %j and %j', (one, other) => {
    expect(meaningOf(one, ['checks'])).toBe(meaningOf(other, ['checks']))
  })

  test.each([
    ['24h', '23h'],
    ['1', 1],
    ['d', '0d'],
    ['', '0s'],
    ['a,b', ['a', 'b']],
    [[], undefined],
    [[], {}],
    [{ a: 1 }, { b: 1 }],
    ['null', null],
  ])('not by %j and %j', (one, other) => {
    expect(meaningOf(one, ['checks'])).not.toBe(meaningOf(other, ['checks']))
  })

  test('not by tags that look like durations', () => {
    expect(meaningOf(['24h'], ['groups', 'a', 'tags'])).not.toBe(meaningOf(['1d'], ['groups', 'a', 'tags']))
  })
})

test.each([
  [['unknown'], 'fail'],
  [['enrolment-grace'], '0d'],
  [['checks', 'firewall', 'grace'], '0m'],
  [['checks', 'firewall', 'mode'], 'enforce'],
  [['checks', 'os-patch', 'within'], undefined],
  [['overrides', 'tag a', 'firewall', 'grace'], undefined],
  [['freshness'], undefined],
  [[], undefined],
])('where a policy says nothing at %j, %s counts', (path, value) => {
  expect(defaultOf(path)).toBe(value)
})
