import { describe, expect, test } from 'vitest'
import { addressPattern } from '../appraisal/policy-resources.ts'
import { returnAddress, sameHostAddress } from './return-address.ts'

const of = (...matches: string[]) => matches.map((match) => ({ pattern: addressPattern(match) }))
const hosts = {
  resources: of(
    'wiki.example.com/**',
    '*.corp.example',
    'docs.example.com/admin/**',
    'localhost',
    '127.0.0.1/**',
    '[::1]',
  ),
  registered: ['app.example.com', 'app.example.com:8443', 'dev.localhost:8080'],
}

describe('a browser may be sent back to', () => {
  const good: [given: string, meant?: string][] = [
    ['https://wiki.example.com/start?x=1&y=%2F'],
    ['https://wiki.example.com', 'https://wiki.example.com/'],
    ['https://wiki.example.com?x', 'https://wiki.example.com/?x'],
    ['HTTPS://Wiki.Example.COM/Start', 'https://wiki.example.com/Start'],
    ['https://wiki.example.com:443/', 'https://wiki.example.com/'],
    ['https://wiki.example.com:8443/a'],
    ['https://wiki.example.com//evil.example/'],
    ['https://wiki.example.com/?q=a\\b'],
    ['https://wiki.example.com/#proof=x', 'https://wiki.example.com/'],
    ['https://wiki.example.com/.musterroll'],
    ['https://a.corp.example/'],
    ['https://a.b.corp.example/'],
    ['https://docs.example.com/anything'],
    ['https://app.example.com/'],
    ['https://app.example.com:8443/'],
    ['http://localhost:3000/'],
    ['http://127.0.0.1:3000/'],
    ['http://[::1]:3000/'],
    ['http://dev.localhost:8080/'],
  ]
  test.each(good)('%s', (given, meant = given) => {
    const address = returnAddress(given, hosts)
    expect(address.ok ? address.value.href : address.problem).toBe(meant)
  })
})

