import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import { certificateDatesProblem } from './certificate-dates.ts'
import { actsOf, type ActsAs } from './acts/all.ts'
import type { PolicyProblem } from './appraisal/policy-problems.ts'
import { policyWarnings } from './appraisal/policy-warnings.ts'
import { parsePolicy } from './appraisal/policy.ts'
import type { Config } from './config.ts'
import { openControl } from './control.ts'
import { openEnrollment, type Address } from './enrollment.ts'
import { openEventFeed } from './event-feed.ts'
import type { Fleet } from './fleet/fleet.ts'
import { buildApp } from './http/app.ts'
import { openServer, serverFactory } from './http/server.ts'
import { lockFolder } from './lock.ts'
import { openMetrics } from './metrics.ts'
import { openParts, readNamed, type Parts, type Surroundings } from './parts.ts'
import { checkReleaseFiles } from './releases/check.ts'
import { openProofs } from './proofs.ts'
import { openStreams } from './ssf/streams.ts'
import { openUpkeep } from './upkeep.ts'
import { VERSION } from './version.ts'
import { openAgents, type Agents } from './ws/agents.ts'

/** A collector that runs. */
export type Collector = {
  /** The address that agents and gateways know it by. */
  issuerUrl: string
  port: number
  fleet: Fleet
  /** Asks a connected device to read everything now. */
  recheck(deviceId: string, reason: string): boolean
  close(): Promise<void>
}

/**
 * Starts a collector: from its folder to an open port. Reading this function is reading how the parts hang together.
 * @throws MusterError when it cannot, with what to do
 */
