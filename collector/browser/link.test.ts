import { expect, test } from 'vitest'
import { deviceCheckUrl } from './link.ts'

const issuerUrl = 'https://muster.example'
const of = (returnTo: string) => new URL(deviceCheckUrl({ issuerUrl, returnTo, tier: 'internal', state: 's' }))

test('the link carries where to, what for and from whom', () => {
  const url = of('https://wiki.example.com/a?b=c&d=%26#e')
  expect(url.origin + url.pathname).toBe('https://muster.example/v1/device-check')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    return: 'https://wiki.example.com/a?b=c&d=%26#e',
    tier: 'internal',
    state: 's',
  })
})

test('what is too long to be kept leads back to the front page', () => {
  const long = `https://wiki.example.com/a?${'b'.repeat(2000)}`
  expect(of(long).searchParams.get('return')).toBe('https://wiki.example.com/')
})
