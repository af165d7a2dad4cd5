import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { MusterError } from '../shared/errors.ts'
import { openAccessTokens } from './access-tokens.ts'
import { adoptPolicy, type Configured } from './adopt-policy.ts'
import { openAudit, type Audit } from './audit.ts'
import { openClock, type Clock } from './clock.ts'
import type { Config } from './config.ts'
import { openExceptions, type Exceptions } from './exceptions.ts'
import { openFleet, type Fleet } from './fleet/fleet.ts'
import { isRevoked } from './fleet/entry.ts'
import { openGateways, type Gateways } from './gateways.ts'
import { openIssuer, type Issuer } from './issuer.ts'
import { openPolicies, type Policies } from './policies.ts'
import { openReleases, type Releases } from './releases.ts'
import { openStatusLists, type StatusLists } from './status-lists.ts'
import { openSecretFile } from './secret-file.ts'
import { openSqlite } from './store/sqlite.ts'
import type { DeviceRecord, Store } from './store/store.ts'
import { VERSION } from './version.ts'

/** Everything of a collector that is not its network: what the command line works on where none runs. */
export type Parts = {
  clock: Clock
  store: Store
  audit: Audit
  issuer: Issuer
  statuses: StatusLists
  releases: Releases
  exceptions: Exceptions
  gateways: Gateways
  fleet: Fleet
  policies: Policies
  close(): Promise<void>
}

export type Surroundings = {
  /** What the clock on the wall says. */
  clock: () => Date
  /** Seconds that the machine has been up, asleep or not. */
  uptime: () => number
  log: FastifyBaseLogger
}

/**
 * Opens the parts in the order in which they lean on one another. What changes the basis of verdicts (policy, catalogue,
 * exceptions) tells the fleet, and nothing else is told of it.
 */
export async function openParts(config: Config, around: Surroundings, issuerUrl: string): Promise<Parts> {
  const { log } = around
  const closing: (() => unknown)[] = []
  const close = async () => {
    for (const it of closing.toReversed()) await it()
  }
  const warn = (message: string) => (error: unknown) => log.warn({ err: error }, message)

  try {
    const clock = openClock({ wall: around.clock, uptime: around.uptime })
    clock.onSet((milliseconds) => log.warn({ milliseconds }, 'the clock was set'))
    const store = openSqlite(join(config.folder, 'muster.db'))
    closing.push(() => store.close())
    const onError = warn('a change could not be written; it is tried again')
    const audit = await openAudit({
      store,
      folder: config.folder,
      clock,
      onError: warn('the audit log could not be written; it is tried again'),
      onDamaged: (problem) => log.error({ problem }, 'the audit log is damaged'),
    })
    closing.push(() => audit.close())
    const { inForce, before, isNew } = await adoptPolicy(store, configuredPolicy(config), clock.now(), (problem) =>
      log.error({ err: problem, file: config.policyFile }, 'the policy file is not right: the policy before it stays'),
    )
    if (isNew) {
      const { version: target, digest, author, since: at } = inForce
      await audit.acted({
        at,
        who: 'collector',
        act: 'policy-adopt',
        target: String(target),
        details: { digest, author },
      })
    }
    const issuer = openIssuer({
      folder: config.folder,
      keyDays: config.keyDays,
      clock,
      onError: warn('the keys could not be changed'),
      onChange: (keys) =>
        audit.noted({
          at: clock.now(),
          who: 'collector',
          act: 'keys-change',
          target: null,
          details: { keys: keys.map(({ kid, state }) => ({ kid, state })) },
        }),
    })
    closing.push(() => issuer.close())
    const statuses = await openStatusLists({ store, issuer, issuerUrl, clock, onError })
    closing.push(() => statuses.close())
    const releases = await openReleases({ config, clock, log })
    closing.push(() => releases.close())
    const exceptions = await openExceptions(store, clock.now)
    const secret = openSecretFile(join(config.folder, 'access-token-key'))
    const gateways = await openGateways(store, openAccessTokens({ issuerUrl, secret, clock: clock.now }), clock.now)
    const { reportSeconds, unchangedSeconds, watchSeconds } = config
    const fleet = await openFleet({
      store,
      issuer,
      issuerUrl,
      statuses,
      policy: before ?? inForce,
      catalogue: releases.catalogue(),
      exceptions: exceptions.counting(),
      settings: { reportSeconds, unchangedSeconds, watchSeconds },
      build: `collector ${VERSION}`,
      clock,
      onError,
      onDamaged: (problem) =>
        log.error({ err: problem }, 'the record of a device is damaged: it is admitted to nothing'),
    })
    closing.push(() => fleet.settled())
    if (before) {
      // What time did while nobody looked, it did under the policy that counted then.
      await fleet.settled()
      fleet.usePolicy(inForce)
    }
    releases.onChange(fleet.useCatalogue)
    exceptions.onChange(fleet.useExceptions)
    // Who lost a tier while no collector ran: known when all have been judged once.
    fleet
      .settled()
      .then(() => statuses.reconcile(fleet.devices().map(standingIn(fleet))))
      .catch(onError)
    const policies = openPolicies(store, fleet, clock.now)
    return { clock, store, audit, issuer, statuses, releases, exceptions, gateways, fleet, policies, close }
  } catch (error) {
    await close()
    throw error
  }
}

const standingIn = (fleet: Fleet) => (device: DeviceRecord) => ({
  deviceId: device.id,
  tiers: fleet.standing(device.id)?.tiers ?? [],
  revoked: isRevoked(device),
})

function configuredPolicy({ policyFile, policyIsDefault }: Config): Configured {
  return { read: () => readNamed(policyFile), source: policyIsDefault ? 'default' : 'file' }
}

/** @throws MusterError `config-invalid` where a file that the configuration names cannot be read */
export function readNamed(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MusterError('config-invalid', `${file} cannot be read`, { cause: error })
  }
}
