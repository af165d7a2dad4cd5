import { Type } from 'typebox'
import { signDpopProof } from '../shared/dpop-proof.ts'
import { MusterError } from '../shared/errors.ts'
import type { RequestProof, RequestToProve } from '../shared/local.ts'
import { jsonParserOf } from '../shared/schema.ts'
import type { DeviceKey } from './identity/key.ts'

const parseEnd = jsonParserOf(Type.Object({ exp: Type.Integer() }))

type Proving = { attestation: string | null; key: DeviceKey; jti: string; now: Date }

/**
 * Proves a request with the newest attestation and the key of this device (RFC 9449). Whether the device is admitted is not
 * asked here: who gets the request finds out.
 * @throws MusterError `stale` where there is no attestation, or where it is over
 */
export async function proveRequest(
  { method, url, nonce }: RequestToProve,
  { attestation, key, jti, now }: Proving,
): Promise<RequestProof> {
  if (attestation === null || now >= endOf(attestation)) {
    throw new MusterError('stale', 'the collector has not attested this device in the last minutes')
  }
  const iat = Math.floor(now.getTime() / 1000)
  return {
    authorization: `DPoP ${attestation}`,
    dpop: await signDpopProof({ method, url, token: attestation, nonce, jti, iat }, key),
  }
}

/** The first moment at which an attestation says nothing any more. The collector sent it: its signature is not checked here. */
function endOf(attestation: string): Date {
  const claims = parseEnd(Buffer.from(attestation.split('.')[1] ?? '', 'base64url').toString())
  return new Date(claims.ok ? claims.value.exp * 1000 : 0)
}
