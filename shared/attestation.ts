import { Type, type Static } from 'typebox'
import { EAR_PROFILE, earOf } from './ear.ts'
import { DEVICE_ID } from './evidence.ts'
import type { Attestation } from './gateway-api.ts'
import { parserOf, text, type Parsed } from './schema.ts'

/** What the verifier claims of the only submodule of our attestations mean. */
export const DEVICE_PROFILE = 'tag:muster.example,2026:device#1'

/** Where an attestation can be looked up (Token Status List, section 6.1). */
export const StatusReference = Type.Object({
  idx: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  uri: text(500),
})
export type StatusReference = Static<typeof StatusReference>

/** What is ours in the claims of an attestation. A newer collector may say more. */
const Claims = Type.Object({
  sub: Type.String({ pattern: DEVICE_ID }),
  jti: text(100),
  iat: Type.Integer(),
  exp: Type.Integer(),
  cnf: Type.Object({ jkt: text(100) }),
  status: Type.Object({ status_list: StatusReference }),
})
/** RFC 3339 in UTC. The collector's word is not checked against a calendar: its signature was, and that costs a gateway more than the rest. */
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' })

const DeviceClaims = Type.Object({
  tiers: Type.Array(text(60), { maxItems: 32 }),
  checks: Type.Array(Type.Object({ id: text(60), verdict: text(60), since: Time, deadline: Type.Optional(Time) }), {
    maxItems: 100,
  }),
  keyProtection: text(60),
  attested: Type.Boolean(),
  evidenceAt: Time,
})

const parseClaims = parserOf(Claims)
const parseDeviceClaims = parserOf(DeviceClaims)

/** Reads the claims of an attestation of ours from a token that was verified. */
export function attestationOf(input: unknown): Parsed<Attestation> {
  const ear = earOf(input, { [EAR_PROFILE]: 'draft-04' })
  if (!ear.ok) return ear
  const device = ear.value.submods['device']
  if (device?.profile !== DEVICE_PROFILE) return { ok: false, problem: `submods.device is not of ${DEVICE_PROFILE}` }
  const claims = parseClaims(input)
  if (!claims.ok) return claims
  const said = parseDeviceClaims(device.verifierClaims)
  if (!said.ok) return { ok: false, problem: `ear_verifier_claims: ${said.problem}` }
  const { sub, jti, iat, exp, cnf, status } = claims.value
  const { vector, policyIds } = device
  return {
    ok: true,
    value: {
      ...said.value,
      vector,
      policyIds,
      deviceId: sub,
      id: jti,
      status: device.status,
      issuedAt: new Date(iat * 1000),
      expiresAt: new Date(exp * 1000),
      jkt: cnf.jkt,
      reference: status.status_list,
    },
  }
}
