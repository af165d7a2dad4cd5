import { notReadOn, type Probe } from '../probe.ts'
import { readLinux } from './linux.ts'

/** Which endpoint protection this machine has, and whether it protects. */
export const readEndpointProtection: Probe<'endpoint-protection'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
