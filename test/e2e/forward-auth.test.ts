import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
import { join } from 'node:path'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { fakeDevice, type FakeDevice } from '../fakes/device.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { factsOf, healthyFacts, healthyValues } from '../fakes/facts.ts'

/** What a gateway asks on behalf of its client, who wants this address. */
const ADDRESS = 'https://wiki.example.com/start?page=2'
const FORWARDED = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'wiki.example.com',
  'x-forwarded-uri': '/start?page=2',
  'x-forwarded-method': 'GET',
}
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8'

let collector: TestCollector
let client: Client
let laptop: Conversation
let key: string
let vouching: string
let attestation: string

beforeAll(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  laptop = await connectedClient(client)
  key = await collector.gatewayKey('decide')
  vouching = await collector.gatewayKey('decide', 'vouch')
})
beforeEach(async () => {
  await report(true)
  attestation = await attestationFor()
})
afterAll(() => collector.close())

let isWell = false

/** A laptop that is well in every respect, or one with its firewall off (a day of grace) and its EDR too (none). */
async function report(wanted: boolean): Promise<void> {
  if (wanted === isWell) return
  isWell = wanted
  const values = healthyValues(new Date())
  const products = values['endpoint-protection'].products.map((product) => ({ ...product, state: 'off' as const }))
  const ill = { ...values, firewall: { enabled: false }, 'endpoint-protection': { products } }
  await laptop.report(isWell ? healthyFacts(new Date()) : factsOf(ill, new Date()))
}

