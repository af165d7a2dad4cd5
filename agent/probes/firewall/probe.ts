import type { Probe } from '../probe.ts'
import { readLinux } from './linux.ts'
import { readMacos } from './macos.ts'
import { readWindows } from './windows.ts'

/** Whether what comes in over the network is filtered. */
export const readFirewall: Probe<'firewall'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
      return readMacos(host)
    case 'windows':
      return readWindows(host)
  }
}
