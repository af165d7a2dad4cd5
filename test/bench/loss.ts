import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { startAgent } from '../../agent/agent.ts'
import { allProbes } from '../../agent/probes/all.ts'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
import { enrolledClient } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { falconLaptop, type FalconLaptop } from '../fakes/falcon-laptop.ts'
import { startApplication } from '../gateways/application.ts'
import { selfSigned } from '../gateways/certificates.ts'
import { nginx, startNginx } from '../gateways/nginx.ts'
import { line } from './measure.ts'

const HOST = 'wiki.example.com'
const POLICY = `version: 1
freshness: 15m
tiers: { public: [], internal: [endpoint-protection] }
checks: { endpoint-protection: { anyOf: [crowdstrike-falcon], grace: 0m } }
default-tier: internal
`
const LAPTOPS = 20
const ROUNDS = 10
const WATCH_MS = 5000
/** How often a laptop's browser asks for a page: a refusal is seen so much later, at most. */
const ASK_MS = 25

type Laptop = { id: string; machine: FalconLaptop; cookie: string; stop(): void }
type Loss = { denied: number; told: number }

/** From the moment at which the EDR stops on a laptop to the first refusal at nginx, and to the event at a receiver. */
export async function benchLoss(): Promise<void> {
  if (!existsSync(nginx.program)) return line('nginx is not installed', 'skipped')
  const folder = mkdtempSync(join(tmpdir(), 'muster-loss-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  const collector = await testCollector({ settings: { policy, pushTargets: '127.0.0.1' } })
  // Time goes by here, as it does for the laptops.
  const ticking = setInterval(() => (collector.clock.now = new Date()), 10)
  const certificate = selfSigned(folder, 'site', [HOST])
  if (!certificate) return line('openssl is not installed', 'skipped')
  const application = await startApplication()
  const site = join(folder, 'nginx')
  mkdirSync(site)
  const port = Number(new URL(collector.issuerUrl).port)
  const key = await collector.gatewayKey('decide', 'events')
  const gateway = await startNginx(
    {
      folder: site,
      host: HOST,
      certificate,
      collector: { port, name: '127.0.0.1', certificate: certificate.cert, key },
      applicationPort: application.port,
    },
    // Plain HTTP on loopback, as the quick try has it.
    { settings: { '"https://muster_collector"': '"http://muster_collector"' } },
  )
  const receiver = await startReceiver()
  await createStream(collector.issuerUrl, key, receiver.url)

  const agent = new Agent({ keepAlive: true, ca: readFileSync(certificate.cert), maxSockets: LAPTOPS })
  const ask = (cookie: string) => status(gateway.port, agent, cookie)
  const laptops = await Promise.all(Array.from({ length: LAPTOPS }, () => startLaptop(collector)))
  const losses: Loss[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    losses.push(...(await Promise.all(laptops.map((laptop) => oneLoss(laptop, ask, receiver.told)))))
  }
  for (const laptop of laptops) laptop.stop()
  agent.destroy()
  await gateway.stop()
  receiver.close()
  await application.close()
  clearInterval(ticking)
  await collector.close()
  rmSync(folder, { recursive: true })

  line('trials', String(losses.length), `the agent looks every ${WATCH_MS / 1000} s`)
  show(
    'EDR stopped -> denied at nginx',
    losses.map(({ denied }) => denied),
  )
  show(
    'EDR stopped -> SET received',
    losses.map(({ told }) => told),
  )
}

function show(what: string, milliseconds: number[]): void {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number) => ((sorted[Math.floor(sorted.length * share)] ?? NaN) / 1000).toFixed(2)
  line(`${what}, p50 and p99`, `${at(0.5)}, ${at(0.99)} s`, 'budget: under 6 s')
}

async function oneLoss(
  { id, machine, cookie }: Laptop,
  ask: (cookie: string) => Promise<number>,
  told: (id: string) => Promise<number>,
): Promise<Loss> {
  while ((await ask(cookie)) !== 200) await pause(ASK_MS)
  await pause(randomInt(WATCH_MS))
  const event = told(id)
  const since = performance.now()
  machine.stopSensor()
  while ((await ask(cookie)) === 200) await pause(ASK_MS)
  const denied = performance.now() - since
  const loss = { denied, told: (await event) - since }
  machine.startSensor()
  return loss
}

/** A laptop with the real agent on it, and a browser that went through the device check. */
async function startLaptop(collector: TestCollector): Promise<Laptop> {
  const { device, deviceId } = await enrolledClient(await collector.enrollment())
  const machine = falconLaptop()
  let sequence = 0
  const agent = startAgent({
    version: 'bench',
    host: machine.host,
    ...allProbes(),
    bootId: 'boot',
    enrollment: { url: collector.issuerUrl, issuer: collector.issuerUrl, deviceId },
    key: { ...device, protection: 'software' },
    nextSequence: async () => ++sequence,
    journal: { sent: async () => undefined, answered: async () => undefined },
    log: () => undefined,
  })
  const secret = openSecretFile(join(collector.folder, 'collector/browser-key'))
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => new Date() })
  return { id: deviceId, machine, cookie: sessions.bind(deviceId, HOST).split(';')[0] ?? '', stop: agent.stop }
}

function status(port: number, agent: Agent, cookie: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${HOST}:${port}`, cookie }
    const call = request({ host: '127.0.0.1', port, servername: HOST, agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    call.once('error', reject)
    call.end()
  })
}

/** Takes events in, and tells when that of a session which ends has come for a device. */
async function startReceiver() {
  const waiting = new Map<string, (at: number) => void>()
  const server = createServer((incoming, response) => {
    let set = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (data: string) => (set += data))
    incoming.on('end', () => {
      const { events, sub_id: subject } = decodeJwt<{ events: object; sub_id: { device?: { sub: string } } }>(set)
      const isLoss = Object.keys(events).some((name) => name.endsWith('/session-revoked'))
      if (isLoss) waiting.get(subject.device?.sub ?? '')?.(performance.now())
      response.writeHead(202).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/events`,
    told: (id: string) => new Promise<number>((resolve) => waiting.set(id, resolve)),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function createStream(issuerUrl: string, key: string, url: string): Promise<void> {
  const response = await fetch(`${issuerUrl}/ssf/stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: url } }),
  })
  if (response.status !== 201) throw new Error(`no stream: ${response.status} ${await response.text()}`)
}
