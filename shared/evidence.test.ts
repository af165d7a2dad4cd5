import { describe, expect, test } from 'vitest'
import { healthyFacts } from '../test/fakes/facts.ts'
import {
  EVIDENCE_PROFILE,
  isWithinSkew,
  parseEnrollment,
  parseEvidence,
  parseSession,
  parseUnchanged,
  parseUnenrollment,
} from './evidence.ts'

const NOW = new Date('2026-11-24T08:00:00.000Z')
const iss = `dev_${'a'.repeat(43)}`
const aud = 'https://collector.example'
const nonce = 'n'.repeat(32)
const iat = NOW.getTime() / 1000
const digest = 'd'.repeat(43)
const device = { hostname: 'h', manufacturer: 'm', model: 'm', serial: '', chassis: 'laptop' }

const kinds = [
  {
    name: 'evidence',
    parse: parseEvidence,
    good: { eat_profile: EVIDENCE_PROFILE, iss, aud, eat_nonce: nonce, iat, seq: 1, facts: healthyFacts(NOW) },
    bad: {
      'another profile': { eat_profile: 'tag:muster.example,2026:evidence#2' },
      'the profile of an attestation': { eat_profile: 'tag:ietf.org,2026:rats/ear#04' },
      'no device': { iss: 'dev_x' },
      'sequence 0': { seq: 0 },
      'a sequence that numbers cannot tell apart': { seq: 2 ** 53 },
      'a nonce that is too short': { eat_nonce: 'n' },
      'a nonce that is too long': { eat_nonce: 'n'.repeat(89) },
      'two nonces': { eat_nonce: [nonce, nonce] },
      'a time with a fraction': { iat: iat + 0.5 },
      'a time in milliseconds beyond reason': { iat: iat * 1000 },
      'a time in words': { iat: NOW.toISOString() },
      'two audiences': { aud: [aud, 'https://evil.example'] },
      'a signal that is not one': { facts: { trusted: true } },
    },
  },
  {
    name: 'unchanged',
    parse: parseUnchanged,
    good: { iss, aud, eat_nonce: nonce, iat, seq: 2, evidence: digest },
    bad: { 'no digest': { evidence: 'x' }, 'facts of its own': { facts: {} } },
  },
  {
    name: 'a session',
    parse: parseSession,
    good: { aud, nonce, iat, boot: 'b' },
    bad: { 'an empty boot id': { boot: '' }, 'a long boot id': { boot: 'b'.repeat(65) } },
  },
  {
    name: 'an enrolment',
    parse: parseEnrollment,
    good: { aud, nonce, iat, secret: digest, keyProtection: 'software', device, platform: 'macos' },
    bad: {
      'a secret in clear': { secret: 'hunter2' },
      'a protection that is not one': { keyProtection: 'yubikey' },
      'a device of another shape': { device: { ...device, serial: undefined } },
      'a tag of its own choice': { tags: ['admin'] },
    },
  },
  {
    name: 'an unenrolment',
    parse: parseUnenrollment,
    good: { aud, iss, nonce, iat },
    bad: { 'no issuer': { iss: '' } },
  },
]

describe.each(kinds)('$name', ({ parse, good, bad }) => {
  test('is admitted where it is good', () => {
    expect(parse(good)).toEqual({ ok: true, value: good })
  })

  test.each(Object.keys(good))('is refused without %s', (key) => {
    expect(parse({ ...good, [key]: undefined }).ok).toBe(false)
    expect(parse(Object.fromEntries(Object.entries(good).filter(([it]) => it !== key))).ok).toBe(false)
  })

  test.each(Object.entries<object>({ ...bad, 'a key that is not known': { admin: true } }))(
    'is refused with %s',
    (_, wrong) => {
      expect(parse({ ...good, ...wrong }).ok).toBe(false)
    },
  )
})

test('none is taken for another', () => {
  for (const { parse, name } of kinds) {
    for (const other of kinds) expect(parse(other.good).ok).toBe(other.name === name)
  }
})

test.each([
  { seconds: 0, within: true },
  { seconds: 120, within: true },
  { seconds: -120, within: true },
  { seconds: 121, within: false },
  { seconds: -121, within: false },
  { seconds: Number.NaN, within: false },
])('a clock that is $seconds s off is near enough: $within', ({ seconds, within }) => {
  expect(isWithinSkew(iat + seconds, NOW)).toBe(within)
})
