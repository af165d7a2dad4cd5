import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signBrowserProof, type BrowserClaims } from '../../shared/browser.ts'
import type { Sign } from '../../shared/jws.ts'
import { connectedClient, enrolledClient, type Client } from './client.ts'
import { testCollector, type TestCollector } from './collector.ts'
import { healthyFacts } from './facts.ts'
import { visitorOf, type Visitor } from './visitor.ts'

const POLICY = `version: 1
freshness: 15m
tiers: { public: [], internal: [firewall, secure-boot], confidential: [firewall, secure-boot, screen-lock] }
checks: { firewall: {}, screen-lock: { within: 15m, grace: 7d } }
resources:
  - { match: "wiki.example.com/payroll/**", tier: confidential }
  - { match: "wiki.example.com/**", tier: internal }
default-tier: internal
`

/** A collector that protects wiki.example.com, a laptop that is good enough, and browsers to send there. */
export type CheckWorld = {
  collector: TestCollector
  gatewayKey: string
  good: Client
  visitor(): Visitor
  /** What an agent signs, by default that of the good laptop. */
  proofOf(nonce: string, claims?: Partial<BrowserClaims>, by?: { sign: Sign }): Promise<string>
  /** The whole way of a browser but its end: to the address with the code. */
  checked(visitor: Visitor, host?: string): Promise<URL>
  /** Stops the collector and starts it on the same port and folder. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function checkWorld(): Promise<CheckWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  const settings = { policy, agentHelp: 'https://intranet.example.com/agent' }
  const collector = await testCollector({ folder, settings })
  const good = await enrolledClient(await collector.enrollment())
  const report = async () => (await connectedClient(good)).report(healthyFacts(new Date()))
  await report()
  const gatewayKey = await collector.gatewayKey('decide')

  const world: CheckWorld = {
    collector,
    gatewayKey,
    good,
    visitor: () => visitorOf(collector.issuerUrl, gatewayKey),
    proofOf(nonce, claims = {}, { sign } = good.device) {
      const { issuerUrl, clock } = world.collector
      const iat = Math.floor(clock.now.getTime() / 1000)
      const usual = { iss: good.deviceId, aud: issuerUrl, origin: issuerUrl, nonce, iat, jti: 'jti-jti-jti-jti-' }
      return signBrowserProof({ ...usual, ...claims }, sign)
    },
    async checked(visitor, host = 'wiki.example.com') {
      const state = await visitor.refused(host)
      await visitor.open({ return: `https://${host}/start?x=1`, tier: 'internal', state })
      const answer = await visitor.post('proof', { proof: await world.proofOf(await visitor.nonce()) })
      return nextOf(answer)
    },
    async restart() {
      const { port } = world.collector
      await world.collector.close()
      world.collector = await testCollector({ folder, settings: { ...settings, port: String(port) } })
      await report()
    },
    async close() {
      await world.collector.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return world
}

export const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

/** Where an answer sends the browser. */
export const nextOf = async (response: Response) => new URL(((await response.json()) as { next: string }).next)
