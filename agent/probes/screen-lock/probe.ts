import type { Probe } from '../probe.ts'

/** Whether the screen locks by itself, and after how many idle seconds. */
export const readScreenLock: Probe<'screen-lock'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return (await import('./linux.ts')).readLinux(host)
    case 'macos':
      return (await import('./macos.ts')).readMacos(host)
    case 'windows':
      return (await import('./windows.ts')).readWindows(host)
  }
}
