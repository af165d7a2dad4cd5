import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import type { JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ActInput, ActName } from '../../collector/acts/all.ts'
import { askRunning } from '../../collector/control-client.ts'
import { value } from '../../shared/fact.ts'
import { MusterError } from '../../shared/errors.ts'
import { chance } from '../fakes/chance.ts'
import { enrolledClient } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { read } from '../fakes/facts.ts'
import { unsignedReport } from '../fakes/fleet.ts'
import { follower, type Follower } from '../fakes/follower.ts'
import { pushReceiver, setReader, type Behaviour, type Receiver, type SetReader } from '../fakes/receiver.ts'
import { policyText } from '../fakes/streams.ts'
import { ran } from '../fakes/terminal.ts'

const STEPS = 420
const LAPTOPS = 8
const MINUTE = 60_000
const START = new Date('2026-11-02T08:00:00Z')
const TIERS = ['public', 'confidential', 'restricted'] as const
const OWNERS = ['ana@example.com', 'ben@example.com'] as const
/** What the store refuses to do while it is away: each time some of it. */
const REFUSED = [
  'insert on standing_change',
  'insert on outgoing_event',
  'delete on outgoing_event',
  'update on event_stream',
  'update on event_cursor',
  'insert on audit',
] as const

const random = chance(20261125)
type Laptop = { id: string; sequence: number; isGone: boolean }
const laptops: Laptop[] = []
const removed: Laptop[] = []
const folders: string[] = []
const counted = new Map<string, number>()
const denied = new Map<string, number>()
const problems: string[] = []
const ENDED = { told: 0, requests: 0 }

let collector: TestCollector
let port = 0
let keys: JSONWebKeySet | null = null
let decider: Key
let owner: Key
let revoked: { key: Key; receiver: Receiver; follower: Follower; isOver: boolean }
let pushed: Receiver
let polled: SetReader
let told: Follower
let pushId = ''
let pollId = ''
const pollingIs = { on: true }
let polling: Promise<void>
let marks = 0

type Key = { id: string; key: string }

const url = () => `http://127.0.0.1:${port}`
const jwks = async () => (keys ??= (await (await fetch(`${url()}/ssf/jwks.json`)).json()) as JSONWebKeySet)
const data = () => join(collector.folder, 'collector')
const count = (what: string) => void counted.set(what, (counted.get(what) ?? 0) + 1)

async function act<Name extends ActName>(name: Name, input: ActInput<Name>) {
  return askRunning(data(), name, input, 'anna')
}

async function keyOf(name: string, ...scopes: ('decide' | 'vouch' | 'events' | 'admin')[]): Promise<Key> {
  const made = await act('gateway-create', { name, scopes })
  return { id: String(made?.id), key: String(made?.key) }
}

async function post(path: string, body: object, { key }: Key, method = 'POST'): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return fetch(`${url()}${path}`, { method, headers, body: JSON.stringify(body) })
}

async function streamOf(key: Key, receiver: Receiver | null): Promise<string> {
  const delivery = receiver && { delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: receiver.address } }
  const created = await post('/ssf/stream', { ...delivery }, key)
  return ((await created.json()) as { stream_id: string }).stream_id
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}

async function start(folder: string, now: Date): Promise<void> {
  const policy = join(folder, 'policy.yaml')
  const settings = { policy, port: String(port), pushTargets: '127.0.0.1' }
  collector = await testCollector({ folder, now, settings })
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-events-month-'))
  folders.push(folder)
  return folder
}

async function enrol(): Promise<Laptop> {
  const token = { uses: 1, lifeSeconds: 3600, tags: [], owner: random.of(OWNERS) }
  const enrollment = String((await act('token-create', token))?.enrollment)
  const { deviceId: id } = await enrolledClient(enrollment, { now: collector.clock.now })
  return { id, sequence: 0, isGone: false }
}

/** Fetches, keeps and acknowledges, now and then too late or not at all. */
async function poll(): Promise<void> {
  let ack: string[] = []
  while (pollingIs.on) {
    try {
      const asked = { maxEvents: 1 + random.below(20), returnImmediately: true, ack }
      const answer = await post(`/ssf/poll/${pollId}`, asked, owner)
      if (answer.status !== 200) throw new Error(String(answer.status))
      const { sets } = (await answer.json()) as { sets: Record<string, string> }
      const took = Object.entries(sets)
      for (const [, jws] of took) await polled.take(jws)
      ack = random.oneIn(5) ? [] : took.map(([jti]) => jti)
      if (took.length === 0) await pause(5)
    } catch {
      // The collector is away, or was killed: what was not acknowledged comes again.
      ack = []
      await pause(5)
    }
  }
}

