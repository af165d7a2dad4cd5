// Started by `bench decisions`: asks over a few kept-alive connections, as a gateway does.
import { Agent, request } from 'node:http'

type Order = { url: string; headers: Record<string, string>; body?: string; count: number }

const CONNECTIONS = 16
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

process.on('message', async ({ url, headers, body, count }: Order) => {
  let left = count
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const call = request(url, { method, headers, agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
        response.resume()
        response.once('end', resolve)
      })
      call.once('error', reject)
      call.end(body)
    })
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await ask()
    }),
  )
  process.send?.('done')
})
