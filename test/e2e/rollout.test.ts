import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActAnswer } from '../../collector/acts/all.ts'
import type { AttestationClaims } from '../../collector/protocol/claims.ts'
import { unreadable, value } from '../../shared/fact.ts'
import type { Facts } from '../../shared/signals.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'

/** The way of a rule that docs/policy.md tells: reported, then for a few, then for all but some. */
const BASE = `version: 1
freshness: 15m
tiers:
  public: []
  internal: [firewall, screen-lock]
  restricted: [secure-boot]
groups:
  pilot: { tags: [pilot] }
  lab: { tags: [lab] }
default-tier: internal
`
const BEFORE = BASE.replace(', screen-lock', '')
const REPORTED = `${BASE}checks: { screen-lock: { within: 5m, grace: 14d, mode: report } }\n`
const FOR_PILOTS = `${REPORTED}overrides: [{ when: { group: pilot }, checks: { screen-lock: { mode: enforce } } }]\n`
const FOR_MOST = `${BASE}checks: { screen-lock: { within: 5m, grace: 14d } }
overrides: [{ when: { group: lab }, checks: { screen-lock: { mode: report } } }]
`

const DAY = 86_400_000
const INTERNAL = ['public', 'internal', 'restricted']

type Laptop = { client: Client; conversation: Conversation; lock: 'good' | 'bad' | 'unread' }
let folder: string
let collector: TestCollector
let admin: string
let gateway: string
const laptops = new Map<string, Laptop>()

