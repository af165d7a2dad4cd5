import type { Host } from '../../host/host.ts'
import { readRunning, readSlices } from '../services.ts'
import { PRODUCTS } from './products/all.ts'
import type { Told } from './told.ts'

/** Whether a product runs, by which processes, and why that is not known. */
export type IsRunning = { told: Told; pids: readonly number[]; unread: readonly string[] }

/** The processes of a product that ran at the last reading. */
export type Running = { id: string; pids: readonly number[] }

/**
 * A text that changes when a product of the catalogue starts or stops, for a look every few seconds. It starts no
 * program. On Linux it reads one file for each product that is not there, and two or a few for each that runs. On
 * Windows and macOS it asks whether the processes still live that the last reading saw: a stop is noticed so, a start
 * by the next reading.
 */
export async function watchEndpointProtection(host: Host, running: readonly Running[]): Promise<string> {
  if (host.platform !== 'linux') return watchProcesses(host, running)
  const slices = await readSlices(host)
  if (slices.kind !== 'value') return 'not watched'
  const states = await Promise.all(
    PRODUCTS.flatMap(({ id, linux }) => {
      if (!linux) return []
      return [readRunning(host, linux, slices).then((it) => `${id} ${stateOf(it)}`)]
    }),
  )
  return states.join(', ')
}

function stateOf(runs: Awaited<ReturnType<typeof readRunning>>): string {
  if (runs.kind !== 'value') return 'unknown'
  return runs.value ? 'runs' : 'does not run'
}

/** Only what is gone stands in the text: a reading that finds new processes, all alive, changes nothing. */
function watchProcesses(host: Host, running: readonly Running[]): string {
  const gone = running.flatMap(({ id, pids }) =>
    pids.filter((pid) => host.isAlive(pid) === false).map((pid) => `${id} ${pid}`),
  )
  return gone.length === 0 ? 'nothing has stopped' : `stopped: ${gone.join(', ')}`
}
