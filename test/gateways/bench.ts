import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { SECRET, type Arrived } from './application.ts'
import { caddy } from './caddy.ts'
import { ask, type Ask, type Door, type Reply } from './client.ts'
import type { GatewayUnderTest, RunningGateway } from './gateway-under-test.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { buildWorld, HOST, type World } from './world.ts'

/** Whoever adds a gateway here has it go through every test of this folder. */
const GATEWAYS: readonly GatewayUnderTest[] = [nginx, caddy, haproxy]

const hasOpenssl = existsSync('/usr/bin/openssl')

/** One gateway, running, with what a test needs around it. */
export type Bench = {
  gateway: GatewayUnderTest
  world(): World
  door(): Door
  /** The header of a browser on the laptop that is well. */
  cookie(): string
  send(how?: Ask): Promise<Reply>
  /** As a browser on the laptop that is well. */
  sendKnown(how?: Ask): Promise<Reply>
  /** As a browser on the laptop whose disk is not encrypted. */
  sendIll(how?: Ask): Promise<Reply>
  /** What the collector was asked since this was called last. */
  asked(): Arrived[]
  /** What reached the application since this was called last. */
  arrived(): Arrived[]
  /** Refused with this status (or one of these), so that nothing reached the application, and nothing of ours the client. */
  refusedWith(reply: Reply, status: number | readonly number[]): void
}

/** The same tests for every gateway; those of one that is not installed are skipped. */
export function onEachGateway(
  title: string,
  tests: (bench: Bench) => void,
  /** Of the collector. */
  settings: Record<string, string> = {},
): void {
  let world: World
  const asked = () => world.tap.asked.splice(0)
  const arrived = () => world.application.arrived.splice(0)
  const cookie = () => `Cookie: ${world.laptops.well.cookie}`
  beforeAll(async () => {
    if (hasOpenssl) world = await buildWorld(settings)
  })
  afterAll(() => world?.close())

  describe.each(GATEWAYS)(`$name ${title}`, (gateway) => {
    const isThere = hasOpenssl && existsSync(gateway.program)
    if (!isThere) console.log(`Skipped: ${gateway.name} is not tested, since it (or openssl) is not installed.`)
    let running: RunningGateway
    let door: Door

    beforeAll(async () => {
      if (!isThere) return
      running = await gateway.start(world.site(gateway.name))
      door = { port: running.port, host: HOST, ca: world.certificate.pem }
    })
    afterAll(() => running?.stop())
    beforeEach(({ skip }) => {
      skip(!isThere)
      world.tap.mood = 'real'
      world.application.status = 200
      arrived()
      asked()
    })

    const send = (how: Ask = {}) => ask(door, how)
    tests({
      gateway,
      world: () => world,
      door: () => door,
      cookie,
      send,
      sendKnown: ({ lines = [], ...how } = {}) => send({ ...how, lines: [cookie(), ...lines] }),
      sendIll: ({ lines = [], ...how } = {}) =>
        send({ ...how, lines: [`Cookie: ${world.laptops.ill.cookie}`, ...lines] }),
      asked,
      arrived,
      refusedWith(reply, status) {
        expect([status].flat()).toContain(reply.status)
        expect(reply.raw).not.toContain(SECRET)
        expect(reply.raw).not.toContain(world.key)
        expect(arrived()).toEqual([])
      },
    })
  })
}
