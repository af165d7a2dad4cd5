import { notReadOn, type Probe } from '../probe.ts'
import { readLinuxOs } from './linux.ts'

/** Which operating system this is. */
export const readOs: Probe<'os'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinuxOs(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
