import { unreadable } from '../../../shared/fact.ts'
import type { Ran, Unread } from '../../host/host.ts'
import { unreadableBecause, type Probe, type Reading } from '../probe.ts'
import { readInventory, type Device } from './inventory.ts'
import { readDmi } from './linux.ts'

/** Runs the inventory script (`agent/host/inventory-child.ts`) in a process of its own. */
export type RunInventory = () => Promise<Ran | Unread>

/**
 * Makes the probe of what this machine is. The script knows only the machine that it runs on: a recording, which is of
 * another, is read from its files, and so is a Linux on which the script fails.
 */
export function deviceProbe(runInventory: RunInventory): Probe<'device'> {
  return async (host) => {
    const reading: Reading<Device> =
      host.privileged === null
        ? { ...unreadable('a recording holds no inventory'), source: 'none' }
        : await inventory(runInventory)
    if (reading.kind === 'value' || host.platform !== 'linux') return reading
    return { ...(await readDmi(host)), source: '/sys/class/dmi/id' }
  }
}

async function inventory(runInventory: RunInventory): Promise<Reading<Device>> {
  const ran = await runInventory()
  const source = 'systeminformation'
  if (!ran.ok) return { ...unreadableBecause(ran), source }
  if (ran.exitCode !== 0) return { ...unreadable(`the inventory ended with ${ran.exitCode}`), source }
  return { ...readInventory(ran.stdout), source }
}
