import { notReadOn, type Probe } from '../probe.ts'
import { readLinux } from './linux.ts'

/** Whether what comes in over the network is filtered. */
export const readFirewall: Probe<'firewall'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
