import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import type { JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { value } from '../../shared/fact.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import { read } from '../fakes/facts.ts'
import { pushReceiver, type Receiver } from '../fakes/receiver.ts'
import { policyText } from '../fakes/streams.ts'

const MAIN = join(import.meta.dirname, '../../collector/main.ts')
const KILLS = 3
const CLIENTS = 4

let data: string
let folder: string
let port: number
let child: ChildProcess | null = null
/** Resolves when the collector that was started last is gone. */
let ended: Promise<unknown> = Promise.resolve()
let receiver: Receiver
let audience = ''

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'muster-killed-'))
  folder = join(data, 'collector')
  keys = null
  writeFileSync(join(data, 'policy.yaml'), policyText())
  port = await freePort()
  receiver = await pushReceiver({ issuer: url(), audience: () => audience, jwks })
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await receiver.close()
  rmSync(data, { recursive: true, force: true })
})

const url = () => `http://127.0.0.1:${port}`

/** Fetched once, as a receiver does. */
let keys: JSONWebKeySet | null = null
const jwks = async () => (keys ??= (await (await fetch(`${url()}/ssf/jwks.json`)).json()) as JSONWebKeySet)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}

/** Starts the collector as a user does, and waits until it says that it runs. */
async function serve(): Promise<void> {
  const settings = ['--policy', join(data, 'policy.yaml'), '--push-targets', '127.0.0.1']
  child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--port', String(port), ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout! })
  for await (const line of lines) if (line.includes('collector started')) break
}

async function streamOfReceiver(): Promise<void> {
  const gateway = await askRunning(folder, 'gateway-create', { name: 'receiver', scopes: ['events'] })
  audience = String(gateway?.id)
  const created = await fetch(`${url()}/ssf/stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(gateway?.key)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: receiver.address } }),
  })
  expect(created.status).toBe(201)
}

function facts(isOn: boolean) {
  const now = new Date()
  const lock = { enabled: true, afterSeconds: 300 }
  return { firewall: read(value({ enabled: isOn }), now), 'screen-lock': read(value(lock), now) }
}

/** Reports good and bad in turn until the collector is gone. */
async function reportUntilKilled(client: Client): Promise<void> {
  try {
    const conversation = await connectedClient(client)
    for (let n = client.sequence; ; n += 1) await conversation.report(facts(n % 2 === 0))
  } catch {
    // The connection broke, as it has to.
  }
}

type Row = { device_id: string; tiers_before: string; tiers_after: string }

/** What each device has to have been told of, by the changes of its standing and nothing else. */
function expectedOf(rows: Row[]): Map<string, string[]> {
  const expected = new Map<string, string[]>()
  for (const { device_id: id, tiers_before: was, tiers_after: is } of rows) {
    const [before, after] = [was, is].map((text) => JSON.parse(text) as string[])
    const told = expected.get(id) ?? []
    expected.set(id, told)
    const turned = before!.includes('confidential') !== after!.includes('confidential')
    told.push(turned ? `device-compliance-change ${after!.includes('confidential')}` : `token-claims-change ${is}`)
    if (before!.some((tier) => !after!.includes(tier))) told.push('session-revoked')
  }
  return expected
}

function wordsOf({ event, payload }: Receiver['sets'][number]): string {
  if (event === 'device-compliance-change') return `${event} ${payload['current_status'] === 'compliant'}`
  if (event !== 'token-claims-change') return event
  return `${event} ${JSON.stringify((payload['claims'] as { tiers: string[] }).tiers)}`
}

test('kill -9 in the middle of deliveries loses no event and makes none up; each comes at least once, as itself', async () => {
  await serve()
  await streamOfReceiver()
  const enrollment = async () =>
    String(
      (await askRunning(folder, 'token-create', { uses: 1, lifeSeconds: 3600, tags: [], owner: null }))?.enrollment,
    )
  const clients = await Promise.all(Array.from({ length: CLIENTS }, async () => enrolledClient(await enrollment())))

  for (let kill = 0; kill < KILLS; kill += 1) {
    const last = receiver.requests.length + 25
    // The last before the kill is taken, and nobody lives to hear of it.
    receiver.behave = (request) => {
      if (request === last) child?.kill('SIGKILL')
      return 'accept'
    }
    await Promise.all(clients.map(reportUntilKilled))
    await ended
    await serve()
  }
  receiver.behave = () => 'accept'
  const db = new Sqlite(join(folder, 'muster.db'), { readonly: true })
  const waiting = db.prepare<[], { n: number }>('select count(*) as n from outgoing_event')
  const behind = db.prepare<[], { n: number }>(
    'select count(*) as n from standing_change where id > (select change_id from event_cursor)',
  )
  while ((behind.get()?.n ?? 0) + (waiting.get()?.n ?? 0) > 0) await setImmediate()
  const rows = db.prepare<[], Row>('select * from standing_change order by id').all()
  db.close()

  const told = Map.groupBy(receiver.sets, ({ deviceId }) => deviceId ?? '')
  const got = new Map([...told].map(([id, sets]) => [id, sets.map(wordsOf)]))
  expect(got).toEqual(expectedOf(rows))
  expect(receiver.problems).toEqual([])
  expect(receiver.sets.length).toBeGreaterThanOrEqual(KILLS * 20)
  expect(receiver.repeated).toBeGreaterThan(0)
}, 60_000)
