import { beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/fakes/clock.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { fakeIssuer, type FakeIssuer } from '../../test/fakes/issuer.ts'
import { inForce } from '../../test/fakes/fleet.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { thumbprint } from '../../shared/jws.ts'
import type { Standing } from '../../shared/standing.ts'
import { heldAttestation, introspected, stillHolds, type HeldAttestation } from './introspection.ts'

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

async function held(): Promise<HeldAttestation> {
  const answer = read(await issuer.attest())
  if (!answer.ok) throw new Error(answer.problem)
  return answer.value
}

test('an attestation of ours is read', async () => {
  expect(await held()).toMatchObject({
    deviceId: issuer.device.id,
    issuer: URL,
    audience: [URL],
    tiers: ['public', 'internal'],
    jkt: thumbprint(issuer.device.jwk),
  })
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

const { policy } = inForce(`version: 1
freshness: 15m
tiers:
  public: []
  internal: [firewall]
  confidential: [screen-lock]
checks:
  firewall: {}
  screen-lock: { within: 15m }
default-tier: internal
`)

const standing = (tiers: string[], otherwise: Partial<Standing> = {}): Standing => ({
  deviceId: issuer.device.id,
  status: 'active',
  tiers,
  checks: [],
  earStatus: 'affirming',
  evidenceAt: START.toISOString(),
  evaluatedAt: START.toISOString(),
  nextChange: null,
  policyVersion: 1,
  ...otherwise,
})

describe('an attestation holds while its device may use every tier that it names', () => {
  test.each<[string, string[], () => Standing | null, boolean, string | null]>([
    ['exactly those', ['public', 'internal'], () => standing(['public', 'internal']), true, null],
    ['more than those', ['public'], () => standing(['public', 'internal']), true, null],
    ['one less', ['public', 'internal'], () => standing(['public']), false, 'not-admitted'],
    ['the lesser of them', ['public', 'internal'], () => standing(['internal']), false, 'not-admitted'],
    ['none any more', ['public', 'internal'], () => standing([]), false, 'not-admitted'],
    [
      'a tier that the policy no longer has',
      ['public', 'secret'],
      () => standing(['public', 'secret']),
      false,
      'tier-unknown',
    ],
    ['no device', ['public'], () => null, false, 'device-unknown'],
    [
      'a device that is locked out',
      ['public'],
      () => standing(['public'], { status: 'locked-out' }),
      false,
      'device-locked-out',
    ],
    ['a device that waits', ['public'], () => standing(['public'], { status: 'pending' }), false, 'not-admitted'],
    ['an attestation that names none', [], () => standing(['public']), false, 'tier-unknown'],
  ])('%s', async (_name, tiers, of, allow, code) => {
    expect(stillHolds({ ...(await held()), tiers }, of(), policy)).toMatchObject({ allow, code })
  })
})

test('what is told ends when the attestation does, or the standing if that is earlier', async () => {
  const attestation = await held()
  expect(introspected(attestation, standing([]))).toEqual({
    active: true,
    scope: 'public internal',
    sub: issuer.device.id,
    aud: [URL],
    iss: URL,
    exp: seconds(600),
    iat: seconds(),
    jti: 'jti-1',
    token_type: 'DPoP',
    cnf: { jkt: thumbprint(issuer.device.jwk) },
    tiers: ['public', 'internal'],
  })
  const soon = standing([], { nextChange: '2026-11-24T08:01:00.500Z' })
  expect(introspected(attestation, soon).exp).toBe(seconds(60))
})
