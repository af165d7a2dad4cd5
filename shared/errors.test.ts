import { describe, expect, test } from 'vitest'
import { ERRORS, MusterError, sentence } from './errors.ts'
import { keysOf } from './schema.ts'

describe.each(keysOf(ERRORS))('the code %s', (code) => {
  const { status, close, title, fix } = ERRORS[code]

  test('is of lower-case words', () => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  test('has an HTTP status of an error and a close code that an endpoint may send', () => {
    expect(status).toSatisfy((it: number) => it >= 400 && it <= 599)
    // RFC 6455, section 7.4: 1005, 1006 and 1015 never travel.
    expect([1000, 1001, 1008, 1009, 1011, 1013]).toContain(close)
  })

  test('has a title without a full stop and a fix with one', () => {
    expect(title).toMatch(/[^.]$/)
    expect(fix).toMatch(/\.$/)
  })
})

describe('an error of the catalogue', () => {
  test('says what its code means, where nothing is known of this case', () => {
    const error = new MusterError('stale')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'MusterError', code: 'stale', message: ERRORS.stale.title })
    expect(error.advice).toBe(`${ERRORS.stale.title}. ${ERRORS.stale.fix} (stale)`)
  })

  test('adds what happened this time, and what caused it', () => {
    const cause = new Error('disk full')
    const error = new MusterError('store-unavailable', 'the disk is full', { cause })
    expect(error.cause).toBe(cause)
    const { title, fix } = ERRORS['store-unavailable']
    expect(error.advice).toBe(`${title}: the disk is full. ${fix} (store-unavailable)`)
  })
})

test.each([
  ['the disk is full', 'the disk is full.'],
  ['did you mean "wren"?', 'did you mean "wren"?'],
  ['Look at the disk.', 'Look at the disk.'],
  ['Stop!', 'Stop!'],
  ['the policy has no group "a.b"', 'the policy has no group "a.b".'],
])('%s ends once', (text, expected) => {
  expect(sentence(text)).toBe(expected)
  const { title, fix } = ERRORS['exception-invalid']
  expect(new MusterError('exception-invalid', text).advice).toBe(`${title}: ${expected} ${fix} (exception-invalid)`)
})
