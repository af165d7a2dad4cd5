import { beforeEach, expect, test } from 'vitest'
import { dpopProof } from '../fakes/dpop.ts'
import { onEachGateway } from './bench.ts'
import { HOST } from './world.ts'

onEachGateway(
  'asks a collector that has a proxy before it',
  ({ world, door, send, sendKnown, sendIll }) => {
    beforeEach(() => {
      world().tap.isProxy = true
    })

    test('which knows all the same what is asked for', async () => {
      expect((await sendKnown({ path: '/start' })).status).toBe(200)
      expect((await sendIll({ path: '/start' })).status).toBe(403)
    })

    test('which leads a browser back to the address that it wanted', async () => {
      const { body, status } = await send({ path: '/start?x', lines: ['Accept: text/html'] })
      expect(status).toBe(401)
      expect(body).toContain(encodeURIComponent(`https://${HOST}:${door().port}/start?x`))
    })

    test('which takes a proof for the address that the client asked for', async () => {
      const { client, attestation } = world().laptops.well
      const token = await attestation()
      const nonce = (await send()).headers.get('dpop-nonce')?.[0] ?? ''
      const url = `https://${HOST}:${door().port}/start`
      const proof = await dpopProof(client.device, { url, token, nonce, now: world().collector.clock.now })
      const lines = [`Authorization: DPoP ${token}`, `DPoP: ${proof}`]
      expect((await send({ path: '/start', lines })).status).toBe(200)
    })
  },
  { 'behind-proxy': 'true', 'trusted-proxies': '127.0.0.1' },
)
