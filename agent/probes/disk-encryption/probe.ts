import type { Probe } from '../probe.ts'
import { readLinux } from './linux.ts'
import { readMacos } from './macos.ts'
import { readWindows } from './windows.ts'

/** Whether the system volume, the data volumes and swap are encrypted on disk. */
export const readDiskEncryption: Probe<'disk-encryption'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
      return readMacos(host)
    case 'windows':
      return readWindows(host)
  }
}
