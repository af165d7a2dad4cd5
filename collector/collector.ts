import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import { parseCatalogue } from './appraisal/catalogue.ts'
import { parsePolicy } from './appraisal/policy.ts'
import type { Config } from './config.ts'
import { actsOf, openControl, type Acts } from './control.ts'
import { openEnrollment, type Address } from './enrollment.ts'
import { openFleet } from './fleet.ts'
import { openGateways } from './gateways.ts'
import { buildApp } from './http/app.ts'
import { openServer, serverFactory } from './http/server.ts'
import { fileSigner, issuerOf } from './issuer.ts'
import { lockFolder } from './lock.ts'
import { openMetrics } from './metrics.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'
import { openUpkeep } from './upkeep.ts'
import { VERSION } from './version.ts'
import { openAgents, type Agents } from './ws/agents.ts'

/** A collector that runs. */
export type Collector = {
  /** The address that agents and gateways know it by. */
  issuerUrl: string
  port: number
  /** Asks a connected device to read everything now. */
  recheck(deviceId: string, reason: string): boolean
  close(): Promise<void>
}

export type Surroundings = { clock: () => Date; log: FastifyBaseLogger }

/**
 * Starts a collector: from its folder to an open port. Reading this function is reading how the parts hang together.
 * @throws MusterError when it cannot, with what to do
 */
export async function startCollector(config: Config, { clock, log }: Surroundings): Promise<Collector> {
  prepareFolder(config.folder)
  const lock = lockFolder(join(config.folder, 'lock'))
  const closing: (() => unknown)[] = [() => lock.release()]
  const closeAll = async () => {
    for (const close of closing.toReversed()) await close()
  }

  try {
    const store = openSqlite(join(config.folder, 'muster.db'))
    closing.push(() => store.close())
    const upkeep = openUpkeep(store, (error) => log.warn({ err: error }, 'the store could not be kept in order'))
    closing.push(() => upkeep.close())
    const tls = readTls(config)
    const listening = await openServer({ host: config.host, port: config.port, tls })
    closing.push(() => listening.close())
    const issuerUrl = issuerOfConfig(config, listening.port)
    const policy = await adoptPolicy(config.policyFile, store, clock())
    const issuer = issuerOf(fileSigner(join(config.folder, 'attestation-key.pem')))
    const gateways = await openGateways(store, clock)
    const { reportSeconds, unchangedSeconds, watchSeconds } = config
    const fleet = await openFleet({
      store,
      issuer,
      issuerUrl,
      policy,
      catalogue: parseCatalogue(readNamed(config.releasesFile)),
      settings: { reportSeconds, unchangedSeconds, watchSeconds },
      build: `collector ${VERSION}`,
      clock,
    })
    const alert = (message: string, details: object) => log.warn(details, message)
    const metrics = openMetrics(fleet.size, () => agents.connected())
    const agents: Agents = openAgents({ fleet, issuerUrl, metrics, log, clock })
    const onRemoved = (deviceId: string) => agents.dismiss(deviceId, 'device-unknown')
    const { approval } = config
    const enrollment = openEnrollment({ store, fleet, issuerUrl, approval, alert, onRemoved, clock })
    const app = await buildApp(
      {
        fleet,
        enrollment,
        gateways,
        issuer,
        policy: policy.inForce,
        metrics,
        probe: store.probe,
        issuerUrl,
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
    agents.attach(listening.server)
    closing.push(() => agents.close())
    const control = await openControl(
      config.folder,
      actsOf({ store, gateways, address: addressOf(issuerUrl, tls), clock }),
    )
    closing.push(() => control.close())
    log.info({ issuer: issuerUrl, policyVersion: policy.version, devices: fleet.size() }, 'collector started')
    return { issuerUrl, port: listening.port, recheck: agents.recheck, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Runs one act on a stopped collector's folder, holding it meanwhile. */
export async function actOnStopped<T>(config: Config, clock: () => Date, run: (acts: Acts) => Promise<T>): Promise<T> {
  prepareFolder(config.folder)
  const lock = lockFolder(join(config.folder, 'lock'))
  try {
    const store = openSqlite(join(config.folder, 'muster.db'))
    try {
      const address = addressOf(issuerOfConfig(config, config.port), readTls(config))
      return await run(actsOf({ store, gateways: await openGateways(store, clock), address, clock }))
    } finally {
      await store.close()
    }
  } finally {
    lock.release()
  }
}

/** Reads what the configuration names and tries it, without starting anything. */
export function checkFiles(config: Config): void {
  readTls(config)
  parsePolicy(readNamed(config.policyFile))
  parseCatalogue(readNamed(config.releasesFile))
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

async function adoptPolicy(file: string, store: Store, now: Date) {
  const document = readNamed(file)
  const inForce = parsePolicy(document)
  const hash = digest(document)
  return { inForce, version: await store.adoptPolicy(document, hash, now), digest: hash }
}

function readTls({ tls }: Config): { cert: string; key: string } | null {
  return tls && { cert: readNamed(tls.cert), key: readNamed(tls.key) }
}

function readNamed(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MusterError('config-invalid', `${file} cannot be read`, { cause: error })
  }
}
