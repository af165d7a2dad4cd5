import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { PROOF_HEADER } from '../../shared/enrollment.ts'
import { TYP } from '../../shared/jws.ts'
import { createVerifier } from 'muster/gateway'
import { checkWorld, type CheckWorld } from '../fakes/check-world.ts'
import { authenticate, connectedClient, enrolledClient, openConversation, type Client } from '../fakes/client.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { healthyFacts } from '../fakes/facts.ts'

const HOST = 'wiki.example.com'
const ADDRESS = `https://${HOST}/start`
const FORWARDED = { 'x-forwarded-host': HOST, 'x-forwarded-uri': '/start', 'x-forwarded-method': 'GET' }
const SCOPES: Scope[] = ['decide', 'vouch', 'events', 'admin']

let world: CheckWorld
let base: string
let id: string
let key: string
let attestation: string
/** A device that says goodbye, and one that is distrusted for what it says. */
let other: Client
let odd: Client

beforeAll(async () => {
  world = await checkWorld()
  base = world.collector.issuerUrl
  const gateway = await askRunning(`${world.collector.folder}/collector`, 'gateway-create', {
    name: 'all',
    scopes: SCOPES,
  })
  id = String(gateway?.id)
  key = String(gateway?.key)
  attestation = await (await get(`/v1/devices/${world.good.deviceId}/attestation`)).text()
  other = await enrolledClient(await world.collector.enrollment())
  odd = await enrolledClient(await world.collector.enrollment())
})
afterAll(() => world.close())

type Headers = Record<string, string>

const get = (path: string, headers: Headers = { authorization: `Bearer ${key}` }) =>
  fetch(`${base}${path}`, { headers, redirect: 'manual' })
const post = (path: string, type: string, body: string, headers: Headers = { authorization: `Bearer ${key}` }) =>
  fetch(`${base}${path}`, { method: 'POST', headers: { 'content-type': type, ...headers }, body, redirect: 'manual' })
const json = (path: string, body: unknown, headers?: Headers) =>
  post(path, 'application/json', JSON.stringify(body), headers)
const form = (path: string, body: Headers, headers?: Headers) =>
  post(path, 'application/x-www-form-urlencoded', new URLSearchParams(body).toString(), headers)
const now = () => world.collector.clock.now
const good = () => world.good.device

const dpopNonce = async () => {
  const answer = await get('/v1/forward-auth/internal', { 'muster-gateway-key': key, ...FORWARDED })
  return String(answer.headers.get('dpop-nonce'))
}
const dpopFor = async (token: string) =>
  dpopProof(good(), { url: ADDRESS, token, nonce: await dpopNonce(), now: now() })
const enrollmentNonce = async () =>
  ((await (await post('/v1/enrollments/nonce', 'application/json', '{}')).json()) as { nonce: string }).nonce

async function securityEvent(): Promise<string> {
  const { stream_id } = (await (await json('/ssf/stream', {})).json()) as { stream_id: string }
  await json('/ssf/verify', { stream_id })
  const { sets } = (await (await json(`/ssf/poll/${stream_id}`, { returnImmediately: true })).json()) as {
    sets: Headers
  }
  return Object.values(sets)[0] ?? ''
}

async function statusList(): Promise<string> {
  const [, body = ''] = attestation.split('.')
  const { status } = JSON.parse(Buffer.from(body, 'base64url').toString()) as {
    status: { status_list: { uri: string } }
  }
  return (await fetch(status.status_list.uri)).text()
}

async function checkedBrowser() {
  const visitor = world.visitor()
  const url = await world.checked(visitor, HOST)
  return { visitor, code: url.searchParams.get('code') ?? '' }
}

async function cookieOf(name: string): Promise<string> {
  const { visitor, code } = await checkedBrowser()
  await visitor.at(HOST, `/.muster/callback?code=${code}`)
  return visitor.jarOf(HOST).get(name) ?? visitor.jarOf('collector').get(name) ?? ''
}

async function conversationNonce(): Promise<string> {
  const conversation = await connectedClient(world.good)
  conversation.close()
  await conversation.closed
  return conversation.nonce()
}

