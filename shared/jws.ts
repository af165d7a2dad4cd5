import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { oneOf, parserOf, strict, type Parsed } from './schema.ts'

/** Signs bytes with ES256; the answer is r || s, 64 bytes (RFC 7518, section 3.4). A key in a TPM takes its time. */
export type Sign = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

const Coordinate = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })

/** The public half of a P-256 key as a JWK (RFC 7517), with nothing else in it: a private part is refused. */
export const PublicJwk = strict({ kty: oneOf(['EC']), crv: oneOf(['P-256']), x: Coordinate, y: Coordinate })
export type PublicJwk = Static<typeof PublicJwk>

/** Every kind of token has a `typ` of its own, so that none is ever taken for another (RFC 8725, section 3.11). */
export const TYP = {
  session: 'muster-session+jwt',
  enrollment: 'muster-enrollment+jwt',
  unenrollment: 'muster-unenrollment+jwt',
  evidence: 'eat+jwt',
  unchanged: 'muster-unchanged+jwt',
  browser: 'muster-browser+jwt',
  attestation: 'eat+jwt',
  statusList: 'statuslist+jwt',
  dpop: 'dpop+jwt',
} as const

const Header = strict({
  alg: oneOf(['ES256']),
  typ: Type.String({ maxLength: 60 }),
  kid: Type.Optional(Type.String({ maxLength: 100 })),
  jwk: Type.Optional(PublicJwk),
})
export type JwsHeader = Static<typeof Header>

const parseHeader = parserOf(Header)

/** A compact JWS taken apart. Nothing in it is true before `isSignedBy` has said so. */
export type Jws<H = JwsHeader> = { header: H; claims: unknown; signed: Buffer; signature: Buffer }

/** Signs claims as a compact JWS. */
export async function signJws(header: Omit<JwsHeader, 'alg'>, claims: object, sign: Sign): Promise<string> {
  const signed = `${encode({ alg: 'ES256', ...header })}.${encode(claims)}`
  const signature = await sign(Buffer.from(signed))
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}

function encode(it: object): string {
  return Buffer.from(JSON.stringify(it)).toString('base64url')
}

// 64 bytes leave four bits of the last character unused; only zeros there, or one signature could be written in many ways.
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{85}[AQgw])$/

/** Takes a compact ES256 JWS of the given `typ` apart. Says what is wrong with it rather than throwing. */
export function parseJws(compact: string, typ: string): Parsed<Jws> {
  return parseJwsWith(parseHeader, compact, typ)
}

/** The same for a kind of token whose header may have other members than ours. */
export function parseJwsWith<H extends { typ: string }>(
  parse: (input: unknown) => Parsed<H>,
  compact: string,
  typ: string,
): Parsed<Jws<H>> {
  const parts = COMPACT.exec(compact)
  if (!parts) return { ok: false, problem: 'it is not a compact ES256 JWS' }
  const [, head = '', body = '', tail = ''] = parts
  const header = parse(decode(head))
  if (!header.ok) return { ok: false, problem: `header: ${header.problem}` }
  const mediaType = header.value.typ.toLowerCase().replace(/^application\//, '')
  if (mediaType !== typ) return { ok: false, problem: `header: typ is not ${typ}` }
  const claims = decode(body)
  if (claims === undefined) return { ok: false, problem: 'its claims are not JSON' }
  const signed = Buffer.from(compact.slice(0, head.length + 1 + body.length))
  return { ok: true, value: { header: header.value, claims, signed, signature: Buffer.from(tail, 'base64url') } }
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

export function isSignedBy(jws: Jws<unknown>, key: KeyObject): boolean {
  return verify('sha256', jws.signed, { key, dsaEncoding: 'ieee-p1363' }, jws.signature)
}

/** The key of a JWK, or undefined where its numbers are not a point of the curve. */
export function publicKeyOf(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** RFC 7638: SHA-256 over the required members in lexical order, base64url. */
export function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return digest(JSON.stringify({ crv, kty, x, y }))
}

/** SHA-256 in base64url, 43 characters. */
export function digest(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The device id: `dev_` and the thumbprint of its key. */
export function deviceIdOf(jwk: PublicJwk): string {
  return `dev_${thumbprint(jwk)}`
}
