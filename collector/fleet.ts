import { randomUUID } from 'node:crypto'
import { MusterError } from '../shared/errors.ts'
import { parseEvidence } from '../shared/evidence.ts'
import { TYP, parseJws, publicKeyOf } from '../shared/jws.ts'
import type { Settings } from '../shared/messages.ts'
import { SIGNAL_IDS, type Facts } from '../shared/signals.ts'
import { CHECKS, CHECK_IDS, type Standing } from '../shared/standing.ts'
import { appraise, type Appraisal, type Evidence, type Identity, type Memory } from './appraisal/appraise.ts'
import type { Catalogue } from './appraisal/catalogue.ts'
import type { Policy } from './appraisal/policy.ts'
import type { Issuer } from './issuer.ts'
import { attestationClaims } from './protocol/claims.ts'
import type { Report, SessionDevice } from './protocol/session.ts'
import type { DeviceRecord, DeviceState, EvidenceRecord, Store, Transition } from './store/store.ts'

export type FleetOptions = {
  store: Store
  issuer: Issuer
  issuerUrl: string
  policy: { inForce: Policy; version: number; digest: string }
  catalogue: Catalogue
  settings: Omit<Settings, 'signals'>
  build: string
  clock: () => Date
}

/** Every device with where it stands, in memory, and the way from a report to a durable, signed answer. */
export type Fleet = {
  /** The devices that are enrolled. */
  size(): number
  /** What the conversation has to know of a device. */
  sessionDevice(id: string): SessionDevice | null
  /** An agent has proved its key: what it is told at the start. Two boot ids in turn are two machines with one key. */
  arrive(id: string, bootId: string): Promise<Welcome>
  /** Appraises a verified report and makes it durable, then answers. */
  report(id: string, report: Report): Promise<{ standing: Standing; attestation: string | null }>
  distrust(id: string, identity: Identity): Promise<void>
  /** Where a device stands at this moment, re-appraised where time alone has changed the answer. */
  standing(id: string): Promise<Standing | null>
  /** A signed attestation for one audience. Throws `device-unknown`, `stale`, `not-admitted`. */
  attestation(id: string, audience: string): Promise<string>
  find(id: string): DeviceRecord | null
  /** Takes up a device that has just enrolled. */
  add(id: string): Promise<void>
  remove(id: string): Promise<void>
}

type Welcome = {
  settings: Settings
  asks: { check: string; title: string; ask: string }[]
  lastSequence: number
}

/** What is held of one device. The evidence itself stays in the store: only its times are needed at every question. */
type Entry = DeviceState & { appraisal: Appraisal; standing: Standing; evidence: EvidenceRecord | null }

