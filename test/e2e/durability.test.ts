import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Sqlite from 'better-sqlite3'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import { statusAt, unpackStatusList } from '../../shared/status-list.ts'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { testCollector } from '../fakes/collector.ts'
import { idOf } from '../store-contract/records.ts'
import { healthyFacts } from '../fakes/facts.ts'

const MAIN = join(import.meta.dirname, '../../collector/main.ts')

let data: string
let folder: string
let child: ChildProcess | null = null

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'muster-durable-'))
  folder = join(data, 'collector')
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

/** Starts the collector as a user does, and waits until it says that it runs. */
async function serve(): Promise<ChildProcess> {
  child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  for await (const line of lines) if (line.includes('collector started')) break
  return child
}

async function enrollment(): Promise<string> {
  const input = { uses: 1, lifeSeconds: 3600, tags: [], owner: null }
  return String((await askRunning(folder, 'token-create', input))?.enrollment)
}

test('kill -9 in the middle of many reports loses none that was acknowledged', async () => {
  const collector = await serve()
  const clients = await Promise.all(Array.from({ length: 8 }, async () => enrolledClient(await enrollment())))
  const acknowledged = new Map<string, number>()
  const dead = new Promise<void>((resolve) => collector.once('exit', () => resolve()))
  let reports = 0

  await Promise.all(
    clients.map(async (client) => {
      const conversation = await connectedClient(client)
      try {
        // Slower than the rate limit and never ending by itself: the kill ends it.
        for (;;) {
          await conversation.report({})
          acknowledged.set(client.deviceId, client.sequence)
          reports += 1
          if (reports === 60) collector.kill('SIGKILL')
        }
      } catch {
        // The connection broke, as it has to.
      }
    }),
  )
  await dead

  expect(reports).toBeGreaterThanOrEqual(60)
  const store = openSqlite(join(folder, 'muster.db'))
  for (const [deviceId, sequence] of acknowledged) {
    expect((await store.loadDevice(deviceId))?.lastSequence).toBeGreaterThanOrEqual(sequence)
  }
  await store.close()
})

/** Keeps a thing of each kind, over and over, and says so when the store has promised it. */
const WRITER = `
  import { openSqlite } from '${join(import.meta.dirname, '../../collector/store/sqlite.ts')}'
  import * as a from '${join(import.meta.dirname, '../store-contract/records.ts')}'
  const store = openSqlite(process.argv[1])
  const id = await a.enrolled(store, 'a')
  const kinds = {
    report: (n) =>
      store.saveReport(
        a.report(id, n, {
          transitions: [a.transition(id, a.later(n))],
          standingChanges: [a.standingChange(id, a.later(n))],
        }),
      ),
    policy: (n) => store.addPolicy({ digest: '' + n, document: '', appliedAt: a.NOW, author: 'a', source: 'apply', restores: null }),
    exception: (n) =>
      store.addException({
        id: '' + n, target: { tag: 't' }, check: 'firewall', reason: 'r', approver: 'a',
        createdAt: a.NOW, expiresAt: a.later(99), endedAt: null,
      }),
    lease: (n) => store.putLeases([{ list: 1, index: n, deviceId: id, tiers: [], status: 0, until: a.later(n) }]),
    gateway: (n) => store.addGateway({ id: '' + n, name: 'g', keyHash: '' + n, scopes: ['decide'], hosts: [], certificate: null, createdAt: a.NOW }),
  }
  for (const [kind, keep] of Object.entries(kinds)) {
    void (async () => {
      for (let n = 1; ; n++) {
        await keep(n)
        process.stdout.write(kind + ' ' + n + '\\n')
      }
    })()
  }
`

test('kill -9 of the store in the middle of writes of every kind loses nothing that it promised', async () => {
  const file = join(data, 'muster.db')
  const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = writer
  const promised = new Map<string, number>()
  let lines = 0
  for await (const line of createInterface({ input: writer.stdout })) {
    const [kind = '', n] = line.split(' ')
    promised.set(kind, Number(n))
    lines += 1
    if (lines === 500) writer.kill('SIGKILL')
  }
  expect(promised.size).toBe(5)

  const store = openSqlite(file)
  const id = idOf('a')
  const sequence = (await store.loadDevice(id))?.lastSequence ?? 0
  const there = {
    report: sequence,
    policy: (await store.loadPolicies()).length,
    exception: (await store.loadExceptions()).length,
    lease: (await store.loadLeases()).length,
    gateway: (await store.loadGateways()).length,
  }
  for (const [kind, count] of Object.entries(there)) expect(count).toBeGreaterThanOrEqual(promised.get(kind) ?? 1e9)
  // Each report is there whole or not at all.
  expect(await store.transitions({ deviceId: id })).toHaveLength(sequence)
  expect(await store.standingChanges({ deviceId: id })).toHaveLength(sequence)
  expect((await store.loadDevice(id))?.evidence?.digest).toBe(`digest-${sequence}`)
  await store.close()
})