/** An attestation with another header, signed in another way. */
function forged(header: object, sign: (signed: string) => string): string {
  const [head = '', body = ''] = attestation.split('.')
  const own = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
  const signed = `${Buffer.from(JSON.stringify({ ...own, ...header })).toString('base64url')}.${body}`
  return `${signed}.${sign(signed)}`
}
const byDevice = (signed: string) => Buffer.from(good().sign(Buffer.from(signed)) as Uint8Array).toString('base64url')
const issuerKey = async () => ((await (await get('/.well-known/jwks.json')).json()) as { keys: [object] }).keys[0]

const made = new Map<string, Promise<string>>()
/** One of each kind is enough for all doors, but a DPoP proof is good once. */
function oneOf(kind: string, make: () => Promise<string>): Promise<string> {
  const it = (kind === 'a DPoP proof' ? undefined : made.get(kind)) ?? make()
  made.set(kind, it)
  return it
}

/** Everything that anybody in these conversations is ever given or makes, each of them good where it belongs. */
const KINDS: Record<string, () => Promise<string>> = {
  nothing: async () => '',
  'a word': async () => 'null',
  'a gateway key': async () => key,
  'an access token': async () => {
    const answer = await form(
      '/oauth/token',
      { grant_type: 'client_credentials', client_id: id, client_secret: key },
      {},
    )
    return ((await answer.json()) as { access_token: string }).access_token
  },
  'an attestation': async () => attestation,
  'a status list': statusList,
  'a security event': securityEvent,
  evidence: async () => {
    const said = { nonce: await conversationNonce(), now: now(), facts: healthyFacts(now()), seq: 99 }
    return good().evidence(said)
  },
  'an unchanged': async () => good().unchanged({ nonce: await conversationNonce(), now: now(), of: 'x', seq: 99 }),
  'an answer to a challenge': async () => good().session({ nonce: await conversationNonce(), now: now() }),
  'an enrolment proof': async () => good().enrollment({ nonce: await enrollmentNonce(), now: now(), secret: 'x' }),
  'a goodbye': async () => other.device.unenrollment({ nonce: await enrollmentNonce(), now: now() }),
  'a browser proof': async () => {
    const visitor = world.visitor()
    await visitor.open({ return: ADDRESS })
    return world.proofOf(await visitor.nonce())
  },
  'a DPoP proof': async () => dpopFor(attestation),
  'a browser session': async () => cookieOf('__Host-muster-device'),
  'a browser state': async () => {
    const visitor = world.visitor()
    await visitor.refused(HOST)
    return visitor.jarOf(HOST).get('__Host-muster-state') ?? ''
  },
  'a browser check': async () => cookieOf('__Host-muster-check'),
  'a check code': async () => (await checkedBrowser()).code,
  'a check nonce': async () => {
    const visitor = world.visitor()
    await visitor.open({ return: ADDRESS })
    return visitor.nonce()
  },
  'a DPoP nonce': dpopNonce,
  'an enrolment string': () => world.collector.enrollment(),
  'a device id': async () => world.good.deviceId,
  'an attestation without a signature': async () => forged({ alg: 'none' }, () => ''),
  'an attestation signed with a public key as a secret': async () => {
    const secret = JSON.stringify(await issuerKey())
    return forged({ alg: 'HS256' }, (signed) => createHmac('sha256', secret).update(signed).digest('base64url'))
  },
  'an attestation of a device for itself': async () => forged({}, byDevice),
  'an attestation with the key of a device': async () => forged({ jwk: good().jwk }, byDevice),
  'an attestation that names the key of a device': async () => forged({ kid: world.good.deviceId }, byDevice),
  'an attestation with a key from elsewhere': async () =>
    forged({ jku: `${base}/ssf/jwks.json`, x5c: ['x'] }, byDevice),
  'an attestation of another algorithm': async () => forged({ alg: 'ES256K' }, byDevice),
  'an attestation with the signature of another': async () => {
    const another = await (await get(`/v1/devices/${world.good.deviceId}/attestation`)).text()
    return forged({}, () => another.split('.')[2] ?? '')
  },
  'an attestation for others': async () =>
    (await get(`/v1/devices/${world.good.deviceId}/attestation?aud=https%3A%2F%2Fother.example`)).text(),
}

