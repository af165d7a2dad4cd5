import { describe, expect, test } from 'vitest'
import { mutations } from '../test/fakes/mutations.ts'
import {
  enrollmentString,
  parseEnrolled,
  parseEnrollmentNonce,
  parseEnrollmentString,
  type EnrollmentTicket,
} from './enrollment.ts'
import { MusterError } from './errors.ts'

const ticket = { url: 'https://collector.example:7400', secret: 's'.repeat(43) }
const pinned = { ...ticket, pin: 'p'.repeat(43) }
const string = enrollmentString(ticket)
const encoded = (it: unknown) => `muster1.${Buffer.from(JSON.stringify(it)).toString('base64url')}`

describe('an enrolment string', () => {
  test.each([
    { name: 'as it was made', pasted: string, expected: ticket },
    { name: 'with a pin', pasted: enrollmentString(pinned), expected: pinned },
    { name: 'with white space around it', pasted: `\t ${string}\r\n`, expected: ticket },
    { name: 'broken into lines by e-mail', pasted: string.replace(/.{20}/g, '$&\r\n  '), expected: ticket },
    { name: 'inside a link', pasted: `muster://enroll?e=${string}`, expected: ticket },
    { name: 'inside a link as some systems write it', pasted: `muster://enroll/?e=${string}`, expected: ticket },
    {
      name: 'of a collector on this machine',
      pasted: enrollmentString({ ...ticket, url: 'http://127.0.0.1:7400' }),
      expected: { ...ticket, url: 'http://127.0.0.1:7400' },
    },
  ])('is read: $name', ({ pasted, expected }) => {
    expect(parseEnrollmentString(pasted)).toEqual(expected)
  })

  test.each([
    { name: 'nothing', pasted: '' },
    { name: 'only the prefix', pasted: 'muster1.' },
    { name: 'without the prefix', pasted: string.slice('muster1.'.length) },
    { name: 'of a version to come', pasted: string.replace('muster1', 'muster2') },
    { name: 'cut off', pasted: string.slice(0, -20) },
    { name: 'not base64url', pasted: 'muster1.äöü' },
    { name: 'another link', pasted: `https://enroll?e=${string}` },
    { name: 'no JSON', pasted: `muster1.${Buffer.from('url=x').toString('base64url')}` },
    { name: 'null', pasted: encoded(null) },
    { name: 'a secret that is too short', pasted: encoded({ ...ticket, secret: 'short' }) },
    { name: 'no secret', pasted: encoded({ url: ticket.url }) },
    { name: 'an address with a path', pasted: encoded({ ...ticket, url: 'https://collector.example/a' }) },
    { name: 'an address with a query', pasted: encoded({ ...ticket, url: 'https://collector.example?a' }) },
    { name: 'an address that is a script', pasted: encoded({ ...ticket, url: 'javascript:alert(1)' }) },
    { name: 'a pin that is no digest', pasted: encoded({ ...ticket, pin: 'sha256' }) },
    { name: 'a key that is not known', pasted: encoded({ ...ticket, insecure: true }) },
  ])('is refused: $name', ({ pasted }) => {
    expect(() => parseEnrollmentString(pasted)).toThrow(
      expect.objectContaining({ name: 'MusterError', code: 'enrollment-string-invalid' }),
    )
  })

  test('never tells the secret in an error', () => {
    expect(() => parseEnrollmentString(encoded({ ...ticket, url: 1 }))).toThrow(/^url must be string$/)
  })

  test('damaged in any way is refused with its code, or holds a ticket of the right shape', () => {
    const tickets: EnrollmentTicket[] = []
    for (const pasted of mutations(string, 3000)) {
      try {
        tickets.push(parseEnrollmentString(pasted))
      } catch (error) {
        if (!(error instanceof MusterError)) throw error
      }
    }
    for (const { secret } of tickets) expect(secret).toMatch(/^[A-Za-z0-9_-]{32,86}$/)
  })
})

describe('answers of the collector to an enrolment', () => {
  const deviceId = `dev_${'a'.repeat(43)}`

  test.each(['active', 'pending'])('a device may be %s', (status) => {
    expect(parseEnrolled({ deviceId, issuer: ticket.url, status }).ok).toBe(true)
  })

  test.each([
    { deviceId, issuer: ticket.url, status: 'locked-out' },
    { deviceId: '../../etc/passwd', issuer: ticket.url, status: 'active' },
    { deviceId, status: 'active' },
    null,
  ])('%j is no enrolment', (answer) => {
    expect(parseEnrolled(answer).ok).toBe(false)
  })

  test('a nonce comes with its life', () => {
    expect(parseEnrollmentNonce({ nonce: 'n'.repeat(32), expiresIn: 300 }).ok).toBe(true)
    expect(parseEnrollmentNonce({ nonce: 'n'.repeat(32) }).ok).toBe(false)
  })
})
