// Started by `bench decisions`: asks over a few kept-alive connections, as a gateway does, and tells how long it waited.
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export type Order = {
  url: string
  headers: Record<string, string>
  body?: string
  count: number
  /** Requests a second; as many as there can be where none is named. */
  rate?: number
}
/** Milliseconds that an answer took, and requests a second. */
export type Report = { p50: number; p99: number; rate: number }

const CONNECTIONS = 16
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

function ask({ url, headers, body }: Order): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: body === undefined ? 'GET' : 'POST', headers, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
      response.resume()
      response.once('end', resolve)
    })
    call.once('error', reject)
    call.end(body)
  })
}

process.on('message', async (order: Order) => {
  const { count, rate } = order
  const waits: number[] = []
  const begun = performance.now()
  let asked = 0
  const connection = async () => {
    while (asked < count) {
      const due = rate === undefined ? 0 : begun + (asked * 1000) / rate
      asked += 1
      const early = due - performance.now()
      if (early > 1) await pause(early)
      // From the moment at which it was due: what waits for its turn waits too.
      const since = rate === undefined ? performance.now() : Math.min(due, performance.now())
      await ask(order)
      waits.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  const seconds = (performance.now() - begun) / 1000
  waits.sort((a, b) => a - b)
  const at = (share: number) => waits[Math.floor(waits.length * share)] ?? 0
  const report: Report = { p50: at(0.5), p99: at(0.99), rate: waits.length / seconds }
  process.send?.(report)
})
