import type { Host } from '../../host/host.ts'
import { PRODUCTS } from './products/all.ts'
import { readServiceProcesses, readSlices } from '../services.ts'

/**
 * A text that changes when a product of the catalogue starts or stops, for a look every few seconds. It starts no
 * program and reads one file for each product that is not there, and two or a few for each that runs.
 */
export async function watchEndpointProtection(host: Host): Promise<string> {
  if (host.platform !== 'linux') return 'not watched'
  const slices = await readSlices(host)
  if (slices.kind !== 'value') return 'not watched'
  const states = await Promise.all(
    PRODUCTS.map(async ({ id, linux }) => {
      const processes = await readServiceProcesses(host, slices.value, linux.unit, linux.processes)
      if (processes.kind !== 'value') return `${id} unknown`
      return `${id} ${processes.value.length > 0 ? 'runs' : 'does not run'}`
    }),
  )
  return states.join(', ')
}
