import { describe, expect, test } from 'vitest'
import { comparableUrl } from './comparable-url.ts'

const ADDRESS = 'https://wiki.example/a/b'

describe('the same address, written otherwise:', () => {
  test.each([
    'https://wiki.example/a/b',
    'HTTPS://WIKI.Example/a/b',
    'https://wiki.example:443/a/b',
    'https://wiki.example:/a/b',
    'https://wiki.example/a/./b',
    'https://wiki.example/x/../a/b',
    'https://wiki.example/x/%2e%2E/a/b',
    'https://wiki.example/%61/b',
    'https://wiki.ex%61mple/a/b',
    'https://wiki.example/a/b?query=1',
    'https://wiki.example/a/b#part',
    'https://wiki.example/a/b?',
    'https://wiki.example/a/b?to=https://me@other.example/',
  ])('%s', (text) => {
    expect(comparableUrl(text)).toBe(ADDRESS)
  })

  test.each<[string, string]>([
    ['https://wiki.example', 'https://wiki.example/'],
    ['http://wiki.example:80', 'http://wiki.example'],
    ['http://[::1]:80/', 'http://[::1]/'],
    ['https://wiki.example/~ana', 'https://wiki.example/%7Eana'],
    ['https://wiki.example/a%2fb', 'https://wiki.example/a%2Fb'],
    ['https://wiki.example/me@home', 'https://wiki.example/me@home?'],
  ])('%s is %s', (one, other) => {
    expect(comparableUrl(one)).toBeDefined()
    expect(comparableUrl(one)).toBe(comparableUrl(other))
  })
})

describe('another address:', () => {
  test.each([
    'http://wiki.example/a/b',
    'https://wiki.example:8443/a/b',
    'https://wiki.example./a/b',
    'https://wiki.example/a/b/',
    'https://wiki.example//a/b',
    'https://wiki.example/A/b',
    'https://wiki.example/a%2Fb',
    'https://wiki.example/a/b%3Fquery',
    'https://wiki.example.evil.example/a/b',
  ])('%s', (text) => {
    expect(comparableUrl(text)).toBeDefined()
    expect(comparableUrl(text)).not.toBe(ADDRESS)
  })
})

describe('no address:', () => {
  test.each([
    '',
    '/a/b',
    '//wiki.example/a/b',
    'wiki.example/a/b',
    'ftp://wiki.example/a/b',
    'https:wiki.example/a/b',
    'https:/wiki.example/a/b',
    'https://',
    'https:///wiki.example/a/b',
    'https://ana@wiki.example/a/b',
    'https://ana:secret@wiki.example/a/b',
    'https://@wiki.example/a/b',
    'https://wiki.example%40other.example/',
    'https://wiki.example:99999/a/b',
    'https://wiki.example\\a/b',
    'https://wiki.example/a b',
    ' https://wiki.example/a/b',
    'https://wiki.example/a/b\n',
    'https://wiki.exa\tmple/a/b',
    'https://wiki.example/ä',
    'https://[::1/a',
  ])('%s', (text) => {
    expect(comparableUrl(text)).toBeUndefined()
  })
})
