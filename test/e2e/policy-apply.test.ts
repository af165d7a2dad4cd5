import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import { value } from '../../shared/fact.ts'
import type { Standing } from '../../shared/standing.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { fakeDevice } from '../fakes/device.ts'
import { read } from '../fakes/facts.ts'
import { ISSUER, unsignedReport } from '../fakes/fleet.ts'

const MAIN = join(import.meta.dirname, '../../collector/main.ts')
const DEVICES = 10_000

const policyOf = (checks: string) => `version: 1
freshness: 30m
tiers: { public: [], internal: [${checks}] }
default-tier: internal
`
const LAX = policyOf('firewall')
/** Nobody passes: no device says anything of its secure boot. */
const STRICT = policyOf('firewall, secure-boot')
/** As lax as the first, and another document. */
const EASY = `${LAX}# as it was\n`
const WRONG = policyOf('firewal')

let data: string
let folder: string
let file: string
let ids: string[]
let child: ChildProcess | null = null

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'muster-apply-'))
  folder = join(data, 'collector')
  file = join(data, 'policy.yaml')
  writeFileSync(file, LAX)
  mkdirSync(folder, { mode: 0o700 })
  ids = await madeUp()
}, 60_000)
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

/** Enrols many devices, each of which has just reported that its firewall is on. */
async function madeUp(): Promise<string[]> {
  const store = openSqlite(join(folder, 'muster.db'))
  const now = new Date()
  const expiresAt = new Date(now.getTime() + 60_000)
  await store.addToken({ id: 't', hash: 't', createdAt: now, expiresAt, uses: DEVICES, tags: [], owner: null })
  const { jwk } = fakeDevice(ISSUER)
  const all = Array.from({ length: DEVICES }, (_, index) => `dev_${String(index).padStart(43, '0')}`)
  const about = { jwk, keyProtection: 'software', attested: false, status: 'active', identity: 'recognised' } as const
  const machine = {
    platform: 'linux',
    hostname: 'laptop',
    serial: null,
    owner: null,
    tags: [],
    enrolledAt: now,
  } as const
  const conclusion = { memory: {}, tiers: [], concludedAt: now, policyVersion: 0, nextChange: null }
  const facts = { firewall: read(value({ enabled: true }), now) }
  await Promise.all(
    all.map(async (id) => {
      await store.enroll({ id, ...about, ...machine, tags: [] }, 't', now)
      const { jws, digest } = unsignedReport(id, 1, facts, now)
      const report = { deviceId: id, sequence: 1, evidence: { jws, digest }, at: now }
      await store.saveReport({ ...report, conclusion, transitions: [], standingChanges: [] })
    }),
  )
  await store.close()
  return all
}

/** Asks for one device after the other, several at a time, until it is told to stop. */
function askAll(url: string, key: string, ask: (standing: Standing, version: number) => void, version: () => number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const headers = { authorization: `Bearer ${key}` }
  const stopped = new AbortController()
  const one = async (id: string) => {
    const known = version()
    const text = await new Promise<string>((resolve, reject) => {
      get(`${url}/v1/devices/${id}`, { agent, headers }, (answer) => {
        let body = ''
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
        answer.on('end', () => resolve(body))
      }).on('error', reject)
    })
    ask(JSON.parse(text) as Standing, known)
  }
  const workers = [0, 1, 2, 3].map(async (first) => {
    for (let index = first; !stopped.signal.aborted; index += 4) await one(ids[(index * 7919) % DEVICES] ?? '')
  })
  return async () => {
    stopped.abort()
    await Promise.all(workers)
    agent.destroy()
  }
}

const progressOf = async () =>
  (await askRunning(folder, 'policy-progress', {})) as { version: number; done: number; total: number }

