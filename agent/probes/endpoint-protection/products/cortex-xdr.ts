import type { CatalogueProduct } from '../catalogue.ts'
import { readCytoolCheckIn, readCytoolInfo, readCytoolRuntime } from './cytool.ts'

const INFO = { program: 'cytool', args: ['info'], read: readCytoolInfo, needsRoot: true } as const
const ASKS = [
  INFO,
  { program: 'cytool', args: ['last_checkin'], read: readCytoolCheckIn, needsRoot: true },
  { program: 'cytool', args: ['runtime', 'query'], read: readCytoolRuntime, needsRoot: true },
] as const
const LIMITS = ['it does not show whether it is connected'] as const

/** Palo Alto Networks Cortex XDR, before: Traps. */
export const cortexXdr: CatalogueProduct = {
  id: 'cortex-xdr',
  linux: {
    folder: '/opt/traps',
    holds: 'bin',
    units: ['traps_pmd.service'],
    processes: ['pmd'],
    asks: ASKS,
    healthyWhen: { protecting: true },
    limits: LIMITS,
  },
  macos: {
    paths: ['/Library/Application Support/PaloAltoNetworks/Traps'],
    extension: { bundleId: 'com.paloaltonetworks.cortex.agent.extension', teamId: 'PXPZ95SK77' },
    asks: ASKS,
    healthyWhen: { protecting: true },
    limits: LIMITS,
  },
  windows: {
    services: ['cyserver'],
    drivers: ['cyvrmtgn', 'cyvrfsfd'],
    displayName: /^(?:Cortex XDR|Traps|Palo Alto Networks)\b/i,
    // Here `runtime query` and `protect query` want a password of the console.
    asks: [INFO],
    healthyWhen: { realTime: true },
    limits: LIMITS,
  },
}
