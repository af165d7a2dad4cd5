import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { value } from '../shared/fact.ts'
import { statusAt, unpackStatusList } from '../shared/status-list.ts'
import { read } from '../test/fakes/facts.ts'
import { enrolled, fleetOver, inForce, ISSUER, unsignedReport } from '../test/fakes/fleet.ts'
import { readConfig } from './config.ts'
import { openParts, type Parts } from './parts.ts'
import { openSqlite } from './store/sqlite.ts'

const MINUTE = 60_000
const START = Date.parse('2026-11-23T10:00:00Z')

const policy = (checks: string) => `version: 1
freshness: 15m
tiers: { public: [], internal: [${checks}] }
default-tier: internal
checks: { secure-boot: { grace: 1h } }
`
const LAX = policy('firewall')
const MORE = policy('firewall, secure-boot')

let folder: string
let file: string
/** Minutes since the beginning. */
let minute: number
/** Minutes by which somebody has set the clock. */
let setBy: number
let logged: string[]
let parts: Parts
let id: string
let sequence: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-parts-'))
  mkdirSync(join(folder, 'collector'))
  file = join(folder, 'policy.yaml')
  writeFileSync(file, LAX)
  minute = 0
  setBy = 0
  sequence = 0
  logged = []
  parts = await opened()
  id = (await enrolled(parts.store, at(0))).id
  await parts.fleet.add(id)
})
afterEach(async () => {
  await parts.close()
  rmSync(folder, { recursive: true })
})

const at = (minutes: number) => new Date(START + minutes * MINUTE)

async function opened(): Promise<Parts> {
  const log = pino({ level: 'warn', base: null }, { write: (line: string) => void logged.push(line) })
  const around = { clock: () => at(minute + setBy), uptime: () => minute * 60, log }
  const it = await openParts(readConfig({ data: folder, policy: file }, {}), around, ISSUER)
  await it.fleet.settled()
  return it
}

async function stopped(minutes: number): Promise<void> {
  await parts.close()
  minute += minutes
}

async function report(): Promise<void> {
  const now = parts.clock.now()
  sequence += 1
  const secureBoot = read(value({ enabled: false, tpm: null }), now)
  const facts = { firewall: read(value({ enabled: true }), now), 'secure-boot': secureBoot }
  await parts.fleet.report(id, unsignedReport(id, sequence, facts, now))
}

async function wake(): Promise<void> {
  parts.fleet.wake()
  await parts.fleet.settled()
}

const history = async () =>
  (await parts.store.transitions({ deviceId: id })).map(({ check, to, at: when, policyVersion }) => {
    return [(when.getTime() - START) / MINUTE, check, to, policyVersion]
  })
const changes = async () =>
  (await parts.store.standingChanges({ deviceId: id })).map(({ after, at: when }) => {
    return [(when.getTime() - START) / MINUTE, after.at(-1)]
  })

describe('a collector that was away', () => {
  test('tells each deadline at its own time, once, under the policy that counted then', async () => {
    await report()
    await stopped(60)
    writeFileSync(file, MORE)
    parts = await opened()
    await stopped(60)
    parts = await opened()
    expect(await history()).toEqual([
      [0, 'firewall', 'unknown', 1],
      [0, 'firewall', 'pass', 1],
      [15, 'firewall', 'stale', 1],
      [60, 'secure-boot', 'stale', 2],
    ])
    expect(await changes()).toEqual([
      [0, 'public'],
      [0, 'internal'],
      [15, 'public'],
    ])
  })

  test('counts a policy that came into force meanwhile from its own beginning', async () => {
    await report()
    await stopped(10)
    writeFileSync(file, MORE)
    parts = await opened()
    await parts.close()
    minute = 40
    parts = await opened()
    await report()
    const standing = parts.fleet.standing(id)
    expect(standing?.checks.find((it) => it.id === 'secure-boot')).toMatchObject({
      verdict: 'grace',
      deadline: at(70).toISOString(),
    })
    minute = 70
    await wake()
    expect((await changes()).slice(1)).toEqual([
      [0, 'internal'],
      [15, 'public'],
      [40, 'internal'],
      [55, 'public'],
    ])
  })

  test('ends exceptions at their own time', async () => {
    writeFileSync(file, MORE)
    await stopped(0)
    parts = await opened()
    await report()
    const asked = { target: { device: id }, check: 'secure-boot', reason: 'a test', approver: 'anna' } as const
    await parts.exceptions.grant({ ...asked, expiresAt: at(70) })
    minute = 65
    await report()
    await stopped(60)
    parts = await opened()
    expect((await changes()).slice(-2)).toEqual([
      [65, 'internal'],
      [70, 'public'],
    ])
  })

  test('shows in the status lists what was lost and could not be shown before it ended', async () => {
    await report()
    const entry = decodeJwt<{ status: { status_list: { idx: number } } }>(await parts.fleet.attestation(id, ISSUER))
    await stopped(20)
    // Another process concluded, and ended before the lists were written.
    const store = openSqlite(join(folder, 'collector/muster.db'))
    const clock = { now: () => at(minute), onSet: () => undefined }
    const fleet = await fleetOver(store, clock, { policy: inForce(LAX) })
    await fleet.settled()
    await store.close()
    parts = await opened()
    await expect
      .poll(async () => {
        const { status_list: packed } = decodeJwt(String(await parts.statuses.token(1)))
        const list = unpackStatusList(packed)
        return list.ok && statusAt(list.value, entry.status.status_list.idx)
      })
      .toBe(2)
  })
})

describe('parts', () => {
  test('are closed when what was begun is written', async () => {
    await report()
    await parts.policies.apply({ document: policy('secure-boot').replace('1h', '0m'), author: 'anna' })
    await stopped(0)
    const store = openSqlite(join(folder, 'collector/muster.db'))
    expect((await store.loadDevice(id))?.conclusion).toMatchObject({ tiers: ['public'], policyVersion: 2 })
    await store.close()
    parts = await opened()
  })
})

describe('a clock that is set', () => {
  test.each([1440, -1440, 525_600])('by %i minutes revokes nobody, and what is attested holds', async (minutes) => {
    await report()
    const jws = await parts.fleet.attestation(id, ISSUER)
    setBy = minutes
    await wake()
    minute = 5
    await wake()
    expect(parts.fleet.standing(id)?.tiers).toContain('internal')
    expect(await parts.fleet.attestation(id, ISSUER)).not.toBe(jws)
    minute = 15
    await wake()
    expect(parts.fleet.standing(id)?.tiers).toEqual(['public'])
    expect(logged.filter((line) => line.includes('the clock was set'))).toHaveLength(1)
  })

  test('while no collector runs makes nothing fresh, whichever way', async () => {
    await report()
    for (const minutes of [1440, -1440]) {
      await stopped(1)
      setBy = minutes
      parts = await opened()
      expect(parts.fleet.standing(id)?.tiers).toEqual(['public'])
    }
    // Not even when the time has come at which it was dated.
    minute += 1440
    expect(parts.fleet.standing(id)?.tiers).toEqual(['public'])
  })
})
