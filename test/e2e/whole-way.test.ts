import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startAgent, type Agent } from '../../agent/agent.ts'
import { enroll } from '../../agent/enroll.ts'
import { createSoftwareKey } from '../../agent/identity/software.ts'
import { openJournal, readJournal, type Journal } from '../../agent/journal.ts'
import { allProbes } from '../../agent/probes/all.ts'
import { makePrivate, openState } from '../../agent/state.ts'
import type { Timers } from '../../agent/timers.ts'
import { parseEnrollmentString } from '../../shared/enrollment.ts'
import { factOf } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { falconLaptop, type FalconLaptop } from '../fakes/falcon-laptop.ts'

/** Closed at once: what passed has no grace. */
const POLICY = `version: 1
freshness: 15m
tiers:
  public: []
  internal: [disk-encryption, endpoint-protection]
default-tier: internal
`

/** Timers that only move when the test says so. */
function stillTimers(): Timers & { watch(): void } {
  const every: (() => void)[] = []
  return {
    after: () => () => undefined,
    every: (_seconds, action) => {
      every.push(action)
      return () => void every.splice(every.indexOf(action), 1)
    },
    somewhereInEvery: () => () => undefined,
    watch: () => {
      for (const action of every) action()
    },
  }
}

/** A journal that says when the first answer stands in it: that is after the agent's status has told of the answer. */
function noting(journal: Journal): Journal {
  const { promise, resolve } = Promise.withResolvers<void>()
  answerIsNoted = promise
  return {
    ...journal,
    async answered(seq, answer) {
      await journal.answered(seq, answer)
      resolve()
    },
  }
}

let answerIsNoted: Promise<void>
let collector: TestCollector
let folder: string
let key: string
let machine: FalconLaptop
let timers: ReturnType<typeof stillTimers>
let agent: Agent
let deviceId: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-whole-'))
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  collector = await testCollector({ settings: { policy } })
  key = await collector.gatewayKey('decide', 'vouch')
  machine = falconLaptop()
  timers = stillTimers()
  const { host } = machine

  const state = openState(folder)
  await makePrivate(state.folder)
  const deviceKey = await createSoftwareKey(state.keyPath)
  const device = { hostname: 'laptop', manufacturer: '', model: '', serial: '', chassis: '' }
  const applicant = { key: deviceKey, platform: 'linux' as const, device }
  const { enrollment } = await enroll(parseEnrollmentString(await collector.enrollment()), applicant, host.now)
  await state.saveEnrollment(enrollment)
  deviceId = enrollment.deviceId
  agent = startAgent({
    version: 'test',
    host,
    ...allProbes(),
    bootId: 'boot-1',
    enrollment,
    key: deviceKey,
    nextSequence: state.nextSequence,
    journal: noting(await openJournal(state.journalPath)),
    log: () => undefined,
    timers,
  })
})
afterEach(async () => {
  agent.stop()
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The next standing that answers the question; events only, no waiting for time. */
function standing(isIt: (standing: Standing) => boolean): Promise<Standing> {
  return new Promise((resolve) => {
    const look = (now: Standing | null) => {
      if (!now || !isIt(now)) return
      stop()
      resolve(now)
    }
    const stop = agent.onStatus((status) => look(status.standing))
    look(agent.status().standing)
  })
}

const verdict = (it: Standing, id: string) => it.checks.find((check) => check.id === id)?.verdict

async function gatewayAnswer(tier: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'muster-device': deviceId }
  return (await fetch(`${collector.issuerUrl}/v1/forward-auth/${tier}`, { headers })).status
}

test('a disk that loses its encryption turns the answer of the gateway from 200 to 403, and back', async () => {
  await standing((it) => it.tiers.includes('internal'))
  expect(await gatewayAnswer('internal')).toBe(200)

  const { files } = machine
  const mounts = files['/proc/self/mountinfo']
  files['/proc/self/mountinfo'] = '30 1 259:0 / / rw,relatime shared:1 - ext4 /dev/nvme0n1 rw\n'
  await agent.checkAgain()
  const bad = await standing((it) => verdict(it, 'disk-encryption') === 'fail')
  expect(bad.earStatus).toBe('contraindicated')
  expect(await gatewayAnswer('internal')).toBe(403)

  files['/proc/self/mountinfo'] = mounts ?? ''
  collector.recheck(deviceId, 'the admin asks')
  await standing((it) => verdict(it, 'disk-encryption') === 'pass')
  expect(await gatewayAnswer('internal')).toBe(200)
})

test('an EDR that stops is seen by the watch, reported at once, and closed at the gateway', async () => {
  await standing((it) => it.tiers.includes('internal'))
  expect(factOf(agent.status().facts, 'endpoint-protection')).toMatchObject({
    value: { products: [{ product: 'crowdstrike-falcon', state: 'healthy' }] },
  })

  machine.stopSensor()
  timers.watch()
  const bad = await standing((it) => verdict(it, 'endpoint-protection') === 'fail')
  expect(bad.checks.find(({ id }) => id === 'endpoint-protection')?.why).toContain('crowdstrike-falcon is off')
  expect(await gatewayAnswer('internal')).toBe(403)

  machine.startSensor()
  timers.watch()
  await standing((it) => verdict(it, 'endpoint-protection') === 'pass')
  expect(await gatewayAnswer('internal')).toBe(200)
})

test('a laptop that cannot be read any more is admitted to no tier but public', async () => {
  await standing((it) => it.tiers.includes('internal'))
  for (const path of Object.keys(machine.files)) delete machine.files[path]
  await agent.checkAgain()
  const blind = await standing((it) => !it.tiers.includes('internal'))
  expect(blind.tiers).toEqual(['public'])
  expect(await gatewayAnswer('internal')).toBe(403)
  expect(await gatewayAnswer('public')).toBe(200)
})

/** A gateway asks about a form that its client sends, with what the client proves. */
async function askAboutForm(proof: { authorization: string; dpop: string }): Promise<Response> {
  const asked = { 'x-forwarded-host': 'wiki.example.com', 'x-forwarded-uri': '/start', 'x-forwarded-method': 'POST' }
  const headers = { 'muster-gateway-key': key, ...asked, ...proof }
  return fetch(`${collector.issuerUrl}/v1/forward-auth/internal`, { headers })
}

test('a program of the laptop makes a request as the laptop, with what the agent gives it', async () => {
  await standing((it) => it.tiers.includes('internal'))
  const request = { method: 'POST', url: 'https://wiki.example.com/start' }
  const first = await askAboutForm(await agent.prove(request))
  expect([first.status, first.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('use_dpop_nonce'),
  ])
  const nonce = String(first.headers.get('dpop-nonce'))
  expect((await askAboutForm(await agent.prove({ ...request, nonce }))).status).toBe(200)
  expect((await askAboutForm(await agent.prove({ ...request, method: 'GET', nonce }))).status).toBe(401)
})

test('the journal has every report as it was signed, with what was answered', async () => {
  await standing(() => true)
  await answerIsNoted
  const sent = await readJournal(join(folder, 'agent', 'journal.jsonl'))
  expect(sent).toMatchObject([{ kind: 'evidence', seq: 1, to: collector.issuerUrl, answer: 'appraised' }])
})
