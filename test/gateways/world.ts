import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { absent, type Fact } from '../../shared/fact.ts'
import type { SignalId, SignalValue } from '../../shared/signals.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'
import { startApplication, type Application } from './application.ts'
import { selfSigned, type Certificate } from './certificates.ts'
import type { Site } from './gateway-under-test.ts'
import { startTap, type Tap } from './tap.ts'

/** The host that is protected; the default policy's resource map asks `internal` of it. */
export const HOST = 'wiki.example.com'

/** Everything around a gateway: a collector with a laptop that reports, an application, and certificates. */
export type World = {
  folder: string
  collector: TestCollector
  key: string
  tap: Tap
  application: Application
  certificate: Certificate
  laptop: Client
  /** The cookie of a browser on the laptop that went through the device check at this host. */
  cookie(): string
  /** The laptop reports that all is well, but for these facts. */
  report(changes?: { [Id in SignalId]?: Fact<SignalValue[Id]> }): Promise<void>
  /** The laptop reports that its disk is not encrypted: closes every tier but `public`. */
  spoil(): Promise<void>
  site(name: string): Site
  close(): Promise<void>
}

export async function buildWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-gateways-'))
  const certificate = selfSigned(folder, 'gateway', [HOST])
  const collectorCertificate = selfSigned(folder, 'collector', ['collector.example.com', '127.0.0.1'])
  if (!certificate || !collectorCertificate) throw new Error('openssl made no certificate')
  const collector = await testCollector()
  const key = await collector.gatewayKey('decide')
  const [tap, application] = await Promise.all([
    startTap(collector.issuerUrl, collectorCertificate),
    startApplication(),
  ])
  const laptop = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(laptop)
  const report: World['report'] = async (changes = {}) => {
    const now = new Date()
    const facts = healthyFacts(now)
    for (const [id, fact] of Object.entries(changes))
      Object.assign(facts, { [id]: read<SignalValue[SignalId]>(fact, now) })
    await conversation.report(facts, now)
  }
  await report()
  const secret = Buffer.from(readFileSync(join(collector.folder, 'collector/browser-key'), 'utf8').trim(), 'base64url')
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  return {
    folder,
    collector,
    key,
    tap,
    application,
    certificate,
    laptop,
    cookie: () => sessions.bind(laptop.deviceId, HOST).split(';')[0] ?? '',
    report,
    spoil: () => report({ 'disk-encryption': absent('no disk') }),
    site(name) {
      const own = join(folder, name)
      mkdirSync(own)
      return {
        folder: own,
        host: HOST,
        certificate,
        collector: { port: tap.port, name: 'collector.example.com', certificate: collectorCertificate.cert, key },
        applicationPort: application.port,
      }
    },
    async close() {
      conversation.close()
      await Promise.all([tap.close(), application.close()])
      await collector.close()
      rmSync(folder, { recursive: true })
    },
  }
}
