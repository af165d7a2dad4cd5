import { createHmac } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { comparableUrl } from './comparable-url.ts'
import { PublicJwk, TYP, digest, isSignedBy, parseJwsWith, publicKeyOf, thumbprint } from './jws.ts'
import { LIMITS } from './limits.ts'
import { oneOf, parserOf } from './schema.ts'

/** What came with a request, and the token whose holder it has to prove (RFC 9449). */
export type DpopRequest = {
  /** Every `DPoP` header of the request. */
  proofs: readonly string[]
  method: string
  /** The absolute address that the client asked for. Its query does not count. */
  url: string
  /** The attestation, as it stands in `Authorization`. */
  token: string
  /** The thumbprint of the key that the token is bound to: its `cnf.jkt`. */
  jkt: string
}

export type DpopCode = 'proof-missing' | 'proof-invalid' | 'nonce-needed' | 'proof-replayed'
export type DpopAnswer = { ok: true } | { ok: false; code: DpopCode; problem: string }

/**
 * Checks proofs of possession, each of which needs a nonce of this checker and counts once.
 *
 * What was spent is remembered for as long as its nonce is taken, and no longer: a nonce lives for two windows of a minute,
 * and each window has a memory of its own, which goes when its nonce goes. A memory that is full ends its window early:
 * the nonce changes at once, the old ones are taken no more, and clients are told the new one. So the memory has an
 * end, and yet nothing in it is forgotten while it could be used again.
 *
 * A server that runs several processes needs a checker and a secret for each, and clients that come back to the same one, or take a new nonce.
 */
export type DpopChecker = {
  /** For the header `DPoP-Nonce`: taken for one to two minutes. */
  nonce(): string
  /** `spend: false`: for an answer that lets nobody in anyway. It takes no notice of what was spent, and spends nothing. */
  check(request: DpopRequest, spend?: boolean): DpopAnswer
}

export type DpopOptions = {
  clock: () => Date
  /** Random, and made when the program starts: what was spent before that is remembered by nobody, so its nonces must not count. */
  secret: Uint8Array
  /** How many proofs are remembered in a window. */
  remembered?: number
}

const WINDOW_MS = 60_000
/** About 9 MB when full. */
const REMEMBERED = 100_000
const PROOF_CHARACTERS = 8 * 1024

/** Private members of JWKs of all kinds (RFC 7518, section 6): a proof that has one has given its key away. */
const Absent = Type.Optional(Type.Never())
const PRIVATE = { d: Absent, p: Absent, q: Absent, dp: Absent, dq: Absent, qi: Absent, oth: Absent, k: Absent }

const parseHeader = parserOf(
  Type.Object({
    alg: oneOf(['ES256']),
    typ: Type.String({ maxLength: 60 }),
    /** Other members of the key say nothing that matters here, and some libraries write them. */
    jwk: Type.Object({ ...PublicJwk.properties, ...PRIVATE }),
    /** Whatever it names is not understood here, so the proof has to be refused (RFC 7515, section 4.1.11). */
    crit: Absent,
  }),
)

const Claims = Type.Object({
  jti: Type.String({ minLength: 1, maxLength: 256 }),
  htm: Type.String({ maxLength: 40 }),
  htu: Type.String({ maxLength: 4096 }),
  iat: Type.Number(),
  ath: Type.String({ maxLength: 100 }),
  nonce: Type.Optional(Type.String({ maxLength: 256 })),
  exp: Type.Optional(Type.Number()),
  nbf: Type.Optional(Type.Number()),
})
type Claims = Static<typeof Claims>

const parseClaims = parserOf(Claims)

type Window = { number: number; nonce: string; spent: Set<string> }

export function openDpop({ clock, secret, remembered = REMEMBERED }: DpopOptions): DpopChecker {
  let begun = 0
  let current = windowOf(Math.floor(clock().getTime() / WINDOW_MS))
  let previous: Window | null = null

  /** No nonce comes twice: what is spent with one that is gone is gone for good, also where a clock is set back. */
  function windowOf(number: number): Window {
    const nonce = createHmac('sha256', secret).update(`${number} ${begun++}`).digest('base64url')
    return { number, nonce, spent: new Set() }
  }

  function turn(): void {
    const number = Math.floor(clock().getTime() / WINDOW_MS)
    if (number <= current.number) return
    previous = number === current.number + 1 ? current : null
    current = windowOf(number)
  }

  function spendIn(window: Window, proof: string): DpopAnswer {
    if (window.spent.has(proof)) return no('proof-replayed', 'it was used before')
    window.spent.add(proof)
    if (window.spent.size >= remembered) {
      previous = null
      current = windowOf(current.number)
    }
    return { ok: true }
  }

  function check(request: DpopRequest, spend = true): DpopAnswer {
    const { proofs, jkt } = request
    const [proof] = proofs
    if (proof === undefined) return no('proof-missing', 'there is no DPoP header')
    if (proofs.length > 1) return no('proof-invalid', 'there is more than one DPoP header')
    if (typeof proof !== 'string' || proof.length > PROOF_CHARACTERS) return no('proof-invalid', 'it is too long')
    const jws = parseJwsWith(parseHeader, proof, TYP.dpop)
    if (!jws.ok) return no('proof-invalid', jws.problem)
    const claims = parseClaims(jws.value.claims)
    if (!claims.ok) return no('proof-invalid', `claims: ${claims.problem}`)
    const { jwk } = jws.value.header
    if (thumbprint(jwk) !== jkt) return no('proof-invalid', 'it is of another key than the one that the token names')
    const problem = problemOf(claims.value, request, clock())
    if (problem !== null) return no('proof-invalid', problem)
    const key = publicKeyOf(jwk)
    if (!key || !isSignedBy(jws.value, key))
      return no('proof-invalid', 'its signature is not of the key that it brings')

    const { nonce, jti } = claims.value
    if (nonce === undefined) return no('nonce-needed', 'it has no nonce')
    turn()
    const window = [current, previous].find((it) => it?.nonce === nonce)
    if (!window) return no('nonce-needed', 'its nonce is not one that is taken now')
    // By the key as well: nobody can use up the ids of another device.
    return spend ? spendIn(window, digest(`${jkt} ${jti}`)) : { ok: true }
  }

  return {
    nonce() {
      turn()
      return current.nonce
    },
    check,
  }
}

/** What is wrong with the claims of a proof for a request; null where nothing is. */
function problemOf(claims: Claims, { method, url, token }: DpopRequest, now: Date): string | null {
  const seconds = now.getTime() / 1000
  const skew = LIMITS.clockSkewSeconds
  if (claims.htm !== method) return 'htm is not the method of the request'
  const asked = comparableUrl(url)
  if (asked === undefined) return 'the address of the request cannot be read'
  if (comparableUrl(claims.htu) !== asked) return 'htu is not the address of the request'
  if (claims.ath !== digest(token)) return 'ath is not the hash of the token'
  if (!(Math.abs(seconds - claims.iat) <= skew)) return `iat is more than ${skew} seconds from now: compare the clocks`
  if (claims.exp !== undefined && !(claims.exp > seconds)) return 'it is over'
  if (claims.nbf !== undefined && !(claims.nbf <= seconds + skew)) return 'it is of the future'
  return null
}

function no(code: DpopCode, problem: string): DpopAnswer {
  return { ok: false, code, problem: `DPoP proof: ${problem}` }
}
