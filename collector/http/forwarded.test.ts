import { describe, expect, test } from 'vitest'
import { addressOf, forwardedOf, refuseOddPaths, urlOf } from './forwarded.ts'

const HERE = '/v1/forward-auth/internal'
const asked = (headers: Record<string, string | string[]> = {}, url = HERE, method = 'GET') =>
  forwardedOf({ headers, method, url })

describe('the request that a gateway asks about', () => {
  test('is in the headers of nginx', () => {
    const headers = {
      host: 'collector.example',
      'x-original-method': 'POST',
      'x-original-uri': '/slips?year=2026',
      'x-original-host': 'Payroll.example.com:8443',
      'x-forwarded-for': '198.51.100.9, 203.0.113.7',
    }
    expect(asked(headers)).toEqual({
      method: 'POST',
      scheme: 'https',
      host: 'payroll.example.com:8443',
      uri: '/slips?year=2026',
      client: '203.0.113.7',
    })
  })

  test('is in the headers of Caddy, HAProxy and Traefik', () => {
    const headers = {
      host: 'collector.example',
      'x-forwarded-method': 'DELETE',
      'x-forwarded-uri': '/a',
      'x-forwarded-host': 'wiki.example.com',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '::1',
    }
    const expected = { method: 'DELETE', scheme: 'http', host: 'wiki.example.com', uri: '/a', client: '::1' }
    expect(asked(headers)).toEqual(expected)
    // Caddy adds the query of its client to the address that it asks.
    expect(asked(headers, `${HERE}?tier=public`)).toEqual(expected)
  })

  test('is in the headers that a proxy before the collector does not write', () => {
    const headers = {
      host: 'collector.example',
      'x-original-method': 'PUT',
      'x-original-uri': '/a',
      'x-original-host': 'wiki.example.com',
      'x-original-proto': 'http',
      'x-original-for': '203.0.113.7',
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': '/v1/forward-auth/internal',
      'x-forwarded-host': 'collector.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.9',
    }
    const expected = { method: 'PUT', scheme: 'http', host: 'wiki.example.com', uri: '/a', client: '203.0.113.7' }
    expect(forwardedOf({ headers, method: 'GET', url: HERE }, true)).toEqual(expected)
  })

  test('is what Envoy asks, below the tier', () => {
    expect(asked({ host: 'wiki.example.com' }, `${HERE}//a/b?c=d`, 'PUT')).toEqual({
      method: 'PUT',
      scheme: 'https',
      host: 'wiki.example.com',
      uri: '//a/b?c=d',
      client: null,
    })
  })

  test('has no host where the gateway does not say, however the gateway addresses us', () => {
    expect(asked({ host: 'collector.example' })).toMatchObject({ host: null, uri: null, method: 'GET' })
    expect(asked({ 'x-original-host': '', 'x-original-uri': '' })).toMatchObject({ host: null, uri: null })
  })

  test.each([
    ['two addresses', { 'x-original-uri': '/secret', 'x-forwarded-uri': '/public' }, HERE],
    ['two hosts', { 'x-original-host': 'a.example', 'x-forwarded-host': 'b.example' }, HERE],
    ['two schemes', { 'x-original-proto': 'http', 'x-forwarded-proto': 'https' }, HERE],
    ['two methods', { 'x-original-method': 'GET', 'x-forwarded-method': 'POST' }, HERE],
    ['an address twice', { 'x-original-uri': ['/a', '/a'] }, HERE],
    // As Node joins a header that came twice.
    ['an address twice, as Node has it', { 'x-forwarded-uri': '/public, /secret' }, HERE],
    ['an address with a tab', { 'x-forwarded-uri': '/a\tb' }, HERE],
    ['an address with a host', { 'x-forwarded-uri': 'https://b.example/a' }, HERE],
    ['an address without a slash', { 'x-forwarded-uri': 'a' }, HERE],
    ['an address that is none', { 'x-forwarded-uri': '*' }, HERE],
    ['another address than its path', { 'x-forwarded-uri': '/public' }, `${HERE}/secret`],
    ['a host with a path', { 'x-forwarded-host': 'a.example/b' }, HERE],
    ['a host with a user', { 'x-forwarded-host': 'a@b.example' }, HERE],
    ['two hosts in one', { 'x-forwarded-host': 'a.example, b.example' }, HERE],
    ['a host with a tag', { 'x-forwarded-host': '<b>' }, HERE],
    ['a method that is none', { 'x-forwarded-method': 'GET /' }, HERE],
  ])('is refused with %s', (_name, headers, url) => {
    expect(() => asked(headers, url)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test.each([
    ['no address', '', null],
    ['an address with a port', '203.0.113.7:1234', '203.0.113.7:1234'],
    ['a name', 'unknown', null],
    ['markup', '203.0.113.7, <b>', null],
  ])('comes from %s', (_name, given, client) => {
    expect(asked({ 'x-forwarded-for': given }).client).toBe(client)
  })
})

test.each([
  ['no host', { host: null, uri: '/a' }, /needs the host/],
  ['no path', { host: 'a.example', uri: null }, /needs the address/],
])('the resource map has nothing for an address with %s', (_name, forwarded, message) => {
  expect(() => addressOf(forwarded)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  expect(() => addressOf(forwarded)).toThrow(message)
  expect(urlOf({ scheme: 'https', ...forwarded })).toBe('')
})

test('the resource map is asked in the letters that the bytes of an address are', () => {
  const uri = Buffer.from('/bücher').toString('latin1')
  expect(addressOf({ host: 'a.example', uri })).toBe('a.example/bücher')
})

test.each(['http://x/v1/forward-auth/internal/a', '/v1/forward%2Dauth/internal/a', '/v1/%66orward-auth/-'])(
  '%s is written in another way than it is known by',
  (url) => {
    expect(() => refuseOddPaths(url)).toThrow(expect.objectContaining({ code: 'path-refused' }))
  },
)

test.each(['/a/../b', '/a/%2e%2E/b', '/./a', '/a/..\\b', '/a%2f..%2fb', '/%', '/%ff'])('%s is an odd path', (path) => {
  expect(() => refuseOddPaths(HERE + path)).toThrow(expect.objectContaining({ code: 'path-refused' }))
})

test.each(['/a', '/a.b/..c/d...', '/a?b=../c', ''])('%s is none', (path) => {
  expect(() => refuseOddPaths(HERE + path)).not.toThrow()
})
