import type { Probe } from '../probe.ts'

/** Which operating system this is. */
export const readOs: Probe<'os'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinuxOs(host)
    case 'macos':
      return (await import('./macos.ts')).readMacosOs(host)
    case 'windows':
      return (await import('./windows.ts')).readWindowsOs(host)
  }
}
