import type { Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import type { Act, ActParts } from './act.ts'
import { CHANGES, detailsOf, targetOf } from './audited.ts'
import {
  approveDevice,
  findDevice,
  lockOutDevice,
  ownDevice,
  readmitDevice,
  recheckDevice,
  removeDevice,
  showDevice,
  tagDevice,
} from './device.ts'
import { listDevices } from './device-list.ts'
import { endException, grantException, listExceptions } from './exception.ts'
import { createGateway, listGateways, revokeGateway } from './gateway.ts'
import { deviceHistory, deviceStateAt } from './history.ts'
import { listKeys, rotateKeys } from './key.ts'
import {
  applyPolicy,
  diffPolicies,
  dryRunPolicy,
  listPolicies,
  policyProgress,
  rollBackPolicy,
  showPolicy,
} from './policy.ts'
import { refreshReleases, showReleases } from './releases.ts'
import { createToken } from './token.ts'

/** Everything that an admin can do. */
export const ACTS = {
  'policy-apply': applyPolicy,
  'policy-dry-run': dryRunPolicy,
  'policy-list': listPolicies,
  'policy-show': showPolicy,
  'policy-diff': diffPolicies,
  'policy-rollback': rollBackPolicy,
  'policy-progress': policyProgress,
  'exception-grant': grantException,
  'exception-list': listExceptions,
  'exception-end': endException,
  'device-list': listDevices,
  'device-find': findDevice,
  'device-show': showDevice,
  'device-history': deviceHistory,
  'device-state-at': deviceStateAt,
  'device-approve': approveDevice,
  'device-lock-out': lockOutDevice,
  'device-readmit': readmitDevice,
  'device-remove': removeDevice,
  'device-tag': tagDevice,
  'device-owner': ownDevice,
  'device-recheck': recheckDevice,
  'gateway-create': createGateway,
  'gateway-list': listGateways,
  'gateway-revoke': revokeGateway,
  'releases-show': showReleases,
  'releases-refresh': refreshReleases,
  'key-list': listKeys,
  'key-rotate': rotateKeys,
  'token-create': createToken,
} as const

export type ActName = keyof typeof ACTS
export type ActInput<Name extends ActName> = Static<(typeof ACTS)[Name]['input']>
export type ActAnswer<Name extends ActName> = Static<(typeof ACTS)[Name]['answer']>

/** Performs an act, here or on a collector elsewhere. */
export type Acts = <Name extends ActName>(name: Name, input: ActInput<Name>) => Promise<ActAnswer<Name>>

/** The acts in the name of somebody: `user anna`, `gateway rollout (gw_...)`. */
export type ActsAs = (who: string) => Acts

/**
 * The acts on the parts of a collector. One that changes something is on record before it is begun, and again with what
 * became of it: nothing is done that the audit log does not tell.
 */
export function actsOf(parts: ActParts): ActsAs {
  return (who) => async (name, input) => {
    if (CHANGES[name] === null) return perform(parts, name, input)
    const tell = (target: string | null, details: object) =>
      parts.audit.acted({ at: parts.clock(), who, act: name, target, details })
    await tell(targetOf(name, input), { outcome: 'begun', input: detailsOf(input) })
    const answer = await perform(parts, name, input).catch(async (error: unknown) => {
      const code = error instanceof MusterError ? error.code : 'internal'
      await tell(targetOf(name, input), { outcome: 'refused', code })
      throw error
    })
    await tell(targetOf(name, input, answer), { outcome: 'done' })
    return answer
  }
}

async function perform<Name extends ActName>(parts: ActParts, name: Name, input: ActInput<Name>) {
  const act: Act = ACTS[name]
  // The two sides of one entry of the table belong together, which the compiler does not see through its name.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (await act.run(parts, input)) as ActAnswer<Name>
}
