import { expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import type { Attestation, Verified } from './gateway-api.ts'
import { openVerifiedTokens, type KnownToken } from './verified-tokens.ts'

const device = fakeDevice('https://collector.example')

/** A token with its own signature, as long as a real one. */
function known(number: number): KnownToken {
  const token = `head.body.${String(number).padStart(86, 'A')}`
  const attestation = {} as Attestation
  const answer = Promise.resolve<Verified>({ ok: true, attestation })
  return { token, kid: '1', key: device.key, attestation, notBefore: 0, answer, from: 0, until: 1 }
}

test('the newest are kept, and no more than are asked for', () => {
  const tokens = openVerifiedTokens(3)
  for (let number = 0; number < 10; number++) tokens.keep(known(number))
  const kept = Array.from({ length: 10 }, (_, number) => tokens.find(known(number).token) !== undefined)
  expect(kept.map((is, number) => is && number).filter((it) => it !== false)).toEqual([7, 8, 9])
})

test('one that is kept anew takes the place of what was known of it, and is the newest', () => {
  const tokens = openVerifiedTokens(2)
  for (const number of [1, 2, 1, 3]) tokens.keep(known(number))
  expect(tokens.find(known(1).token)).toBeDefined()
  expect(tokens.find(known(2).token)).toBeUndefined()
  const later = { ...known(1), until: 7 }
  tokens.keep(later)
  expect(tokens.find(later.token)).toBe(later)
})

test.each(['', 'A', known(1).token.slice(1), `x${known(1).token}`, known(1).token.replace('body', 'Body')])(
  '%j is not the token that has the same end',
  (token) => {
    const tokens = openVerifiedTokens(2)
    tokens.keep(known(1))
    expect(tokens.find(token)).toBeUndefined()
  },
)
