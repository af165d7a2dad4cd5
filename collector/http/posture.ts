import { proofsOf } from '../protocol/authzen-proof.ts'
import { postureDecider } from '../protocol/authzen-posture.ts'
import type { Decider } from '../protocol/authzen.ts'
import type { DecisionEvent } from '../protocol/decision-event.ts'
import type { GatewayRecord } from '../store/store.ts'
import type { AppParts } from './app.ts'

/** Who answers the questions of AuthZEN here: where the device stands. Each decision is told to the audit and counted. */
export function postureDeciders({ fleet, audit, metrics, prover, clock }: AppParts) {
  const parts = {
    standing: fleet.standing,
    devices: fleet.devices,
    policy: fleet.policy,
    nonce: prover.nonce,
    clock,
    decided(event: DecisionEvent) {
      audit.decided(event)
      metrics.decided(event.allow, event.by)
    },
  }
  return (gateway: GatewayRecord): Decider => {
    const proofOf = proofsOf((attestation, dpop) => prover.ofAttestation(attestation, dpop, gateway))
    return postureDecider({ ...parts, gateway, proofOf })
  }
}
