import { expect, test } from 'vitest'
import { COOKIES, cookieOf, setCookie } from './cookie.ts'

const cases: [header: string | undefined, value: string | null][] = [
  [undefined, null],
  ['', null],
  ['a=b', 'b'],
  ['x=y; a=b; z=a=c', 'b'],
  ['a=', ''],
  ['a=b=c', 'b=c'],
  ['a=b;c=d', 'b'],
  ['aa=b', null],
  ['A=b', null],
  ['a', null],
  ['a =b', null],
  ['x=y;\ta=b\t ', 'b'],
  // A neighbour below the same domain may set these: to a browser they are other names.
  ['\u00a0a=b', null],
  ['x=y; \u00a0a=b', null],
  ['\u0085a=b', null],
  ['\ufeffa=b', null],
  ['\u000ba=b', null],
  ['\u00e2\u0080\u0080a=b', null],
  ['\u00a0a=c; a=b', 'b'],
  // Two of one name: whose is the first?
  ['a=b; a=c', null],
  ['a=b; a=b', null],
]
test.each(cases)('%j', (header, value) => {
  expect(cookieOf(header, 'a')).toBe(value)
})

test('a cookie is for one host, over TLS, and for no script', () => {
  for (const name of Object.values(COOKIES)) {
    expect(setCookie(name, 'v', 60)).toBe(`${name}=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax`)
    expect(name).toMatch(/^__Host-muster-/)
  }
})
