import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openDpop } from '../shared/dpop.ts'
import type { Policy } from './appraisal/policy.ts'
import { openDeviceCheck, type DeviceCheck } from './browser/device-check.ts'
import { openBrowserSessions, type BrowserSessions } from './browser/sessions.ts'
import type { Config } from './config.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { Gateways } from './gateways.ts'
import type { Issuer } from './issuer.ts'
import { openProver, type Prover } from './proof.ts'
import { openSecretFile } from './secret-file.ts'
import type { Agents } from './ws/agents.ts'

/** Every way in which a device is proved to be the one that a request comes from. */
type Proofs = { prover: Prover; browserSessions: BrowserSessions; deviceCheck: DeviceCheck }

type ProofsOptions = {
  config: Pick<Config, 'folder' | 'browserSessionHours'>
  fleet: Fleet
  gateways: Gateways
  issuer: Issuer
  issuerUrl: string
  policy: () => Policy
  recheck: Agents['recheck']
  clock: () => Date
}

/** @throws MusterError `config-invalid` where the secret of the browsers' cookies cannot be used as it is */
export function openProofs(options: ProofsOptions): Proofs {
  const { config, fleet, gateways, issuer, issuerUrl, policy, recheck, clock } = options
  const secret = openSecretFile(join(config.folder, 'browser-key'))
  const sessions = openBrowserSessions({ secret, hours: config.browserSessionHours, clock })
  // What was spent is remembered by this process alone, so the nonces of no other may count.
  const dpop = openDpop({ clock, secret: randomBytes(32) })
  return {
    prover: openProver({ issuer, issuerUrl, sessions, dpop, clock }),
    browserSessions: sessions,
    deviceCheck: openDeviceCheck({ fleet, gateways, sessions, policy, recheck, issuerUrl, secret, clock }),
  }
}