/** Asks, as a gateway does, and remembers what has to be on record. */
async function ask(): Promise<void> {
  const { id } = random.of([...laptops, ...removed] as [Laptop, ...Laptop[]])
  const tier = random.of(TIERS)
  const subject = { type: 'device', id }
  const answer = await post(
    '/access/v1/evaluation',
    { subject, action: { name: 'GET' }, resource: { type: 'tier', id: tier } },
    decider,
  )
  const { decision } = (await answer.json()) as { decision: boolean }
  const holds = collector.fleet.standing(id)?.tiers.includes(tier) ?? false
  if (decision !== holds) problems.push(`${id} ${tier}: ${decision}, and it is ${holds}`)
  if (!decision) denied.set(`${id} ${tier}`, (denied.get(`${id} ${tier}`) ?? 0) + 1)
}

function sql(text: string, folder = data()): void {
  const db = new Sqlite(join(folder, 'muster.db'))
  db.exec(text)
  db.close()
}

const HERE = REFUSED.map((_, index) => `drop trigger if exists away_${index};`).join('\n')
function away(): void {
  const some = REFUSED.filter(() => random.oneIn(2))
  const names = some.map((it) => REFUSED.indexOf(it))
  const refuse = "begin select raise(abort, 'the disk is full'); end;"
  sql(HERE + some.map((it, index) => `create trigger away_${names[index]} before ${it} ${refuse}`).join('\n'))
}

/** Until the record of what was answered is on disk: what waits in memory does not outlive a kill, and is not said to. */
async function recorded(): Promise<void> {
  sql(HERE)
  for (;;) {
    const text = await (await fetch(`${url()}/metrics`)).text()
    if (text.includes('\nmuster_audit_waiting 0\n')) return
    await pause(10)
  }
}

/** What is on disk at this moment is all that is left: the process that wrote it is heard of no more. */
async function killed(): Promise<void> {
  await recorded()
  // Something is under way.
  void collector.fleet.wake()
  for (let turns = random.below(6); turns > 0; turns -= 1) await setImmediate()
  const folder = newFolder()
  cpSync(collector.folder, folder, { recursive: true, filter: (file) => !/\/(lock|control\.\w+)$/.test(file) })
  const behaved = [pushed.behave, revoked.receiver.behave] as const
  for (const it of [pushed, revoked.receiver]) it.behave = () => 'reset'
  told.pause()
  revoked.follower.pause()
  pollingIs.on = false
  await polling
  const { now } = collector.clock
  await collector.close()
  await start(folder, now)
  ;[pushed.behave, revoked.receiver.behave] = behaved
  resumed()
}

function resumed(): void {
  pollingIs.on = true
  polling = poll()
  told.resume()
  if (!revoked.isOver) revoked.follower.resume()
}

async function restarted(): Promise<void> {
  const { folder, clock } = collector
  sql(HERE)
  await collector.close()
  await start(folder, clock.now)
}

async function passed(ms: number): Promise<void> {
  collector.clock.now = new Date(collector.clock.now.getTime() + ms)
  await collector.wake()
}

async function report(laptop: Laptop): Promise<void> {
  const now = collector.clock.now
  const [firewall, isLocked] = [!random.oneIn(3), !random.oneIn(3)]
  const lock = { enabled: isLocked, afterSeconds: 300 }
  const facts = { firewall: read(value({ enabled: firewall }), now), 'screen-lock': read(value(lock), now) }
  laptop.sequence += 1
  await collector.fleet.report(laptop.id, unsignedReport(laptop.id, laptop.sequence, facts, now))
}

async function revoke(): Promise<void> {
  if (revoked.isOver) return
  const { id } = revoked.key
  await act('gateway-revoke', { id })
  revoked.isOver = true
  // What was on the line at that moment may still arrive.
  await pause(300)
  Object.assign(ENDED, { requests: revoked.receiver.requests.length, told: revoked.follower.tiers.size })
  revoked.follower.pause()
}

