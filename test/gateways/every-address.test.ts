import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { caddy, startCaddy } from './caddy.ts'
import { buildWorld, type World } from './world.ts'

const isThere = existsSync(caddy.program) && existsSync('/usr/bin/openssl')
let world: World
beforeAll(async () => {
  if (isThere) world = await buildWorld()
})
afterAll(() => world?.close())

test.skipIf(!isThere)('Caddy listens on every address, where the operator names none', async () => {
  const gateway = await startCaddy(world.site('caddy'), {})
  const addresses = Object.values(networkInterfaces()).flatMap((them) => them ?? [])
  const reached = addresses.filter(({ scopeid }) => !scopeid).map(({ address }) => address)
  expect(reached).toContain('127.0.0.1')
  for (const address of reached) await connected(address, gateway.port)
  await gateway.stop()
})

/** Fails where nobody answers. */
function connected(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
