import { Type, type Static } from 'typebox'
import { DEVICE_ID } from './evidence.ts'
import { parseJws, signJws, TYP, type Jws, type Sign } from './jws.ts'
import { parserOf, strict, type Parsed } from './schema.ts'

/** Where an agent answers the browsers of its own laptop, on 127.0.0.1: the first of these ports that is free. */
export const AGENT_PORTS = [7411, 7412, 7413, 7414, 7415] as const

/** What an agent says of itself in its answer to `GET /v1/hello`. */
export const AGENT_PRODUCT = 'muster-agent'

/** How long a proof is good, in seconds. */
const BROWSER_PROOF_SECONDS = 60

/** Longest proof, in characters: the longest claims that the schema admits make one of about 2,300. */
export const BROWSER_PROOF_LENGTH = 4096

/** A nonce of the device check: base64url, so that it stands in an address and in a page as it is. */
export const BROWSER_NONCE = '^[A-Za-z0-9_-]{16,88}$'

const Origin = Type.String({ pattern: '^https?://[^\\s/?#]+$', maxLength: 300 })
const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 40 })

/** Answer of the agent's `GET /v1/hello`: the page looks for the agent that is enrolled at its own issuer. */
export type AgentHello = { product: typeof AGENT_PRODUCT; version: string; issuer: string }

/** Body of the agent's `POST /v1/proof`. */
const BrowserProofRequest = strict({ nonce: Type.String({ pattern: BROWSER_NONCE }) })

/** Answer of the agent's `POST /v1/proof`, and body of the collector's `POST /v1/device-check/proof`. */
export const BrowserProofBody = strict({ proof: Type.String({ minLength: 1, maxLength: BROWSER_PROOF_LENGTH }) })

/** "The browser that brings this nonce runs on this device": what the agent signs with the key of the device. */
export const BrowserClaims = strict({
  iss: Type.String({ pattern: DEVICE_ID }),
  /** The issuer of the collector. */
  aud: Origin,
  nonce: Type.String({ pattern: BROWSER_NONCE }),
  /** Of the page that asked; the agent answers that of the issuer only. */
  origin: Origin,
  /** Seconds since 1970 by the clock of the collector, as the agent knows it. */
  iat: Seconds,
  exp: Seconds,
  /** Of this proof alone, base64url. */
  jti: Type.String({ pattern: '^[A-Za-z0-9_-]{16,64}$' }),
})
export type BrowserClaims = Static<typeof BrowserClaims>

const parseClaims = parserOf(BrowserClaims)

/** Signs a proof (JWS, ES256, `typ: muster-browser+jwt`, `kid` the device id) that is good from `iat` on for a minute. */
export function signBrowserProof(claims: Omit<BrowserClaims, 'exp'>, sign: Sign): Promise<string> {
  const all: BrowserClaims = { ...claims, exp: claims.iat + BROWSER_PROOF_SECONDS }
  return signJws({ typ: TYP.browser, kid: claims.iss }, all, sign)
}

/** A proof taken apart; nothing in it is true before `isSignedBy` has said so with the key of the device it names. */
export type BrowserProof = { jws: Jws; claims: BrowserClaims }

/**
 * Takes a proof apart. Whose key, which issuer, which nonce and which time are right is for the collector to say; here
 * it only has to name one device, bring no key of its own, and live as long as a proof does.
 */
export function parseBrowserProof(compact: string): Parsed<BrowserProof> {
  if (compact.length > BROWSER_PROOF_LENGTH) return { ok: false, problem: 'it is too long' }
  const jws = parseJws(compact, TYP.browser)
  if (!jws.ok) return jws
  const { header } = jws.value
  if (header.jwk) return { ok: false, problem: 'header: it brings a key of its own' }
  const claims = parseClaims(jws.value.claims)
  if (!claims.ok) return { ok: false, problem: `claims: ${claims.problem}` }
  const { iss, iat, exp } = claims.value
  if (header.kid !== iss) return { ok: false, problem: 'its kid is not the device that it is of' }
  if (exp !== iat + BROWSER_PROOF_SECONDS) return { ok: false, problem: 'it does not live as long as a proof does' }
  return { ok: true, value: { jws: jws.value, claims: claims.value } }
}

export const parseBrowserProofRequest = parserOf(BrowserProofRequest)