describe('a browser is never sent to', () => {
  const bad: [given: string, problem: string][] = [
    ['', 'not a plain address'],
    ['/', 'not a plain address'],
    ['/start', 'not a plain address'],
    ['//evil.example', 'not a plain address'],
    ['\\\\evil.example', 'not a plain address'],
    ['/\\evil.example', 'not a plain address'],
    ['https:evil.example', 'not a plain address'],
    ['https:/wiki.example.com', 'not a plain address'],
    ['https:///wiki.example.com', 'not a plain address'],
    ['https:\\\\wiki.example.com', 'not a plain address'],
    ['https://evil.example/', 'not a host of the resource map'],
    ['https://evil.example/https://wiki.example.com/', 'not a host of the resource map'],
    ['https://evil.example?wiki.example.com', 'not a host of the resource map'],
    ['https://evil.example#wiki.example.com', 'not a host of the resource map'],
    ['https://wiki.example.com.evil.example/', 'not a host of the resource map'],
    ['https://evilwiki.example.com/', 'not a host of the resource map'],
    ['https://corp.example/', 'not a host of the resource map'],
    ['https://evilcorp.example/', 'not a host of the resource map'],
    ['https://app.example.com:9443/', 'not a host of the resource map'],
    ['https://wiki.example.com@evil.example/', 'not a plain address'],
    ['https://wiki.example.com:443@evil.example/', 'not a plain address'],
    ['https://me@wiki.example.com/', 'not a plain address'],
    ['https://@wiki.example.com/', 'not a plain address'],
    ['https://evil.example\\@wiki.example.com/', 'not a plain address'],
    ['https://evil.example\\.wiki.example.com/', 'not a plain address'],
    ['https://wiki.example.com\\.evil.example/', 'not a plain address'],
    ['https://wiki.example.com/\\evil.example/', 'backslash'],
    ['https://wiki.example.com:/', 'not a plain address'],
    ['https://wiki.example.com:80:80/', 'not a plain address'],
    ['https://wiki.example.com:99999/', 'not a plain address'],
    ['https://wiki.example.com./', 'not written plainly'],
    ['https://evil%2eexample/', 'not a plain address'],
    ['https://wiki.example.com%2f.evil.example/', 'not a plain address'],
    ['https://wiki.example.com%00.evil.example/', 'not a plain address'],
    ['https://ｗｉｋｉ.example.com/', 'not a plain address'],
    ['https://wiki。example.com/', 'not a plain address'],
    ['https://wíki.example.com/', 'not a plain address'],
    ['https://xn--wki-6ma.example.com/', 'not a host of the resource map'],
    ['http://wiki.example.com/', 'not https'],
    ['http://app.example.com/', 'not https'],
    ['http://127.0.0.1.evil.example/', 'not https'],
    ['http://localhost.evil.example/', 'not https'],
    ['http://2130706433/', 'not written plainly'],
    ['http://0x7f.1/', 'not written plainly'],
    ['http://0177.0.0.1/', 'not written plainly'],
    ['http://127.0.0.2:80/', 'not a host of the resource map'],
    ['ftp://wiki.example.com/', 'not a plain address'],
    ['javascript:alert(1)//https://wiki.example.com/', 'not a plain address'],
    ['javascript://wiki.example.com/%0aalert(1)', 'not a plain address'],
    ['data:text/html,https://wiki.example.com/', 'not a plain address'],
    ['blob:https://wiki.example.com/', 'not a plain address'],
    [' https://wiki.example.com/', 'not a plain address'],
    ['\thttps://wiki.example.com/', 'not a plain address'],
    ['ht\ntps://wiki.example.com/', 'not a plain address'],
    ['https://wiki.example.com\r\nset-cookie:a=b/', 'not a plain address'],
    ['https://wiki.example.com/.muster/callback?code=x', 'device check itself'],
    ['https://wiki.example.com/.MUSTER/callback', 'device check itself'],
    ['https://wiki.example.com/%2emuster/callback', 'device check itself'],
    ['https://wiki.example.com//.muster/callback', 'device check itself'],
    ['https://wiki.example.com/a/../.muster/callback', 'device check itself'],
    ['https://wiki.example.com/.muster%2fcallback', 'device check itself'],
    [`https://wiki.example.com/${'a'.repeat(2000)}`, 'too long'],
    [`https://wiki.example.com/?${'\\'.repeat(1000)}`, 'too long'],
  ]
  test.each(bad)('%j', (given, problem) => {
    const address = returnAddress(given, hosts)
    expect(address.ok ? address.value.href : address.problem).toContain(problem)
  })
})

test.each(['*', '**', '*/**', 'wiki.*', 'wiki.example.*/**', '**/admin', 'example**', '*/wiki.example.com'])(
  'an entry for hosts of anybody is not one to go back to: %s',
  (match) => {
    for (const host of ['evil.example', 'wiki.evil.example', 'example.evil.example', 'wiki.example.evil']) {
      expect(returnAddress(`https://${host}/admin`, { resources: of(match), registered: [] }).ok).toBe(false)
    }
  },
)

test.each(['**.example.com', '*.example.com/**', 'w*.example.com', '**example.com/x'])(
  'an entry that ends in letters of its own is: %s',
  (match) => {
    expect(returnAddress('https://wiki.example.com/', { resources: of(match), registered: [] }).ok).toBe(true)
    expect(returnAddress('https://evil.example/wiki.example.com', { resources: of(match), registered: [] }).ok).toBe(
      false,
    )
  },
)

const href = (given: string) => {
  const address = sameHostAddress(given, 'wiki.example.com')
  return address.ok ? address.value.href : address.problem
}

test('the same host is the same host', () => {
  expect(href('https://wiki.example.com:8443/a?b')).toBe('https://wiki.example.com:8443/a?b')
  expect(href('https://evil.example/')).toContain('another host')
  expect(href('//evil.example/')).toContain('not a plain address')
  expect(href('https://wiki.example.com/.muster/check-again')).toContain('device check itself')
})
