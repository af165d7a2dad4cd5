import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { parseEvidence, parseSession, parseUnchanged } from '../shared/evidence.ts'
import { unreadable, value } from '../shared/fact.ts'
import { digest, isSignedBy, parseJws, publicKeyOf, TYP } from '../shared/jws.ts'
import { parseLocalAnswer } from '../shared/local.ts'
import { goodbye, parseAgentMessage, type AgentMessage, type CollectorMessage } from '../shared/messages.ts'
import type { Parsed } from '../shared/schema.ts'
import { startAgent, type Agent } from './agent.ts'
import type { Probes } from './collect.ts'
import type { Host } from './host/host.ts'
import { recordedHost } from './host/recorded.ts'
import type { DeviceKey } from './identity/key.ts'
import { createSoftwareKey } from './identity/software.ts'
import { openJournal, readJournal } from './journal.ts'
import { makePrivate, openState, type State } from './state.ts'
import { realTimers, type Timers } from './timers.ts'

const T0 = Date.parse('2026-05-04T10:00:00Z')

let data = ''
let state: State
let key: DeviceKey
let collector: FakeCollector
let agents: Agent[] = []

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'muster-agent-'))
  state = openState(data)
  await makePrivate(state.folder)
  key = await createSoftwareKey(state.keyPath)
  collector = await fakeCollector()
  await state.saveEnrollment({ url: collector.url, issuer: collector.url, deviceId: key.id })
})
afterEach(async () => {
  for (const agent of agents) agent.stop()
  agents = []
  await collector.stop()
  rmSync(data, { recursive: true })
})

type Heard = { message: AgentMessage; from: number }
type FakeCollector = {
  url: string
  heard: Heard[]
  connections: () => number
  /** Said to the newest connection. */
  say(message: CollectorMessage): void
  kill(): void
  stop(): Promise<void>
  start(): Promise<void>
}

