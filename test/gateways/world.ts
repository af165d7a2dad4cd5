import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowserSessions, type BrowserSessions } from '../../collector/browser/sessions.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
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

/** A laptop that reports, and a browser on it that went through the device check at this host. */
type Laptop = {
  client: Client
  cookie: string
  /** As at another host. */
  cookieAt(host: string): string
  /** Its attestation, as it would show it itself. */
  attestation(): Promise<string>
  report(changes?: Changes): Promise<void>
  /** Waits until the collector asks it to look again, and reports that all is well but for what it began with. */
  looksAgain(): Promise<void>
  close(): void
}
type Changes = { [Id in SignalId]?: Fact<SignalValue[Id]> }

/** Everything around a gateway: a collector with laptops that report, an application, and certificates. */
export type World = {
  folder: string
  collector: TestCollector
  key: string
  tap: Tap
  application: Application
  certificate: Certificate
  /** A laptop that is well, one of which nothing but its Secure Boot is wrong, and one whose disk is not encrypted. */
  laptops: { well: Laptop; partly: Laptop; ill: Laptop }
  site(name: string): Site
  close(): Promise<void>
}

export async function buildWorld(settings: Record<string, string> = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-gateways-'))
  const certificate = selfSigned(folder, 'gateway', [HOST])
  const collectorCertificate = selfSigned(folder, 'collector', ['collector.example.com', '127.0.0.1'])
  if (!certificate || !collectorCertificate) throw new Error('openssl made no certificate')
  const collector = await testCollector({ settings })
  const key = await collector.gatewayKey('decide')
  const [tap, application] = await Promise.all([
    startTap(collector.issuerUrl, collectorCertificate),
    startApplication(),
  ])
  const secret = openSecretFile(join(collector.folder, 'collector/browser-key'))
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  const laptop = (facts: Changes) => laptopOf(collector, key, sessions, facts)
  const laptops = {
    well: await laptop({}),
    partly: await laptop({ 'secure-boot': absent('no EFI') }),
    ill: await laptop({ 'disk-encryption': absent('no disk') }),
  }
  return {
    folder,
    collector,
    key,
    tap,
    application,
    certificate,
    laptops,
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
      for (const it of Object.values(laptops)) it.close()
      await Promise.all([tap.close(), application.close()])
      await collector.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function laptopOf(
  collector: TestCollector,
  key: string,
  sessions: BrowserSessions,
  begin: Changes,
): Promise<Laptop> {
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  const cookieAt = (host: string) => sessions.bind(client.deviceId, host).split(';')[0] ?? ''
  const laptop: Laptop = {
    client,
    cookie: cookieAt(HOST),
    cookieAt,
    async attestation() {
      const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
      return (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).text()
    },
    async report(changes = {}) {
      const now = new Date()
      const facts = healthyFacts(now)
      for (const [id, fact] of Object.entries(changes))
        Object.assign(facts, { [id]: read<SignalValue[SignalId]>(fact, now) })
      await conversation.report(facts, now)
    },
    async looksAgain() {
      await conversation.expect('recheck')
      await laptop.report(begin)
    },
    close: () => conversation.close(),
  }
  await laptop.report(begin)
  return laptop
}