async function attestationFor(audience?: string): Promise<string> {
  const query = audience === undefined ? '' : `?aud=${encodeURIComponent(audience)}`
  const response = await fetch(`${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation${query}`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return response.text()
}

/** Asks as a gateway, with headers of its own and those of its client; follows no redirect. */
function ask(tier: string, headers: Record<string, string> = {}, asked = key): Promise<Response> {
  return fetch(`${collector.issuerUrl}/v1/forward-auth/${tier}`, {
    redirect: 'manual',
    headers: { 'muster-gateway-key': asked, ...FORWARDED, ...headers },
  })
}

/** The answer in short: its status and its code. */
async function answer(response: Promise<Response>): Promise<[status: number, code: unknown]> {
  const { status, headers } = await response
  const body = await (await response).text()
  const isProblem = headers.get('content-type') === 'application/problem+json'
  return [status, isProblem ? (JSON.parse(body) as { code: unknown }).code : null]
}

async function nonce(): Promise<string> {
  return String((await ask('internal')).headers.get('dpop-nonce'))
}

type Wanted = { url?: string; method?: string; token?: string; nonce?: string; device?: FakeDevice; claims?: object }

async function shown(wanted: Wanted = {}): Promise<Record<string, string>> {
  const { device = client.device, token = attestation, url = ADDRESS, claims = {}, ...more } = wanted
  const said = { url, token, now: new Date(), nonce: await nonce(), ...more }
  return { authorization: `DPoP ${token}`, dpop: await dpopProof(device, said, { claims }) }
}

describe('a device that proves itself by its attestation', () => {
  test('is let through, and told the next nonce', async () => {
    const response = await ask('internal', await shown())
    expect([response.status, response.headers.get('x-posture-device-id')]).toEqual([200, client.deviceId])
    expect(response.headers.get('dpop-nonce')).toMatch(/^[\w-]{20,}$/)
  })

  test('is asked for a nonce of the collector first', async () => {
    const headers = await shown({ nonce: 'mine' })
    const response = await ask('internal', headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('DPoP algs="ES256", error="use_dpop_nonce"')
    const again = await shown({ nonce: String(response.headers.get('dpop-nonce')) })
    expect((await ask('internal', again)).status).toBe(200)
  })

  test('is let through once with each proof', async () => {
    const headers = await shown()
    expect(await answer(ask('internal', headers))).toEqual([200, null])
    expect(await answer(ask('internal', headers))).toEqual([401, 'proof-replayed'])
  })

  test('is judged by where it stands now, not by what its attestation says', async () => {
    expect(await answer(ask('confidential', await shown()))).toEqual([200, null])
    await report(false)
    expect(await answer(ask('confidential', await shown()))).toEqual([403, 'not-admitted'])
  })

  test('may use an attestation for the gateway that asks, and for no other', async () => {
    expect(await answer(ask('internal', await shown({ token: await attestationFor('test') })))).toEqual([200, null])
    const other = await attestationFor('https://other.example')
    expect(await answer(ask('internal', await shown({ token: other })))).toEqual([401, 'attestation-refused'])
  })

  const refused: [name: string, wanted: () => Promise<Wanted>, code: string][] = [
    ['of another address', async () => ({ url: 'https://payroll.example.com/start' }), 'proof-invalid'],
    ['of another path', async () => ({ url: 'https://wiki.example.com/other' }), 'proof-invalid'],
    ['of another scheme', async () => ({ url: 'http://wiki.example.com/start' }), 'proof-invalid'],
    ['of another method', async () => ({ method: 'POST' }), 'proof-invalid'],
    ['by another key', async () => ({ device: fakeDevice(collector.issuerUrl) }), 'proof-invalid'],
    ['of another token', async () => ({ claims: { ath: 'x'.repeat(43) } }), 'proof-invalid'],
    ['of an hour ago', async () => ({ claims: { iat: Math.floor(Date.now() / 1000) - 3600 } }), 'proof-invalid'],
    ['for a token that was changed', async () => ({ token: tampered(attestation) }), 'attestation-refused'],
    ['for evidence instead of an attestation', async () => ({ token: await evidence() }), 'attestation-refused'],
    ['for no token at all', async () => ({ token: 'x' }), 'attestation-refused'],
  ]
  test.each(refused)('is refused with a proof %s', async (_name, wanted, code) => {
    const response = ask('internal', await shown(await wanted()))
    expect(await answer(response)).toEqual([401, code])
    expect((await response).headers.get('www-authenticate')).toMatch(/^DPoP algs="ES256", error="invalid_/)
  })

  test('is refused where the gateway does not say for which path it asks', async () => {
    const headers = { ...(await shown({ url: 'https://wiki.example.com/' })), 'x-forwarded-uri': '' }
    expect(await answer(ask('internal', headers))).toEqual([401, 'proof-invalid'])
    expect(await answer(ask('-', headers))).toEqual([400, 'request-invalid'])
  })

  test('is refused without a proof, and with two', async () => {
    const { authorization = '', dpop = '' } = await shown()
    expect(await answer(ask('internal', { authorization }))).toEqual([401, 'proof-invalid'])
    expect(await answer(ask('internal', { authorization, dpop: `${dpop}, ${dpop}` }))).toEqual([401, 'proof-invalid'])
  })

  test('is no device where it shows the attestation as a bearer token', async () => {
    const bearer = { ...(await shown()), authorization: `Bearer ${attestation}` }
    expect(await answer(ask('internal', bearer))).toEqual([401, 'device-not-named'])
  })

  test('is refused when its attestation is over', async () => {
    const headers = await shown()
    const then = collector.clock.now
    collector.clock.now = new Date(then.getTime() + 11 * 60_000)
    try {
      expect(await answer(ask('internal', headers))).toEqual([401, 'attestation-refused'])
    } finally {
      collector.clock.now = then
    }
  })
})

function tampered(token: string): string {
  const [head = '', body = '', tail = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  return [head, Buffer.from(JSON.stringify({ ...claims, jti: 'x' })).toString('base64url'), tail].join('.')
}

function evidence(): Promise<string> {
  return client.device.evidence({ nonce: 'n', now: new Date(), facts: healthyFacts(new Date()), seq: 9 })
}

describe('two proofs', () => {
  test('of one device are one', async () => {
    const headers = { ...(await shown()), 'muster-device': client.deviceId }
    expect(await answer(ask('internal', headers, vouching))).toEqual([200, null])
  })

  test('of two devices are refused', async () => {
    const other = fakeDevice(collector.issuerUrl).id
    expect(await answer(ask('internal', { ...(await shown()), 'muster-device': other }, vouching))).toEqual([
      400,
      'proofs-differ',
    ])
    const cookie = cookieFor(other)
    expect(await answer(ask('internal', { cookie, 'muster-device': client.deviceId }, vouching))).toEqual([
      400,
      'proofs-differ',
    ])
  })

  test('are not one where the application has DPoP tokens of its own', async () => {
    const headers = { authorization: 'DPoP eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA', dpop: 'x' }
    expect(await answer(ask('internal', { ...headers, 'muster-device': client.deviceId }, vouching))).toEqual([
      200,
      null,
    ])
    expect(await answer(ask('internal', headers))).toEqual([401, 'attestation-refused'])
  })
})

describe('a gateway that vouches', () => {
  test('needs the scope for it', async () => {
    expect(await answer(ask('internal', { 'muster-device': client.deviceId }))).toEqual([403, 'scope-missing'])
    expect(await answer(ask('internal', { 'muster-device': client.deviceId }, vouching))).toEqual([200, null])
    expect(await answer(ask('internal', { 'muster-device': '' }))).toEqual([401, 'device-not-named'])
  })
})

/** What the device check gives a browser. */
function cookieFor(deviceId: string, host = 'wiki.example.com'): string {
  const secret = openSecretFile(join(collector.folder, 'collector/browser-key'))
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  return sessions.bind(deviceId, host).split(';')[0] ?? ''
}

describe('a browser', () => {
  test('that was checked is let through on its host', async () => {
    expect(await answer(ask('internal', { cookie: cookieFor(client.deviceId) }))).toEqual([200, null])
    const elsewhere = cookieFor(client.deviceId, 'payroll.example.com')
    expect(await answer(ask('internal', { cookie: elsewhere }))).toEqual([401, 'device-not-named'])
  })

  test('that was not is sent to the device check, and from there back to where it wanted', async () => {
    const response = await ask('internal', { accept: BROWSER })
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toContain('text/html')
    const [, link = ''] = /<a href="([^"]+)"/.exec(await response.text()) ?? []
    const check = new URL(link.replaceAll('&amp;', '&'))
    expect([check.origin, check.pathname]).toEqual([collector.issuerUrl, '/v1/device-check'])
    expect(check.searchParams.get('return')).toBe(ADDRESS)
    expect(check.searchParams.get('tier')).toBe('internal')
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-muster-state=[\w-]{43}; Path=\/; .*Secure/)
  })

  test('that sent a form comes back to the front page, since a form is not sent twice', async () => {
    const response = await ask('internal', { accept: BROWSER, 'x-forwarded-method': 'POST' })
    expect(await response.text()).toContain(encodeURIComponent('https://wiki.example.com/') + '&amp;')
  })

  test('on a laptop that is not good enough sees each check with what to do, and until when', async () => {
    await report(false)
    const response = await ask('confidential', { accept: BROWSER, cookie: cookieFor(client.deviceId) })
    expect(response.status).toBe(403)
    expect(response.headers.get('x-posture-reasons')).toBe('endpoint-protection')
    const page = await response.text()
    expect(page).toContain('Endpoint protection')
    expect(page).toMatch(/Firewall.*<time datetime="20/s)
    expect(page).toContain('action="/.muster/check-again"')
    expect(page).toContain(ADDRESS)
  })
})

describe('a question that is wrong itself', () => {
  test.each<[name: string, headers: Record<string, string>, status: number, code: string]>([
    ['with a key that is none', { 'muster-gateway-key': 'mgw_none' }, 401, 'gateway-key-invalid'],
    ['that contradicts itself', { 'x-original-host': 'other.example' }, 400, 'request-invalid'],
    ['that vouches without the scope', { 'muster-device': 'dev_x' }, 403, 'scope-missing'],
  ])('%s is a page for a person, who is told that it is for the admin', async (_name, headers, status, code) => {
    const response = await ask('internal', { ...headers, accept: BROWSER })
    const page = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
    expect(page).toContain('Nothing is wrong with this laptop')
    expect(page).toContain(code)
    expect(await answer(ask('internal', headers))).toEqual([status, code])
  })

  test('with a key that is none has the challenge for gateways', async () => {
    const response = await ask('internal', { 'muster-gateway-key': 'mgw_none', accept: BROWSER })
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="muster"')
  })
})

describe('a gateway that asks once more for the page to show', () => {
  const page = { 'muster-page': '1', accept: BROWSER }

  test('gets the same refusal', async () => {
    expect((await ask('internal', page)).status).toBe(401)
    await report(false)
    expect((await ask('confidential', { ...page, cookie: cookieFor(client.deviceId) })).status).toBe(403)
  })

  test('is never told to let anything through', async () => {
    const response = await ask('internal', { ...page, 'muster-device': client.deviceId }, vouching)
    expect([response.status, response.headers.get('location')]).toEqual([303, ADDRESS])
  })

  test('has a request that sent something sent once more, and not followed', async () => {
    const posted = { 'x-forwarded-method': 'POST', 'muster-device': client.deviceId, 'muster-page': '1' }
    const response = await ask('internal', { ...posted, accept: BROWSER }, vouching)
    expect([response.status, response.headers.get('location')]).toEqual([403, null])
    expect(await response.text()).toContain('This laptop passes now')
    expect(await answer(ask('internal', posted, vouching))).toEqual([403, 'not-admitted'])
  })

  test('does not use a proof up, nor stumbles over one that is', async () => {
    await report(false)
    const headers = await shown()
    expect(await answer(ask('confidential', { ...headers, 'muster-page': '1' }))).toEqual([403, 'not-admitted'])
    expect(await answer(ask('confidential', headers))).toEqual([403, 'not-admitted'])
    expect(await answer(ask('confidential', { ...headers, 'muster-page': '1' }))).toEqual([403, 'not-admitted'])
    expect(await answer(ask('confidential', headers))).toEqual([401, 'proof-replayed'])
  })

  test('is told nothing good of a proof, which the question before has used', async () => {
    expect(await answer(ask('internal', { ...(await shown()), 'muster-page': '1' }))).toEqual([401, 'proof-replayed'])
  })
})

test('a device that is not enrolled is in no header', async () => {
  const response = await ask('internal', { 'muster-device': fakeDevice(collector.issuerUrl).id }, vouching)
  expect([response.status, response.headers.get('x-posture-device-id')]).toEqual([403, ''])
  expect(response.headers.get('x-posture-status')).toBe('none')
})

test('a browser gets no page where the gateway does not say on which host it is', async () => {
  const response = ask('internal', { accept: BROWSER, 'x-forwarded-host': '' })
  expect(await answer(response)).toEqual([401, 'device-not-named'])
})

test('behind a proxy what the proxy writes says nothing of what a gateway asks about', async () => {
  const settings = { issuer: 'https://collector.example', behindProxy: 'true', trustedProxies: '127.0.0.1' }
  const other = await testCollector({ settings })
  try {
    const gateway = await other.gatewayKey('decide')
    const asked = (headers: Record<string, string>) =>
      answer(
        fetch(`http://127.0.0.1:${other.port}/v1/forward-auth/-`, {
          headers: { 'muster-gateway-key': gateway, ...FORWARDED, ...headers },
        }),
      )
    expect(await asked({})).toEqual([400, 'request-invalid'])
    const original = { 'x-original-host': 'payroll.example.com', 'x-original-uri': '/slips' }
    expect(await asked(original)).toEqual([401, 'device-not-named'])
  } finally {
    await other.close()
  }
})

test('nothing is to be kept, unless the operator wants a second, and never what a proof was for', async () => {
  const vouched = { 'muster-device': client.deviceId }
  expect((await ask('internal', vouched, vouching)).headers.get('cache-control')).toBe('no-store')
  const other = await testCollector({ settings: { decisionCacheSeconds: '1' } })
  try {
    const device = await enrolledClient(await other.enrollment())
    const conversation = await connectedClient(device)
    await conversation.report(healthyFacts(new Date()))
    const gateway = await other.gatewayKey('decide', 'vouch')
    const cached = async (tier: string, headers: Record<string, string>) => {
      const response = await fetch(`${other.issuerUrl}/v1/forward-auth/${tier}`, {
        headers: { 'muster-gateway-key': gateway, ...FORWARDED, ...headers },
      })
      return [response.status, response.headers.get('cache-control'), response.headers.get('dpop-nonce')]
    }
    expect(await cached('internal', { 'muster-device': device.deviceId })).toEqual([200, 'max-age=1', null])
    expect(await cached('nowhere', { 'muster-device': device.deviceId })).toEqual([403, 'no-store', null])
    const [, , given] = await cached('internal', {})
    const token = await fetch(`${other.issuerUrl}/v1/devices/${device.deviceId}/attestation`, {
      headers: { authorization: `Bearer ${gateway}` },
    }).then((response) => response.text())
    const dpop = await dpopProof(device.device, { url: ADDRESS, token, nonce: String(given), now: new Date() })
    expect(await cached('internal', { authorization: `DPoP ${token}`, dpop })).toEqual([
      200,
      'no-store',
      expect.any(String),
    ])
  } finally {
    await other.close()
  }
})
