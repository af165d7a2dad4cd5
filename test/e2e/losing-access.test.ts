import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { askRunning } from '../../collector/control-client.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { factsOf, healthyFacts, healthyValues } from '../fakes/facts.ts'

const HOST = 'wiki.example.com'
/** One that the laptop does not pass. */
const STRICT = `version: 1
freshness: 15m
tiers: { public: [], confidential: [endpoint-protection] }
checks: { endpoint-protection: { anyOf: [huntress], grace: 0m } }
default-tier: confidential
`

let collector: TestCollector
beforeAll(async () => (collector = await testCollector()))
afterAll(() => collector.close())

type Ways = {
  client: Client
  conversation: Conversation
  gateway: { id: string; key: string }
  ways: (() => Promise<boolean>)[]
}

const folder = () => `${collector.folder}/collector`

const isOk = async (response: Response) => response.status === 200
const says = (word: string) => async (response: Response) => (await response.text()).includes(word)

/** A laptop that is well, a gateway of its own, and every way to ask about it: whether it may pass. */
async function asked(): Promise<Ways> {
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  const { attestation } = await conversation.report(healthyFacts(new Date()))
  const made = await askRunning(folder(), 'gateway-create', { name: 'asks', scopes: ['decide', 'vouch'] })
  const gateway = { id: String(made?.id), key: String(made?.key) }
  const secret = openSecretFile(`${folder()}/browser-key`)
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  const cookie = sessions.bind(client.deviceId, HOST).split(';')[0] ?? ''
  const send = async (path: string, init: RequestInit, isYes: (response: Response) => Promise<boolean>) =>
    isYes(await fetch(`${collector.issuerUrl}${path}`, init))
  const headers = { 'muster-gateway-key': gateway.key, 'x-forwarded-host': HOST, 'x-forwarded-uri': '/' }
  const question = {
    subject: { type: 'device', id: client.deviceId },
    action: { name: 'GET' },
    resource: { type: 'tier', id: 'confidential' },
  }
  const json = { ...headers, 'content-type': 'application/json' }
  const body = JSON.stringify(question)
  const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
  const path = '/v1/forward-auth/confidential'
  return {
    client,
    conversation,
    gateway,
    ways: [
      () => send(path, { headers: { ...headers, 'muster-device': client.deviceId } }, isOk),
      () => send(path, { headers: { ...headers, cookie } }, isOk),
      () => send('/access/v1/evaluation', { method: 'POST', headers: json, body }, says('"decision":true')),
      () => send('/access/v1/search/action', { method: 'POST', headers: json, body }, says('"GET"')),
      () =>
        send(
          '/oauth/introspect',
          { method: 'POST', headers: form, body: `token=${attestation}` },
          says('"active":true'),
        ),
    ],
  }
}

const LOSSES: [how: string, lose: (of: Ways) => Promise<unknown>][] = [
  ['its laptop is locked out', ({ client }) => askRunning(folder(), 'device-lock-out', { id: client.deviceId })],
  ['its laptop is removed', ({ client }) => askRunning(folder(), 'device-remove', { id: client.deviceId })],
  ['its gateway is revoked', ({ gateway }) => askRunning(folder(), 'gateway-revoke', { id: gateway.id })],
  [
    'its laptop reports that it is ill',
    ({ conversation }) =>
      conversation.report(
        factsOf({ ...healthyValues(new Date()), 'endpoint-protection': { products: [] } }, new Date()),
      ),
  ],
  ['a stricter policy counts', () => askRunning(folder(), 'policy-apply', { document: STRICT, author: 'anna' })],
]

test.each(LOSSES)(
  'nobody who asks after it is known that %s is let through, in whatever way they ask',
  async (_how, lose) => {
    const it = await asked()
    const now = { isKnown: false, isOver: false }
    const late: number[] = []
    const before = it.ways.map(() => 0)
    const askers = it.ways.map(async (ask, index) => {
      while (!now.isOver) {
        const wasKnown = now.isKnown
        const isYes = await ask()
        if (isYes && wasKnown) late.push(index)
        if (isYes && !wasKnown) before[index] = (before[index] ?? 0) + 1
      }
    })
    while (before.some((count) => count < 5)) await new Promise(setImmediate)
    await lose(it)
    now.isKnown = true
    for (const ask of it.ways) expect(await ask()).toBe(false)
    now.isOver = true
    await Promise.all(askers)
    expect(late).toEqual([])
  },
)
