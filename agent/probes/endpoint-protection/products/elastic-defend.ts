import type { CatalogueProduct } from '../catalogue.ts'
import { readElasticError, readElasticStatus, readElasticVersion } from './elastic-status.ts'

const ASK = {
  program: 'elastic-agent',
  args: ['status', '--output=json'],
  read: readElasticStatus,
  readError: readElasticError,
  needsRoot: true,
} as const

const ASKS = [
  { program: 'elastic-agent', args: ['version', '--binary-only'], read: readElasticVersion, needsRoot: true },
  ASK,
] as const

const HEALTHY = { healthy: true, connected: true, onboarded: true } as const

/** Elastic Defend. An Elastic Agent that only collects logs is another thing, so its own service is looked for. */
export const elasticDefend: CatalogueProduct = {
  id: 'elastic-defend',
  linux: {
    folder: '/opt/Elastic/Endpoint',
    holds: 'elastic-endpoint',
    units: ['ElasticEndpoint.service', 'elastic-endpoint.service'],
    processes: ['elastic-endpoint'],
    asks: ASKS,
    healthyWhen: HEALTHY,
  },
  macos: {
    paths: ['/Library/Elastic/Endpoint'],
    extension: { bundleId: 'co.elastic.systemextension', teamId: '2BT3HPN62Z' },
    asks: ASKS,
    healthyWhen: HEALTHY,
  },
  windows: {
    services: ['ElasticEndpoint'],
    parts: [{ service: 'Elastic Agent', why: 'the Elastic Agent that manages it does not run' }],
    displayName: /^Elastic\b/i,
    asks: ASKS,
    healthyWhen: HEALTHY,
  },
}
