import { notReadOn, type Probe } from '../probe.ts'
import { linuxUpdates } from './linux.ts'

/**
 * A probe of the updates that are missing. It keeps the last count in memory until the files it came from change: an
 * agent that reads again and again makes one and keeps it.
 */
export function osUpdatesProbe(): Probe<'os-updates'> {
  const readLinux = linuxUpdates()
  return async (host) => {
    switch (host.platform) {
      case 'linux':
        return readLinux(host)
      case 'macos':
      case 'windows':
        return notReadOn(host.platform)
    }
  }
}

/** Reads the missing updates once, remembering nothing. */
export const readOsUpdates: Probe<'os-updates'> = (host) => osUpdatesProbe()(host)
