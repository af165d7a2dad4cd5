import type { KeyObject } from 'node:crypto'
import { Type } from 'typebox'
import { fetchText, type Fetch } from './fetch-text.ts'
import type { Refused } from './gateway-api.ts'
import { PublicJwk, publicKeyOf } from './jws.ts'
import { refused } from './refusal.ts'
import { jsonParserOf, oneOf, parserOf, type Parsed } from './schema.ts'

/** The collector's public keys, fetched when they are needed. */
export type GatewayKeys = {
  /** The key of that name, once the collector has published one. */
  keyFor(kid: string): Promise<FoundKey | Refused>
}

/** `until` is when to ask for it again. The same key is the same object for as long as the collector was not asked anew. */
export type FoundKey = { ok: true; value: KeyObject; until: Date }

export type GatewayKeysOptions = { issuer: string; fetch: Fetch; clock: () => Date; timeoutMs: number }

/** As long as the collector's header says. */
const FRESH_MS = 300_000
/**
 * A key of a name that nobody has heard of is no reason to ask more often than this, nor is a collector that is away,
 * unless nothing can be verified without it.
 */
const PATIENCE_MS = { usual: 30_000, withoutKeys: 1000 }
/** Keys are used for this long where newer ones cannot be had: the collector may be away, and its word still hold. */
const STALE_MS = 24 * 3_600_000
const JWKS_BYTES = 64 * 1024

const parseJwks = jsonParserOf(Type.Object({ keys: Type.Array(Type.Unknown(), { maxItems: 100 }) }))
const parseKey = parserOf(
  Type.Object({
    ...PublicJwk.properties,
    kid: Type.String({ minLength: 1, maxLength: 100 }),
    alg: Type.Optional(oneOf(['ES256'])),
    use: Type.Optional(oneOf(['sig'])),
  }),
)

/** A name with null has no key that can be used: it is no point of the curve, or two keys have the name. */
type KeySet = { keys: ReadonlyMap<string, KeyObject | null>; at: Date }

export function openGatewayKeys({ issuer, fetch, clock, timeoutMs }: GatewayKeysOptions): GatewayKeys {
  const url = `${issuer}/.well-known/jwks.json`
  let current: KeySet | null = null
  let tried: { at: Date; problem: string } | null = null
  let fetching: Promise<void> | null = null

  async function refresh(): Promise<void> {
    const at = clock()
    const accept = 'application/jwk-set+json, application/json'
    const text = await fetchText(fetch, { url, accept, maxBytes: JWKS_BYTES, timeoutMs })
    const keys = text.ok ? keySetOf(text.value, at) : text
    tried = { at, problem: keys.ok ? '' : keys.problem }
    if (keys.ok) current = keys.value
  }

  /** When keys of that moment are looked at again: where newer ones cannot be had, as soon as they are asked for next. */
  function nextLook(at: Date): Date {
    const isFresh = isWithin(at, FRESH_MS, clock())
    const [from, after] = isFresh ? [at, FRESH_MS] : [tried?.at ?? at, PATIENCE_MS.usual]
    return new Date(Math.min(from.getTime() + after, at.getTime() + STALE_MS))
  }

  /** Everybody who waits shares one request. */
  const refreshed = () => (fetching ??= refresh().finally(() => (fetching = null)))

  return {
    async keyFor(kid) {
      const isKnown = (within: number) => current?.keys.has(kid) === true && isWithin(current.at, within, clock())
      const patience = tried?.problem && !isKnown(STALE_MS) ? PATIENCE_MS.withoutKeys : PATIENCE_MS.usual
      const hasJustTried = tried !== null && isWithin(tried.at, patience, clock())
      if (!isKnown(FRESH_MS) && !hasJustTried) await refreshed()
      const key = isKnown(STALE_MS) ? current?.keys.get(kid) : undefined
      if (key && current) return { ok: true, value: key, until: nextLook(current.at) }
      if (key === null) return refused('signature-invalid', 'the collector has published no usable key of that name')
      return tried?.problem ? refused('keys-unavailable', tried.problem) : refused('key-unknown')
    },
  }
}

/** Whether less than so much time has passed since a moment; a clock that was set back has us look again. */
function isWithin(since: Date, milliseconds: number, now: Date): boolean {
  return since <= now && now.getTime() - since.getTime() < milliseconds
}

/** The keys of a JWK Set that are of our kind; a newer collector may have others besides. */
function keySetOf(json: string, at: Date): Parsed<KeySet> {
  const jwks = parseJwks(json)
  if (!jwks.ok) return { ok: false, problem: `the keys of the collector cannot be read: ${jwks.problem}` }
  const keys = new Map<string, KeyObject | null>()
  for (const input of jwks.value.keys) {
    const key = parseKey(input)
    if (!key.ok) continue
    const { kid, kty, crv, x, y } = key.value
    keys.set(kid, keys.has(kid) ? null : (publicKeyOf({ kty, crv, x, y }) ?? null))
  }
  return { ok: true, value: { keys, at } }
}
