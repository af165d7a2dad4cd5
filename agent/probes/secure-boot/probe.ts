import type { Probe } from '../probe.ts'

/** Whether Secure Boot is on, and which TPM this machine has. */
export const readSecureBoot: Probe<'secure-boot'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinux(host)
    case 'macos':
      return (await import('./macos.ts')).readMacos(host)
    case 'windows':
      return (await import('./windows.ts')).readWindows(host)
  }
}
