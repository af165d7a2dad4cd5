import { once } from 'node:events'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import Fastify from 'fastify'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { testCollector } from '../fakes/collector.ts'
import { healthyFacts } from '../fakes/facts.ts'
import type { Order, Report } from './gateway.ts'
import { cpuEach, line, micros, ratio } from './measure.ts'

const REQUESTS = 20_000
/** At half load an answer is timed for so long. */
const TIMED_SECONDS = 3

type Question = Omit<Order, 'count' | 'rate'>
type Measured = { us: number; rate: number; p50: number; p99: number }

/** Decisions beside an empty route of the same framework and shape; the gateway that asks is another process. */
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

  const ask = async (order: Order): Promise<Report> => {
    gateway.send(order)
    const [report] = (await once(gateway, 'message')) as [Report]
    return report
  }
  const measure = async (question: Question): Promise<Measured> => {
    await ask({ ...question, count: REQUESTS / 10 })
    let full: Report | null = null
    const us = await cpuEach(REQUESTS, async () => {
      full = await ask({ ...question, count: REQUESTS })
    })
    const half = Math.floor((full ?? { rate: 0 }).rate / 2)
    const { p50, p99 } = await ask({ ...question, count: half * TIMED_SECONDS, rate: half })
    return { us, rate: half * 2, p50, p99 }
  }

  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({
    subject: { type: 'user', id: 'alice@example.com', properties: { device_id: client.deviceId } },
    action: { name: 'GET' },
    resource: { type: 'route', id: 'wiki.example.com/start' },
  })
  const vouched = { authorization: `Bearer ${key}`, 'muster-device': client.deviceId }
  const emptyPost = await measure({ url: `${emptyUrl}/empty`, headers, body })
  show('empty POST route', emptyPost)
  show(
    'AuthZEN evaluation',
    await measure({ url: `${collector.issuerUrl}/access/v1/evaluation`, headers, body }),
    emptyPost,
  )
  const emptyGet = await measure({ url: `${emptyUrl}/empty`, headers: vouched })
  show('empty GET route', emptyGet)
  const url = `${collector.issuerUrl}/v1/forward-auth/restricted`
  show('forward-auth', await measure({ url, headers: vouched }), emptyGet)
  gateway.kill()
  await collector.close()
  await empty.close()
}

function show(what: string, { us, rate, p50, p99 }: Measured, beside?: Measured): void {
  line(`${what}, CPU`, micros(us))
  line(`${what}, at full load`, `${rate}/s`, 'with whoever asks on the same machine')
  line(
    `${what}, at half load, p50 and p99`,
    `${p50.toFixed(1)}, ${p99.toFixed(1)} ms`,
    beside && 'budget: p99 under 10 ms',
  )
  if (beside) line(`${what} beside the empty route`, ratio(beside.us / us), 'budget: at least 0.7')
}
