import { unreadable } from '../../../shared/fact.ts'
import type { Host, Ran, Unread } from '../../host/host.ts'
import { unreadableBecause, type Probe, type Reading } from '../probe.ts'
import { readInventory, type Device } from './inventory.ts'

/** Runs the inventory script (`agent/host/inventory-child.ts`) in a process of its own. */
export type RunInventory = () => Promise<Ran | Unread>

/**
 * Makes the probe of what this machine is. Where macOS or Windows does not tell it, the script may; it knows only the
 * machine that it runs on, and a recording is of another.
 */
export function deviceProbe(runInventory: RunInventory): Probe<'device'> {
  return async (host) => {
    switch (host.platform) {
      case 'linux':
        return (await import('./linux.ts')).readLinuxDevice(host)
      case 'macos':
        return orInventory(await (await import('./macos.ts')).readMacosDevice(host), host, runInventory)
      case 'windows':
        return orInventory(await (await import('./windows.ts')).readWindowsDevice(host), host, runInventory)
    }
  }
}

async function orInventory(reading: Reading<Device>, host: Host, run: RunInventory): Promise<Reading<Device>> {
  return reading.kind === 'value' || host.privileged === null ? reading : inventory(run)
}

async function inventory(runInventory: RunInventory): Promise<Reading<Device>> {
  const ran = await runInventory()
  const source = 'systeminformation'
  if (!ran.ok) return { ...unreadableBecause(ran), source }
  if (ran.exitCode !== 0) return { ...unreadable(`the inventory ended with ${ran.exitCode}`), source }
  return { ...readInventory(ran.stdout), source }
}
