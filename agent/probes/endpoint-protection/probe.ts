import type { Host } from '../../host/host.ts'
import type { Probe } from '../probe.ts'
import { watchEndpointProtection, type Running } from './watch.ts'

/**
 * Which endpoint protection this machine has, and whether it protects; and the watch of what the last reading found
 * running.
 */
export function endpointProtection(): {
  probe: Probe<'endpoint-protection'>
  fingerprint: (host: Host) => Promise<string>
} {
  let running: readonly Running[] = []

  return {
    async probe(host) {
      switch (host.platform) {
        case 'linux':
          return (await import('./linux.ts')).readLinux(host)
        case 'macos': {
          const read = await (await import('./macos.ts')).readMacos(host)
          running = read.running
          return read.reading
        }
        case 'windows': {
          const read = await (await import('./windows.ts')).readWindows(host)
          running = read.running
          return read.reading
        }
      }
    },
    fingerprint: (host) => watchEndpointProtection(host, running),
  }
}
