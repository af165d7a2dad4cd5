import { unreadable } from '../../../shared/fact.ts'
import type { Ran, Unread } from '../../host/host.ts'
import { unreadableBecause, type Probe, type Reading } from '../probe.ts'
import { readInventory, type Device } from './inventory.ts'
import { readLinuxDevice } from './linux.ts'

/** Runs the inventory script (`agent/host/inventory-child.ts`) in a process of its own. */
export type RunInventory = () => Promise<Ran | Unread>

/**
 * Makes the probe of what this machine is. Linux tells it in a few files, so that the script is for the others; it knows
 * only the machine that it runs on, and a recording is of another.
 */
export function deviceProbe(runInventory: RunInventory): Probe<'device'> {
  return async (host) => {
    switch (host.platform) {
      case 'linux':
        return readLinuxDevice(host)
      case 'macos':
      case 'windows':
        return host.privileged === null
          ? { ...unreadable('a recording holds no inventory'), source: 'none' }
          : await inventory(runInventory)
    }
  }
}

async function inventory(runInventory: RunInventory): Promise<Reading<Device>> {
  const ran = await runInventory()
  const source = 'systeminformation'
  if (!ran.ok) return { ...unreadableBecause(ran), source }
  if (ran.exitCode !== 0) return { ...unreadable(`the inventory ended with ${ran.exitCode}`), source }
  return { ...readInventory(ran.stdout), source }
}
