import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from './fill.ts'
import type { GatewayUnderTest, RunningGateway, Site } from './gateway-under-test.ts'
import { freePorts, startProgram } from './program.ts'

export const SHIPPED = join(import.meta.dirname, '../../docs/gateways/caddy')
export const FILES = ['Caddyfile', 'muster.caddyfile']

/** Starts Caddy as the page says. `bind` is what the operator says of the addresses that it listens on. */
export async function startCaddy(
  { folder, host, certificate, collector, applicationPort }: Site,
  bind: Record<string, string> = { MUSTER_BIND: '127.0.0.1' },
): Promise<RunningGateway> {
  const [port = 0, redirects = 0] = await freePorts(2)
  for (const file of FILES) copyFileSync(join(SHIPPED, file), join(folder, file))
  const env = environmentOf(readFileSync(join(SHIPPED, 'muster.env.example'), 'utf8'), {
    ...bind,
    MUSTER_CADDY_ADMIN: `unix/${join(folder, 'admin.sock')}`,
    MUSTER_HTTP_PORT: String(redirects),
    MUSTER_SITE: `${host}:${port}`,
    MUSTER_PORT: String(port),
    MUSTER_SITE_TLS: `${certificate.cert} ${certificate.key}`,
    MUSTER_COLLECTOR: `https://127.0.0.1:${collector.port}`,
    MUSTER_COLLECTOR_NAME: collector.name,
    MUSTER_COLLECTOR_TLS: `tls_trusted_ca_certs ${collector.certificate}`,
    MUSTER_GATEWAY_KEY: collector.key,
    MUSTER_APPLICATION: `127.0.0.1:${applicationPort}`,
  })
  // Its own folder for what it writes.
  const own = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const args = ['run', '--config', join(folder, 'Caddyfile')]
  const program = await startProgram({ file: caddy.program, args, env: { ...env, ...own }, cwd: folder, port })
  return { port, ...program }
}

export const caddy: GatewayUnderTest = {
  name: 'caddy',
  program: '/usr/bin/caddy',
  removesByPrefix: true,
  passesTrailers: false,
  start: (site) => startCaddy(site),
}
