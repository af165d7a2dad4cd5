import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import { Type } from 'typebox'
import { fetchText, type Fetch } from './fetch-text.ts'
import { PublicJwk } from './jws.ts'
import { refused, type Refused } from './refusal.ts'
import { jsonParserOf, oneOf, parserOf, type Parsed } from './schema.ts'

/** The collector's public keys, fetched when they are needed. */
export type GatewayKeys = {
  /** What finds the key of a token for `jose`, once the collector has published a key of that name. */
  keysFor(kid: string): Promise<{ ok: true; value: JWTVerifyGetKey } | Refused>
}

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

type KeySet = { kids: ReadonlySet<string>; find: JWTVerifyGetKey; at: Date }

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

  /** Everybody who waits shares one request. */
  const refreshed = () => (fetching ??= refresh().finally(() => (fetching = null)))

  return {
    async keysFor(kid) {
      const isKnown = (within: number) => current?.kids.has(kid) === true && isWithin(current.at, within, clock())
      const patience = tried?.problem && !isKnown(STALE_MS) ? PATIENCE_MS.withoutKeys : PATIENCE_MS.usual
      const hasJustTried = tried !== null && isWithin(tried.at, patience, clock())
      if (!isKnown(FRESH_MS) && !hasJustTried) await refreshed()
      if (current && isKnown(STALE_MS)) return { ok: true, value: current.find }
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
  const keys = jwks.value.keys.flatMap((input) => {
    const key = parseKey(input)
    return key.ok ? [key.value] : []
  })
  return { ok: true, value: { kids: new Set(keys.map(({ kid }) => kid)), find: createLocalJWKSet({ keys }), at } }
}