/** A machine that has other work to do may take ten seconds to start a collector and to enrol. */
const TWO_STARTS = { timeout: 60_000 }

/** Kills a collector and starts it on its folder again: where it is then. */
async function startedAgain(first: ChildProcess): Promise<string> {
  const dead = new Promise<void>((resolve) => first.once('exit', () => resolve()))
  first.kill('SIGKILL')
  await dead
  await serve()
  const again = await enrollment()
  return (JSON.parse(Buffer.from(again.slice('muster1.'.length), 'base64url').toString()) as { url: string }).url
}

test('after kill -9 the folder is free again, and the same device goes on with the same key', TWO_STARTS, async () => {
  const first = await serve()
  const client = await enrolledClient(await enrollment())
  await (await connectedClient(client)).report({})
  const url = await startedAgain(first)
  const conversation = await connectedClient({ ...client, url }).catch((error: Error) => error)
  expect(conversation).not.toBeInstanceOf(Error)
})

test(
  'after kill -9 the status lists say what they said, of devices that lost a tier and of those that kept it',
  TWO_STARTS,
  async () => {
    const first = await serve()
    const clients = [await enrolledClient(await enrollment()), await enrolledClient(await enrollment())]
    const entries: number[] = []
    for (const client of clients) {
      const conversation = await connectedClient(client)
      const { attestation } = await conversation.report(healthyFacts(new Date()))
      const { status } = decodeJwt<{ status: { status_list: { idx: number } } }>(attestation ?? '')
      entries.push(status.status_list.idx)
      if (entries.length === 1) await conversation.report({})
    }
    const url = await startedAgain(first)
    // What was lost just before the kill is marked once all devices have been judged again.
    const shown = async () => {
      const token = decodeJwt(await (await fetch(`${url}/v1/status-lists/1`)).text())
      const list = unpackStatusList(token['status_list'])
      return entries.map((index) => list.ok && statusAt(list.value, index))
    }
    await expect.poll(shown, { timeout: 20_000 }).toEqual([2, 0])
  },
)

test('a second collector on the same folder refuses to start, says why and leaves the first alone', async () => {
  await serve()
  const second = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise((resolve) => second.once('close', resolve))
  expect(code).toBe(1)
  expect(said).toContain('data-folder-in-use')
  expect(said.trim().split('\n')).toHaveLength(1)
  expect(await enrollment()).toMatch(/^muster1\./)
})

test('a locked database refuses evidence with a code instead of acknowledging it, and readiness tells', async () => {
  const collector = await testCollector({ folder: data })
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  const other = new Sqlite(join(folder, 'muster.db'))
  other.exec('begin immediate')
  conversation.send({ type: 'evidence', jws: await conversation.evidence({}) })
  const [goodbye, ready] = await Promise.all([conversation.expect('goodbye'), fetch(`${collector.issuerUrl}/readyz`)])
  expect(goodbye).toMatchObject({ code: 'store-unavailable', retryAfterSeconds: 5 })
  expect(await ready.json()).toMatchObject({ code: 'not-ready' })
  other.exec('rollback')
  other.close()
  // Nothing of it was kept: the same number is still free.
  const store = new Sqlite(join(folder, 'muster.db'), { readonly: true })
  expect(store.prepare('select last_sequence from device').get()).toEqual({ last_sequence: 0 })
  store.close()
  client.sequence = 0
  const again = await connectedClient(client)
  await again.report({})
  await collector.close()
})

test('a restart keeps the device, its history, the key of the attestations and the policy version', async () => {
  const first = await testCollector({ folder: data })
  const client = await enrolledClient(await first.enrollment())
  await (await connectedClient(client)).report({})
  const gatewayKey = await first.gatewayKey('decide')
  const jwks = await (await fetch(`${first.issuerUrl}/.well-known/jwks.json`)).text()
  await first.close()
  const second = await testCollector({ folder: data, settings: { port: new URL(first.issuerUrl).port } })
  expect(await (await fetch(`${second.issuerUrl}/.well-known/jwks.json`)).text()).toBe(jwks)
  const headers = { authorization: `Bearer ${gatewayKey}` }
  const standing = (await (
    await fetch(`${second.issuerUrl}/v1/devices/${client.deviceId}`, { headers })
  ).json()) as object
  expect(standing).toMatchObject({ deviceId: client.deviceId, tiers: ['public'], policyVersion: 1 })
  await second.close()
})

test('keys and evidence are readable by the own user only', async () => {
  await serve()
  expect(statSync(join(folder, 'attestation-keys.json')).mode & 0o077).toBe(0)
  expect(statSync(folder).mode & 0o077).toBe(0)
})
