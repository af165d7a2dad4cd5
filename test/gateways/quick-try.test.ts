import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { caddy, FILES as CADDY_FILES, SHIPPED as CADDY } from './caddy.ts'
import { filledIn } from './fill.ts'
import type { RunningGateway, Site } from './gateway-under-test.ts'
import { FILES as HAPROXY_FILES, haproxy, SHIPPED as HAPROXY } from './haproxy.ts'
import { FILES as NGINX_FILES, nginx, SHIPPED as NGINX } from './nginx.ts'
import { freePorts, startProgram } from './program.ts'
import { buildWorld, type World } from './world.ts'

/** What an operator types to see it work on one machine, beside a collector that `npm start` started. */
const TRIES = [
  {
    name: 'nginx',
    program: nginx.program,
    page: 'README.md',
    async start({ folder, collector, applicationPort }: Site, collectorPort: number) {
      const [port = 0] = await freePorts(1)
      mkdirSync(join(folder, 'muster'))
      for (const file of NGINX_FILES) copyFileSync(join(NGINX, file), join(folder, 'muster', file))
      const file = filledIn(readFileSync(join(NGINX, 'quick-try.conf'), 'utf8'), {
        '127.0.0.1:7400': `127.0.0.1:${collectorPort}`,
        '127.0.0.1:8088': `127.0.0.1:${port}`,
        '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
        'mgw_...': collector.key,
      })
      writeFileSync(join(folder, 'nginx.conf'), file)
      const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
      return { port, ...(await startProgram({ file: nginx.program, args, cwd: folder, port })) }
    },
  },
  {
    name: 'caddy',
    program: caddy.program,
    page: 'caddy/README.md',
    async start({ folder, collector, applicationPort }: Site, collectorPort: number) {
      const [port = 0] = await freePorts(1)
      for (const file of [...CADDY_FILES, 'Caddyfile.quick-try']) copyFileSync(join(CADDY, file), join(folder, file))
      const env = {
        MUSTER_PORT: String(port),
        MUSTER_COLLECTOR: `http://127.0.0.1:${collectorPort}`,
        MUSTER_COLLECTOR_NAME: '127.0.0.1',
        MUSTER_GATEWAY_KEY: collector.key,
        MUSTER_APPLICATION: `127.0.0.1:${applicationPort}`,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
      }
      const args = ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile.quick-try')]
      return { port, ...(await startProgram({ file: caddy.program, args, env, cwd: folder, port })) }
    },
  },
  {
    name: 'haproxy',
    program: haproxy.program,
    page: 'haproxy/README.md',
    async start({ folder, collector, applicationPort }: Site, collectorPort: number) {
      const [port = 0] = await freePorts(1)
      for (const file of [...HAPROXY_FILES, 'quick-try.cfg']) copyFileSync(join(HAPROXY, file), join(folder, file))
      const env = {
        MUSTER_PORT: String(port),
        MUSTER_INNER: `abns@muster-try-${port}`,
        MUSTER_COLLECTOR: `127.0.0.1:${collectorPort}`,
        MUSTER_GATEWAY_KEY: collector.key,
        MUSTER_APPLICATION: `127.0.0.1:${applicationPort}`,
      }
      const args = ['-db', '-f', join(folder, 'quick-try.cfg')]
      return { port, ...(await startProgram({ file: haproxy.program, args, env, cwd: folder, port })) }
    },
  },
]

const hasOpenssl = existsSync('/usr/bin/openssl')
let world: World
beforeAll(async () => {
  if (hasOpenssl) world = await buildWorld()
})
afterAll(() => world?.close())

describe.each(TRIES)('the quick try of $name', ({ name, program, page, start }) => {
  const isThere = hasOpenssl && existsSync(program)
  if (!isThere) console.log(`Skipped: the quick try of ${name}, since it (or openssl) is not installed.`)
  let running: RunningGateway
  beforeAll(async () => {
    if (isThere) running = await start(world.site(`try-${name}`), Number(new URL(world.collector.issuerUrl).port))
  })
  afterAll(() => running?.stop())

  const get = (headers: Record<string, string> = {}) => fetch(`http://localhost:${running.port}/wiki`, { headers })

  test.skipIf(!isThere)('sends a browser to the device check, and comes back to this machine', async () => {
    const refusal = await get({ accept: 'text/html' })
    expect(refusal.status).toBe(401)
    const back = encodeURIComponent(`http://localhost:${running.port}/wiki`)
    expect(await refusal.text()).toContain(`/v1/device-check?return=${back}`)
    expect(await (await get()).json()).toMatchObject({ code: 'device-not-named' })
    expect(world.application.arrived).toEqual([])
  })

  test.skipIf(!isThere)('is made with a host that the device check leads back to', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/gateways', page), 'utf8')
    const [, host = ''] = /gateway create try --host (\S+)/.exec(text) ?? []
    const hosts = [host.replace('8088', String(running.port))]
    await askRunning(join(world.collector.folder, 'collector'), 'gateway-create', { name, scopes: ['decide'], hosts })
    const refusal = await (await get({ accept: 'text/html' })).text()
    const [, link = ''] = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(refusal) ?? []
    expect((await fetch(link.replaceAll('&amp;', '&'))).status).toBe(200)
  })

  test.skipIf(!isThere)('lets this laptop through after it', async () => {
    const reply = await get({ cookie: world.laptops.well.cookieAt('localhost') })
    expect(reply.status).toBe(200)
    expect(world.application.arrived.splice(0)).toMatchObject([{ headers: { 'x-posture-status': 'affirming' } }])
  })

  test.skipIf(!isThere)('shows a laptop that is not well enough for a part of it what to mend', async () => {
    const reply = await fetch(`http://localhost:${running.port}/payroll`, {
      headers: { cookie: world.laptops.partly.cookieAt('localhost') },
    })
    expect([reply.status, await reply.json()]).toMatchObject([403, { code: 'not-admitted' }])
    expect(world.application.arrived).toEqual([])
  })

  test.skipIf(!isThere)('leads the way back to the collector', async () => {
    const reply = await fetch(`http://localhost:${running.port}/.muster/nothing`)
    expect([reply.status, await reply.json()]).toMatchObject([404, { code: 'not-found' }])
  })

  test.skipIf(!isThere)('is there for nobody else', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((them) => them ?? [])
    const others = addresses.filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of others) expect(await isOpen(address, running.port)).toBe(false)
    expect(await isOpen('127.0.0.1', running.port)).toBe(true)
  })
})

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
