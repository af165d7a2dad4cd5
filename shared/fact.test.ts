import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { Time, absent, reported, unreadable, unsupported, value } from './fact.ts'
import { parserOf } from './schema.ts'

const parseFact = parserOf(reported(Type.Object({ enabled: Type.Boolean() })))
const provenance = { source: '/etc/example', observedAt: '2026-11-24T08:00:00.000Z' }

describe('making facts', () => {
  test('a value is a value, whatever it is', () => {
    expect(value(null)).toEqual({ kind: 'value', value: null })
  })

  test.each([
    { make: absent, kind: 'absent' },
    { make: unsupported, kind: 'unsupported' },
    { make: unreadable, kind: 'unreadable' },
  ])('$kind says why', ({ make, kind }) => {
    expect(make('it is not there')).toEqual({ kind, why: 'it is not there' })
  })

  test.each([
    { name: 'as long as allowed', why: 'x'.repeat(300), expected: 'x'.repeat(300) },
    { name: 'too long', why: 'x'.repeat(301), expected: `${'x'.repeat(299)}…` },
    { name: 'empty, as the message of some errors is', why: '', expected: 'no reason was given' },
  ])('a reason that is $name travels', ({ why, expected }) => {
    const fact = unreadable(why)
    expect(fact.why).toBe(expected)
    expect(parseFact({ ...fact, ...provenance }).ok).toBe(true)
  })
})

describe('a reported fact', () => {
  test.each([
    { name: 'a value', fact: { kind: 'value', value: { enabled: false } } },
    { name: 'absent', fact: { kind: 'absent', why: 'there is none' } },
    { name: 'unsupported', fact: { kind: 'unsupported', why: 'a server has none' } },
    { name: 'unreadable', fact: { kind: 'unreadable', why: 'denied' } },
  ])('$name is admitted', ({ fact }) => {
    expect(parseFact({ ...fact, ...provenance }).ok).toBe(true)
  })

  test.each([
    { name: 'a value without a value', fact: { kind: 'value', ...provenance } },
    { name: 'a value of the wrong shape', fact: { kind: 'value', value: { enabled: 'yes' }, ...provenance } },
    {
      name: 'a value that also says why not',
      fact: { kind: 'value', value: { enabled: true }, why: 'x', ...provenance },
    },
    {
      name: 'unreadable with a value',
      fact: { kind: 'unreadable', why: 'x', value: { enabled: true }, ...provenance },
    },
    { name: 'unreadable without a reason', fact: { kind: 'unreadable', ...provenance } },
    { name: 'unreadable with an empty reason', fact: { kind: 'unreadable', why: '', ...provenance } },
    { name: 'a kind that is not one', fact: { kind: 'assumed', value: { enabled: true }, ...provenance } },
    { name: 'no source', fact: { kind: 'absent', why: 'x', observedAt: provenance.observedAt } },
    { name: 'no time', fact: { kind: 'absent', why: 'x', source: 'x' } },
    { name: 'a bare boolean', fact: true },
    { name: 'null', fact: null },
  ])('$name is refused', ({ fact }) => {
    expect(parseFact(fact).ok).toBe(false)
  })
})

describe('a time', () => {
  const parseTime = parserOf(Time)

  test.each([
    '2026-11-24T08:00:00.000Z',
    '2026-11-24T08:00:00Z',
    '2024-02-29T23:59:59.999999Z',
    '1970-01-01T00:00:00Z',
  ])('%s is admitted, and is a moment', (time) => {
    expect(parseTime(time).ok).toBe(true)
    expect(Date.parse(time)).not.toBeNaN()
  })

  test.each([
    '2016-12-31T23:59:60Z', // RFC 3339 has leap seconds, JavaScript has none
    '2026-11-24T08:00:00+01:00',
    '2026-11-24T08:00:00',
    '2026-11-24 08:00:00Z',
    '2026-02-30T08:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24',
    '24.11.2026 08:00',
    '2026-11-24T08:00:00.000000000000Z',
    '',
  ])('%j is refused', (time) => {
    expect(parseTime(time).ok).toBe(false)
  })
})
