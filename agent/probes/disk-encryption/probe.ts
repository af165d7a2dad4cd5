import { notReadOn, type Probe } from '../probe.ts'
import { readLinux } from './linux.ts'

/** Whether the system volume, the data volumes and swap are encrypted on disk. */
export const readDiskEncryption: Probe<'disk-encryption'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
