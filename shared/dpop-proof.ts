import { TYP, digest, signJws, type PublicJwk, type Sign } from './jws.ts'

/** What a proof of possession is for. */
export type ProvedRequest = {
  method: string
  /** The whole address that is asked for; a proof leaves out its query and fragment. */
  url: string
  /** The token that goes along with it, as it stands in `Authorization`. */
  token: string
  /** What the server gave in `DPoP-Nonce`. */
  nonce?: string | undefined
  /** Of this proof alone: at least 96 bits of chance. */
  jti: string
  /** Seconds since 1970. */
  iat: number
}

/**
 * Signs a proof that whoever sends a request has the key (RFC 9449, section 4.2): for the header `DPoP`.
 * @throws TypeError where the address is none
 */
export function signDpopProof(request: ProvedRequest, key: { jwk: PublicJwk; sign: Sign }): Promise<string> {
  const { method, url, token, nonce, jti, iat } = request
  const address = new URL(url)
  address.search = ''
  address.hash = ''
  const claims = { jti, htm: method, htu: address.href, iat, ath: digest(token), ...(nonce !== undefined && { nonce }) }
  return signJws({ typ: TYP.dpop, jwk: key.jwk }, claims, key.sign)
}
