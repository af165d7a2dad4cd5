import { notReadOn, type Probe } from '../probe.ts'
import { readLinux } from './linux.ts'

/** Whether Secure Boot is on, and which TPM this machine has. */
export const readSecureBoot: Probe<'secure-boot'> = async (host) => {
  switch (host.platform) {
    case 'linux':
      return readLinux(host)
    case 'macos':
    case 'windows':
      return notReadOn(host.platform)
  }
}