type Opened = { opens: boolean; answer: string }

/** A header cannot carry everything. */
const inHeader = (it: string) => (it === '' ? ' ' : it)

async function opensWith(
  response: Promise<Response>,
  isOpen = (status: number, _body: string) => status < 400,
): Promise<Opened> {
  const { status } = await response
  const answer = await (await response).text()
  if (status >= 500) throw new Error(`${status}: ${answer}`)
  if (status >= 400 && !/"(code|error)":"/.test(answer)) throw new Error(`no code: ${status} ${answer}`)
  return { opens: isOpen(status, answer), answer }
}

const asGateway = (path: string, headers: (it: string) => Headers) => (it: string) =>
  opensWith(get(path, { ...FORWARDED, ...headers(it) }))
const vouched = (): Headers => ({ 'muster-device': world.good.deviceId })

/** Each door, with all else as it has to be; and what opens it. */
const DOORS: [door: string, open: (it: string) => Promise<Opened>, keys: string[]][] = [
  [
    'Muster-Gateway-Key',
    asGateway('/v1/forward-auth/internal', (it) => ({ 'muster-gateway-key': inHeader(it), ...vouched() })),
    ['a gateway key', 'an access token'],
  ],
  [
    'Authorization: Bearer',
    asGateway('/v1/forward-auth/internal', (it) => ({ authorization: `Bearer ${it}`, ...vouched() })),
    ['a gateway key', 'an access token'],
  ],
  [
    'a look at a device',
    (it) => opensWith(get(`/v1/devices/${world.good.deviceId}`, { authorization: `Bearer ${it}` })),
    ['a gateway key', 'an access token'],
  ],
  [
    'the acts of an admin',
    (it) => opensWith(get('/v1/admin/devices', { authorization: `Bearer ${it}` })),
    ['a gateway key', 'an access token'],
  ],
  [
    'an event stream',
    (it) => opensWith(json('/ssf/stream', {}, { authorization: `Bearer ${it}` })),
    ['a gateway key', 'an access token'],
  ],
  [
    'the secret of an OAuth client',
    (it) => opensWith(form('/oauth/token', { grant_type: 'client_credentials', client_id: id, client_secret: it }, {})),
    ['a gateway key'],
  ],
  [
    'Authorization: DPoP',
    async (it) => {
      const dpop = await dpopFor(it)
      const headers = { 'muster-gateway-key': key, ...FORWARDED, authorization: `DPoP ${it}`, dpop }
      return opensWith(get('/v1/forward-auth/internal', headers))
    },
    ['an attestation'],
  ],
  [
    'Authorization: Bearer, for an attestation',
    async (it) => {
      const headers = {
        'muster-gateway-key': key,
        ...FORWARDED,
        authorization: `Bearer ${it}`,
        dpop: await dpopFor(it),
      }
      return opensWith(get('/v1/forward-auth/internal', headers))
    },
    [],
  ],
  [
    'DPoP',
    asGateway('/v1/forward-auth/internal', (it) => ({
      'muster-gateway-key': key,
      authorization: `DPoP ${attestation}`,
      dpop: inHeader(it),
    })),
    ['a DPoP proof'],
  ],
  [
    'the cookie of a browser session',
    asGateway('/v1/forward-auth/internal', (it) => ({
      'muster-gateway-key': key,
      cookie: `__Host-muster-device=${it}`,
    })),
    ['a browser session'],
  ],
  [
    'Muster-Device',
    asGateway('/v1/forward-auth/internal', (it) => ({ 'muster-gateway-key': key, 'muster-device': inHeader(it) })),
    ['a device id'],
  ],
  ['context.attestation', async (it) => evaluated(it, await dpopFor(it)), ['an attestation']],
  ['context.dpop', (it) => evaluated(attestation, it), ['a DPoP proof']],
  [
    'introspection',
    (it) => opensWith(form('/oauth/introspect', { token: it }), (_status, body) => body.includes('"active":true')),
    ['an attestation'],
  ],
  [
    'the end of a device check',
    async (it) => {
      const visitor = world.visitor()
      const headers = { accept: 'application/json' }
      return opensWith(visitor.at(HOST, `/.muster/callback?code=${encodeURIComponent(it)}`, { headers }))
    },
    // Of another browser than this one: not even a code.
    [],
  ],
  [
    'the proof of a device check',
    async (it) => {
      const visitor = world.visitor()
      await visitor.open({ return: ADDRESS })
      return opensWith(visitor.post('proof', { proof: it }))
    },
    [],
  ],
  ['the cookie of a device check', (it) => nonceFor(it), ['a browser check']],
  ['an enrolment', (it) => opensWith(json('/v1/enrollments', { proof: it }, {})), []],
  [
    'a goodbye',
    (it) =>
      opensWith(
        fetch(`${base}/v1/enrollments/${other.deviceId}`, {
          method: 'DELETE',
          headers: { [PROOF_HEADER]: inHeader(it) },
        }),
      ),
    ['a goodbye'],
  ],
  [
    'a connection of an agent',
    async (it) => {
      const conversation = openConversation(odd)
      await conversation.expect('challenge')
      conversation.send({ type: 'authenticate', jws: it })
      const answer = await conversation.next().catch((error: Error) => ({ type: error.message }))
      conversation.close()
      return { opens: answer.type === 'welcome', answer: '' }
    },
    [],
  ],
  [
    'a report of an agent',
    async (it) => {
      const conversation = openConversation(odd)
      await authenticate(odd, conversation, {}, now())
      await conversation.expect('welcome')
      conversation.send({ type: 'evidence', jws: it })
      const answer = await conversation.next().catch((error: Error) => ({ type: error.message }))
      conversation.close()
      return { opens: answer.type === 'appraised', answer: '' }
    },
    [],
  ],
  [
    'the library for servers',
    async (it) => {
      const verified = await createVerifier({ issuer: base, clock: now }).verify(it)
      return { opens: verified.ok, answer: verified.ok ? '' : verified.problem }
    },
    ['an attestation'],
  ],
  [
    'the proof for a server with the library',
    async (it) => {
      const verifier = createVerifier({ issuer: base, clock: now })
      const headers = { authorization: `DPoP ${attestation}`, dpop: it }
      const answer = await verifier.verifyRequest({ method: 'GET', url: ADDRESS, headers }, { tier: 'internal' })
      return { opens: answer.admitted, answer: answer.admitted ? '' : answer.problem }
    },
    // Its nonce is of the collector, and a server has its own.
    [],
  ],
]

function evaluated(token: string, proof: string): Promise<Opened> {
  const question = {
    subject: { type: 'user', id: 'alice' },
    action: { name: 'GET' },
    resource: { type: 'tier', id: 'internal' },
    context: { attestation: token, dpop: { proof, method: 'GET', url: ADDRESS } },
  }
  return opensWith(json('/access/v1/evaluation', question), (_status, body) => body.includes('"decision":true'))
}

function nonceFor(it: string): Promise<Opened> {
  const headers = { origin: base, cookie: `__Host-muster-check=${it}` }
  return opensWith(json('/v1/device-check/nonce', {}, headers))
}

test.each(DOORS)(
  '%s is opened by its own kind of token and by no other',
  { timeout: 60_000 },
  async (_door, open, keys) => {
    const opened: string[] = []
    const told: string[] = []
    for (const [kind, make] of Object.entries(KINDS)) {
      const it = await oneOf(kind, make)
      const { opens, answer } = await open(it)
      if (opens) opened.push(kind)
      // What was given in is nobody's business, least of all that of whoever reads the answer to a wrong guess.
      if (!opens && it.length > 20 && answer.includes(it)) told.push(kind)
    }
    expect(opened.toSorted()).toEqual(keys.toSorted())
    expect(told).toEqual([])
  },
)

test('every kind is there, and none of them is ever logged', async () => {
  const all = await Promise.all(Object.entries(KINDS).map(([kind, make]) => oneOf(kind, make)))
  expect(new Set(all).size).toBe(all.length)
  const log = world.collector.logged.join('\n')
  const secrets = all.filter((it) => it.length > 20 && it !== world.good.deviceId)
  expect(secrets.filter((it) => log.includes(it))).toEqual([])
  expect(TYP.evidence).toBe(TYP.attestation)
})
