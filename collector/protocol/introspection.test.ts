import { beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/fakes/clock.ts'
import { fakeIssuer, type FakeIssuer } from '../../test/fakes/issuer.ts'
import { inForce } from '../../test/fakes/fleet.ts'
import { thumbprint } from '../../shared/jws.ts'
import type { Standing } from '../../shared/standing.ts'
import { heldAttestation, type HeldAttestation } from './held-attestation.ts'
import { introspected, stillHolds } from './introspection.ts'

const URL = 'https://collector.example'
const START = new Date('2026-11-24T08:00:00Z')

let clock: FakeClock
let issuer: FakeIssuer
beforeEach(() => {
  clock = fakeClock(START)
  issuer = fakeIssuer(URL, clock.now)
})

const seconds = (after = 0) => Math.floor(clock.now().getTime() / 1000) + after
async function held(): Promise<HeldAttestation> {
  const keys = [{ ...issuer.key.jwk, kid: issuer.kid }]
  const answer = heldAttestation(await issuer.attest(), { keys, issuerUrl: URL, audiences: [URL], now: clock.now() })
  if (!answer.ok) throw new Error(answer.problem)
  return answer.value
}

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
