import type { Probe } from '../probe.ts'
import { readLinux } from './linux.ts'
import { readMacos } from './macos.ts'
import { readWindows } from './windows.ts'

/** Whether Secure Boot is on, and which TPM this machine has. */
export const readSecureBoot: Probe<'secure-boot'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
      return readMacos(host)
    case 'windows':
      return readWindows(host)
  }
}
