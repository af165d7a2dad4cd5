import type { IncomingHttpHeaders } from 'node:http'
import type { DpopChecker } from '../shared/dpop.ts'
import { MusterError } from '../shared/errors.ts'
import type { BrowserSessions } from './browser/sessions.ts'
import { audiencesOf } from './gateways.ts'
import type { Issuer } from './issuer.ts'
import type { ProvedBy } from './protocol/decision-event.ts'
import { heldAttestation } from './protocol/held-attestation.ts'
import type { GatewayRecord } from './store/store.ts'

/** A device that a request comes from, and how that was proved. */
export type Proof = { deviceId: string; by: ProvedBy }

/** What a client sent to the address that it asked for. */
type Presented = {
  headers: IncomingHttpHeaders
  /** As the client asked, which is what its DPoP proof is for. */
  method: string
  url: string
  host: string | null
}

/** Tells which device a request comes from: every way that there is, and only one device. */
export type Prover = {
  /**
   * Of a request that a gateway holds back; null where nothing in it names a device. `spends`: a DPoP proof counts once.
   * @throws MusterError `attestation-refused`, `proof-invalid`, `proof-nonce-needed`, `proof-replayed`, `proofs-differ`, `scope-missing`
   */
  ofRequest(presented: Presented, gateway: GatewayRecord, spends: boolean): Proof | null
  /** Of an attestation with its DPoP proof, for whoever got them elsewhere than in headers. Throws as above. */
  ofAttestation(token: string, dpop: { proof: string; method: string; url: string }, gateway: GatewayRecord): Proof
  /** For the header `DPoP-Nonce`. */
  nonce(): string
}

type ProverOptions = {
  issuer: Pick<Issuer, 'jwks'>
  issuerUrl: string
  sessions: Pick<BrowserSessions, 'deviceOf'>
  dpop: DpopChecker
  clock: () => Date
}

const CODES = {
  'proof-missing': 'proof-invalid',
  'proof-invalid': 'proof-invalid',
  'nonce-needed': 'proof-nonce-needed',
  'proof-replayed': 'proof-replayed',
} as const

export function openProver({ issuer, issuerUrl, sessions, dpop, clock }: ProverOptions): Prover {
  type Shown = { proofs: readonly string[]; method: string; url: string }

  /** Whether the device still stands where its attestation says is not asked here: the decision asks the fleet. */
  function attested(token: string, shown: Shown, gateway: GatewayRecord, spends: boolean): Proof {
    const audiences = [issuerUrl, ...audiencesOf(gateway)]
    const read = heldAttestation(token, { keys: issuer.jwks().keys, issuerUrl, audiences, now: clock() })
    if (!read.ok) throw new MusterError('attestation-refused', read.problem)
    const { jkt, deviceId } = read.value
    const proved = dpop.check({ ...shown, token, jkt }, spends)
    if (!proved.ok) throw new MusterError(CODES[proved.code], proved.problem)
    return { deviceId, by: 'dpop' }
  }

  return {
    ofRequest({ headers, method, url, host }, gateway, spends) {
      const known = one(vouched(headers, gateway), browser(headers, host))
      const token = tokenOf(headers.authorization)
      // The application behind the gateway may have DPoP tokens of its own.
      if (token === null || (known && !isAttestation(token))) return known
      const proofs = [headers['dpop'] ?? []].flat()
      return one(attested(token, { proofs, method, url }, gateway, spends), known)
    },
    ofAttestation: (token, { proof, method, url }, gateway) =>
      attested(token, { proofs: [proof], method, url }, gateway, true),
    nonce: dpop.nonce,
  }

  function browser({ cookie }: IncomingHttpHeaders, host: string | null): Proof | null {
    const deviceId = cookie === undefined || host === null ? null : sessions.deviceOf(cookie, host)
    return deviceId === null ? null : { deviceId, by: 'browser' }
  }
}

/** A gateway that may vouch names the device by itself; an empty name is none. */
function vouched(headers: IncomingHttpHeaders, gateway: GatewayRecord): Proof | null {
  const named = headers['muster-device']
  if (named === undefined || named === '') return null
  if (!gateway.scopes.includes('vouch'))
    throw new MusterError('scope-missing', 'this gateway may not vouch for a device with Muster-Device')
  return { deviceId: String(named), by: 'vouched' }
}

/** The token of the scheme DPoP (RFC 9449, section 7.1); what stands under any other scheme is not ours. */
function tokenOf(authorization: string | undefined): string | null {
  return /^DPoP +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? null
}

function isAttestation(token: string): boolean {
  const [head = ''] = token.split('.')
  const header = Buffer.from(head, 'base64url').toString()
  return /"typ"\s*:\s*"(?:application\/)?eat\+jwt"/i.test(header)
}

/** @throws MusterError `proofs-differ` */
function one(first: Proof | null, second: Proof | null): Proof | null {
  if (first && second && first.deviceId !== second.deviceId) throw new MusterError('proofs-differ')
  return first ?? second
}
