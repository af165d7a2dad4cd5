import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dpopProof } from '../fakes/dpop.ts'
import { HOSTILE_HEADERS, MARK } from './hostile.ts'
import { shippedYaml, yamlAt } from './shipped-yaml.ts'
import { buildWorld, HOST, type World } from './world.ts'

const document = shippedYaml('envoy', 'envoy.yaml', {
  MUSTER_SITE: HOST,
  MUSTER_SITE_CERTIFICATE: '/site.pem',
  MUSTER_SITE_KEY: '/site.key',
  MUSTER_COLLECTOR: 'collector.example.com',
  MUSTER_COLLECTOR_CA: '/ca.pem',
  MUSTER_GATEWAY_KEY: 'mgw_key',
  MUSTER_APPLICATION_HOST: '127.0.0.1',
})
const manager = yamlAt(document, 'static_resources/listeners/0/filter_chains/0/filters/0/typed_config')
const check = yamlAt(manager, 'http_filters/0/typed_config')
const host = yamlAt(manager, 'route_config/virtual_hosts/0')

type Lines = Record<string, string>
type Pattern = { exact?: string; prefix?: string }
type Mutation = { remove?: string; remove_on_match?: { key_matcher: Pattern } }

const matches = ({ exact, prefix }: Pattern, name: string) =>
  exact === name || (prefix !== undefined && name.startsWith(prefix))

const mutations = yamlAt<Mutation[]>(manager, 'early_header_mutation_extensions/0/typed_config/mutations')

const isTaken = (name: string) =>
  mutations.some(({ remove, remove_on_match: on }) => remove === name || (on && matches(on.key_matcher, name)))

/** A client's headers (names in small letters) after Envoy took away what they may not say; null where it refuses the request. */
function taken(client: Lines): Lines | null {
  if (Object.keys(client).some((name) => name.includes('_'))) return null
  return Object.fromEntries(Object.entries(client).filter(([name]) => !isTaken(name)))
}

/** The headers of the question, as `ext_authz` makes them. */
function questionOf(client: Lines, key = 'mgw_key'): Lines {
  const allowed = yamlAt<Pattern[]>(check, 'allowed_headers/patterns')
  const sent = { ...taken(client), 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' }
  const kept = Object.entries(sent).filter(
    ([name]) => name === 'authorization' || allowed.some((pattern) => matches(pattern, name)),
  )
  const added = yamlAt<{ key: string; value: string }[]>(check, 'http_service/authorization_request/headers_to_add')
  const own = added.map(({ key: name, value }) => [name, value === 'mgw_key' ? key : value])
  return { ...Object.fromEntries(kept), ...Object.fromEntries(own), host: HOST, 'content-length': '0' }
}

/** What reaches the application after an answer of 200. */
function passedOn(client: Lines, answer: Lines): Lines {
  const patterns = yamlAt<Pattern[]>(check, 'http_service/authorization_response/allowed_upstream_headers/patterns')
  const told = Object.entries(answer).filter(([name]) => patterns.some((pattern) => matches(pattern, name)))
  return { ...taken(client), ...Object.fromEntries(told) }
}

describe('the configuration', () => {
  test('lets nobody through without an answer, and sends no body', () => {
    expect(check).toMatchObject({ failure_mode_allow: false, status_on_error: { code: 'ServiceUnavailable' } })
    for (const key of ['with_request_body', 'filter_enabled', 'clear_route_cache'])
      expect(check).not.toHaveProperty(key)
    expect(yamlAt(check, 'http_service')).toMatchObject({
      path_prefix: '/v1/forward-auth/-',
      server_uri: { cluster: 'muster-collector' },
    })
    expect(yamlAt<{ name: string }[]>(manager, 'http_filters').map(({ name }) => name)).toEqual([
      'envoy.filters.http.ext_authz',
      'envoy.filters.http.router',
    ])
  })

  test('sees the path as the collector and the application do, and only WebSocket changes the protocol', () => {
    expect(manager).toMatchObject({
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'REJECT_REQUEST',
      use_remote_address: true,
      xff_num_trusted_hops: 0,
      common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
      upgrade_configs: [{ upgrade_type: 'websocket' }],
    })
  })

  test('serves its own name, and checks everything but where the device check comes back to', () => {
    expect(yamlAt(host, 'domains')).toEqual([HOST, `${HOST}:443`])
    const routes = yamlAt<{ match: { safe_regex?: { regex: string } }; route: { cluster: string } }[]>(host, 'routes')
    const unchecked = routes.filter((route) => 'typed_per_filter_config' in route)
    expect(unchecked).toHaveLength(1)
    expect(unchecked[0]?.route.cluster).toBe('muster-collector')
    // Envoy's expression has to match the whole path.
    const pattern = new RegExp(`^(?:${unchecked[0]?.match.safe_regex?.regex ?? ''})$`)
    expect(['/.muster/callback', '/.muster/check-again'].every((path) => pattern.test(path))).toBe(true)
    for (const path of ['/.muster/', '/.muster/a/b', '/xmuster/callback', '/.muster/callback;x'])
      expect(pattern.test(path)).toBe(false)
  })

  test('makes sure of the collector by its certificate', () => {
    const tls = yamlAt(document, 'static_resources/clusters/0/transport_socket/typed_config')
    expect(tls).toMatchObject({
      sni: 'collector.example.com',
      common_tls_context: {
        validation_context: {
          trusted_ca: { filename: '/ca.pem' },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'collector.example.com' } }],
        },
      },
    })
  })

  // X-Real-IP means nothing to Envoy or the collector.
  test.each(HOSTILE_HEADERS.filter(({ name }) => name !== 'X-Real-IP'))(
    'what a client says in $name reaches nobody',
    ({ name }) => {
      const client = { [name.toLowerCase()]: MARK }
      expect(JSON.stringify([taken(client), questionOf(client), passedOn(client, {})])).not.toContain(MARK)
    },
  )
})

