import type { Probe } from '../probe.ts'
import { readLinux } from './linux.ts'
import { readMacos } from './macos.ts'
import { readWindows } from './windows.ts'

/** Whether the screen locks by itself, and after how many idle seconds. */
export const readScreenLock: Probe<'screen-lock'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
      return readMacos(host)
    case 'windows':
      return readWindows(host)
  }
}
