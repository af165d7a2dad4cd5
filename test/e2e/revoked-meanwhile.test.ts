import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts } from '../fakes/facts.ts'

let collector: TestCollector
let client: Client
let attestation: string

beforeAll(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  await (await connectedClient(client)).report(healthyFacts(new Date()))
  const headers = { authorization: `Bearer ${await collector.gatewayKey('decide')}` }
  const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
  attestation = await (await fetch(url, { headers })).text()
})
afterAll(() => collector.close())

const folder = () => `${collector.folder}/collector`
const JSON_TYPE = 'application/json'
const question = () => ({
  subject: { type: 'device', id: client.deviceId },
  action: { name: 'GET' },
  resource: { type: 'tier', id: 'internal' },
})

/** Says that a body comes, waits until the collector waits for it, lets something happen, and sends it. */
function slowly(
  path: string,
  type: string,
  key: string,
  body: string,
  happens: () => Promise<unknown>,
): Promise<string> {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: collector.example',
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Authorization: Bearer ${key}`,
    'Expect: 100-continue',
  ]
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(collector.port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n`))
    socket.setEncoding('utf8').on('data', (data: string) => {
      const isFirst = text === ''
      text += data
      if (isFirst) void happens().then(() => socket.write(body))
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '').slice(0, 12)))
  })
}

test.each([
  ['a decision', '/access/v1/evaluation', JSON_TYPE, () => JSON.stringify(question())],
  ['decisions', '/access/v1/evaluations', JSON_TYPE, () => JSON.stringify({ evaluations: [question()] })],
  ['a search for subjects', '/access/v1/search/subject', JSON_TYPE, () => JSON.stringify(question())],
  ['a search for resources', '/access/v1/search/resource', JSON_TYPE, () => JSON.stringify(question())],
  ['a search for actions', '/access/v1/search/action', JSON_TYPE, () => JSON.stringify(question())],
  ['introspection', '/oauth/introspect', 'application/x-www-form-urlencoded', () => `token=${attestation}`],
  ['a stream', '/ssf/stream', JSON_TYPE, () => '{}'],
  ['an act', '/v1/admin/tokens', JSON_TYPE, () => JSON.stringify({ uses: 1, lifeSeconds: 60, tags: [], owner: null })],
])(
  'a gateway that is revoked before its question is complete gets no answer to it: %s',
  async (_name, path, type, body) => {
    const scopes: Scope[] = ['decide', 'events', 'admin']
    const made = await askRunning(folder(), 'gateway-create', { name: 'test', scopes })
    const [id, key] = [String(made?.id), String(made?.key)]
    expect(await slowly(path, type, key, body(), async () => undefined)).toMatch(/^HTTP\/1.1 20[01]/)
    expect(await slowly(path, type, key, body(), () => askRunning(folder(), 'gateway-revoke', { id }))).toBe(
      'HTTP/1.1 401',
    )
  },
)
