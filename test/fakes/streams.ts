import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Fleet } from '../../collector/fleet/fleet.ts'
import type { PolicyInForce } from '../../collector/fleet/judge.ts'
import { openStreams, type Streams, type StreamsOptions } from '../../collector/ssf/streams.ts'
import { PUSH, type Stream, type StreamAsked } from '../../collector/ssf/stream.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { DeviceRecord, GatewayRecord, Store } from '../../collector/store/store.ts'
import { value } from '../../shared/fact.ts'
import { digest } from '../../shared/jws.ts'
import type { FakeDevice } from './device.ts'
import { read } from './facts.ts'
import { enrolled, fleetOver, heldClock, inForce, ISSUER, START, unsignedReport, type HeldClock } from './fleet.ts'
import { pushReceiver, type Receiver, type ReaderOptions } from './receiver.ts'

export const GATEWAY = 'gw_one'

/** `confidential` needs the firewall and `restricted` the screen lock as well; who is in `confidential` is compliant. */
export const policyText = (defaultTier = 'confidential', more = '') => `version: 1
freshness: 15m
tiers: { public: [], confidential: [firewall], restricted: [screen-lock] }
default-tier: ${defaultTier}
checks: { firewall: { grace: 0m }, screen-lock: { within: 15m, grace: 0m } }
${more}`

export type Laptop = { id: string; device: FakeDevice; sequence: number }

/** A store, a fleet over it and the event streams of gateways, with everything that can happen to the devices. */
export type StreamWorld = {
  store: Store
  clock: HeldClock
  fleet: Fleet
  streams: Streams
  logged: string[]
  gateways: GatewayRecord[]
  laptop(record?: Partial<DeviceRecord>): Promise<Laptop>
  /** What holds of a laptop from now on. */
  report(laptop: Laptop, firewall: boolean, screenLock?: boolean): Promise<void>
  apply(document: string): Promise<void>
  revoke(id: string): Promise<void>
  stream(receiver: { address: string } | null, more?: StreamAsked, owner?: string): Promise<Stream>
  /** A receiver that checks what it is sent over this stream. */
  receiver(more?: Partial<ReaderOptions> & { tls?: { cert: string; key: string } }): Promise<Receiver>
  /** Resolves when all that has happened has become events. */
  derived(): Promise<void>
  /** Ends the process without a word, and begins another on the same file. */
  restart(options?: Partial<StreamsOptions>, meanwhile?: (file: string) => void): Promise<void>
  close(): Promise<void>
}

export async function streamWorld(options: Partial<StreamsOptions> = {}): Promise<StreamWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-streams-'))
  const clock = heldClock()
  const logged: string[] = []
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void logged.push(line) })
  const receivers: Receiver[] = []
  const revokedListeners: ((gateway: GatewayRecord) => void)[] = []
  let policy: PolicyInForce = inForce(policyText())
  const file = join(folder, 'muster.db')
  const store = openSqlite(file)
  const first = { digest: policy.digest, author: 'a test', source: 'default', restores: null } as const
  await store.addPolicy({ ...first, document: policyText(), appliedAt: START })
  // Filled by `open`, before anybody sees it.
  const world = {
    store,
    clock,
    logged,
    gateways: [],
    async laptop(record: Partial<DeviceRecord> = {}) {
      const device = await enrolled(world.store, clock.now(), record)
      await world.fleet.add(device.id)
      return { id: device.id, device, sequence: 0 }
    },
    async report(laptop: Laptop, firewall: boolean, screenLock = firewall) {
      laptop.sequence += 1
      const now = clock.now()
      const lock = { enabled: screenLock, afterSeconds: 300 }
      const facts = { firewall: read(value({ enabled: firewall }), now), 'screen-lock': read(value(lock), now) }
      await world.fleet.report(laptop.id, unsignedReport(laptop.id, laptop.sequence, facts, clock.now()))
    },
    async apply(document: string) {
      const record = { digest: digest(document), appliedAt: clock.now(), author: 'a test', restores: null }
      const { version } = await world.store.addPolicy({ ...record, source: 'apply', document })
      policy = inForce(document, version, clock.now())
      world.fleet.usePolicy(policy)
      world.streams.policyChanged()
    },
    async revoke(id: string) {
      const gateway = world.gateways.find((it) => it.id === id)
      world.gateways = world.gateways.filter((it) => it.id !== id)
      if (gateway) for (const tell of revokedListeners) tell(gateway)
      await world.store.removeGateway(id)
    },
    async stream(receiver: { address: string } | null, more: StreamAsked = {}, owner = GATEWAY) {
      const delivery = receiver ? { delivery: { method: PUSH, endpoint_url: receiver.address } as const } : {}
      return world.streams.create(owner, { ...delivery, ...more })
    },
    async receiver(more: Partial<ReaderOptions> & { tls?: { cert: string; key: string } } = {}) {
      const receiver = await pushReceiver({
        issuer: ISSUER,
        audience: () => GATEWAY,
        jwks: () => world.streams.jwks(),
        ...more,
      })
      receivers.push(receiver)
      return receiver
    },
    async derived() {
      await world.fleet.settled()
      await world.streams.settled()
    },
    async restart(otherwise: Partial<StreamsOptions> = {}, meanwhile: (file: string) => void = () => undefined) {
      await world.streams.close()
      await world.store.close()
      meanwhile(file)
      await open(openSqlite(file), otherwise)
    },
    async close() {
      await world.streams.close()
      await world.fleet.settled()
      await world.store.close()
      await Promise.all(receivers.map((it) => it.close()))
      rmSync(folder, { recursive: true, force: true })
    },
  } as unknown as StreamWorld // oxlint-disable-line typescript/no-unsafe-type-assertion

  async function open(over: Store, otherwise: Partial<StreamsOptions> = {}): Promise<void> {
    world.store = over
    world.gateways = await over.loadGateways()
    world.fleet = await fleetOver(over, clock, { policy })
    world.streams = await openStreams({
      store: over,
      gateways: { list: () => world.gateways, onRevoked: (listener) => void revokedListeners.push(listener) },
      fleet: world.fleet,
      issuerUrl: ISSUER,
      folder,
      pushTargets: ['127.0.0.1', 'localhost'],
      clock: clock.now,
      log,
      ...options,
      ...otherwise,
    })
  }

  for (const id of [GATEWAY, 'gw_two']) {
    const rest = { scopes: [], hosts: [], certificate: null, createdAt: START }
    await store.addGateway({ id, name: id, keyHash: `key of ${id}`, ...rest })
  }
  await open(store)
  return world
}
