import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MusterError } from '../shared/errors.ts'
import { EVIDENCE_PROFILE } from '../shared/evidence.ts'
import { digest } from '../shared/jws.ts'
import { fakeDevice } from '../test/fakes/device.ts'
import { healthyFacts } from '../test/fakes/facts.ts'
import { parseCatalogue } from './appraisal/catalogue.ts'
import { parsePolicy } from './appraisal/policy.ts'
import { openFleet, type Fleet } from './fleet.ts'
import { issuerOf } from './issuer.ts'
import type { Report } from './protocol/session.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

const ISSUER = 'https://muster.example'
const NOW = new Date('2026-11-23T10:00:00Z')
const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const device = fakeDevice(ISSUER)

let store: Store
let fleet: Fleet
/** What the test lets happen between a write's start and its end. */
let meanwhile: () => Promise<unknown>
let isBroken: boolean

beforeEach(async () => {
  const sqlite = openSqlite(':memory:')
  meanwhile = () => Promise.resolve()
  isBroken = false
  store = {
    ...sqlite,
    async saveReport(record) {
      const saved = await sqlite.saveReport(record)
      await meanwhile()
      return saved
    },
    setIdentity: (id, identity) =>
      isBroken ? Promise.reject(new MusterError('store-unavailable')) : sqlite.setIdentity(id, identity),
  }
  const later = new Date(NOW.getTime() + 1000)
  await store.addToken({ id: 't', hash: 'h', createdAt: NOW, expiresAt: later, uses: 1, tags: [], owner: null })
  await store.enroll(
    {
      id: device.id,
      jwk: device.jwk,
      keyProtection: 'software',
      attested: false,
      status: 'active',
      identity: 'recognised',
      platform: 'linux',
      hostname: 'laptop',
      serial: null,
      owner: null,
      tags: [],
      enrolledAt: NOW,
    },
    'h',
    NOW,
  )
  fleet = await openFleet({
    store,
    issuer: issuerOf(device),
    issuerUrl: ISSUER,
    policy: { inForce: parsePolicy(read('policy.yaml')), version: 1, digest: 'd' },
    catalogue: parseCatalogue(read('releases.yaml')),
    settings: { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5 },
    build: 'test',
    clock: () => NOW,
  })
})
afterEach(() => store.close())

async function report(sequence: number): Promise<Report> {
  const facts = healthyFacts(NOW)
  const said = { nonce: 'n'.repeat(32), now: NOW, facts, seq: sequence }
  const jws = await device.evidence(said)
  const iat = Math.floor(NOW.getTime() / 1000)
  const about = { iss: device.id, aud: ISSUER, eat_nonce: said.nonce, iat, seq: sequence }
  const claims = { eat_profile: EVIDENCE_PROFILE, ...about, facts } as const
  return { kind: 'evidence', sequence, digest: digest(jws), jws, claims }
}

const tiers = async () => (await fleet.standing(device.id))?.tiers

test('a good report admits, and what closes the gate is doubt of the key', async () => {
  expect((await fleet.report(device.id, await report(1))).standing.tiers).toContain('restricted')
  await fleet.distrust(device.id, 'conflict')
  expect(await tiers()).toEqual([])
})

test('doubt is in force even where it cannot be written down', async () => {
  await fleet.report(device.id, await report(1))
  isBroken = true
  await expect(fleet.distrust(device.id, 'conflict')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await tiers()).toEqual([])
})

test.each(['conflict', 'unverified'] as const)(
  'a report that was being stored does not take %s back, in its answer or afterwards',
  async (identity) => {
    await fleet.report(device.id, await report(1))
    meanwhile = () => fleet.distrust(device.id, identity)
    expect((await fleet.report(device.id, await report(2))).standing.tiers).toEqual([])
    expect(await tiers()).toEqual([])
  },
)

test('a device that was removed while its report was being stored is not brought back', async () => {
  meanwhile = () => fleet.remove(device.id)
  await expect(fleet.report(device.id, await report(1))).rejects.toMatchObject({ code: 'device-unknown' })
  expect(await fleet.standing(device.id)).toBeNull()
})

test('good evidence mends bad evidence, but never a copied key', async () => {
  await fleet.distrust(device.id, 'unverified')
  expect((await fleet.report(device.id, await report(1))).standing.tiers).toContain('restricted')
  expect((await store.loadDevice(device.id))?.device.identity).toBe('recognised')
  await fleet.distrust(device.id, 'conflict')
  expect((await fleet.report(device.id, await report(2))).standing.tiers).toEqual([])
})
