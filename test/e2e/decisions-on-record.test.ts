import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { fakeDevice } from '../fakes/device.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { healthyFacts } from '../fakes/facts.ts'
import { ran } from '../fakes/terminal.ts'

const ADDRESS = 'https://wiki.example.com/start?token=secret'
const FORWARDED = {
  'x-forwarded-host': 'wiki.example.com',
  'x-forwarded-uri': '/start?token=secret',
  'x-forwarded-method': 'GET',
  'x-forwarded-for': '203.0.113.7',
}

let folder: string
let collector: TestCollector
let client: Client
let key: string
let vouching: string
let attestation: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-record-'))
  collector = await testCollector({ folder })
  client = await enrolledClient(await collector.enrollment())
  await (await connectedClient(client)).report(healthyFacts(new Date()))
  key = await collector.gatewayKey('decide')
  vouching = await collector.gatewayKey('decide', 'vouch')
  const headers = { authorization: `Bearer ${key}` }
  const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
  attestation = await (await fetch(url, { headers })).text()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Headers = Record<string, string>
type Line = Record<string, unknown> & { kind: string }

const ask = (tier: string, headers: Headers, asked = key) =>
  fetch(`${collector.issuerUrl}/v1/forward-auth/${tier}`, {
    redirect: 'manual',
    headers: { 'muster-gateway-key': asked, ...FORWARDED, ...headers },
  })
const nonce = async () => String((await ask('-', { 'muster-page': '1' })).headers.get('dpop-nonce'))
const shown = async (more: { nonce?: string; claims?: object } = {}): Promise<Headers> => {
  const said = { url: ADDRESS, token: attestation, now: new Date(), nonce: more.nonce ?? (await nonce()) }
  const dpop = await dpopProof(client.device, said, { claims: more.claims ?? {} })
  return { authorization: `DPoP ${attestation}`, dpop }
}
const cookieOf = (deviceId: string): Headers => {
  const secret = openSecretFile(join(folder, 'collector/browser-key'))
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  return { cookie: sessions.bind(deviceId, 'wiki.example.com').split(';')[0] ?? '' }
}
const post = (path: string, type: string, body: string) =>
  fetch(`${collector.issuerUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    body,
  })
const question = (device: unknown, resource: object = { type: 'tier', id: 'internal' }) => ({
  subject: { type: 'user', id: 'alice', properties: { device_id: device } },
  action: { name: 'GET' },
  resource,
})
const evaluated = (path: string, body: object) => post(`/access/v1/${path}`, 'application/json', JSON.stringify(body))
const introspected = (token: string) =>
  post('/oauth/introspect', 'application/x-www-form-urlencoded', new URLSearchParams({ token }).toString())

const short = ({ by, code, device, provedBy, tier, client: from }: Line) => [by, code, device, provedBy, tier, from]

test('every decision is on record once, with how it came about, and what is only shown or searched is not', async () => {
  const other = fakeDevice(collector.issuerUrl).id
  const used = await shown()
  const [device, named] = [client.deviceId, { 'muster-device': client.deviceId }]
  const asked: (() => Promise<Response>)[] = [
    () => ask('internal', used),
    () => ask('internal', used),
    async () => ask('internal', await shown({ nonce: 'mine' })),
    async () => ask('internal', await shown({ claims: { htu: 'https://b.example/' } })),
    () => ask('internal', { authorization: 'DPoP x', dpop: 'x' }),
    () => ask('internal', named, vouching),
    () => ask('nowhere', named, vouching),
    () => ask('internal', { 'muster-device': other }, vouching),
    () => ask('internal', cookieOf(device)),
    () => ask('internal', { ...cookieOf(other), ...named }, vouching),
    () => ask('internal', named),
    () => ask('internal', {}),
    () => evaluated('evaluation', question(device)),
    () => evaluated('evaluation', question(other)),
    () => evaluated('evaluations', { evaluations: [question(device), question(null), 'no question'] }),
    () => introspected(attestation),
    () => introspected(`${attestation}x`),
    // What is no decision: only shown, only searched, refused before anything is known of the question.
    () => ask('internal', { ...named, 'muster-page': '1' }, vouching),
    () => ask('internal', { 'muster-page': '1' }),
    () => ask('internal', { ...cookieOf(other), ...named, 'muster-page': '1' }, vouching),
    () => ask('internal', named, 'mgw_none'),
    () => ask('internal/a%2f..%2fb', named, vouching),
    () => evaluated('search/resource', { ...question(device), resource: { type: 'tier' } }),
  ]
  const statuses: number[] = []
  for (const it of asked) statuses.push((await it()).status)
  await collector.close()

  const { out } = await ran('audit', 'export', '--data', folder)
  expect(out).not.toContain('secret')
  const lines = out.split('\n').slice(0, -1)
  const decisions = lines.map((line) => JSON.parse(line) as Line).filter(({ kind }) => kind !== 'act')
  const denied = decisions.filter(({ kind }) => kind === 'denied')
  const at = '203.0.113.7'
  expect(denied.map(short)).toEqual([
    ['forward-auth', 'proof-replayed', null, null, 'internal', at],
    ['forward-auth', 'proof-nonce-needed', null, null, 'internal', at],
    ['forward-auth', 'proof-invalid', null, null, 'internal', at],
    ['forward-auth', 'attestation-refused', null, null, 'internal', at],
    ['forward-auth', 'tier-unknown', device, 'vouched', 'nowhere', at],
    ['forward-auth', 'device-unknown', other, 'vouched', 'internal', at],
    ['forward-auth', 'proofs-differ', null, null, 'internal', at],
    ['forward-auth', 'scope-missing', null, null, 'internal', at],
    ['forward-auth', 'device-not-named', null, null, 'internal', at],
    ['authzen', 'device-unknown', other, 'named', 'internal', null],
    ['authzen', 'device-not-named', null, null, 'internal', null],
    ['introspection', 'attestation-refused', null, null, '', null],
  ])
  expect(new Set(decisions.map(({ policyVersion }) => policyVersion))).toEqual(new Set([1]))
  const allowed = decisions.filter(({ kind }) => kind === 'allowed')
  expect(allowed.map(({ by, provedBy, count, resource, clients }) => [by, provedBy, count, resource, clients])).toEqual(
    [
      ['forward-auth', 'dpop', 1, 'wiki.example.com/start', [at]],
      ['forward-auth', 'vouched', 1, 'wiki.example.com/start', [at]],
      ['forward-auth', 'browser', 1, 'wiki.example.com/start', [at]],
      ['authzen', 'named', 2, 'tier:internal', []],
      ['introspection', 'named', 1, null, []],
    ],
  )
  expect(statuses).toEqual([
    200, 401, 401, 401, 401, 200, 403, 403, 200, 400, 403, 401, 200, 200, 200, 200, 200, 303, 401, 400, 401, 400, 200,
  ])
})
