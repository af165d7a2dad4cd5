import { createVerifier, type RequestAnswer, type Verifier } from 'muster/gateway'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { factsOf, healthyFacts, healthyValues } from '../fakes/facts.ts'

const URL = 'https://wiki.example/start'

let collector: TestCollector
let client: Client
let conversation: Conversation
let verifier: Verifier
let asked: string[]

beforeAll(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  conversation = await connectedClient(client)
  asked = []
  const fetchAndNote = (url: string, init: RequestInit) => (asked.push(url), fetch(url, init))
  const issuer = collector.issuerUrl
  verifier = createVerifier({ issuer, statusSeconds: 2, clock: now, fetch: fetchAndNote })
})
afterAll(() => collector.close())

const now = () => collector.clock.now
const pass = (seconds: number) => (collector.clock.now = new Date(now().getTime() + seconds * 1000))
const codeOf = (answer: RequestAnswer) => (answer.admitted ? 'admitted' : answer.code)

async function report(facts = healthyFacts(now())): Promise<string> {
  return (await conversation.report(facts, now())).attestation ?? ''
}

/** What a client does: it takes the nonce of the answer before. */
async function ask(token: string, tier: string, { device } = client): Promise<string> {
  const send = async (nonce?: string) => {
    const proof = await dpopProof(device, { url: URL, token, now: now(), ...(nonce !== undefined && { nonce }) })
    const headers = new Headers({ authorization: `DPoP ${token}`, dpop: proof })
    return verifier.verifyRequest({ method: 'GET', url: URL, headers }, { tier })
  }
  const first = await send()
  return codeOf(first) === 'proof-nonce-needed' ? codeOf(await send(first.headers['DPoP-Nonce'])) : codeOf(first)
}

test('a server that verifies by itself shuts a device out two seconds after it lost a tier, and lets it in again when it is well', async () => {
  const healthy = await report()
  for (let times = 0; times < 20; times++) expect(await ask(healthy, 'restricted')).toBe('admitted')
  expect(asked.length).toBe(2)

  const ill = await report(factsOf({ ...healthyValues(now()), 'endpoint-protection': { products: [] } }, now()))
  pass(2)
  expect(await ask(healthy, 'restricted')).toBe('tier-lost')
  expect(await ask(ill, 'restricted')).toBe('not-admitted')
  expect(await ask(ill, 'internal')).toBe('admitted')
  expect(await ask(await report(), 'restricted')).toBe('admitted')
})

test('and one that was locked out, with every attestation that it has', async () => {
  const token = await report()
  expect(await ask(token, 'internal')).toBe('admitted')
  await askRunning(join(collector.folder, 'collector'), 'device-lock-out', { id: client.deviceId })
  pass(2)
  expect(await ask(token, 'internal')).toBe('device-revoked')
})

test('the key of one device opens nothing with the attestation of another', async () => {
  const other = await enrolledClient(await collector.enrollment())
  const appraised = await (await connectedClient(other)).report(healthyFacts(now()), now())
  const attestation = appraised.attestation ?? ''
  expect(await ask(attestation, 'internal', client)).toBe('proof-invalid')
  expect(await ask(attestation, 'internal', other)).toBe('admitted')
})
