import type { KeyObject } from 'node:crypto'
import type { Attestation, Verified } from './gateway-api.ts'

/** A token whose signature and claims were found right, with what they say. */
export type KnownToken = {
  token: string
  kid: string
  /** The key that signed it. */
  key: KeyObject
  attestation: Attestation
  /** Its `nbf` or `iat`, in milliseconds. */
  notBefore: number
  /** The answer of then, good from and until these moments: neither the token, nor its key, nor its status list ends before. */
  answer: Promise<Verified>
  from: number
  until: number
}

/** Tokens that were verified, the newest of them: a bounded number. */
export type VerifiedTokens = {
  find(token: string): KnownToken | undefined
  keep(known: KnownToken): void
}

/** Characters of a signature of 64 bytes in base64url. */
const SIGNATURE = 86

export function openVerifiedTokens(most: number): VerifiedTokens {
  // By the signature, which is read more quickly than a whole token; the whole of it has to be the same all the same.
  const known = new Map<string, KnownToken>()
  return {
    find(token) {
      const it = known.get(token.slice(-SIGNATURE))
      return it?.token === token ? it : undefined
    },
    keep(it) {
      const key = it.token.slice(-SIGNATURE)
      known.delete(key)
      known.set(key, it)
      const [oldest] = known.size > most ? known.keys() : []
      if (oldest !== undefined) known.delete(oldest)
    },
  }
}

/** Makes what everybody gets safe from everybody. Its dates cannot be frozen, and nothing is decided by them. */
export function frozen(attestation: Attestation): Attestation {
  const { tiers, checks, vector, policyIds, reference } = attestation
  for (const check of checks) Object.freeze(check)
  for (const part of [tiers, checks, vector, policyIds, reference]) Object.freeze(part)
  return Object.freeze(attestation)
}
