import { expect, test } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

const CHECKS = ['os-supported', 'os-patch', 'disk-encryption', 'firewall', 'fail', 'grace']

test.each([
  ['firewal', 'firewall'],
  ['Firewall', 'firewall'],
  ['os_patch', 'os-patch'],
  ['grcae', 'grace'],
  ['disk-encyrption', 'disk-encryption'],
  ['encryption', 'disk-encryption'],
  ['patch', 'os-patch'],
  ['os-', null],
  ['pass', null],
  ['antivirus', null],
  ['', null],
  ['firewall'.repeat(10_000), null],
])('%.20s probably means %s', (word, meant) => {
  expect(nearest(word, CHECKS)).toBe(meant)
})

test('a part that several words have means none of them', () => {
  expect(nearest('encr', ['disk-encryption', 'volume-encryption'])).toBeNull()
})

test('nothing is near where nothing is known', () => {
  expect(nearest('firewall', [])).toBeNull()
})

test('what was meant is asked as a question', () => {
  expect(didYouMean('firewal', CHECKS)).toBe('; did you mean "firewall"?')
  expect(didYouMean('antivirus', CHECKS)).toBe('')
})