/** The collector's side of the conversation, said by hand: what a test needs and no more. Its clock is two hours ahead. */
async function fakeCollector(): Promise<FakeCollector> {
  const heard: Heard[] = []
  let http: Server
  let sockets: WebSocketServer
  let newest: WebSocket | null = null
  let count = 0
  let port = 0
  const listen = async () => {
    http = createServer()
    sockets = new WebSocketServer({ server: http, handleProtocols: () => 'muster.v1' })
    sockets.on('connection', (socket) => {
      const from = (count += 1)
      newest = socket
      socket.on('message', (frame: Buffer) => {
        const message = parseAgentMessage(frame.toString())
        if (!message.ok) throw new Error(message.problem)
        heard.push({ message: message.value, from })
      })
      socket.send(JSON.stringify({ type: 'challenge', nonce: `challenge-${from}`, time: '2026-05-04T12:00:00Z' }))
    })
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
    port = (http.address() as AddressInfo).port
  }
  const kill = () => {
    for (const socket of sockets.clients) socket.terminate()
  }
  await listen()
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    connections: () => count,
    say: (message) => newest?.send(JSON.stringify(message)),
    kill,
    start: listen,
    stop: async () => {
      kill()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

const nothing = async () => ({ ...unreadable('not in this test'), source: 'none' })

/** A laptop whose clock, firewall and timers are moved by hand. */
function laptop() {
  let now = T0
  let on = true
  const host: Host = {
    ...recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-05-04T10:00:00Z', entries: [] }),
    now: () => new Date(now),
  }
  const probes: Probes = {
    os: nothing,
    'os-updates': nothing,
    'disk-encryption': nothing,
    'endpoint-protection': nothing,
    firewall: async () => ({ ...value({ enabled: on }), source: 'test' }),
    'screen-lock': nothing,
    'secure-boot': nothing,
    device: nothing,
  }
  const ticks: { seconds: number; action: () => void }[] = []
  const wait = (seconds: number, action: () => void) => {
    const tick = { seconds, action }
    ticks.push(tick)
    return () => void ticks.splice(ticks.indexOf(tick), 1)
  }
  const timers: Timers = {
    after: realTimers.after,
    every: wait,
    somewhereInEvery: (seconds, _phase, action) => wait(seconds, action),
  }
  return {
    host,
    probes,
    timers,
    ticks,
    turnFirewall: (enabled: boolean) => (on = enabled),
    firewall: () => String(on),
    /** Lets time pass up to the next tick of the timer of that period. */
    pass(seconds: number) {
      now += seconds * 1000
      for (const tick of ticks.filter((it) => it.seconds === seconds)) tick.action()
    },
    sleep: (seconds: number) => (now += seconds * 1000),
  }
}

const logged: string[] = []

async function start(machine = laptop()) {
  logged.length = 0
  const enrollment = await state.readEnrollment()
  if (!enrollment) throw new Error('not enrolled')
  const agent = startAgent({
    version: '1.2.3',
    host: machine.host,
    probes: machine.probes,
    watches: [{ signals: ['firewall'], fingerprint: async () => machine.firewall() }],
    bootId: 'boot-1',
    enrollment,
    key,
    nextSequence: state.nextSequence,
    journal: await openJournal(state.journalPath),
    log: (event, details) =>
      logged.push(`${event}${details?.['why'] === undefined ? '' : `: ${String(details['why'])}`}`),
    random: () => 0,
    timers: machine.timers,
  })
  agents.push(agent)
  return { agent, machine }
}

const settings = {
  reportSeconds: 900,
  unchangedSeconds: 300,
  watchSeconds: 5,
  signals: ['firewall' as const, 'os' as const],
}
const welcome: CollectorMessage = {
  type: 'welcome',
  settings,
  asks: [{ check: 'firewall', title: 'Firewall', ask: 'It is on.' }],
  lastSequence: 0,
  eat_nonce: 'nonce-of-welcome',
}
const appraised = (nonce: string): CollectorMessage => ({
  type: 'appraised',
  attestation: null,
  standing: {
    deviceId: key.id,
    status: 'active',
    tiers: ['public'],
    checks: [],
    earStatus: 'none',
    evidenceAt: null,
    evaluatedAt: '2026-05-04T12:00:00Z',
    nextChange: null,
    policyVersion: 1,
  },
  eat_nonce: nonce,
})

async function hear(count: number): Promise<AgentMessage> {
  await expect.poll(() => collector.heard.length, { timeout: 5000 }).toBeGreaterThanOrEqual(count)
  return collector.heard[count - 1]!.message
}

/** The claims of a message, after its signature has been verified. */
function claimsOf<T>(message: AgentMessage, typ: string, parse: (claims: unknown) => Parsed<T>): T {
  if (message.type === 'goodbye') throw new Error('a goodbye has no claims')
  const jws = parseJws(message.jws, typ)
  if (!jws.ok) throw new Error(jws.problem)
  expect(isSignedBy(jws.value, publicKeyOf(key.jwk)!)).toBe(true)
  expect(jws.value.header.kid).toBe(key.id)
  const claims = parse(jws.value.claims)
  if (!claims.ok) throw new Error(claims.problem)
  return claims.value
}

/** Brings a conversation to where the first evidence is acknowledged. */
async function settle(machine = laptop()) {
  const started = await start(machine)
  await hear(1)
  collector.say(welcome)
  const evidence = await hear(2)
  collector.say(appraised('nonce-after-first'))
  await expect.poll(() => started.agent.status().standing).not.toBeNull()
  return { ...started, evidence }
}

describe('an agent', () => {
  test('proves its key, reads, and reports in the time of the collector', async () => {
    const { agent } = await start()
    const session = claimsOf(await hear(1), TYP.session, parseSession)
    const collectorSeconds = Date.parse('2026-05-04T12:00:00Z') / 1000
    expect(session).toEqual({ aud: collector.url, nonce: 'challenge-1', iat: collectorSeconds, boot: 'boot-1' })
    expect(agent.collectorTime()).toEqual(new Date('2026-05-04T12:00:00Z'))

    collector.say(welcome)
    const evidence = claimsOf(await hear(2), TYP.evidence, parseEvidence)
    expect(evidence).toMatchObject({
      iss: key.id,
      aud: collector.url,
      eat_nonce: 'nonce-of-welcome',
      iat: collectorSeconds,
      seq: 1,
    })
    expect(evidence.facts).toEqual({
      firewall: { kind: 'value', value: { enabled: true }, source: 'test', observedAt: '2026-05-04T12:00:00.000Z' },
      os: { kind: 'unreadable', why: 'not in this test', source: 'none', observedAt: '2026-05-04T12:00:00.000Z' },
    })

    collector.say(appraised('nonce-second'))
    await expect.poll(() => agent.status().standing?.tiers).toEqual(['public'])
    expect(agent.status()).toMatchObject({
      version: '1.2.3',
      deviceId: key.id,
      connection: { state: 'connected', code: null, retryAt: null },
      asks: [{ check: 'firewall' }],
      lastSentAt: '2026-05-04T10:00:00.000Z',
      nextReportAt: '2026-05-04T10:05:00.000Z',
    })
    expect(parseLocalAnswer(JSON.stringify({ id: 1, ok: agent.status() })).ok).toBe(true)
    expect(logged).toEqual(['connected'])
  })

  test('says "unchanged" of the evidence that was acknowledged, after it has read again', async () => {
    const { machine, evidence } = await settle()
    machine.pass(300)
    const unchanged = claimsOf(await hear(3), TYP.unchanged, parseUnchanged)
    expect(unchanged).toMatchObject({
      seq: 2,
      eat_nonce: 'nonce-after-first',
      evidence: evidence.type === 'evidence' && digest(evidence.jws),
    })
    expect(unchanged.iat).toBe(Date.parse('2026-05-04T12:05:00Z') / 1000)
  })

  test('reports what the watch sees, at the next look', async () => {
    const { machine } = await settle()
    machine.pass(5)
    machine.turnFirewall(false)
    machine.pass(5)
    const { facts, seq } = claimsOf(await hear(3), TYP.evidence, parseEvidence)
    expect(seq).toBe(2)
    expect(facts.firewall).toMatchObject({ value: { enabled: false }, observedAt: '2026-05-04T12:00:10.000Z' })
    expect(facts.os).toMatchObject({ observedAt: '2026-05-04T12:00:00.000Z' })
  })

  test('reads and reports anew when a recheck or a user asks', async () => {
    const { agent } = await settle()
    collector.say({ type: 'recheck', reason: 'an admin asked', eat_nonce: 'nonce-of-recheck' })
    expect(claimsOf(await hear(3), TYP.evidence, parseEvidence).eat_nonce).toBe('nonce-of-recheck')
    collector.say(appraised('nonce-fourth'))
    await expect.poll(async () => (await readJournal(state.journalPath))[0]?.answer).toBe('appraised')
    await agent.checkAgain()
    expect(claimsOf(await hear(4), TYP.evidence, parseEvidence).eat_nonce).toBe('nonce-fourth')
    // A second press within two seconds costs no second reading.
    await agent.checkAgain()
  })

  test('keeps a journal of what it sent and what came of it', async () => {
    const { machine } = await settle()
    machine.pass(300)
    await hear(3)
    collector.say(goodbye('evidence-invalid', 'no', 3600))
    await expect.poll(async () => (await readJournal(state.journalPath))[0]?.answer).toBe('evidence-invalid')
    const entries = await readJournal(state.journalPath)
    expect(entries).toMatchObject([
      { seq: 2, kind: 'unchanged', to: collector.url },
      { seq: 1, kind: 'evidence', answer: 'appraised' },
    ])
    const [, first] = collector.heard
    expect(first?.message.type === 'evidence' && first.message.jws).toBe(entries[1]?.jws)
  })

  test('says goodbye when it stops, and does not come back', async () => {
    const { agent } = await settle()
    agent.stop()
    expect(await hear(3)).toMatchObject({ type: 'goodbye', code: 'agent-stopping' })
    expect(agent.status().connection.state).toBe('stopped')
    expect(collector.connections()).toBe(1)
  })
})

describe('a lost connection', () => {
  test('is made again, said once, and begins with full evidence', async () => {
    const { agent } = await settle()
    collector.kill()
    await hear(3)
    collector.say({ ...welcome, eat_nonce: 'nonce-of-second-welcome' })
    expect(claimsOf(await hear(4), TYP.evidence, parseEvidence)).toMatchObject({
      seq: 2,
      eat_nonce: 'nonce-of-second-welcome',
    })
    await expect.poll(() => agent.status().connection.state).toBe('connected')
    expect(logged).toEqual(['connected', expect.stringMatching(/^the collector is not connected/), 'connected again'])
  })

  test('one line is said however often the tries fail, and the laptop is read all the same', async () => {
    await collector.stop()
    let tries = 0
    const machine = laptop()
    const { agent } = await start({
      ...machine,
      timers: {
        ...machine.timers,
        after: (ms, action) => {
          tries += 1
          return realTimers.after(ms, action)
        },
      },
    })
    await expect.poll(() => tries).toBeGreaterThan(5)
    expect(logged).toEqual([expect.stringMatching(/^the collector is not connected: .*ECONNREFUSED/)])
    expect(agent.status()).toMatchObject({ connection: { state: 'waiting', code: 'collector-unreachable' } })
    await expect.poll(() => agent.status().facts.firewall).toMatchObject({ value: { enabled: true } })
    await collector.start()
    await hear(1)
    collector.say(welcome)
    await hear(2)
    expect(logged.at(-1)).toBe('connected again')
  })

  test('a refusal that only a person can mend is shown as one, and checking again asks at once', async () => {
    const { agent } = await start()
    await hear(1)
    collector.say(goodbye('device-unknown'))
    await expect
      .poll(() => agent.status().connection)
      .toMatchObject({
        state: 'refused',
        code: 'device-unknown',
        words: 'device-unknown: No such device is enrolled',
        retryAt: '2026-05-04T10:10:00.000Z',
      })
    expect(collector.connections()).toBe(1)
    await agent.checkAgain()
    await expect.poll(collector.connections).toBe(2)
  })

  test('a device that connected elsewhere waits a minute', async () => {
    const { agent } = await settle()
    collector.say(goodbye('superseded', undefined, 5))
    await expect.poll(() => agent.status().connection.retryAt).toBe('2026-05-04T10:01:00.000Z')
  })

  test('after a sleep it does not trust the old connection', async () => {
    const { machine } = await settle()
    machine.sleep(3600)
    machine.pass(5)
    await expect.poll(collector.connections).toBe(2)
    await hear(4)
    collector.say(welcome)
    const messages = () => collector.heard.filter(({ from, message }) => from === 2 && message.type === 'evidence')
    await expect.poll(() => messages().length).toBe(1)
  })

  test('what makes no sense ends the conversation, and it begins anew', async () => {
    await settle()
    // A message of a protocol that this agent does not know.
    collector.say({ ...welcome, more: 1 } as CollectorMessage)
    expect(await hear(3)).toMatchObject({ type: 'goodbye', code: 'message-malformed' })
    await expect.poll(collector.connections).toBe(2)
  })
})

test('a report that cannot be numbered is not sent', async () => {
  const { agent } = await start()
  await hear(1)
  rmSync(join(state.folder, 'sequence'))
  collector.say(welcome)
  expect(await hear(2)).toMatchObject({ type: 'goodbye' })
  expect(logged).toContain('a report could not be made')
  agent.stop()
})

test('a collector that is not of this machine and not encrypted is refused at the start', async () => {
  await state.saveEnrollment({ url: 'http://192.0.2.1', issuer: 'http://192.0.2.1', deviceId: key.id })
  await expect(start()).rejects.toMatchObject({ code: 'address-not-encrypted' })
})
