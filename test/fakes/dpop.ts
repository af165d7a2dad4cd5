import { randomUUID } from 'node:crypto'
import { TYP, digest, signJws, type JwsHeader } from '../../shared/jws.ts'
import type { FakeDevice } from './device.ts'

type Said = { method?: string; url: string; token: string; nonce?: string; now: Date }

/** A DPoP proof (RFC 9449) as a client on a device makes it, or otherwise where a test wants that. */
export function dpopProof(
  device: Pick<FakeDevice, 'jwk' | 'sign'>,
  { method = 'GET', url, token, nonce, now }: Said,
  otherwise: { claims?: object; header?: object; sign?: FakeDevice['sign'] } = {},
): Promise<string> {
  const header = { typ: TYP.dpop, jwk: device.jwk, ...otherwise.header } as Omit<JwsHeader, 'alg'>
  const claims = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now.getTime() / 1000) }
  const asked = { ...claims, ath: digest(token), ...(nonce !== undefined && { nonce }), ...otherwise.claims }
  return signJws(header, asked, otherwise.sign ?? device.sign)
}
