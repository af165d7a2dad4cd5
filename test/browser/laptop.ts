import { setTimeout as pause } from 'node:timers/promises'
import { startAgent, type Agent } from '../../agent/agent.ts'
import type { Probes } from '../../agent/collect.ts'
import { openLoopback } from '../../agent/loopback/server.ts'
import { AGENT_PORTS } from '../../shared/browser.ts'
import { parseEnrollmentNonce, parseEnrollmentString } from '../../shared/enrollment.ts'
import { value } from '../../shared/fact.ts'
import { SIGNAL_IDS, type SignalValue } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import { fakeDevice, type FakeDevice } from '../fakes/device.ts'
import { healthyValues } from '../fakes/facts.ts'
import { laptop } from '../fakes/laptop.ts'

/** A laptop whose facts the test sets, with the agent's own code on it. */
export type Laptop = {
  device: FakeDevice
  /** Everything that its agent logged. */
  logged: string[]
  /** Where it answers browsers. */
  agentUrl: string
  /** Turns the endpoint protection on or off, and nobody has looked yet. */
  protect(isOn: boolean): void
  /** Looks and reports, as every few minutes or at a change, and waits until the collector has answered. */
  report(): Promise<void>
  stop(): Promise<void>
}

export type LaptopOptions = {
  /** Where the collector itself listens. */
  collectorUrl: string
  issuer: string
  enrollment: string
  /** Has the collector ask for a report. */
  recheck: (deviceId: string, reason: string) => boolean
  isProtected?: boolean
  /** How far its clock is off, in milliseconds. */
  clockOffMs?: number
  /** Where its agent may answer browsers. */
  ports?: readonly number[]
}

/** Starts an agent, and waits until it has been judged. */
export async function startLaptop(options: LaptopOptions): Promise<Laptop> {
  const { collectorUrl, issuer, enrollment, recheck, isProtected = true, clockOffMs = 0, ports = AGENT_PORTS } = options
  const device = fakeDevice(issuer)
  await enrol(device, collectorUrl, enrollment)
  const now = () => new Date(Date.now() + clockOffMs)
  const facts = { isProtected }
  const logged: string[] = []
  const log = (event: string) => void logged.push(event)
  let sequence = 0
  const agent = startAgent({
    version: '1.2.3',
    host: { ...laptop({ files: {} }), now },
    probes: probesOf(() => laptopValues(now(), facts.isProtected)),
    watches: [],
    bootId: 'boot-1',
    enrollment: { url: collectorUrl, issuer, deviceId: device.id },
    key: { ...device, protection: 'software' },
    nextSequence: async () => ++sequence,
    journal: { sent: async () => undefined, answered: async () => undefined },
    log,
  })
  const { collectorTime } = agent
  const parts = { version: '1.2.3', issuer, key: device, collectorTime, ports, log }
  let loopback = await openLoopback(parts)
  // Agents of other tests have all of them, for the moment.
  while (loopback.port === null) {
    await pause(100)
    loopback = await openLoopback(parts)
  }
  await nextStanding(agent, null)
  return {
    device,
    logged,
    agentUrl: `http://127.0.0.1:${loopback.port}`,
    protect(isOn) {
      facts.isProtected = isOn
    },
    async report() {
      const next = nextStanding(agent, agent.status().standing)
      recheck(device.id, 'a test asks')
      await next
    },
    async stop() {
      agent.stop()
      await loopback.close()
    },
  }
}

function laptopValues(now: Date, isProtected: boolean): SignalValue {
  const values = healthyValues(now)
  const products = values['endpoint-protection'].products.map((it) =>
    isProtected ? it : { ...it, state: 'off' as const, reasons: ['it was turned off'], realTime: false },
  )
  return { ...values, 'endpoint-protection': { products } }
}

function probesOf(values: () => SignalValue): Probes {
  const probes = SIGNAL_IDS.map((id) => [id, async () => ({ ...value(values()[id]), source: 'a test' })])
  return Object.fromEntries(probes) as Probes
}

async function enrol(device: FakeDevice, collectorUrl: string, enrollment: string): Promise<void> {
  const { secret } = parseEnrollmentString(enrollment)
  const answer = await fetch(`${collectorUrl}/v1/enrollments/nonce`, { method: 'POST' })
  const nonce = parseEnrollmentNonce(await answer.json())
  if (!nonce.ok) throw new Error(nonce.problem)
  const proof = await device.enrollment({ nonce: nonce.value.nonce, now: new Date(), secret })
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ proof })
  const { status } = await fetch(`${collectorUrl}/v1/enrollments`, { method: 'POST', headers, body })
  if (status !== 201) throw new Error(`not enrolled: ${status}`)
}

/** The next standing that the collector tells after this one. */
function nextStanding(agent: Agent, last: Standing | null): Promise<void> {
  return new Promise((resolve) => {
    const look = (standing: Standing | null) => {
      if (standing === last) return
      stop()
      resolve()
    }
    const stop = agent.onStatus((status) => look(status.standing))
    look(agent.status().standing)
  })
}
