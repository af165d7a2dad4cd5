import { expect, test } from 'vitest'
import { denial } from '../../test/fakes/audit.ts'
import { cut, denialBody, KEPT, resourceOf } from './body.ts'

test.each([
  ['https://wiki.example.com/a', 'https://wiki.example.com/a'],
  ['https://wiki.example.com/a?token=secret', 'https://wiki.example.com/a'],
  ['https://wiki.example.com/a#part', 'https://wiki.example.com/a'],
  ['https://wiki.example.com/a#part?no=query', 'https://wiki.example.com/a'],
  ['https://wiki.example.com/a?b=c#d', 'https://wiki.example.com/a'],
  ['https://anna:secret@wiki.example.com/a', 'https://wiki.example.com/a'],
  ['//anna:secret@wiki.example.com/a', '//wiki.example.com/a'],
  ['https://wiki.example.com/people/anna@example.com', 'https://wiki.example.com/people/anna@example.com'],
  ['/a?b', '/a'],
  ['?b', ''],
  ['', ''],
  ['route:payroll', 'route:payroll'],
])('of %s is kept %s', (resource, kept) => {
  expect(resourceOf(resource)).toBe(kept)
})

test('of what was not said nothing is kept', () => {
  expect(resourceOf(null)).toBeNull()
  expect(cut(null, 5)).toBeNull()
})

test('what is too long is cut, and shows it', () => {
  expect(cut('12345', 5)).toBe('12345')
  expect(cut('123456', 5)).toBe('1234…')
  expect(resourceOf(`/${'x'.repeat(9000)}`)?.length).toBe(KEPT.resource)
})

test('a line of a denial stays small, whatever the request says', () => {
  const long = 'x'.repeat(100_000)
  const body = denialBody(
    denial({ deviceId: long, user: long, action: long, resource: long, tier: long, client: long, reason: long }),
  )
  expect(body.length).toBeLessThan(2500)
})
