import { beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/fakes/clock.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { fakeIssuer, type FakeIssuer } from '../../test/fakes/issuer.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { thumbprint } from '../../shared/jws.ts'
import { heldAttestation } from './held-attestation.ts'

const URL = 'https://collector.example'
const START = new Date('2026-11-24T08:00:00Z')

let clock: FakeClock
let issuer: FakeIssuer
beforeEach(() => {
  clock = fakeClock(START)
  issuer = fakeIssuer(URL, clock.now)
})

const seconds = (after = 0) => Math.floor(clock.now().getTime() / 1000) + after
const read = (token: string, audiences: readonly string[] = [URL]) =>
  heldAttestation(token, {
    keys: [{ ...issuer.key.jwk, kid: issuer.kid }],
    issuerUrl: URL,
    audiences,
    now: clock.now(),
  })

test('an attestation of ours is read', async () => {
  const value = {
    deviceId: issuer.device.id,
    issuer: URL,
    audience: [URL],
    tiers: ['public', 'internal'],
    jkt: thumbprint(issuer.device.jwk),
  }
  expect(read(await issuer.attest())).toMatchObject({ ok: true, value })
})

describe('is none that holds', () => {
  const other = fakeDevice(URL)
  test.each<[string, () => Promise<string>, RegExp]>([
    ['what is no token', async () => 'token', /not a compact/],
    ['nothing', async () => '', /not a compact/],
    ['one of another kind', () => issuer.attest({}, { typ: 'at+jwt' }), /typ/],
    ['a status list', () => issuer.statusList(), /typ/],
    ['one signed by another key', () => issuer.attest({}, {}, other), /signature is wrong/],
    [
      'one of a key that is unknown',
      () => issuer.attest({}, { kid: thumbprint(other.jwk) }, other),
      /no key of this collector/,
    ],
    [
      'one that brings its key along',
      () => issuer.attest({}, { kid: thumbprint(other.jwk), jwk: other.jwk }, other),
      /no key of this collector/,
    ],
    ['one of ours that brings a key along', () => issuer.attest({}, { jwk: other.jwk }), /no key of this collector/],
    ['one of another issuer', () => issuer.attest({ iss: 'https://other.example' }), /another issuer/],
    ['one for another audience', () => issuer.attest({ aud: ['https://gateway.example'] }), /another audience/],
    ['one for nobody', () => issuer.attest({ aud: [] }), /another audience/],
    ['one whose audience is no list', () => issuer.attest({ aud: URL }), /aud/],
    ['one that is over', () => issuer.attest({ exp: seconds() }), /over/],
    ['one that is not valid yet', () => issuer.attest({ nbf: seconds(1) }), /not valid yet/],
    ['one that says not from when', () => issuer.attest({ nbf: undefined }), /nbf/],
    ['one without an end', () => issuer.attest({ exp: undefined }), /exp/],
    ['evidence', () => issuer.attest({ eat_profile: 'tag:muster.example,2026:evidence#1' }), /eat_profile/],
    ['one without a device', () => issuer.attest({ submods: {} }), /submods/],
  ])('%s', async (_name, token, problem) => {
    expect(read(await token())).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  })

  test('whatever is changed of a good one', async () => {
    const token = await issuer.attest()
    const good = [...mutations(token, 2000)].filter((it) => it !== token).filter((it) => read(it).ok)
    expect(good).toEqual([])
  })
})

test('one for a gateway of its own is read for that', async () => {
  const token = await issuer.attest({ aud: ['wiki.example.com'] })
  expect([read(token).ok, read(token, [URL, 'wiki.example.com']).ok]).toEqual([false, true])
})
