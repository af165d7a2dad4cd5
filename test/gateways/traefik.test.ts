import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dpopProof } from '../fakes/dpop.ts'
import { HOSTILE_HEADERS, MARK } from './hostile.ts'
import { shippedYaml, yamlAt } from './shipped-yaml.ts'
import { buildWorld, HOST, type World } from './world.ts'

const VALUES = {
  MUSTER_SITE: HOST,
  MUSTER_SITE_CERTIFICATE: '/site.pem',
  MUSTER_SITE_KEY: '/site.key',
  MUSTER_COLLECTOR: 'collector.example.com',
  MUSTER_COLLECTOR_CA: '/ca.pem',
  MUSTER_GATEWAY_KEY: 'mgw_key',
  MUSTER_APPLICATION: '127.0.0.1:8080',
}
const document = shippedYaml('traefik', 'muster.yaml', VALUES)
const check = yamlAt(document, 'http/middlewares/muster-check/forwardAuth')
const cleaned = yamlAt<Record<string, string>>(document, 'http/middlewares/muster-clean/headers/customRequestHeaders')

type Lines = Record<string, string>

/** What Traefik's `headers` and then its `forwardAuth` make of a client's headers (names in small letters): the question. */
function questionOf(client: Lines, { method = 'GET', uri = '/' } = {}): Lines {
  const own = Object.fromEntries(Object.entries(cleaned).map(([name, value]) => [name.toLowerCase(), value]))
  const headers: Lines = { ...client, ...own }
  const asked = new Set(yamlAt<string[]>(check, 'authRequestHeaders').map((name) => name.toLowerCase()))
  const kept = Object.entries(headers).filter(([name, value]) => asked.has(name) && value !== '')
  return {
    ...Object.fromEntries(kept),
    'x-forwarded-method': method,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': HOST,
    'x-forwarded-uri': uri,
    'x-forwarded-for': '203.0.113.9',
  }
}

/** What reaches the application: `forwardAuth` takes away all that its expression names, and puts the answer's in its place. */
function passedOn(client: Lines, answer: Headers): Lines {
  const [, flags = '', pattern = ''] = /^\(\?(\w)\)(.*)$/.exec(yamlAt<string>(check, 'authResponseHeadersRegex')) ?? []
  const names = new RegExp(pattern, flags)
  const removed = new Set(Object.keys(cleaned).map((name) => name.toLowerCase()))
  const kept = Object.entries(client).filter(([name]) => !names.test(name) && !removed.has(name))
  return Object.fromEntries([...kept, ...[...answer].filter(([name]) => names.test(name))])
}