const sorted = (of: Iterable<[string, number]>) => [...of].toSorted(([a], [b]) => a.localeCompare(b))
const any = () => random.of(laptops as [Laptop, ...Laptop[]])
const HAPPENINGS: [times: number, name: string, what: () => unknown][] = [
  [30, 'report', () => report(any())],
  [12, 'ask', () => Promise.all([1, 2, 3, 4].map(ask))],
  [8, 'time', () => passed(random.below(12) * MINUTE)],
  [2, 'lock out', () => act('device-lock-out', { id: any().id })],
  [3, 'readmit', () => act('device-readmit', { id: random.of(laptops as [Laptop, ...Laptop[]]).id })],
  [
    2,
    'remove',
    async () => {
      const index = random.below(laptops.length)
      await act('device-remove', { id: laptops[index]!.id })
      removed.push(laptops[index]!)
      laptops[index] = await enrol()
    },
  ],
  [3, 'policy', () => act('policy-apply', { document: nextPolicy(), author: 'anna' })],
  [
    4,
    'exception',
    () => {
      const check = random.of(['firewall', 'screen-lock'])
      const expires = `${1 + random.below(20)}m`
      return act('exception-grant', { device: any().id, check, reason: 'a test', approver: 'anna', expires })
    },
  ],
  [2, 'owner', () => act('device-owner', { id: any().id, owner: random.of([...OWNERS, null]) })],
  [4, 'pause', () => setStatus(random.of(['paused', 'enabled', 'enabled']))],
  [2, 'reconfigure', reconfigure],
  [3, 'away', away],
  [6, 'here', () => sql(HERE)],
  [2, 'set', () => collector.setClock(random.of([-1, 1]) * random.of([MINUTE, 40 * MINUTE, 26 * 60 * MINUTE]))],
  [1, 'restart', restarted],
  [1, 'kill', killed],
]
const OFTEN = HAPPENINGS.flatMap(([times, name, what]) => Array.from({ length: times }, () => ({ name, what })))
let cards: typeof OFTEN = []
/** Dealt like cards, so that nothing stays out of a life by chance. */
function nextHappening() {
  if (cards.length === 0) cards = [...OFTEN]
  return cards.splice(random.below(cards.length), 1)[0]!
}

function nextPolicy(): string {
  const strict = random.oneIn(2) ? 'restricted: [screen-lock, disk-encryption]' : 'restricted: [screen-lock]'
  marks += 1
  return policyText(random.of(TIERS), `# ${marks}\n`).replace('restricted: [screen-lock]', strict)
}

async function setStatus(status: string): Promise<void> {
  const [id, key] = random.oneIn(2) ? [pushId, owner] : [pollId, owner]
  await post('/ssf/status', { stream_id: id, status }, key)
}

async function reconfigure(): Promise<void> {
  const header = `Bearer ${random.below(1000)}`
  const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: pushed.address, authorization_header: header }
  const more = { subject_form: random.of(['complex', 'device']), description: header }
  await post('/ssf/stream', { stream_id: pushId, delivery, ...more }, owner, 'PATCH')
}