describe('the collector, asked as Envoy asks', () => {
  let world: World
  beforeAll(async () => {
    world = await buildWorld()
  })
  afterAll(() => world.close())

  type Answer = { status: number; headers: Lines; body: string }

  /** Envoy's own request: the method, the host and, after the prefix, the path of its client. */
  function ask(client: Lines, { method = 'GET', path = '/', host: name = HOST } = {}): Promise<Answer> {
    const { port } = new URL(world.collector.issuerUrl)
    const prefix = yamlAt<string>(check, 'http_service/path_prefix')
    const headers = { ...questionOf(client, world.key), host: name }
    const options = { host: '127.0.0.1', port, method, path: `${prefix}${path}`, headers }
    return new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (data: string) => (body += data))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers as Lines, body }),
        )
      })
      call.on('error', reject)
      call.end()
    })
  }

  test.each(['GET', 'POST', 'DELETE', 'PROPFIND', 'OPTIONS'])(
    '%s: exactly 200, with nothing in it, for a laptop that is admitted',
    async (method) => {
      const client = { cookie: world.laptops.well.cookie, 'x-posture-status': MARK }
      const answer = await ask(client, { method, path: '/wiki/a%20b?p=1' })
      expect([answer.status, answer.body]).toEqual([200, ''])
      expect(passedOn(client, answer.headers)).toMatchObject({
        'x-posture-status': 'affirming',
        'x-posture-device-id': world.laptops.well.client.deviceId,
      })
    },
  )

  test('the resource map goes by the host that the client asked for', async () => {
    const { cookie } = world.laptops.partly
    expect((await ask({ cookie })).status).toBe(200)
    const elsewhere = await ask({ cookie }, { host: 'payroll.example.com' })
    // The cookie is of another host, too: nobody knows the laptop there.
    expect([elsewhere.status, JSON.parse(elsewhere.body)]).toMatchObject([401, { code: 'device-not-named' }])
  })

  test('a refusal has the page or the problem', async () => {
    const client = { cookie: world.laptops.ill.cookie }
    const page = await ask({ ...client, accept: 'text/html' })
    expect([page.status, page.headers['content-type']]).toEqual([403, expect.stringContaining('text/html')])
    expect(page.body).toContain('Disk encryption')
    expect(JSON.parse((await ask(client)).body)).toMatchObject({ code: 'not-admitted' })
  })

  test('a browser goes to the device check, and back to where it was', async () => {
    const page = await ask({ accept: 'text/html' }, { path: '/wiki?p=1' })
    expect(page.status).toBe(401)
    expect(page.body).toContain(`return=${encodeURIComponent(`https://${HOST}/wiki?p=1`)}`)
  })

  test('a proof by DPoP is for the method and the address of the client', async () => {
    const { client, attestation } = world.laptops.well
    const token = await attestation()
    const nonce = (await ask({})).headers['dpop-nonce'] ?? ''
    const said = { method: 'PUT', url: `https://${HOST}/api`, token, nonce, now: world.collector.clock.now }
    const lines = { authorization: `DPoP ${token}`, dpop: await dpopProof(client.device, said) }
    expect((await ask(lines, { method: 'POST', path: '/api' })).status).toBe(401)
    expect((await ask(lines, { method: 'PUT', path: '/other' })).status).toBe(401)
    expect((await ask(lines, { method: 'PUT', path: '/api?x=1' })).status).toBe(200)
  })

  test('a path that could be meant otherwise is refused', async () => {
    for (const path of ['/../public', '/%2e%2e/public', '/a/..%2f..%2fpublic'])
      expect((await ask({ cookie: world.laptops.well.cookie }, { path })).status).toBe(400)
  })
})