describe('the configuration', () => {
  test('checks everything but where the device check comes back to, and that only as it is written', () => {
    const routers = yamlAt<Record<string, { middlewares: string[]; service: string; rule: string; priority?: number }>>(
      document,
      'http/routers',
    )
    for (const [name, { middlewares, rule, service }] of Object.entries(routers)) {
      expect(rule).toContain(`Host(\`${HOST}\`)`)
      expect([name, middlewares]).toEqual([name, service === 'muster-collector' ? ['muster-clean'] : ['muster']])
    }
    const { rule, priority } = routers['muster-callback']!
    expect(priority).toBeGreaterThan(1000)
    const [, pattern = ''] = /PathRegexp\(`(.*)`\)/.exec(rule) ?? []
    expect(['/.muster/callback', '/.muster/check-again'].every((path) => new RegExp(pattern).test(path))).toBe(true)
    for (const path of ['/.muster/', '/x/.muster/callback', '/.muster/../v1/admin', '/xmuster/callback'])
      expect(new RegExp(pattern).test(path)).toBe(false)
  })

  test('takes away and asks before it lets through, and takes its key away in the end', () => {
    expect(yamlAt(document, 'http/middlewares/muster/chain/middlewares')).toEqual([
      'muster-clean',
      'muster-check',
      'muster-forget',
    ])
    expect(check).toMatchObject({
      address: 'https://collector.example.com/v1/forward-auth/-',
      trustForwardHeader: false,
      tls: { ca: '/ca.pem' },
    })
    expect(check).not.toHaveProperty('forwardBody')
    expect(cleaned).toMatchObject({ 'Muster-Device': '', 'Muster-Page': '', 'Muster-Gateway-Key': 'mgw_key' })
    expect(yamlAt(document, 'http/middlewares/muster-forget/headers/customRequestHeaders')).toEqual({
      'Muster-Gateway-Key': '',
    })
  })

  test('believes nobody an X-Forwarded-*', () => {
    const fixed = shippedYaml('traefik', 'traefik.yaml', VALUES)
    expect(yamlAt(fixed, 'entryPoints/websecure/forwardedHeaders')).toEqual({ insecure: false })
  })

  // X-Forwarded-* are taken away by the entry point, before anything of this file.
  test.each(HOSTILE_HEADERS.filter(({ name }) => !/^(X-Forwarded-|X-Real-IP|X-Original-Foo)/i.test(name)))(
    'what a client says in $name reaches nobody',
    ({ name }) => {
      const client = { [name.toLowerCase()]: MARK }
      expect(JSON.stringify(questionOf(client))).not.toContain(MARK)
      expect(JSON.stringify(passedOn(client, new Headers()))).not.toContain(MARK)
    },
  )
})

describe('the collector, asked as Traefik asks', () => {
  let world: World
  beforeAll(async () => {
    world = await buildWorld()
  })
  afterAll(() => world.close())

  const ask = (headers: Lines) =>
    fetch(`${world.collector.issuerUrl}${new URL(yamlAt<string>(check, 'address')).pathname}`, {
      headers: { ...headers, 'muster-gateway-key': world.key },
      redirect: 'manual',
    })

  test('lets a laptop through that is admitted, and tells the application of it', async () => {
    const client = { cookie: world.laptops.well.cookie, 'x-posture-status': MARK, 'x-own': '1' }
    const answer = await ask(questionOf(client, { method: 'POST', uri: '/wiki?p=1' }))
    expect(answer.status).toBe(200)
    expect(passedOn(client, answer.headers)).toMatchObject({
      'x-own': '1',
      'x-posture-status': 'affirming',
      'x-posture-device-id': world.laptops.well.client.deviceId,
    })
  })

  test('refuses one that is not, with the page or the problem', async () => {
    const client = { cookie: world.laptops.ill.cookie }
    const page = await ask(questionOf({ ...client, accept: 'text/html' }))
    expect([page.status, page.headers.get('content-type')]).toEqual([403, expect.stringContaining('text/html')])
    expect(await page.text()).toContain('Disk encryption')
    expect(await (await ask(questionOf(client))).json()).toMatchObject({ code: 'not-admitted' })
  })

  test('sends a browser to the device check, and back', async () => {
    const page = await ask(questionOf({ accept: 'text/html' }, { uri: '/wiki?p=1' }))
    expect(page.status).toBe(401)
    expect(await page.text()).toContain(`return=${encodeURIComponent(`https://${HOST}/wiki?p=1`)}`)
  })

  test('takes a proof by DPoP for the address that the client asked for', async () => {
    const { client, attestation } = world.laptops.well
    const token = await attestation()
    const nonce = (await ask(questionOf({}))).headers.get('dpop-nonce') ?? ''
    const said = { method: 'PUT', url: `https://${HOST}/api`, token, nonce, now: world.collector.clock.now }
    const lines = { authorization: `DPoP ${token}`, dpop: await dpopProof(client.device, said) }
    expect((await ask(questionOf(lines, { method: 'PUT', uri: '/other' }))).status).toBe(401)
    expect((await ask(questionOf(lines, { method: 'PUT', uri: '/api?x=1' }))).status).toBe(200)
  })
})
