import type { Probe } from '../probe.ts'
import { linuxUpdates } from './linux.ts'
import { macosUpdates } from './macos.ts'
import { windowsUpdates } from './windows.ts'

/** The probe of the updates that are missing, and what tells that it has something new to read. */
export type OsUpdatesReader = {
  probe: Probe<'os-updates'>
  /** Changes when what was asked in the background has answered. */
  fingerprint(): Promise<string>
  /** Ends when nothing is being asked in the background. */
  settled(): Promise<void>
}

/**
 * A probe of the updates that are missing. It keeps the last count in memory until what it came from changes: an agent
 * that reads again and again makes one and keeps it.
 */
export function osUpdates(): OsUpdatesReader {
  const readLinux = linuxUpdates()
  const macos = macosUpdates()
  const windows = windowsUpdates()
  return {
    async probe(host) {
      switch (host.platform) {
        case 'linux':
          return readLinux(host)
        case 'macos':
          return macos.read(host)
        case 'windows':
          return windows.read(host)
      }
    },
    fingerprint: async () => String(macos.list.answers() + windows.search.answers()),
    settled: async () => {
      await Promise.all([macos.list.settled(), windows.search.settled()])
    },
  }
}
