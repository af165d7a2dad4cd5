import { onceRead, type Probes } from '../collect.ts'
import type { Ran, Unread } from '../host/host.ts'
import type { Watch } from '../watch.ts'
import { deviceProbe } from './device/probe.ts'
import { readDiskEncryption } from './disk-encryption/probe.ts'
import { readEndpointProtection } from './endpoint-protection/probe.ts'
import { watchEndpointProtection } from './endpoint-protection/watch.ts'
import { readFirewall } from './firewall/probe.ts'
import { watchFirewall } from './firewall/watch.ts'
import { osUpdatesProbe } from './os-updates/probe.ts'
import { readOs } from './os/probe.ts'
import { readScreenLock } from './screen-lock/probe.ts'
import { readSecureBoot } from './secure-boot/probe.ts'

/** The probe of every signal: a new signal is one line here, and does not compile without it. */
export function allProbes(readInventory: () => Promise<Ran | Unread>): Probes {
  return {
    os: readOs,
    'os-updates': osUpdatesProbe(),
    'disk-encryption': readDiskEncryption,
    'endpoint-protection': readEndpointProtection,
    firewall: readFirewall,
    'screen-lock': readScreenLock,
    'secure-boot': readSecureBoot,
    device: onceRead(deviceProbe(readInventory)),
  } satisfies Probes
}

/** What is looked at every few seconds. */
export const WATCHES: readonly Watch[] = [
  { signals: ['endpoint-protection'], fingerprint: watchEndpointProtection },
  { signals: ['firewall'], fingerprint: watchFirewall },
]
