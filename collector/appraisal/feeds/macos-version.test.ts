import { expect, test } from 'vitest'
import { macosVersionOf } from './macos-version.ts'

test.each([
  ['26.6.2', '26.6.2', '26'],
  ['26', '26', '26'],
  ['10.15.7', '10.15.7', '10.15'],
  ['13.4.1 (a)', '13.4.1 (a)', '13'],
  ['13.4.1(c)', '13.4.1 (c)', '13'],
  ['10.15', '10.15', '10.15'],
])('%s is %s of line %s', (text, version, line) => {
  expect(macosVersionOf(text)).toEqual({ version, line })
})

test.each(['', '10', '9.2', '100.1', '26.6b', '26..1', '26.1.2.3.4', '26.6 beta', '26.6 (1)', 'Tahoe', '-26'])(
  '"%s" is no version of macOS',
  (text) => {
    expect(macosVersionOf(text)).toBeNull()
  },
)
