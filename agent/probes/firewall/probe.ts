import type { Probe } from '../probe.ts'

/** Whether what comes in over the network is filtered. */
export const readFirewall: Probe<'firewall'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinux(host)
    case 'macos':
      return (await import('./macos.ts')).readMacos(host)
    case 'windows':
      return (await import('./windows.ts')).readWindows(host)
  }
}
