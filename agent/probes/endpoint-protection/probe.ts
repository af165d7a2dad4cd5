import type { Host } from '../../host/host.ts'
import type { Probe } from '../probe.ts'
import { readLinux } from './linux.ts'
import { readMacos } from './macos.ts'
import { watchEndpointProtection, type Running } from './watch.ts'
import { readWindows } from './windows.ts'

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
          return readLinux(host)
        case 'macos': {
          const read = await readMacos(host)
          running = read.running
          return read.reading
        }
        case 'windows': {
          const read = await readWindows(host)
          running = read.running
          return read.reading
        }
      }
    },
    fingerprint: (host) => watchEndpointProtection(host, running),
  }
}
