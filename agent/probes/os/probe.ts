import type { Probe } from '../probe.ts'
import { readLinuxOs } from './linux.ts'
import { readMacosOs } from './macos.ts'
import { readWindowsOs } from './windows.ts'

/** Which operating system this is. */
export const readOs: Probe<'os'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinuxOs(host)
    case 'macos':
      return readMacosOs(host)
    case 'windows':
      return readWindowsOs(host)
  }
}
