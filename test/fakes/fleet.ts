import { readFileSync } from 'node:fs'
import { parseCatalogue } from '../../collector/appraisal/catalogue.ts'
import { parsePolicy } from '../../collector/appraisal/policy.ts'
import { openClock, type Clock } from '../../collector/clock.ts'
import { openFleet, type Fleet, type FleetOptions } from '../../collector/fleet/fleet.ts'
import type { PolicyInForce } from '../../collector/fleet/judge.ts'
import type { Report } from '../../collector/protocol/session.ts'
import type { DeviceRecord, Store } from '../../collector/store/store.ts'
import { EVIDENCE_PROFILE } from '../../shared/evidence.ts'
import { digest, thumbprint, TYP } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'
import { fakeDevice, type FakeDevice } from './device.ts'

export const ISSUER = 'https://muster.example'
export const START = new Date('2026-11-23T10:00:00Z')

const shipped = (name: string) => readFileSync(new URL(`../../collector/${name}`, import.meta.url), 'utf8')

/** A clock that stands still until the test moves it, or sets it. */
export type HeldClock = Clock & { pass(milliseconds: number): void; set(milliseconds: number): void }

export function heldClock(start = START): HeldClock {
  let wall = start.getTime()
  let uptime = 3600
  return {
    ...openClock({ wall: () => new Date(wall), uptime: () => uptime }),
    pass(milliseconds) {
      wall += milliseconds
      uptime += milliseconds / 1000
    },
    set: (milliseconds) => void (wall += milliseconds),
  }
}

/** A policy as it comes into force. */
export const inForce = (yaml: string, version = 1, since = START): PolicyInForce => ({
  policy: parsePolicy(yaml),
  version,
  digest: digest(yaml),
  since,
  author: 'a test',
})

/** What is shipped is read once. */
const once = <T>(make: () => T) => {
  let made: { it: T } | null = null
  return () => (made ??= { it: make() }).it
}
const shippedPolicy = once(() => inForce(shipped('policy.yaml')))
const shippedCatalogue = once(() => parseCatalogue(shipped('releases.yaml')))

/** A real fleet over a store, with the policy and the catalogue of the release unless a test says otherwise. */
export function fleetOver(store: Store, clock: Clock, otherwise: Partial<FleetOptions> = {}): Promise<Fleet> {
  const signer = fakeDevice(ISSUER)
  return openFleet({
    store,
    issuer: { attest: (claims) => Promise.resolve(`${thumbprint(signer.jwk)}.${JSON.stringify(claims)}`) },
    issuerUrl: ISSUER,
    statuses: {
      reference: async () => ({ idx: 0, uri: `${ISSUER}/v1/status-lists/1` }),
      standingChanged: async () => undefined,
    },
    policy: shippedPolicy(),
    catalogue: shippedCatalogue(),
    exceptions: [],
    settings: { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5 },
    build: 'test',
    clock,
    onError: () => undefined,
    onDamaged: () => undefined,
    ...otherwise,
  })
}

/** Enrols a device as the collector does: with a token that is spent. */
export async function enrolled(store: Store, now: Date, otherwise: Partial<DeviceRecord> = {}): Promise<FakeDevice> {
  const device = fakeDevice(ISSUER)
  const { id, jwk } = device
  const { tags = [], owner = null } = otherwise
  const later = new Date(now.getTime() + 1000)
  await store.addToken({ id: `tok_${id}`, hash: id, createdAt: now, expiresAt: later, uses: 1, tags, owner })
  const record: DeviceRecord = {
    id,
    jwk,
    keyProtection: 'software',
    attested: false,
    status: 'active',
    identity: 'recognised',
    platform: 'linux',
    hostname: 'laptop',
    serial: null,
    owner,
    tags,
    enrolledAt: now,
    ...otherwise,
  }
  await store.enroll(record, id, now)
  return device
}

/** A verified report of these facts. */
export async function reportOf(device: FakeDevice, sequence: number, facts: Facts, now: Date): Promise<Report> {
  const said = { nonce: 'n'.repeat(32), now, facts, seq: sequence }
  const jws = await device.evidence(said)
  const iat = Math.floor(now.getTime() / 1000)
  const about = { iss: device.id, aud: ISSUER, eat_nonce: said.nonce, iat, seq: sequence }
  return {
    kind: 'evidence',
    sequence,
    digest: digest(jws),
    jws,
    claims: { eat_profile: EVIDENCE_PROFILE, ...about, facts },
  }
}

const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url')

/** One that was verified long ago: nobody looks at the signature again, so there is none that holds. */
export function unsignedReport(
  id: string,
  sequence: number,
  facts: Facts,
  now: Date,
): Extract<Report, { kind: 'evidence' }> {
  const about = {
    iss: id,
    aud: ISSUER,
    eat_nonce: 'n'.repeat(32),
    iat: Math.floor(now.getTime() / 1000),
    seq: sequence,
  }
  const claims = { eat_profile: EVIDENCE_PROFILE, ...about, facts } as const
  const jws = `${part({ alg: 'ES256', typ: TYP.evidence, kid: id })}.${part(claims)}.${'A'.repeat(86)}`
  return { kind: 'evidence', sequence, digest: digest(jws), jws, claims }
}
