import { onceRead, type Probes } from '../collect.ts'
import type { Watch } from '../watch.ts'
import { readDevice } from './device/probe.ts'
import { readDiskEncryption } from './disk-encryption/probe.ts'
import { endpointProtection } from './endpoint-protection/probe.ts'
import { readFirewall } from './firewall/probe.ts'
import { watchFirewall } from './firewall/watch.ts'
import { osUpdates } from './os-updates/probe.ts'
import { readOs } from './os/probe.ts'
import { readScreenLock } from './screen-lock/probe.ts'
import { readSecureBoot } from './secure-boot/probe.ts'

/**
 * The probe of every signal, and what is looked at every few seconds: a new signal is one line here, and does not compile
 * without it. A watch may remember what its probe read last, so both are made together.
 */
export function allProbes(): { probes: Probes; watches: readonly Watch[] } {
  const endpoint = endpointProtection()
  const updates = osUpdates()
  const probes = {
    os: readOs,
    'os-updates': updates.probe,
    'disk-encryption': readDiskEncryption,
    'endpoint-protection': endpoint.probe,
    firewall: readFirewall,
    'screen-lock': readScreenLock,
    'secure-boot': readSecureBoot,
    device: onceRead(readDevice),
  } satisfies Probes
  const watches: readonly Watch[] = [
    { signals: ['endpoint-protection'], fingerprint: endpoint.fingerprint },
    { signals: ['firewall'], fingerprint: watchFirewall },
    { signals: ['os-updates'], fingerprint: updates.fingerprint, settled: updates.settled },
  ]
  return { probes, watches }
}
