import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import { jsonParserOf, strict, text } from '../shared/schema.ts'
import { SCOPES, type GatewayRecord, type Scope } from './store/store.ts'

/** Those of a gateway, and the two by which receivers of shared signals ask for less (CAEP interoperability profile). */
export const ACCESS_SCOPES: readonly AccessScope[] = [...SCOPES, 'ssf.read', 'ssf.manage']
export type AccessScope = Scope | 'ssf.read' | 'ssf.manage'

/** How long an access token is good for: the profile asks for an hour at most. */
export const ACCESS_TOKEN_SECONDS = 1800

/** What an access token says: who may do what, for how long, and with which certificate alone (RFC 8705, section 3). */
export type AccessToken = {
  gatewayId: string
  scopes: readonly AccessScope[]
  /** Null: whoever holds the token may use it. */
  certificate: string | null
  expiresAt: Date
}

/** Signs and reads the access tokens of gateways (RFC 9068). Only the collector reads them, so it signs with a secret. */
export type AccessTokens = {
  issue(of: Omit<AccessToken, 'expiresAt'>): string
  /** What a token says; null where it is not one of ours that is good now. */
  read(token: string): AccessToken | null
}

/** More than any of ours has. */
const CHARACTERS = 2000
const HEADER = encode({ alg: 'HS256', typ: 'at+jwt' })

const Claims = strict({
  iss: text(300),
  aud: text(300),
  sub: text(60),
  client_id: text(60),
  iat: Type.Integer(),
  exp: Type.Integer(),
  jti: text(60),
  scope: text(200),
  cnf: Type.Optional(strict({ 'x5t#S256': text(60) })),
})
const parseClaims = jsonParserOf(Claims)

export function openAccessTokens(options: { issuerUrl: string; secret: Uint8Array; clock: () => Date }): AccessTokens {
  const { issuerUrl, secret, clock } = options
  const signatureOf = (signed: string) => createHmac('sha256', secret).update(signed).digest('base64url')
  const now = () => Math.floor(clock().getTime() / 1000)

  return {
    issue({ gatewayId, scopes, certificate }) {
      const claims = {
        iss: issuerUrl,
        aud: issuerUrl,
        sub: gatewayId,
        client_id: gatewayId,
        iat: now(),
        exp: now() + ACCESS_TOKEN_SECONDS,
        jti: randomUUID(),
        scope: scopes.join(' '),
        ...(certificate !== null && { cnf: { 'x5t#S256': certificate } }),
      }
      const signed = `${HEADER}.${encode(claims)}`
      return `${signed}.${signatureOf(signed)}`
    },
    read(token) {
      if (token.length > CHARACTERS || !token.startsWith(`${HEADER}.`)) return null
      const dot = token.lastIndexOf('.')
      if (!isSame(token.slice(dot + 1), signatureOf(token.slice(0, dot)))) return null
      const parsed = parseClaims(Buffer.from(token.slice(HEADER.length + 1, dot), 'base64url').toString())
      if (!parsed.ok) return null
      const { iss, aud, sub, exp, scope, cnf } = parsed.value
      const left = exp - now()
      // One that would be good for longer than any is was made under a clock that has been set back since.
      if (iss !== issuerUrl || aud !== issuerUrl || left <= 0 || left > ACCESS_TOKEN_SECONDS) return null
      const named = scope.split(' ')
      const scopes = ACCESS_SCOPES.filter((it) => named.includes(it))
      if (scopes.length !== named.length) return null
      return {
        gatewayId: sub,
        scopes,
        certificate: cnf?.['x5t#S256'] ?? null,
        expiresAt: new Date(exp * 1000),
      }
    },
  }
}

/** What a gateway may ask a token for: whoever may have streams of its own may read and manage them. */
export function permittedScopes({ scopes }: Pick<GatewayRecord, 'scopes'>): AccessScope[] {
  return scopes.includes('events') ? [...scopes, 'ssf.read', 'ssf.manage'] : [...scopes]
}

function encode(it: object): string {
  return Buffer.from(JSON.stringify(it)).toString('base64url')
}

/** Compared as text: a signature can be written in one way only. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
