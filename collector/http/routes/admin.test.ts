import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { POLICY } from '../../../test/fakes/acts.ts'
import { connectedClient, enrolledClient } from '../../../test/fakes/client.ts'
import { testCollector, type TestCollector } from '../../../test/fakes/collector.ts'
import { healthyFacts } from '../../../test/fakes/facts.ts'
import { parserOf } from '../../../shared/schema.ts'
import { ACTS } from '../../acts/all.ts'
import { ADMIN_ROUTES } from './admin-table.ts'

const STRICTER = POLICY.replace('[firewall]', '[firewall, screen-lock]')

let folder: string
let collector: TestCollector
let key: string
let id: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-admin-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  collector = await testCollector({ folder, settings: { policy } })
  key = await collector.gatewayKey('admin')
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  const { 'screen-lock': _lock, ...unlocked } = healthyFacts(new Date())
  await conversation.report(unlocked)
  id = client.deviceId
})
afterAll(async () => {
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

type Asked = { method?: string; body?: unknown; yaml?: string; headers?: Record<string, string> }

/** Asks as an admin, unless the headers say otherwise. */
async function ask(path: string, { method, body, yaml, headers = { authorization: `Bearer ${key}` } }: Asked = {}) {
  const sent = yaml ?? (body === undefined ? undefined : JSON.stringify(body))
  const type = yaml === undefined ? 'application/json' : 'text/yaml'
  const response = await fetch(`${collector.issuerUrl}${path}`, {
    method: method ?? (sent === undefined ? 'GET' : 'POST'),
    headers: { ...headers, ...(sent !== undefined && { 'content-type': type }) },
    ...(sent !== undefined && { body: sent }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) }
}

const pathOf = (path: string) => path.replace(':id', 'dev_x').replace(':version', '1')
const routes = [...ADMIN_ROUTES, { method: 'GET', path: '/v1/admin/audit' }].map(
  ({ method, path }) => [method, path] as const,
)

describe('every route is for a key with the scope `admin` alone', () => {
  test.each(routes)('%s %s', async (method, path) => {
    const asked = { method, ...(method === 'GET' ? {} : { body: {} }) }
    const without = await ask(pathOf(path), { ...asked, headers: {} })
    expect([without.status, without.json.code]).toEqual([401, 'gateway-key-missing'])
    expect(without.headers.get('www-authenticate')).toContain('Bearer')
    const wrong = await ask(pathOf(path), { ...asked, headers: { 'muster-gateway-key': `mgw_${'x'.repeat(43)}` } })
    expect([wrong.status, wrong.json.code]).toEqual([401, 'gateway-key-invalid'])
    const other = await collector.gatewayKey('decide', 'vouch')
    const scopeless = await ask(pathOf(path), { ...asked, headers: { authorization: `Bearer ${other}` } })
    expect([scopeless.status, scopeless.json.code]).toEqual([403, 'scope-missing'])
  })

  test.each(routes.filter(([method]) => method === 'GET'))(
    '%s %s, also where only its head is asked for',
    async (_, path) => {
      expect((await fetch(`${collector.issuerUrl}${pathOf(path)}`, { method: 'HEAD' })).status).toBe(401)
    },
  )

  test('and such a key may do nothing else', async () => {
    for (const path of [`/v1/devices/${id}`, '/v1/forward-auth/internal']) {
      expect((await ask(path)).status).toBe(403)
    }
  })

  test('there are no others below /v1/admin', async () => {
    const { json } = await ask('/openapi.json', { headers: {} })
    const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
      path.startsWith('/v1/admin') ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`) : [],
    )
    const known = routes.map(([method, path]) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(described.toSorted()).toEqual(known.toSorted())
  })

  test('every act has a route, but for what only a person at a terminal needs', () => {
    const reached = new Set(ADMIN_ROUTES.flatMap(({ act, orElse }) => [act, ...(orElse ? [orElse.act] : [])]))
    expect(Object.keys(ACTS).filter((name) => !reached.has(name as keyof typeof ACTS))).toEqual(['device-find'])
  })
})

test('every route that only reads answers what its act says', async () => {
  const reading = ADMIN_ROUTES.filter(({ method }) => method === 'GET')
  expect(reading.length).toBeGreaterThan(8)
  for (const { path, act } of reading) {
    const { status, json, headers } = await ask(path.replace(':id', id).replace(':version', '1'))
    expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'no-store'])
    const schema: TSchema = ACTS[act].answer
    expect([path, parserOf(schema)(json)]).toEqual([path, { ok: true, value: json }])
  }
})

describe('policy', () => {
  test('a dry run of YAML or of JSON says who would lose what, and changes nothing', async () => {
    for (const asked of [{ yaml: STRICTER }, { body: { document: STRICTER } }]) {
      const { status, json } = await ask('/v1/admin/policy/dry-run', asked)
      expect(status).toBe(200)
      expect(json).toMatchObject({
        devices: 1,
        changed: 1,
        changes: [{ deviceId: id, loses: [{ tier: 'internal' }, {}] }],
      })
    }
    expect((await ask('/v1/admin/policy')).json).toMatchObject({ version: 1, document: POLICY })
  })

  test('one that is not right is answered with the place of each problem', async () => {
    const wrong = POLICY.replace('[firewall]', '[firewal]').replace('15m', 'soon')
    for (const [path, method] of [
      ['/v1/admin/policy/dry-run', 'POST'],
      ['/v1/admin/policy', 'PUT'],
      ['/v1/admin/policy', 'POST'],
    ] as const) {
      const { status, json, headers } = await ask(path, { method, yaml: wrong })
      expect([path, status, json.code]).toEqual([path, 400, 'policy-invalid'])
      expect(headers.get('content-type')).toContain('application/problem+json')
      expect(json.problems).toEqual([
        { line: 2, column: 12, path: 'freshness', problem: expect.any(String) },
        { line: 5, column: 14, path: 'tiers.internal.0', problem: expect.stringContaining('did you mean "firewall"') },
      ])
    }
  })

  test('is applied in the name of the key, watched, compared, and rolled back', async () => {
    const put = await ask('/v1/admin/policy', { method: 'PUT', yaml: STRICTER })
    expect(put).toMatchObject({ status: 200, json: { version: 2, isNew: true, devices: 1, author: 'test' } })
    expect((await ask('/v1/admin/policy/progress')).json.version).toBe(2)
    expect((await ask(`/v1/admin/devices/${id}`)).json.standing.tiers).toEqual(['public'])
    const diff = await ask('/v1/admin/policy/diff?from=1&to=2')
    expect(diff.json.changes).toEqual([expect.objectContaining({ path: 'tiers.internal.checks' })])
    expect((await ask('/v1/admin/policy/diff', { body: { document: POLICY } })).json.changes).toHaveLength(1)
    const back = await ask('/v1/admin/policy/rollback', { method: 'POST' })
    expect(back).toMatchObject({ status: 200, json: { version: 3, author: 'test' } })
    const versions = await ask('/v1/admin/policy/versions?limit=1')
    expect(versions.json).toMatchObject({ items: [{ version: 3, restores: 1 }], next: '3' })
    expect((await ask('/v1/admin/policy/versions/2')).json.document).toBe(STRICTER)
    expect((await ask('/v1/admin/policy/versions/9')).json.code).toBe('policy-version-unknown')
  })

  test('nobody says in whose name it is applied', async () => {
    const said = await ask('/v1/admin/policy', { body: { document: POLICY, author: 'the chief' } })
    expect(said).toMatchObject({ status: 400, json: { detail: expect.stringContaining('author') } })
  })

  test('is not applied by who means a dry run', async () => {
    const { version } = (await ask('/v1/admin/policy')).json
    const meant = await ask('/v1/admin/policy?dry-run=true', { method: 'PUT', yaml: STRICTER })
    expect(meant).toMatchObject({ status: 400, json: { code: 'request-invalid' } })
    expect((await ask('/v1/admin/policy')).json.version).toBe(version)
  })

  test('several at once come into force one after the other, and a roll back beside them', async () => {
    const { version } = (await ask('/v1/admin/policy')).json
    const answers = await Promise.all([
      ...['a', 'b', 'c'].map((name) => ask('/v1/admin/policy', { method: 'PUT', yaml: `${POLICY}# ${name}\n` })),
      ask('/v1/admin/policy/rollback', { body: { to: 1 } }),
    ])
    const versions = answers.map(({ json }) => json.version).toSorted((a, b) => a - b)
    expect(versions).toEqual([1, 2, 3, 4].map((it) => version + it))
    const newest = answers.find(({ json }) => json.version === version + 4)
    expect((await ask('/v1/admin/policy')).json.digest).toBe(newest?.json.digest)
  })
})

test('an exception is granted, listed, and ended in the name of the key', async () => {
  const asked = { device: id, check: 'screen-lock', reason: 'r', approver: 'anna', expires: '14d' }
  const refused = await ask('/v1/admin/exceptions', { body: asked })
  expect(refused).toMatchObject({ status: 400, json: { code: 'exception-invalid' } })
  const granted = await ask('/v1/admin/exceptions', { body: { ...asked, check: 'firewall' } })
  expect(granted).toMatchObject({ status: 201, json: { devices: 1, exception: { approver: 'anna', device: id } } })
  const { id: exception } = granted.json.exception
  expect((await ask('/v1/admin/exceptions?limit=5')).json.items).toHaveLength(1)
  const ended = await ask(`/v1/admin/exceptions/${exception}`, { method: 'DELETE' })
  expect(ended).toMatchObject({ status: 200, json: { id: exception, isInForce: false } })
  expect((await ask('/v1/admin/exceptions')).json.items).toEqual([])
  expect((await ask('/v1/admin/exceptions?all=true')).json.items).toHaveLength(1)
  const again = await ask(`/v1/admin/exceptions/${exception}`, { method: 'DELETE' })
  expect(again).toMatchObject({ status: 404, json: { code: 'exception-unknown' } })
})

test('devices are listed, shown, locked out, readmitted, tagged and owned', async () => {
  expect((await ask('/v1/admin/devices?tier=internal&limit=10')).json.items).toEqual([expect.objectContaining({ id })])
  expect((await ask('/v1/admin/devices?platform=macos')).json).toEqual({ items: [], next: null })
  const post = (what: string, body?: unknown) => ask(`/v1/admin/devices/${id}/${what}`, { method: 'POST', body })
  expect((await post('recheck')).json).toEqual({ id, isAsked: true })
  expect((await post('lock-out')).json.status).toBe('locked-out')
  expect(await post('approve')).toMatchObject({ status: 409, json: { code: 'device-status-conflict' } })
  expect((await post('readmit')).json.status).toBe('active')
  expect((await post('tags', { add: ['lab'] })).json.tags).toEqual(['lab'])
  const owned = await ask(`/v1/admin/devices/${id}/owner`, { method: 'PUT', body: { owner: 'anna@example.com' } })
  expect(owned.json.owner).toBe('anna@example.com')
})

test('history, and what held at a time', async () => {
  const { json } = await ask(`/v1/admin/devices/${id}/history?check=firewall&limit=1`)
  expect(json.items).toEqual([expect.objectContaining({ check: 'firewall', from: null })])
  const now = collector.clock.now.toISOString()
  const state = await ask(`/v1/admin/devices/${id}/history?at=${now}`)
  expect(state.json).toMatchObject({ id, at: now, tiers: expect.arrayContaining(['public']) })
  expect(await ask(`/v1/admin/devices/${id}/history?at=${now}&check=firewall`)).toMatchObject({ status: 400 })
})

test('gateways are made, listed without their keys, and revoked', async () => {
  const made = await ask('/v1/admin/gateways', { body: { name: 'wiki', scopes: ['decide'] } })
  expect(made).toMatchObject({ status: 201, json: { name: 'wiki', key: expect.stringMatching(/^mgw_/) } })
  const listed = await ask('/v1/admin/gateways?limit=1000')
  expect(listed.json.items).toContainEqual(expect.objectContaining({ id: made.json.id }))
  expect(JSON.stringify(listed.json)).not.toContain('mgw_')
  const headers = { authorization: `Bearer ${made.json.key}` }
  expect((await ask(`/v1/devices/${id}`, { headers })).status).toBe(200)
  expect((await ask(`/v1/admin/gateways/${made.json.id}`, { method: 'DELETE' })).status).toBe(200)
  expect((await ask(`/v1/devices/${id}`, { headers })).json.code).toBe('gateway-key-invalid')
  expect((await ask(`/v1/admin/gateways/${made.json.id}`, { method: 'DELETE' })).json.code).toBe('gateway-unknown')
})

test('keys, releases and tokens', async () => {
  const rotated = await ask('/v1/admin/keys/rotate', { method: 'POST' })
  expect((await ask('/v1/admin/keys')).json.items).toContainEqual(rotated.json)
  const refreshed = await ask('/v1/admin/releases/refresh', { method: 'POST' })
  expect(refreshed.json.sources).toEqual([expect.objectContaining({ state: 'good' })])
  const token = { uses: 1, lifeSeconds: 60, tags: [], owner: null }
  const made = await ask('/v1/admin/tokens', { body: token })
  expect(made).toMatchObject({ status: 201, json: { enrollment: expect.stringMatching(/^muster1\./) } })
})

const BACKWARDS = 'from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z'

describe('requests that are not right', () => {
  const cases: [name: string, path: string, asked: Asked, status: number][] = [
    ['an unknown key of a query', '/v1/admin/devices?colour=red', {}, 400],
    ['a limit that is no number', '/v1/admin/devices?limit=many', {}, 400],
    ['a limit of nothing', '/v1/admin/devices?limit=0', {}, 400],
    ['a limit above all', '/v1/admin/devices?limit=1001', {}, 400],
    ['a limit in another notation', '/v1/admin/devices?limit=1e2', {}, 400],
    ['a limit with a space', '/v1/admin/devices?limit=%2010', {}, 400],
    ['a version in another notation', '/v1/admin/policy/versions/0x1', {}, 400],
    ['a switch that is no switch', '/v1/admin/exceptions?all=yes', {}, 400],
    ['a query where none is taken', '/v1/admin/policy?version=1', {}, 400],
    ['a key of a query that only another method takes', '/v1/admin/policy/diff?document=x', {}, 400],
    ['a body where none is taken', `/v1/admin/devices/dev_${'x'.repeat(43)}/approve`, { body: { id: 'dev_x' } }, 400],
    ['a time that ends before it begins', `/v1/admin/devices/dev_${'x'.repeat(43)}/history?${BACKWARDS}`, {}, 400],
    ['a key given twice', '/v1/admin/devices?tag=a&tag=b', {}, 400],
    ['an unknown check', '/v1/admin/devices?check=nothing', {}, 400],
    ['an unknown tier', '/v1/admin/devices?tier=nothing', {}, 404],
    ['an id that is none', '/v1/admin/devices/wren', {}, 400],
    ['a device that is not enrolled', `/v1/admin/devices/dev_${'x'.repeat(43)}`, {}, 404],
    ['a version that is no number', '/v1/admin/policy/versions/first', {}, 400],
    ['a body that is a list', '/v1/admin/exceptions', { body: [] }, 400],
    ['a body that is a word', '/v1/admin/exceptions', { body: 'x' }, 400],
    ['a body that is null', '/v1/admin/exceptions', { body: null }, 400],
    [
      'a key too many in a body',
      '/v1/admin/tokens',
      { body: { uses: 1, lifeSeconds: 60, tags: [], owner: null, x: 1 } },
      400,
    ],
    ['YAML where JSON is meant', '/v1/admin/exceptions', { yaml: 'check: firewall' }, 400],
    ['an empty document', '/v1/admin/policy/dry-run', { yaml: '' }, 400],
    ['a document that is not text', '/v1/admin/policy/dry-run', { body: { document: 1 } }, 400],
    ['a document that is endless', '/v1/admin/policy/dry-run', { yaml: '#'.repeat(3_000_000) }, 413],
    ['an unknown address', '/v1/admin/nothing', {}, 404],
    ['an unknown method', '/v1/admin/policy', { method: 'DELETE' }, 404],
  ]
  test.each(cases)('%s', async (_name, path, asked, status) => {
    const answer = await ask(path, asked)
    expect(answer).toMatchObject({ status, json: { status, code: expect.stringMatching(/^[a-z-]+$/) } })
  })

  test('an empty body of JSON is none', async () => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const post = (path: string) => fetch(`${collector.issuerUrl}/v1/admin/${path}`, { method: 'POST', headers })
    expect((await post(`devices/${id}/recheck`)).status).toBe(200)
    expect((await post('tokens')).status).toBe(400)
  })

  test('JSON that is none', async () => {
    const response = await fetch(`${collector.issuerUrl}/v1/admin/exceptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{',
    })
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'request-invalid' }),
    ])
  })
})

test('a device that is removed is gone', async () => {
  expect((await ask(`/v1/admin/devices/${id}`, { method: 'DELETE' })).json).toMatchObject({ id })
  expect((await ask(`/v1/admin/devices/${id}`)).json.code).toBe('device-unknown')
  expect((await ask(`/v1/admin/devices/${id}/history`)).status).toBe(200)
})
