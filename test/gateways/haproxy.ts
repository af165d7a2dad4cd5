import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from './fill.ts'
import type { GatewayUnderTest } from './gateway-under-test.ts'
import { freePorts, startProgram } from './program.ts'

export const SHIPPED = join(import.meta.dirname, '../../docs/gateways/haproxy')
export const FILES = ['muster.cfg', 'muster.lua', 'muster-unavailable.html', 'muster-unavailable.json']

export const haproxy: GatewayUnderTest = {
  name: 'haproxy',
  program: '/usr/sbin/haproxy',
  removesByPrefix: true,
  passesTrailers: true,
  async start({ folder, host, certificate, collector, applicationPort }) {
    const [port = 0] = await freePorts(1)
    for (const file of FILES) copyFileSync(join(SHIPPED, file), join(folder, file))
    const env = environmentOf(readFileSync(join(SHIPPED, 'muster.env.example'), 'utf8'), {
      MUSTER_BIND: `127.0.0.1:${port}`,
      MUSTER_SITE: host,
      MUSTER_SITE_CERTIFICATE: certificate.both,
      MUSTER_COLLECTOR: `127.0.0.1:${collector.port}`,
      MUSTER_COLLECTOR_NAME: collector.name,
      MUSTER_COLLECTOR_CA: collector.certificate,
      MUSTER_INNER: `abns@muster-test-${port}`,
      MUSTER_GATEWAY_KEY: collector.key,
      MUSTER_APPLICATION: `127.0.0.1:${applicationPort}`,
    })
    const args = ['-db', '-f', join(folder, 'muster.cfg')]
    const program = await startProgram({ file: haproxy.program, args, env, cwd: folder, port })
    return { port, ...program }
  },
}
