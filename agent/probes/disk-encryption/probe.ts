import type { Probe } from '../probe.ts'

/** Whether the system volume, the data volumes and swap are encrypted on disk. */
export const readDiskEncryption: Probe<'disk-encryption'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinux(host)
    case 'macos':
      return (await import('./macos.ts')).readMacos(host)
    case 'windows':
      return (await import('./windows.ts')).readWindows(host)
  }
}
