import type { Refusal, TokenVerifier, Verified, VerifierOptions } from '../../shared/gateway-api.ts'
import { createVerifier } from '../../shared/gateway.ts'
import { fakeClock, type FakeClock } from './clock.ts'
import { fakeIssuer, type FakeIssuer } from './issuer.ts'

export const URL = 'https://collector.example'
export const START = new Date('2026-11-24T08:00:00Z')

/** A gateway that verifies attestations, with the collector and the clock that it goes by for a test to bend. */
export type FakeGateway = {
  clock: FakeClock
  collector: FakeIssuer
  verifier: TokenVerifier
  /** Another gateway, with options of its own. */
  verifierOf(more?: Partial<VerifierOptions>): TokenVerifier
  verdict(token: string | Promise<string>, of?: TokenVerifier): Promise<Refusal | 'good'>
  /** So many seconds after now, as a claim has it. */
  seconds(after?: number): number
}

export function fakeGateway(): FakeGateway {
  const clock = fakeClock(START)
  const collector = fakeIssuer(URL, clock.now)
  const verifierOf = (more: Partial<VerifierOptions> = {}) =>
    createVerifier({ issuer: URL, fetch: collector.fetch, clock: clock.now, ...more })
  const verifier = verifierOf()
  return {
    clock,
    collector,
    verifier,
    verifierOf,
    verdict: async (token, of = verifier) => codeOf(await of.verify(await token)),
    seconds: (after = 0) => Math.floor(clock.now().getTime() / 1000) + after,
  }
}

export function codeOf(verified: Verified): Refusal | 'good' {
  return verified.ok ? 'good' : verified.code
}
