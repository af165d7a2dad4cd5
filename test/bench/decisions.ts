import { once } from 'node:events'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import Fastify from 'fastify'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { testCollector } from '../fakes/collector.ts'
import { healthyFacts } from '../fakes/facts.ts'
import { cpuEach, line, micros, ratio } from './measure.ts'

const REQUESTS = 20_000

/** Decisions beside an empty route of the same framework; the gateway that asks is another process. */
export async function benchDecisions(): Promise<void> {
  const collector = await testCollector()
  const client = await enrolledClient(await collector.enrollment())
  await (await connectedClient(client)).report(healthyFacts(new Date()))
  const key = await collector.gatewayKey('decide', 'vouch')
  const empty = Fastify()
  empty.post('/empty', async () => ({ decision: true }))
  empty.get('/empty', async (_request, reply) => reply.code(200).send())
  const emptyUrl = await empty.listen({ host: '127.0.0.1', port: 0 })

  const gateway = fork(join(import.meta.dirname, 'gateway.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const measure = async (request: { url: string; headers: Record<string, string>; body?: string }) => {
    const run = async (count: number) => {
      gateway.send({ ...request, count })
      await once(gateway, 'message')
    }
    await run(REQUESTS / 10)
    return cpuEach(REQUESTS, () => run(REQUESTS))
  }

  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({
    subject: { type: 'user', id: 'alice@example.com', properties: { device_id: client.deviceId } },
    action: { name: 'GET' },
    resource: { type: 'route', id: 'wiki.example.com/start' },
  })
  const emptyPost = await measure({ url: `${emptyUrl}/empty`, headers, body })
  const authzen = await measure({ url: `${collector.issuerUrl}/access/v1/evaluation`, headers, body })
  const vouched = { authorization: `Bearer ${key}`, 'muster-device': client.deviceId }
  const emptyGet = await measure({ url: `${emptyUrl}/empty`, headers: vouched })
  const forward = await measure({ url: `${collector.issuerUrl}/v1/forward-auth/restricted`, headers: vouched })
  gateway.kill()
  await collector.close()
  await empty.close()

  line('empty POST route', micros(emptyPost))
  line('AuthZEN evaluation', micros(authzen))
  line('ratio', ratio(emptyPost / authzen), 'budget: at least 0.7')
  line('empty GET route', micros(emptyGet))
  line('forward-auth', micros(forward))
  line('ratio', ratio(emptyGet / forward), 'budget: at least 0.7')
}
