import { describe, expect, test } from 'vitest'
import { addressPattern, matchProblem } from './policy-resources.ts'

describe('an entry of the resource map', () => {
  test.each([
    { match: 'a.example', address: 'a.example/', isCovered: true },
    { match: 'a.example', address: 'a.example/x/y', isCovered: true },
    { match: 'a.example', address: 'a.example.evil/', isCovered: false },
    { match: 'a.example', address: 'b.a.example/', isCovered: false },
    { match: 'a.example', address: 'axexample/', isCovered: false },
    { match: 'a.example/x', address: 'a.example/x', isCovered: true },
    { match: 'a.example/x', address: 'a.example/x/y', isCovered: false },
    { match: 'a.example/*', address: 'a.example/x', isCovered: true },
    { match: 'a.example/*', address: 'a.example/x/y', isCovered: false },
    { match: 'a.example/**', address: 'a.example/x/y', isCovered: true },
    { match: 'a.example/x/**', address: 'a.example/x', isCovered: true },
    { match: 'a.example/x/**', address: 'a.example/xy', isCovered: false },
    { match: 'a.example/x/*', address: 'a.example/x', isCovered: false },
    { match: '**/x/**', address: 'a.example/y/x', isCovered: true },
    { match: 'a.example/*/y', address: 'a.example/x/y', isCovered: true },
    { match: 'a.example/**/z', address: 'a.example/x/y/z', isCovered: true },
    { match: 'a.example/x**', address: 'a.example/x\ny', isCovered: true },
    { match: '*.example', address: 'a.example/', isCovered: true },
    { match: '*.example', address: 'example/', isCovered: false },
    { match: '*.example', address: 'evil/a.example', isCovered: false },
    { match: '**', address: 'anything/at/all', isCovered: true },
  ])('$match stands for $address: $isCovered', ({ match, address, isCovered }) => {
    expect(addressPattern(match).test(address)).toBe(isCovered)
  })

  test('a host alone covers what is on the host', () => {
    expect(addressPattern('a.example').covers(addressPattern('a.example/x/*'))).toBe(true)
    expect(addressPattern('a.example/x/*').covers(addressPattern('a.example'))).toBe(false)
  })
})

describe('an entry that can stand for no address', () => {
  test.each([
    ['https://a.example', /scheme/],
    ['git+ssh://a.example', /scheme/],
    ['a.example/?x=1', /query/],
    ['a.example/#x', /query/],
    [' a.example', /space/],
    ['a.example\n', /space/],
    ['a.example/\u0000', /control/],
    ['', /without a host/],
    ['/admin/**', /without a host/],
    ['me@a.example', /user/],
    ['a.example:8443/x', /port/],
    ['a.example:8443', /port/],
    ['[::1]:8443/', /port/],
    ['a.example:*/**', /port/],
    ['a.example./x', /dot/],
    ['a.example.', /dot/],
    ['Wiki.example/x', /capital/],
  ])('%j', (match, problem) => {
    expect(matchProblem(match)).toMatch(problem)
  })

  test.each([
    'a.example',
    '*',
    '**',
    '**/admin',
    '*.example/Caps',
    '[::1]/x',
    'a.example/x:1/@me',
    'a report/of may',
    'a.example/.',
  ])('is not %j', (match) => {
    expect(matchProblem(match)).toBeNull()
  })
})
