import { randomBytes } from 'node:crypto'
import { LIMITS } from '../shared/limits.ts'

/** A fresh nonce of a conversation. */
export function newNonce(): string {
  return randomBytes(LIMITS.nonceBytes).toString('base64url')
}

/** Nonces that anybody may ask for: each is good once and for a while, and only so many are kept. */
export type NonceBook = { issue(): string; spend(nonce: string): boolean }

export function nonceBook(lifeSeconds: number, atMost: number, clock: () => Date): NonceBook {
  const ends = new Map<string, number>()
  return {
    issue() {
      const now = clock().getTime()
      // A map keeps the order of insertion, so the first are the oldest.
      for (const [nonce, end] of ends) {
        if (end > now && ends.size < atMost) break
        ends.delete(nonce)
      }
      const nonce = newNonce()
      ends.set(nonce, now + lifeSeconds * 1000)
      return nonce
    },
    spend(nonce) {
      const end = ends.get(nonce)
      ends.delete(nonce)
      return end !== undefined && clock().getTime() < end
    },
  }
}
