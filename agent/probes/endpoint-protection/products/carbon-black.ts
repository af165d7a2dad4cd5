import type { CatalogueProduct } from '../catalogue.ts'
import { readRepcli } from './repcli.ts'

const ASK = { program: 'repcli', args: ['status'], read: readRepcli, needsRoot: true } as const
const LIMITS = ['it does not show whether it is connected'] as const

/** VMware Carbon Black Cloud. */
export const carbonBlack: CatalogueProduct = {
  id: 'carbon-black',
  linux: {
    folder: '/opt/carbonblack/psc',
    holds: 'bin',
    units: ['cbagentd.service'],
    processes: ['cbagentd'],
    asks: [ASK],
    healthyWhen: { protecting: true, onboarded: true },
    limits: LIMITS,
  },
  macos: {
    paths: ['/Applications/VMware Carbon Black Cloud'],
    extension: { bundleId: 'com.vmware.carbonblack.cloud.se-agent.extension', teamId: '7AGZNQ2S2T' },
    asks: [ASK],
    healthyWhen: { protecting: true, onboarded: true },
    limits: LIMITS,
  },
  windows: {
    services: ['CbDefense'],
    displayName: /^(?:VMware )?Carbon Black\b|^Cb Defense\b/i,
    asks: [ASK],
    healthyWhen: { protecting: true, onboarded: true },
    limits: LIMITS,
  },
}