export async function startCollector(config: Config, around: Surroundings): Promise<Collector> {
  const { log } = around
  prepareFolder(config.folder)
  const lock = lockFolder(join(config.folder, 'lock'))
  const closing: (() => unknown)[] = [() => lock.release()]
  const closeAll = async () => {
    for (const close of closing.toReversed()) await close()
  }

  try {
    const tls = readTls(config)
    const listening = await openServer({ host: config.host, port: config.port, tls, mutualTls: config.mutualTls })
    closing.push(() => listening.close())
    const issuerUrl = issuerOfConfig(config, listening.port)
    const parts = await openParts(config, around, issuerUrl)
    closing.push(() => parts.close())
    const { store, audit, fleet, issuer, gateways, policies, statuses } = parts
    const clock = parts.clock.now
    audit.noted({ at: clock(), who: 'collector', act: 'start', target: null, details: startDetails(parts) })
    closing.push(() => audit.noted({ at: clock(), who: 'collector', act: 'stop', target: null, details: {} }))
    const { folder, pushTargets, historyDays, auditDays } = config
    const metrics = openMetrics({
      devices: fleet.size,
      agents: () => agents.connected(),
      events: () => streams.waiting(),
      audit: audit.load,
      clock,
    })
    const onOutcome = metrics.delivered
    const streams = await openStreams({
      store,
      gateways,
      fleet,
      issuerUrl,
      folder,
      pushTargets,
      clock,
      onSet: parts.clock.onSet,
      keyDays: config.keyDays,
      onKeys: (keys) => {
        const details = { keys: keys.map(({ kid, state }) => ({ kid, state })) }
        audit.noted({ at: clock(), who: 'collector', act: 'keys-change', target: 'events', details })
      },
      log,
      onOutcome,
    })
    closing.push(() => streams.close())
    policies.onChange(streams.policyChanged)
    const upkeep = openUpkeep({ store, historyDays, audit, auditDays, clock, log })
    closing.push(() => upkeep.close())
    const timekeeper = keepTime(fleet, clock)
    closing.push(() => timekeeper.close())
    const alert = (message: string, details: object) => log.warn(details, message)
    const agents: Agents = openAgents({ fleet, issuerUrl, metrics, log, clock })
    const onRemoved = (deviceId: string) => agents.dismiss(deviceId, 'device-unknown')
    const { approval } = config
    const enrollment = openEnrollment({ store, fleet, issuerUrl, approval, alert, onRemoved, clock })
    const acts = actsOf({ ...parts, agents, address: addressOf(issuerUrl, tls), clock })
    const policy = () => policies.inForce().policy
    const proofs = openProofs({ ...parts, config, issuerUrl, policy, recheck: agents.recheck, clock })
    const onError = (error: unknown) =>
      log.warn({ err: error }, 'gateways that follow events could not be told; they come back')
    const eventFeed = openEventFeed({ store, gateways, clock, onError })
    closing.push(() => eventFeed.close())
    const app = await buildApp(
      {
        fleet,
        enrollment,
        gateways,
        eventFeed,
        streams,
        issuer,
        statuses,
        audit,
        acts,
        ...proofs,
        agentHelp: config.agentHelp,
        isBehindProxy: config.behindProxy,
        decisionCacheSeconds: config.decisionCacheSeconds,
        policy,
        metrics,
        probe: store.probe,
        issuerUrl,
        mutualTls: config.mutualTls,
        version: VERSION,
        clock,
      },
      {
        logger: log,
        trustedProxies: config.behindProxy ? config.trustedProxies : [],
        serverFactory: serverFactory(listening),
      },
    )
    await app.ready()
    // Nothing is decided any more once the audit log is about to close.
    closing.push(() => listening.withdraw())
    agents.attach(listening.server)
    closing.push(() => agents.close())
    const control = await openControl(config.folder, acts)
    closing.push(() => control.close())
    const refused = tls && certificateDatesProblem(tls.cert, clock())
    if (refused) log.warn({ file: config.tls?.cert, why: refused }, 'our certificate is not good at this time')
    log.info({ issuer: issuerUrl, policyVersion: fleet.policy().version, devices: fleet.size() }, 'collector started')
    return { issuerUrl, port: listening.port, fleet, recheck: agents.recheck, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** With what a collector began: what every decision after it leans on. */
function startDetails({ policies, issuer }: Parts): object {
  const { version, digest: hash, author } = policies.inForce()
  const keys = issuer.keys().map(({ kid, state }) => ({ kid, state }))
  return { release: VERSION, policy: { version, digest: hash, author }, keys }
}

/** A deadline is seen at its own moment, and a clock that was set within this time. */
const LOOK_MS = 1000

/** Wakes the fleet at each moment at which time alone changes a verdict. */
function keepTime(fleet: Pick<Fleet, 'wake'>, clock: () => Date): { close(): void } {
  let timer: NodeJS.Timeout
  const look = () => {
    const next = fleet.wake()
    const wait = next ? next.getTime() - clock().getTime() : LOOK_MS
    timer = setTimeout(look, Math.max(0, Math.min(wait, LOOK_MS)))
  }
  look()
  return { close: () => clearTimeout(timer) }
}

/** Runs one act on a stopped collector's folder, holding it meanwhile. */
export async function actOnStopped<T>(
  config: Config,
  around: Surroundings,
  run: (actsAs: ActsAs) => Promise<T>,
): Promise<T> {
  prepareFolder(config.folder)
  const lock = lockFolder(join(config.folder, 'lock'))
  try {
    const issuerUrl = issuerOfConfig(config, config.port)
    const parts = await openParts(config, around, issuerUrl)
    try {
      const clock = parts.clock.now
      return await run(actsOf({ ...parts, agents: null, address: addressOf(issuerUrl, readTls(config)), clock }))
    } finally {
      await parts.close()
    }
  } finally {
    lock.release()
  }
}

/** Reads what the configuration names and tries it, without starting anything. Returns what of the policy has no effect. */
export function checkFiles(config: Config, now = new Date()): PolicyProblem[] {
  const tls = readTls(config)
  const refused = tls && certificateDatesProblem(tls.cert, now)
  if (refused) throw new MusterError('config-invalid', `the certificate ${config.tls?.cert} is not good: ${refused}`)
  const policy = readNamed(config.policyFile)
  parsePolicy(policy)
  checkReleaseFiles(config, now)
  return policyWarnings(policy)
}

/** The address that everything is signed for: as configured, else where it listens. */
function issuerOfConfig({ issuer, host, tls }: Config, port: number): string {
  return issuer ?? `${tls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

/** A certificate that signed itself is known to nobody: its pin goes along with the address. */
function addressOf(url: string, tls: { cert: string } | null): Address {
  const certificate = tls && new X509Certificate(tls.cert)
  if (!certificate || certificate.issuer !== certificate.subject) return { url }
  return { url, pin: digest(certificate.publicKey.export({ type: 'spki', format: 'der' })) }
}

/** Keys and evidence are for the collector's own user alone. */
function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (process.platform !== 'win32') chmodSync(folder, 0o700)
  } catch (error) {
    const detail = `the data folder ${folder} cannot be made or closed to others`
    throw new MusterError('config-invalid', detail, { cause: error })
  }
}

function readTls({ tls }: Config): { cert: string; key: string } | null {
  return tls && { cert: readNamed(tls.cert), key: readNamed(tls.key) }
}
