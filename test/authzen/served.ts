import { pino } from 'pino'
import { newApp } from '../../collector/http/app.ts'
import { openAccessTokens } from '../../collector/access-tokens.ts'
import { openGateways } from '../../collector/gateways.ts'
import { authzenRoutes } from '../../collector/http/routes/authzen.ts'
import type { Decider } from '../../collector/protocol/authzen.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import { ISSUER, heldClock } from '../fakes/fleet.ts'

export type Answered = { status: number; headers: Headers; body: Record<string, unknown> }

/** The routes of AuthZEN as a collector serves them, over another decider. */
export type Served = {
  /** Sends a body, as JSON unless it is text already, with the key of a gateway. */
  ask(path: string, body: unknown, headers?: Record<string, string>): Promise<Answered>
  get(path: string, headers?: Record<string, string>): Promise<Answered>
  close(): Promise<void>
}

export async function served(decider: Decider): Promise<Served> {
  const store = openSqlite(':memory:')
  const clock = heldClock()
  const tokens = openAccessTokens({ issuerUrl: ISSUER, secret: Buffer.alloc(32, 7), clock: clock.now })
  const gateways = await openGateways(store, tokens, clock.now)
  const { key } = await gateways.create({ name: 'test', scopes: ['decide'] })
  const app = newApp({ logger: pino({ level: 'silent' }), trustedProxies: [] })
  await app.register(async (scope) => authzenRoutes(scope, { gateways, issuerUrl: ISSUER, deciderFor: () => decider }))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    ...asking(url, key),
    async close() {
      await app.close()
      await store.close()
    },
  }
}

/** How a gateway with a key asks. */
export function asking(url: string, key: string): Omit<Served, 'close'> {
  type Sent = { method?: string; body?: string; headers: Record<string, string> }
  const send = async (path: string, sent: Sent): Promise<Answered> => {
    const headers = { authorization: `Bearer ${key}`, ...sent.headers }
    const response = await fetch(`${url}${path}`, { ...sent, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
  }
  return {
    get: (path, headers = {}) => send(path, { headers }),
    ask: (path, body, headers = {}) =>
      send(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  }
}
