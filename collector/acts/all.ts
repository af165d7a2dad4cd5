import type { Static } from 'typebox'
import type { Act, ActParts } from './act.ts'
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

/** The acts on the parts of a collector. */
export function actsOf(parts: ActParts): Acts {
  return async <Name extends ActName>(name: Name, input: ActInput<Name>) => {
    const act: Act = ACTS[name]
    // The two sides of one entry of the table belong together, which the compiler does not see through its name.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await act.run(parts, input)) as ActAnswer<Name>
  }
}
