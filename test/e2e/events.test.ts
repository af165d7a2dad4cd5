import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { value } from '../../shared/fact.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'

let collector: TestCollector
let key: string
let client: Client
let conversation: Conversation
beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  key = (await gateway(['decide'])).key
})
afterAll(() => collector.close())
beforeEach(async () => {
  client = await enrolledClient(await collector.enrollment(), { now: now() })
  conversation = await connectedClient(client, now())
  return () => conversation.close()
})

const now = () => collector.clock.now
const act: typeof askRunning = (_folder, ...rest) => askRunning(`${collector.folder}/collector`, ...rest)

async function gateway(scopes: Scope[]) {
  const answer = await act('', 'gateway-create', { name: 'wiki', scopes })
  return { id: String(answer?.id), key: String(answer?.key) }
}

const healthy = () => conversation.report(healthyFacts(now()), now())
const unprotected = () => {
  const facts = { ...healthyFacts(now()), 'endpoint-protection': read(value({ products: [] }), now()) }
  return conversation.report(facts, now())
}

type Event = { id: string; event: string; data: Record<string, unknown> }

/** A gateway that follows. */
class Following {
  readonly call: ClientRequest
  readonly response: IncomingMessage
  #text = ''
  #ended = false
  readonly #closed: Promise<void>

  constructor(call: ClientRequest, response: IncomingMessage) {
    this.call = call
    this.response = response
    response.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text
    })
    response.on('error', () => undefined)
    this.#closed = new Promise((resolve) => {
      response.once('close', () => {
        this.#ended = true
        resolve()
      })
    })
  }

  /** The next block that begins with a field. */
  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end !== -1) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        if (block !== ':') return block
      } else if (this.#ended) throw new Error('the stream has ended')
      else await Promise.race([once(this.response, 'data'), this.#closed])
    }
  }

  async event(): Promise<Event> {
    const fields = (await this.next()).split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))
    const { id = '', event = '', data = '{}' } = Object.fromEntries(fields) as Record<string, string>
    return { id, event, data: JSON.parse(data) as Event['data'] }
  }

  /** What has come and was not asked for until the end. */
  async end(): Promise<string> {
    await this.#closed
    return this.#text
  }
}

function follow(headers: Record<string, string> = {}): Promise<Following> {
  return new Promise((resolve, reject) => {
    const usual = { authorization: `Bearer ${key}` }
    const call = request(`${collector.issuerUrl}/v1/events`, { headers: { ...usual, ...headers } })
    call.on('response', (response) => resolve(new Following(call, response)))
    call.on('error', reject)
    call.end()
  })
}

test('a gateway hears of each change of tiers as soon as it is durable, and goes on where it was', async () => {
  const first = await follow()
  const { statusCode, headers } = first.response
  expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    'text/event-stream',
    'no-store',
  ])
  const start = await first.event()
  await healthy()
  const gained = await first.event()
  expect(gained).toMatchObject({
    event: 'standing',
    data: {
      deviceId: client.deviceId,
      before: ['public'],
      after: ['public', 'internal', 'confidential', 'restricted'],
      status: 'active',
    },
  })
  expect(Number.parseInt(gained.id, 10)).toBeGreaterThan(Number.parseInt(start.id, 10))
  first.call.destroy()
  await first.end()

  await unprotected()
  await act('', 'device-lock-out', { id: client.deviceId })
  const second = await follow({ 'last-event-id': gained.id })
  expect(await second.next()).toContain(`id: ${gained.id}`)
  const [lost, locked] = [await second.event(), await second.event()]
  expect(lost.data).toMatchObject({
    after: ['public', 'internal'],
    checks: ['endpoint-protection'],
    at: now().toISOString(),
  })
  expect(locked.data).toMatchObject({ before: ['public', 'internal'], after: [], status: 'locked-out' })
  second.call.destroy()

  const third = await follow({ 'last-event-id': start.id })
  await third.next()
  expect([await third.event(), await third.event(), await third.event()]).toEqual([gained, lost, locked])
  third.call.destroy()

  await act('', 'device-readmit', { id: client.deviceId })
  const fourth = await follow()
  await fourth.next()
  await act('', 'device-remove', { id: client.deviceId })
  expect((await fourth.event()).data).toMatchObject({
    deviceId: client.deviceId,
    before: ['public', 'internal'],
    after: [],
  })
  fourth.call.destroy()
})

