import { expect, test } from 'vitest'
import { openBrowserSessions } from './sessions.ts'

const DEVICE = `dev_${'a'.repeat(43)}`
const START = new Date('2026-11-25T08:00:00Z')
const secret = Buffer.alloc(32, 7)
const after = (seconds: number) => () => new Date(START.getTime() + seconds * 1000)
const opened = (hours: number, seconds = 0) => openBrowserSessions({ secret, hours, clock: after(seconds) })
const cookieFor = (host: string) => opened(8).bind(DEVICE, host).split(';')[0]

test.each([
  ['wiki.example.com', 'wiki.example.com', DEVICE],
  ['Wiki.Example.com:8443', 'wiki.example.com.', DEVICE],
  ['wiki.example.com', 'wiki.example.com:9443', DEVICE],
  ['[::1]:8080', '[::1]', DEVICE],
  ['wiki.example.com', 'docs.example.com', null],
  ['wiki.example.com', 'xwiki.example.com', null],
  ['wiki.example.com', '', null],
])('bound on %s, asked for on %s', (bound, asked, device) => {
  expect(opened(8).deviceOf(cookieFor(bound), asked)).toBe(device)
})

test('a session has its hours, and fewer where the setting has fewer now', () => {
  const cookie = cookieFor('a.example')
  expect(opened(8, 8 * 3600 - 1).deviceOf(cookie, 'a.example')).toBe(DEVICE)
  expect(opened(8, 8 * 3600).deviceOf(cookie, 'a.example')).toBeNull()
  expect(opened(100, 8 * 3600).deviceOf(cookie, 'a.example')).toBeNull()
  expect(opened(1, 3600).deviceOf(cookie, 'a.example')).toBeNull()
})

test('a session that was begun under a clock which has been set back since is worth nothing', () => {
  const ahead = opened(8, 365 * 86_400)
    .bind(DEVICE, 'a.example')
    .split(';')[0]
  expect(opened(8).deviceOf(ahead, 'a.example')).toBeNull()
  expect(opened(8, 365 * 86_400 - 121).deviceOf(ahead, 'a.example')).toBeNull()
  // A clock may be corrected a little.
  expect(opened(8, 365 * 86_400 - 120).deviceOf(ahead, 'a.example')).toBe(DEVICE)
})

test('without a cookie, with two, or with the secret of another collector there is none', () => {
  const cookie = cookieFor('a.example')
  const other = openBrowserSessions({ secret: Buffer.alloc(32), hours: 8, clock: after(0) })
  expect([
    opened(8).deviceOf(undefined, 'a.example'),
    opened(8).deviceOf(`${cookie}; ${cookie}`, 'a.example'),
    other.deviceOf(cookie, 'a.example'),
  ]).toEqual([null, null, null])
})
