import { expect, test } from 'vitest'
import { withField, withNames } from './shown-alone.ts'

test.each([
  { args: '(Get-X).IsOn', text: 'True\r\n', expected: 'IsOn : True' },
  { args: '-Command "Get-X | Select-Object -ExpandProperty IsOn"', text: 'a\nb\n', expected: 'IsOn : a\n\nIsOn : b' },
  { args: '(Get-Service Example).Status', text: 'Running\n', expected: 'Name : Example\nStatus : Running' },
  { args: 'Get-X | Select-Object IsOn', text: 'IsOn : True', expected: 'IsOn : True' },
  { args: '(Get-X).IsOn', text: 'Get-X : no\n', expected: 'Get-X : no\n' },
])('a property alone: $args', ({ args, text, expected }) => {
  expect(withNames({ args, text })).toBe(expected)
})

test.each([
  { args: 'health --field healthy', text: 'true\n', expected: 'healthy : true' },
  { args: '--health orgId', text: '"a b"\n', expected: 'orgId : "a b"' },
  { args: 'health', text: 'true\n', expected: 'true\n' },
  {
    args: 'health --field healthy',
    text: 'Could not connect to the daemon\n',
    expected: 'Could not connect to the daemon\n',
  },
])('a field alone: $args', ({ args, text, expected }) => {
  expect(withField({ args, text })).toBe(expected)
})
