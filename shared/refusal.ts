import type { Refusal, Refused } from './gateway-api.ts'

/** Why an attestation is not accepted. A gateway that gets any of these lets nobody in. */
export const REFUSALS: Readonly<Record<Refusal, string>> = {
  'token-malformed': 'It is not a compact JWS of the type eat+jwt, signed with ES256, or it brings its own key.',
  'keys-unavailable': 'The keys of the collector cannot be fetched, and none that are known are new enough.',
  'key-unknown': 'It is signed with a key that the collector has not published.',
  'signature-invalid': 'Its signature is not of the key that it names.',
  'issuer-wrong': 'It is of another collector.',
  'audience-wrong': 'It is for another gateway.',
  'profile-wrong': 'It is not an attestation: evidence of a device has the same type.',
  'not-yet-valid': 'It is of the future. Compare the clocks of the gateway and of the collector.',
  expired: 'It is over.',
  'claims-invalid': 'Its claims do not have the shape of an attestation, or contradict one another.',
  'device-revoked': 'An admin has locked the device out or removed it, or two machines use its key.',
  'tier-lost': 'The device has lost a tier that it names.',
  'status-unavailable': 'Whether it still holds cannot be told: the status list cannot be had, or is not right.',
}

/** `problem` says what it was this time, for a log. */
export function refused(code: Refusal, problem: string = REFUSALS[code]): Refused {
  return { ok: false, code, problem }
}