const LAPTOPS = [
  ['pilot, locks', 'pilot', 'good'],
  ['pilot, does not lock', 'pilot', 'bad'],
  ['pilot, unread', 'pilot', 'unread'],
  ['office, locks', 'office', 'good'],
  ['office, does not lock', 'office', 'bad'],
  ['lab, does not lock', 'lab', 'bad'],
] as const

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-rollout-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, BEFORE)
  collector = await testCollector({ folder, settings: { policy } })
  admin = await collector.gatewayKey('admin')
  gateway = await collector.gatewayKey('decide', 'vouch')
  for (const [name, tag, lock] of LAPTOPS) {
    const client = await enrolledClient(await collector.enrollment(), { now: collector.clock.now })
    laptops.set(name, { client, conversation: await connectedClient(client, collector.clock.now), lock })
    await ask('POST', `/v1/admin/devices/${client.deviceId}/tags`, { body: { add: [tag] } })
  }
  await everybodyReports()
})
afterAll(async () => {
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

function factsOf({ lock }: Laptop, now: Date): Facts {
  const screenLock =
    lock === 'unread' ? unreadable('denied') : value({ enabled: true, afterSeconds: lock === 'good' ? 60 : 900 })
  return { ...healthyFacts(now), 'screen-lock': read(screenLock, now) }
}

async function everybodyReports(): Promise<void> {
  const { now } = collector.clock
  for (const laptop of laptops.values()) await laptop.conversation.report(factsOf(laptop, now), now)
}

const idOf = (name: string) => laptops.get(name)?.client.deviceId ?? ''

type Asked = { key?: string; body?: unknown; yaml?: string; headers?: Record<string, string> }
async function ask(method: string, path: string, { key = admin, body, yaml, headers = {} }: Asked = {}) {
  const sent = yaml ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(`${collector.issuerUrl}${path}`, {
    method,
    headers: {
      'muster-gateway-key': key,
      ...(sent !== undefined && { 'content-type': yaml === undefined ? 'application/json' : 'text/yaml' }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
}

/** What everybody who may ask is told of the tier `internal` of a laptop, which has to be the same. */
async function isIn(name: string): Promise<boolean> {
  const id = idOf(name)
  const asked = { key: gateway }
  const standing = (await ask('GET', `/v1/devices/${id}`, asked)).json
  const forward = await ask('GET', '/v1/forward-auth/internal', { ...asked, headers: { 'muster-device': id } })
  const question = {
    subject: { type: 'user', id: 'anna', properties: { device_id: id } },
    action: { name: 'read' },
    resource: { type: 'page', id: 'x', properties: { tier: 'internal' } },
  }
  const authzen = (await ask('POST', '/access/v1/evaluation', { ...asked, body: question })).json
  const attested = await ask('GET', `/v1/devices/${id}/attestation`, asked)
  expect([name, attested.status]).toEqual([name, 200])
  const claimed = decodeJwt<AttestationClaims>(attested.text).submods.device.ear_verifier_claims
  const listed = (await ask('GET', '/v1/admin/devices?tier=internal')).json.items.map((it: { id: string }) => it.id)
  const shown = (await ask('GET', `/v1/admin/devices/${id}`)).json.standing
  const at = encodeURIComponent(collector.clock.now.toISOString())
  await collector.fleet.settled()
  const then = (await ask('GET', `/v1/admin/devices/${id}/history?at=${at}`)).json
  const verdict = standing.checks.find((check: { id: string }) => check.id === 'screen-lock')?.verdict
  const answers = {
    standing: standing.tiers.includes('internal'),
    forwardAuth: forward.status === 200,
    authzen: authzen.decision,
    attestation: claimed.tiers.includes('internal'),
    list: listed.includes(id),
    show: shown.tiers.includes('internal'),
    history: then.tiers.includes('internal'),
  }
  expect([name, new Set(Object.values(answers)).size, answers]).toEqual([name, 1, answers])
  const recorded = then.checks.find((it: { check: string }) => it.check === 'screen-lock')
  const signed = claimed.checks.find((it) => it.id === 'screen-lock')
  expect([name, signed?.verdict, recorded?.verdict]).toEqual([name, verdict, verdict])
  return answers.standing
}

async function whoIsIn(): Promise<string[]> {
  const names: string[] = []
  for (const name of laptops.keys()) if (await isIn(name)) names.push(name)
  return names
}

/** What a policy would change, by the names of the laptops; then it is put in force. */
async function apply(yaml: string) {
  const { json } = await ask('POST', '/v1/admin/policy/dry-run', { yaml })
  const { changes }: Pick<ActAnswer<'policy-dry-run'>, 'changes'> = json
  const named = (list: 'loses' | 'willLose' | 'gains') =>
    [...laptops.keys()].filter((name) => changes.some((it) => it.deviceId === idOf(name) && it[list].length > 0))
  const on = [...new Set(changes.flatMap(({ willLose }) => willLose.map((tier) => tier.on)))]
  expect((await ask('PUT', '/v1/admin/policy', { yaml })).status).toBe(200)
  return { loses: named('loses'), willLose: named('willLose'), gains: named('gains'), on }
}

async function pass(milliseconds: number): Promise<void> {
  collector.clock.now = new Date(collector.clock.now.getTime() + milliseconds)
  await collector.wake()
}

const ALL = LAPTOPS.map(([name]) => name)
const without = (...names: string[]) => ALL.filter((name) => !names.includes(name))

test('a rule goes from report over grace to enforcement, group by group, as the dry run foretells it', async () => {
  expect(await whoIsIn()).toEqual(ALL)

  expect(await apply(REPORTED)).toEqual({ loses: [], willLose: [], gains: [], on: [] })
  expect(await whoIsIn()).toEqual(ALL)
  const failing = (await ask('GET', '/v1/admin/devices?check=screen-lock&verdict=fail')).json.items
  expect(failing.map((it: { id: string }) => it.id).toSorted()).toEqual(
    ['pilot, does not lock', 'office, does not lock', 'lab, does not lock'].map(idOf).toSorted(),
  )

  await pass(DAY)
  await everybodyReports()
  const first = new Date(collector.clock.now.getTime() + 14 * DAY)
  expect(await apply(FOR_PILOTS)).toEqual({
    loses: ['pilot, unread'],
    willLose: ['pilot, does not lock'],
    gains: [],
    on: [first.toISOString()],
  })
  expect(await whoIsIn()).toEqual(without('pilot, unread'))

  const excused = {
    device: idOf('pilot, unread'),
    check: 'screen-lock',
    reason: 'the probe is being mended',
    approver: 'anna@example.com',
    expires: '3d',
  }
  const { json: granted } = await ask('POST', '/v1/admin/exceptions', { body: excused })
  expect(await whoIsIn()).toEqual(ALL)
  const { json: seen } = await ask('GET', `/v1/devices/${idOf('pilot, unread')}`, { key: gateway })
  expect(seen.checks).toContainEqual(
    expect.objectContaining({
      id: 'screen-lock',
      verdict: 'excepted',
      deadline: granted.exception.expiresAt,
      exception: expect.objectContaining({ reason: excused.reason, approver: excused.approver }),
    }),
  )
  await pass(3 * DAY - 1000)
  await everybodyReports()
  expect(await isIn('pilot, unread')).toBe(true)
  await pass(1000)
  expect(await whoIsIn()).toEqual(without('pilot, unread'))

  await pass(DAY)
  await everybodyReports()
  const second = new Date(collector.clock.now.getTime() + 14 * DAY)
  expect(await apply(FOR_MOST)).toEqual({
    loses: [],
    willLose: ['office, does not lock'],
    gains: [],
    on: [second.toISOString()],
  })
  expect(await whoIsIn()).toEqual(without('pilot, unread'))

  for (const [moment, closed] of [
    [first, ['pilot, unread', 'pilot, does not lock']],
    [second, ['pilot, unread', 'pilot, does not lock', 'office, does not lock']],
  ] as const) {
    await pass(moment.getTime() - collector.clock.now.getTime() - 1000)
    await everybodyReports()
    const before = await whoIsIn()
    await pass(1000)
    expect(await whoIsIn()).toEqual(without(...closed))
    expect(before).toEqual(without(...closed.slice(0, -1)))
  }

  const { json: back } = await ask('POST', '/v1/admin/policy/rollback', { body: { to: 1 } })
  expect(back).toMatchObject({ version: 5, isNew: true })
  expect(await whoIsIn()).toEqual(ALL)
  const { json: standing } = await ask('GET', `/v1/devices/${idOf('office, locks')}`, { key: gateway })
  expect(standing.tiers).toEqual(INTERNAL)
})