beforeAll(async () => {
  port = await freePort()
  const folder = newFolder()
  writeFileSync(join(folder, 'policy.yaml'), policyText())
  await start(folder, START)
  decider = await keyOf('wiki', 'decide')
  owner = await keyOf('siem', 'events')
  const lost = await keyOf('lost', 'events')
  pushed = await pushReceiver({ issuer: url(), audience: () => owner.id, jwks })
  polled = setReader({ issuer: url(), audience: () => owner.id, jwks })
  const receiver = await pushReceiver({ issuer: url(), audience: () => lost.id, jwks })
  pushId = await streamOf(owner, pushed)
  pollId = await streamOf(owner, null)
  await streamOf(lost, receiver)
  told = follower(url, owner.key)
  revoked = { key: lost, receiver, follower: follower(url, lost.key), isOver: false }
  polling = poll()
  pushed.behave = (): Behaviour => {
    if (!random.oneIn(25)) return 'accept'
    return random.of<Behaviour>(['accept-reset', 'accept-reset', 'reset', { status: 500 }])
  }
  for (let n = 0; n < LAPTOPS; n += 1) laptops.push(await enrol())

  for (let step = 0; step < STEPS; step += 1) {
    if (step === Math.floor(STEPS / 2)) {
      sql(HERE)
      await revoke()
    }
    const { name, what } = nextHappening()
    try {
      await what()
      count(name)
    } catch (error) {
      // One that is locked out does not get to report; a store may be away.
      if (!(error instanceof MusterError)) throw error
      count(`${name} refused`)
    }
  }

  sql(HERE)
  pushed.behave = () => 'accept'
  await passed(MINUTE)
  for (const id of [pushId, pollId]) await post('/ssf/status', { stream_id: id, status: 'enabled' }, owner)
  await settled()
}, 60_000)
afterAll(async () => {
  pollingIs.on = false
  await polling
  told.pause()
  revoked.follower.pause()
  await collector.close()
  await Promise.all([pushed.close(), revoked.receiver.close()])
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Everything that happened is written, made into events, and delivered. */
async function settled(): Promise<void> {
  const db = new Sqlite(join(data(), 'muster.db'), { readonly: true })
  const behind = db.prepare<[], { n: number }>(
    `select (select count(*) from outgoing_event where refused is null)
          + (select count(*) from standing_change where id > (select change_id from event_cursor)) as n`,
  )
  for (let quiet = 0; quiet < 5; quiet += 1) {
    await collector.fleet.settled()
    if (behind.get()!.n > 0 || !isTold()) quiet = -1
    // A failure of the store is tried again a second later.
    await pause(250)
  }
  db.close()
}

const everybody = () => [...laptops, ...removed]
const tiersOf = ({ id }: Laptop) => collector.fleet.standing(id)?.tiers ?? []
const isTold = () => everybody().every((it) => (told.tiers.get(it.id) ?? []).join() === tiersOf(it).join())

type Row = { device_id: string; tiers_before: string; tiers_after: string }
function losses(): Map<string, number> {
  const db = new Sqlite(join(data(), 'muster.db'), { readonly: true })
  const rows = db.prepare<[], Row>('select * from standing_change order by id').all()
  db.close()
  const found = new Map<string, number>()
  for (const { device_id: id, tiers_before: was, tiers_after: is } of rows) {
    const after = JSON.parse(is) as string[]
    const isLoss = (JSON.parse(was) as string[]).some((tier) => !after.includes(tier))
    if (isLoss) found.set(id, (found.get(id) ?? 0) + 1)
  }
  return found
}

describe('after a life in which everything happened', () => {
  test('it was a full one', () => {
    for (const [, name] of HAPPENINGS) expect([name, (counted.get(name) ?? 0) > 1]).toEqual([name, true])
    expect([...losses().values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(40)
    expect([...denied.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(20)
    expect(pushed.repeated).toBeGreaterThan(0)
    expect(told.ends).toBeGreaterThan(5)
  })

  test('what each receiver believes is what holds, for every device', () => {
    const { defaultTier } = collector.fleet.policy().policy
    const holds = everybody().map((it) => [it.id, tiersOf(it).includes(defaultTier)])
    for (const reader of [pushed, polled]) {
      expect(everybody().map(({ id }) => [id, reader.believes(id).compliant])).toEqual(holds)
    }
    const tiers = everybody().map((it) => [it.id, tiersOf(it).join()])
    expect(everybody().map(({ id }) => [id, (told.tiers.get(id) ?? []).join()])).toEqual(tiers)
    expect(problems).toEqual([])
  })

  test('nothing was told twice in other words, nor from what had not been; and no history was forgotten', () => {
    expect([pushed.problems, polled.problems, told.problems, told.resets]).toEqual([[], [], [], 0])
  })

  test('each loss was told once to each, and no other', () => {
    const expected = sorted(losses())
    for (const reader of [pushed, polled]) {
      const revocations = reader.sets.filter(({ event }) => event === 'session-revoked')
      expect(new Set(revocations.map(({ jti }) => jti)).size).toBe(revocations.length)
      const byDevice = Map.groupBy(revocations, ({ deviceId }) => deviceId ?? '')
      const each = [...byDevice].map(([id, sets]): [string, number] => [id, sets.length])
      expect(sorted(each)).toEqual(expected)
    }
    expect(sorted(told.losses)).toEqual(expected)
  })

  test('a gateway that was revoked heard nothing more', () => {
    expect(ENDED.requests).toBeGreaterThan(5)
    expect(revoked.receiver.requests).toHaveLength(ENDED.requests)
    expect(revoked.receiver.problems).toEqual([])
    expect([revoked.follower.tiers.size, revoked.follower.problems]).toEqual([ENDED.told, []])
  })

  test('the audit log is whole, and has every denial', async () => {
    const verified = await ran('audit', 'verify', '--data', collector.folder)
    expect([verified.code, verified.error]).toEqual([0, ''])
    await recorded()
    const { key } = await keyOf('auditor', 'admin')
    const headers = { authorization: `Bearer ${key}`, accept: 'application/jsonl' }
    const lines = (await (await fetch(`${url()}/v1/admin/audit`, { headers })).text()).trimEnd().split('\n')
    const found = new Map<string, number>()
    const links: (string | null)[][] = []
    let [seq, before]: [number, string | null] = [0, null]
    for (const text of lines) {
      const { hash, ...line } = JSON.parse(text) as Line & { hash: string }
      const written = `${text.slice(0, text.lastIndexOf(',"hash":"'))}}`
      expect(createHash('sha256').update(written).digest('base64url')).toBe(hash)
      links.push([line.previous, before])
      before = hash
      expect(line.seq).toBe((seq += 1))
      expect(['lost', 'damaged']).not.toContain(line.kind)
      const what = `${line.device} ${line.tier}`
      if (line.kind === 'denied') found.set(what, (found.get(what) ?? 0) + (line.count ?? 1))
    }
    expect(links.filter(([previous, last]) => previous !== last)).toEqual([])
    expect(sorted(found)).toEqual(sorted(denied))
  })
})

type Line = { seq: number; previous: string | null; kind: string; device?: string; tier?: string; count?: number }