test('what time alone takes away is told too', async () => {
  await healthy()
  const following = await follow()
  await following.event()
  collector.clock.now = new Date(now().getTime() + 15 * 60_000)
  await collector.wake()
  expect((await following.event()).data).toMatchObject({ deviceId: client.deviceId, after: ['public'] })
  following.call.destroy()
})

test('a gateway that knows more than there is, is told to forget', async () => {
  const following = await follow({ 'last-event-id': '999999999-abcdefgh' })
  expect(await following.event()).toMatchObject({ event: 'reset', data: {} })
  following.call.destroy()
})

describe('a stream ends', () => {
  test('when the key is revoked', async () => {
    const { id, key: other } = await gateway(['events'])
    const following = await follow({ authorization: `Bearer ${other}` })
    await following.event()
    await act('', 'gateway-revoke', { id })
    await following.end()
    expect((await follow({ authorization: `Bearer ${other}` })).response.statusCode).toBe(401)
  })

  test('when the token is over: before anything more is told', async () => {
    const { id, key: secret } = await gateway(['decide'])
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
    const answer = (await (await fetch(`${collector.issuerUrl}/oauth/token`, { method: 'POST', body })).json()) as {
      access_token: string
    }
    const following = await follow({ authorization: `Bearer ${answer.access_token}` })
    await following.event()
    collector.clock.now = new Date(now().getTime() + 1_800_000)
    await healthy()
    expect(await following.end()).toBe('')
  })
})

describe('nobody follows', () => {
  test.each<[string, number, string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ['without a key', 401, 'gateway-key-missing', () => ({ authorization: '' })],
    ['with a wrong key', 401, 'gateway-key-invalid', () => ({ authorization: 'Bearer mgw_x' })],
    [
      'without the scope',
      403,
      'scope-missing',
      async () => ({ authorization: `Bearer ${(await gateway(['admin', 'vouch'])).key}` }),
    ],
    ['from a word', 400, 'request-invalid', () => ({ 'last-event-id': 'newest' })],
    ['from before the beginning', 400, 'request-invalid', () => ({ 'last-event-id': '-1' })],
    ['from half a change', 400, 'request-invalid', () => ({ 'last-event-id': '1' })],
    ['from a number that is too large', 400, 'request-invalid', () => ({ 'last-event-id': '9'.repeat(16) })],
  ])('%s', async (_name, status, code, headers) => {
    const refused = await follow(await headers())
    const { code: said } = JSON.parse(await refused.end()) as { code: string }
    expect([refused.response.statusCode, said]).toEqual([status, code])
  })

  test('with HEAD, POST or a seventeenth connection', async () => {
    const headers = { authorization: `Bearer ${(await gateway(['decide'])).key}` }
    for (const method of ['HEAD', 'POST']) {
      expect((await fetch(`${collector.issuerUrl}/v1/events`, { method, headers })).status).toBe(404)
    }
    const open = await Promise.all(Array.from({ length: 16 }, () => follow(headers)))
    expect((await follow(headers)).response.statusCode).toBe(429)
    open[0]?.call.destroy()
    for (const following of open) following.call.destroy()
  })
})

test('a collector that stops ends its streams', async () => {
  const other = await testCollector()
  const answer = await askRunning(`${other.folder}/collector`, 'gateway-create', { name: 'wiki', scopes: ['decide'] })
  const response = await fetch(`${other.issuerUrl}/v1/events`, { headers: { authorization: `Bearer ${answer?.key}` } })
  const text = response.text()
  await other.close()
  expect(await text).toBe('retry: 2000\nid: 0\n\n')
})