const BOOT_IDS_KEPT = 8

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { store, issuer, policy, clock } = options
  const entries = new Map<string, Entry>()

  function judge(state: DeviceState, facts: Facts | null, now: Date): Appraisal {
    const { evidence, device, memory } = state
    const times = evidence && { receivedAt: evidence.receivedAt, confirmedAt: evidence.confirmedAt }
    const newest: Evidence | null = facts && times && { facts, ...times }
    return appraise({ evidence: newest, device, policy: policy.inForce, catalogue: options.catalogue, memory, now })
  }

  function entryOf(state: DeviceState, appraisal: Appraisal, now: Date): Entry {
    const held = { ...state, memory: appraisal.memory }
    return { ...held, appraisal, standing: standingOf(held, appraisal, policy.version, now) }
  }

  function transitions(state: DeviceState, after: Memory): Transition[] {
    const evidence = state.evidence?.digest ?? null
    return changesOf(state.memory, after).map((change) => ({
      deviceId: state.device.id,
      ...change,
      evidence,
      policyVersion: policy.version,
    }))
  }

  /** Judges a device again because time has passed, its identity is in doubt, or this collector has just started. */
  async function reappraise(state: DeviceState, now: Date): Promise<Entry> {
    const appraisal = judge(state, factsOf(state.evidence), now)
    const entry = entryOf(state, appraisal, now)
    entries.set(state.device.id, entry)
    const changed = transitions(state, appraisal.memory)
    if (changed.length > 0) await store.saveMemory(state.device.id, appraisal.memory, changed)
    return entry
  }

  async function current(id: string): Promise<Entry | null> {
    const entry = entries.get(id)
    if (!entry) return null
    const now = clock()
    const { nextChange } = entry.appraisal
    return nextChange && now >= nextChange ? reappraise(entry, now) : entry
  }

  async function attest(entry: Entry, audience: string): Promise<string | null> {
    if (entry.device.status !== 'active' || !entry.evidence) return null
    const claims = attestationClaims({
      issuer: options.issuerUrl,
      audience,
      device: entry.device,
      appraisal: entry.appraisal,
      evidenceAt: entry.evidence.confirmedAt,
      freshnessMs: policy.inForce.freshnessMs,
      policyId: `${options.issuerUrl}/v1/policies/${policy.version}@sha256:${policy.digest}`,
      build: options.build,
      jti: randomUUID(),
      now: clock(),
    })
    return claims && issuer.attest(claims)
  }

  function required(id: string): Entry {
    const entry = entries.get(id)
    if (!entry) throw new MusterError('device-unknown')
    return entry
  }

  async function distrust(id: string, identity: Identity): Promise<void> {
    const entry = entries.get(id)
    if (!entry || entry.device.identity === 'conflict') return
    // In force before it is written: a store that fails must not keep a gate open.
    const judged = reappraise({ ...entry, device: { ...entry.device, identity } }, clock())
    await Promise.all([store.setIdentity(id, identity), judged])
  }

  const states = await store.loadDevices()
  await Promise.all(states.map((state) => reappraise(state, clock())))

  return {
    size: () => entries.size,
    sessionDevice(id) {
      const entry = entries.get(id)
      const key = entry && publicKeyOf(entry.device.jwk)
      if (!entry || !key) return null
      const { device, lastSequence, evidence } = entry
      return {
        id,
        key,
        lockedOut: device.status === 'locked-out',
        lastSequence,
        evidenceDigest: evidence?.digest ?? null,
      }
    },
    async arrive(id, bootId) {
      const entry = required(id)
      if (entry.bootIds.at(-1) !== bootId) {
        if (entry.bootIds.includes(bootId)) {
          await distrust(id, 'conflict')
          throw new MusterError('identity-conflict', 'two machines take turns with one key')
        }
        const bootIds = [...entry.bootIds, bootId].slice(-BOOT_IDS_KEPT)
        entries.set(id, { ...entry, bootIds })
        await store.setBootIds(id, bootIds)
      }
      const { device, lastSequence } = required(id)
      const checks = policy.inForce.checksFor(device)
      return {
        settings: { ...options.settings, signals: SIGNAL_IDS },
        asks: [...checks].map(([check, { ask }]) => ({ check, title: CHECKS[check].title, ask })),
        lastSequence,
      }
    },
    async report(id, report) {
      const before = required(id)
      const now = clock()
      // Good evidence mends the doubt that bad evidence raised; a copied key stays a copied key.
      const identity = before.device.identity === 'unverified' ? 'recognised' : before.device.identity
      const state: DeviceState = {
        ...before,
        device: { ...before.device, identity },
        lastSequence: report.sequence,
        evidence: renewed(before.evidence, report, now),
      }
      const facts = report.kind === 'evidence' ? report.claims.facts : factsOf(before.evidence)
      const appraisal = judge(state, facts, now)
      const saved = await store.saveReport({
        deviceId: id,
        sequence: report.sequence,
        evidence: report.kind === 'evidence' ? { jws: report.jws, digest: report.digest } : null,
        at: now,
        memory: appraisal.memory,
        transitions: transitions(state, appraisal.memory),
      })
      if (saved === 'behind') {
        await distrust(id, 'conflict')
        throw new MusterError('identity-conflict', `sequence ${report.sequence} was used before`)
      }
      // While it was being stored, the key may have fallen into doubt on another connection, or the device been removed.
      const { device, bootIds } = required(id)
      const isAsBefore = device === before.device
      const settled = { ...state, bootIds, memory: appraisal.memory, device: isAsBefore ? state.device : device }
      entries.set(id, entryOf(settled, isAsBefore ? appraisal : judge(settled, facts, now), now))
      if (isAsBefore && identity !== device.identity) await store.setIdentity(id, identity)
      const entry = required(id)
      return { standing: entry.standing, attestation: await attest(entry, options.issuerUrl) }
    },
    distrust,
    standing: async (id) => (await current(id))?.standing ?? null,
    async attestation(id, audience) {
      const entry = await current(id)
      if (!entry) throw new MusterError('device-unknown')
      if (entry.device.status !== 'active')
        throw new MusterError('not-admitted', `the device is ${entry.device.status}`)
      const jws = await attest(entry, audience)
      if (jws === null) throw new MusterError('stale')
      return jws
    },
    find: (id) => entries.get(id)?.device ?? null,
    async add(id) {
      const state = await store.loadDevice(id)
      if (state) await reappraise(state, clock())
    },
    async remove(id) {
      await store.removeDevice(id)
      entries.delete(id)
    },
  }
}

function renewed(before: EvidenceRecord | null, report: Report, now: Date): EvidenceRecord | null {
  if (report.kind === 'unchanged') return before && { ...before, confirmedAt: now }
  return { jws: report.jws, digest: report.digest, receivedAt: now, confirmedAt: now }
}

/** The facts of stored evidence. It was verified before it was stored, so only its form is looked at again. */
function factsOf(evidence: EvidenceRecord | null): Facts | null {
  if (!evidence) return null
  const jws = parseJws(evidence.jws, TYP.evidence)
  const claims = jws.ok ? parseEvidence(jws.value.claims) : jws
  // Evidence of a release whose signals had another form is as good as none, until the device reports again.
  return claims.ok ? claims.value.facts : null
}

function standingOf(
  { device, evidence }: DeviceState,
  appraisal: Appraisal,
  policyVersion: number,
  now: Date,
): Standing {
  return {
    deviceId: device.id,
    status: device.status,
    tiers: device.status === 'active' ? appraisal.tiers : [],
    checks: appraisal.checks,
    earStatus: appraisal.earStatus,
    evidenceAt: evidence?.confirmedAt.toISOString() ?? null,
    evaluatedAt: now.toISOString(),
    nextChange: appraisal.nextChange?.toISOString() ?? null,
    policyVersion,
  }
}

function changesOf(before: Memory, after: Memory) {
  const changes: Pick<Transition, 'check' | 'from' | 'to' | 'at'>[] = []
  for (const check of CHECK_IDS) {
    const [from, to] = [before[check], after[check]]
    if (to && from?.verdict !== to.verdict)
      changes.push({ check, from: from?.verdict ?? null, to: to.verdict, at: to.since })
  }
  return changes
}
