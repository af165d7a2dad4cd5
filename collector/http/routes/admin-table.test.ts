import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type, type TSchema } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { POLICY } from '../../../test/fakes/acts.ts'
import { connectedClient, enrolledClient } from '../../../test/fakes/client.ts'
import { testCollector, type TestCollector } from '../../../test/fakes/collector.ts'
import { healthyFacts } from '../../../test/fakes/facts.ts'
import { parserOf } from '../../../shared/schema.ts'
import { ADMIN_ROUTES } from './admin-table.ts'

type Described = { responses: Record<string, { content?: Record<string, { schema: TSchema }> }> }

let folder: string
let collector: TestCollector
let key: string
let id: string
let paths: Record<string, Record<string, Described>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-admin-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  collector = await testCollector({ folder, settings: { policy } })
  key = await collector.gatewayKey('admin')
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  await conversation.report(healthyFacts(new Date()))
  id = client.deviceId
  const description = await (await fetch(`${collector.issuerUrl}/openapi.json`)).json()
  ;({ paths } = description as { paths: typeof paths })
})
afterAll(async () => {
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What the description says of an answer. */
function schemaOf(method: string, path: string, status: number): TSchema {
  const { responses } = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] ?? { responses: {} }
  const { content = {} } = responses[status] ?? responses['default'] ?? {}
  return content[status < 400 ? 'application/json' : 'application/problem+json']?.schema ?? Type.Never()
}

const STRICTER = POLICY.replace('[firewall]', '[firewall, screen-lock]')
const BODIES: Record<string, object> = {
  'policy-dry-run': { document: STRICTER },
  'policy-diff': { document: STRICTER },
  'policy-apply': { document: STRICTER },
  'policy-rollback': { to: 1 },
  'exception-grant': { tag: 'lab', check: 'firewall', reason: 'r', approver: 'anna', expires: '1d' },
  'device-tag': { add: ['lab'] },
  'device-owner': { owner: 'anna@example.com' },
  'gateway-create': { name: 'wiki', scopes: ['decide'] },
  'token-create': { uses: 1, lifeSeconds: 60, tags: [], owner: null },
}
// Whoever removes the device comes last.
const ROUTES = ADMIN_ROUTES.toSorted((a, b) => Number(a.act === 'device-remove') - Number(b.act === 'device-remove'))

test.each(ROUTES.map((route) => [route.method, route.path, route.act] as const))(
  '/openapi.json describes what %s %s answers',
  async (method, path, act) => {
    const good = path.replace(':id', id).replace(':version', '1')
    const unknown = path.replace(':id', `dev_${'x'.repeat(43)}`).replace(':version', '999')
    const body = method === 'GET' ? undefined : BODIES[act]
    const asked: [url: string, body: object | undefined][] = [
      [good, body],
      [unknown, body],
      [`${good}?colour=red`, body],
      [`${good}?at=2026-03-03T00:00:00Z`, body],
      [good, method === 'GET' ? undefined : { document: 'version: 2' }],
    ]
    for (const [url, sent] of asked) {
      const type = sent ? { 'content-type': 'application/json' } : {}
      const response = await fetch(`${collector.issuerUrl}${url}`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...type },
        ...(sent && { body: JSON.stringify(sent) }),
      })
      const answer: unknown = await response.json()
      const described = parserOf(schemaOf(method, path, response.status))(answer)
      expect([url, response.status, described]).toEqual([url, response.status, { ok: true, value: answer }])
      const form = response.status < 400 ? 'application/json' : 'application/problem+json'
      expect(response.headers.get('content-type')).toContain(form)
    }
  },
)
