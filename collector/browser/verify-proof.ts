import { parseBrowserProof, type BrowserClaims } from '../../shared/browser.ts'
import { isSignedBy } from '../../shared/jws.ts'
import { LIMITS } from '../../shared/limits.ts'
import type { Parsed } from '../../shared/schema.ts'
import type { Fleet } from '../fleet/fleet.ts'

export type ProofContext = {
  fleet: Pick<Fleet, 'sessionDevice'>
  /** An origin as browsers write it. */
  issuerOrigin: string
  issuerUrl: string
  isNonceGood(nonce: string): boolean
  now: Date
}

/**
 * Whether a proof is of an enrolled device, for this collector, for the page of this browser, and of this minute. The
 * signature comes last: it costs most, and a nonce that is not ours ends the question before it.
 */
export function verifyBrowserProof(compact: string, context: ProofContext): Parsed<BrowserClaims> {
  const { fleet, issuerOrigin, issuerUrl, isNonceGood, now } = context
  const proof = parseBrowserProof(compact)
  if (!proof.ok) return proof
  const { claims, jws } = proof.value
  const seconds = now.getTime() / 1000
  if (claims.aud !== issuerUrl) return no('it is for another collector')
  if (claims.origin !== issuerOrigin) return no('the page that asked for it is not ours')
  if (!isNonceGood(claims.nonce)) return no('its nonce is over, was used, or was given to another browser')
  if (seconds >= claims.exp) return no('it is over')
  if (claims.iat > seconds + LIMITS.clockSkewSeconds) return no('it is of a time to come')
  const device = fleet.sessionDevice(claims.iss)
  if (!device) return no('its device is not enrolled here')
  if (!isSignedBy(jws, device.key)) return no('its signature is not that of the device')
  return { ok: true, value: claims }
}

function no(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}
