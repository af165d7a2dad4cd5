import { unreadable } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Probe, type Reading } from '../probe.ts'
import { readInventory, type Device } from './inventory.ts'

/** Which machine this is. What macOS or Windows does not tell, the package `systeminformation` may. */
export const readDevice: Probe<'device'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinuxDevice(host)
    case 'macos':
      return orInventory(host, await (await import('./macos.ts')).readMacosDevice(host))
    case 'windows':
      return orInventory(host, await (await import('./windows.ts')).readWindowsDevice(host))
  }
}

async function orInventory(host: Host, reading: Reading<Device>): Promise<Reading<Device>> {
  if (reading.kind === 'value') return reading
  const ran = await host.run('systeminformation', [])
  // A recording that has no inventory says more by what it lacks.
  if (!ran.ok && ran.reason === 'not-recorded') return reading
  const source = 'systeminformation'
  if (!ran.ok) return { ...unreadableBecause(ran), source }
  if (ran.exitCode !== 0) return { ...unreadable(`the inventory ended with ${ran.exitCode}`), source }
  return { ...readInventory(ran.stdout), source }
}
