import { notReadOn, type Probe } from '../probe.ts'
import { readLinux } from './linux.ts'

/** Whether the screen locks by itself, and after how many idle seconds. */
export const readScreenLock: Probe<'screen-lock'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