test('decisions go on while 10,000 devices are judged again, and none goes by a policy that was replaced', async () => {
  const collector: TestCollector = await testCollector({ folder: data, settings: { policy: file } })
  const { fleet, issuerUrl } = collector
  await fleet.settled()
  /** The newest version of which it was answered that it is in force. */
  let answered = 1
  const tooOld: string[] = []
  const meanwhile = new Map<number, number>()
  const stop = askAll(
    issuerUrl,
    await collector.gatewayKey('decide'),
    ({ policyVersion, tiers }, known) => {
      const { done, total } = fleet.progress()
      if (done < total) meanwhile.set(policyVersion, (meanwhile.get(policyVersion) ?? 0) + 1)
      if (policyVersion < known) tooOld.push(`${policyVersion} after ${known} was in force`)
      const isOpen = tiers.includes('internal')
      if (isOpen !== (policyVersion % 2 === 1)) tooOld.push(`open by ${policyVersion}`)
    },
    () => answered,
  )
  const apply = async (document: string) => {
    const applied = (await askRunning(folder, 'policy-apply', { document, author: 'anna' })) as { version: number }
    answered = applied.version
    return applied
  }
  /** Waits until the background is so far, at least. */
  const until = async (share: number) => {
    const seen: number[] = []
    for (;;) {
      const { done, total } = await progressOf()
      seen.push(done)
      expect(total).toBe(DEVICES)
      if (done >= total * share) return seen
    }
  }

  expect(await apply(STRICT)).toMatchObject({ version: 2, isNew: true, devices: DEVICES })
  const seen = await until(1)
  expect(seen[0]).toBeLessThan(DEVICES)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(meanwhile.get(2)).toBeGreaterThan(20)

  expect(await apply(EASY)).toMatchObject({ version: 3 })
  await until(0.2)
  // Meanwhile: what is not right, a policy after it, and back again.
  await expect(apply(WRONG)).rejects.toMatchObject({ code: 'policy-invalid' })
  expect(await apply(STRICT)).toMatchObject({ version: 4 })
  await until(0.1)
  await expect(apply(WRONG)).rejects.toMatchObject({ code: 'policy-invalid' })
  const back = (await askRunning(folder, 'policy-rollback', { to: 3, author: 'ben' })) as { version: number }
  answered = back.version
  expect(back).toMatchObject({ version: 5, isNew: true })
  await until(0.1)
  expect(await apply(STRICT)).toMatchObject({ version: 6 })
  await fleet.settled()
  await stop()
  expect(tooOld).toEqual([])
  const versions = new Set(ids.map((id) => fleet.standing(id)?.policyVersion))
  expect([...versions]).toEqual([6])
  expect(ids.filter((id) => fleet.standing(id)?.tiers.includes('internal'))).toEqual([])
  await collector.close()
  checkHistory()
}, 120_000)

/** Everybody has lost `internal`, each change is kept once, and each goes on from the one before. */
function checkHistory(): void {
  const db = new Sqlite(join(folder, 'muster.db'), { readonly: true })
  expect(db.prepare(`select tiers, count(*) as count from device group by tiers`).all()).toEqual([
    { tiers: '["public"]', count: DEVICES },
  ])
  const breaks = db.prepare(
    `select count(*) as count from (
       select tiers_before, lag(tiers_after, 1, '[]') over (partition by device_id order by id) as last
       from standing_change) where tiers_before <> last`,
  )
  expect(breaks.get()).toEqual({ count: 0 })
  const gaps = db.prepare(
    `select count(*) as count from (
       select from_verdict, lag(to_verdict) over (partition by device_id, check_id order by id) as last
       from transition) where from_verdict is not last`,
  )
  expect(gaps.get()).toEqual({ count: 0 })
  db.close()
}

/** Starts the collector as a user does, and waits until it says that it runs. */
async function serve(): Promise<ChildProcess> {
  child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--port', '0', '--policy', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  for await (const line of lines) if (line.includes('collector started')) break
  return child
}

const ended = (it: ChildProcess) => new Promise<void>((resolve) => it.once('exit', () => resolve()))

test('kill -9 in the middle of a change leaves it to the next start, and everybody ends by the version in force', async () => {
  const first = await serve()
  for (let it = await progressOf(); it.done < it.total; it = await progressOf());
  await askRunning(folder, 'policy-apply', { document: STRICT, author: 'anna' })
  for (let it = await progressOf(); it.done < it.total / 4; it = await progressOf());
  const dead = ended(first)
  first.kill('SIGKILL')
  await dead
  const db = new Sqlite(join(folder, 'muster.db'), { readonly: true })
  const judged = db.prepare('select count(*) as count from device where policy_version = 2').get() as { count: number }
  db.close()
  expect(judged.count).toBeGreaterThan(0)
  expect(judged.count).toBeLessThan(DEVICES)

  const second = await serve()
  const { version } = await progressOf()
  expect(version).toBe(2)
  for (let it = await progressOf(); it.done < it.total; it = await progressOf());
  const stopped = ended(second)
  second.kill('SIGTERM')
  await stopped
  checkHistory()
}, 120_000)
