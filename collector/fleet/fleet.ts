import { randomUUID } from 'node:crypto'
import { MusterError } from '../../shared/errors.ts'
import { publicKeyOf } from '../../shared/jws.ts'
import type { Settings } from '../../shared/messages.ts'
import { SIGNAL_IDS } from '../../shared/signals.ts'
import { CHECKS, type Standing } from '../../shared/standing.ts'
import type { Identity } from '../appraisal/appraise.ts'
import type { Catalogue } from '../appraisal/catalogue.ts'
import type { DryRun } from '../appraisal/dry-run.ts'
import type { Exception } from '../appraisal/exception.ts'
import type { Policy } from '../appraisal/policy.ts'
import type { Clock } from '../clock.ts'
import type { Issuer } from '../issuer.ts'
import { attestationClaims } from '../protocol/claims.ts'
import type { Report, SessionDevice } from '../protocol/session.ts'
import type { StatusLists } from '../status-lists.ts'
import type { DeviceRecord, DeviceStatus, EvidenceRecord, Outcome, StandingChange, Store } from '../store/store.ts'
import { dryRun } from './dry-run.ts'
import { judge, type PolicyInForce } from './judge.ts'
import { together } from './keeper.ts'
import { factsOf, openRoster, type Entry } from './roster.ts'

export type FleetOptions = {
  store: Store
  issuer: Pick<Issuer, 'attest'>
  issuerUrl: string
  statuses: Pick<StatusLists, 'reference' | 'standingChanged'>
  policy: PolicyInForce
  catalogue: Catalogue
  exceptions: readonly Exception[]
  settings: Omit<Settings, 'signals'>
  build: string
  clock: Clock
  onError: (error: unknown) => void
  /** Told of a device whose record cannot be read: it is admitted to nothing. */
  onDamaged: (problem: MusterError) => void
}

/** Every device with where it stands, in memory, and the way from a report to a durable, signed answer. */
export type Fleet = {
  /** The devices that are enrolled. */
  size(): number
  devices(): DeviceRecord[]
  find(id: string): DeviceRecord | null
  /** What the conversation has to know of a device. */
  sessionDevice(id: string): SessionDevice | null
  /** An agent has proved its key: what it is told at the start. Two boot ids in turn are two machines with one key. */
  arrive(id: string, bootId: string): Promise<Welcome>
  /** Appraises a verified report and makes it durable, then answers. */
  report(id: string, report: Report): Promise<Reported>
  distrust(id: string, identity: Identity): Promise<void>
  /** Where a device stands at this moment, judged anew where time or a new basis has overtaken the last answer. */
  standing(id: string): Standing | null
  /** A signed attestation for one audience. Throws `device-unknown`, `stale`, `not-admitted`. */
  attestation(id: string, audience: string): Promise<string>
  /** Takes up a device that has just enrolled. */
  add(id: string): Promise<void>
  remove(id: string): Promise<void>
  setStatus(id: string, status: DeviceStatus): Promise<void>
  setTags(id: string, tags: string[]): Promise<void>
  setOwner(id: string, owner: string | null): Promise<void>

  policy(): PolicyInForce
  /** A new basis counts at once for whoever is asked about; everybody else is judged again in the background. */
  usePolicy(next: PolicyInForce): void
  useCatalogue(catalogue: Catalogue): void
  useExceptions(exceptions: readonly Exception[]): void
  /** How far the newest change has come. */
  progress(): { done: number; total: number }
  /** Resolves when every device has been judged by the newest basis, and the outcome is written. */
  settled(): Promise<void>
  /** Which devices would gain or lose which tier under another policy. Changes nothing. */
  dryRun(policy: Policy): Promise<DryRun>
  /** Told once of each change of the tiers that a device may use. */
  onChange(listener: (change: StandingChange) => void): void
  /** Judges the devices whose moment has come; returns the next moment. */
  wake(): Date | null
}

type Reported = { standing: Standing; attestation: string | null }

type Welcome = {
  settings: Settings
  asks: { check: string; title: string; ask: string }[]
  lastSequence: number
}

const BOOT_IDS_KEPT = 8

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { store, issuer, issuerUrl, build, clock, statuses, onError, onDamaged } = options
  const { policy: inForce, catalogue, exceptions } = options
  const roster = await openRoster({
    store,
    statuses,
    basis: { inForce, catalogue, exceptions },
    clock,
    onError,
    onDamaged,
  })
  const { entries, keeper, current, required } = roster

  async function attest(entry: Entry, audience: string): Promise<string | null> {
    const { appraisal, standing } = current(entry)
    const { device, evidence } = entry
    const { policy, version, digest } = roster.basis().inForce
    if (device.status !== 'active' || !evidence) return null
    const claims = attestationClaims({
      issuer: issuerUrl,
      audience,
      device,
      appraisal,
      evidenceAt: evidence.confirmedAt,
      freshnessMs: policy.freshnessMs,
      policyId: `${issuerUrl}/v1/policies/${version}@sha256:${digest}`,
      build,
      jti: randomUUID(),
      now: clock.now(),
    })
    if (!claims) return null
    const status = await statuses.reference(device.id, standing.tiers, new Date(claims.exp * 1000))
    return issuer.attest({ ...claims, status: { status_list: status } })
  }

  async function distrust(id: string, identity: Identity): Promise<void> {
    const entry = entries.get(id)
    if (!entry || entry.device.identity === 'conflict') return
    roster.change(id, { identity })
    await store.setIdentity(id, identity)
  }

  /** Waits for its turn: two connections of one device may both have a report under way while one replaces the other. */
  async function turnOf(id: string): Promise<Entry> {
    for (let entry = required(id); ; entry = required(id)) {
      if (!entry.storing) return entry
      await entry.storing
    }
  }

  async function report(id: string, given: Report): Promise<Reported> {
    const entry = await turnOf(id)
    current(entry) // what time did before this report is told before it
    const now = clock.now()
    const { device: before } = entry
    // Good evidence mends the doubt that bad evidence raised; a copied key stays a copied key.
    const device: DeviceRecord = before.identity === 'unverified' ? { ...before, identity: 'recognised' } : before
    const evidence = renewed(entry.evidence, given, now)
    const facts = given.kind === 'evidence' ? given.claims.facts : factsOf(evidence)
    const { conclusion } = entry
    const judgement = judge({ device, evidence, conclusion, facts }, roster.basis(), now, { fresh: true })
    // Bad news counts before it is written: a store that fails must not keep a gate open.
    const isLoss = conclusion?.tiers.some((tier) => !judgement.standing.tiers.includes(tier)) ?? false
    if (isLoss) roster.take(entry, evidence, judgement)

    await saveReport(entry, given, { now, outcome: judgement.outcome, isLoss })
    entry.lastSequence = given.sequence
    if (entry.device === before) entry.device = device
    if (!isLoss) roster.take(entry, evidence, judgement)
    // Meanwhile the key may have fallen into doubt on another connection, or an admin have changed something.
    if (entry.device !== device) roster.reconsider(entry)
    else if (device !== before) await store.setIdentity(id, device.identity)
    const { standing } = current(entry)
    return { standing, attestation: await attest(entry, issuerUrl) }
  }

  type Saving = { now: Date; outcome: Outcome; isLoss: boolean }

  /** @throws MusterError `identity-conflict`, `device-unknown` where it was removed meanwhile, `store-unavailable` */
  async function saveReport(entry: Entry, given: Report, { now, outcome, isLoss }: Saving): Promise<void> {
    const { id } = entry.device
    const done = Promise.withResolvers<void>()
    entry.storing = done.promise
    const owed = keeper.take(id)
    const whole = owed ? together(owed, outcome) : outcome
    const newest = given.kind === 'evidence' ? { jws: given.jws, digest: given.digest } : null
    try {
      const { sequence } = given
      const saved = await store.saveReport({ ...whole, deviceId: id, sequence, evidence: newest, at: now })
      if (saved === 'behind') throw new MusterError('identity-conflict', `sequence ${sequence} was used before`)
      if (entries.get(id) !== entry) throw new MusterError('device-unknown')
    } catch (error) {
      const unwritten = isLoss ? whole : owed
      if (unwritten && entries.get(id) === entry) keeper.putBack(id, unwritten)
      entry.storing = null
      if (error instanceof MusterError && error.code === 'identity-conflict') await distrust(id, 'conflict')
      // A moment that came meanwhile was left to this report.
      if (entries.get(id) === entry) current(entry)
      throw error
    } finally {
      entry.storing = null
      done.resolve()
    }
  }

  return {
    size: () => entries.size,
    devices: () => [...entries.values()].map(({ device }) => device),
    find: (id) => entries.get(id)?.device ?? null,
    sessionDevice(id) {
      const entry = entries.get(id)
      const key = entry && publicKeyOf(entry.device.jwk)
      if (!entry || !key) return null
      const { device, lastSequence, evidence } = entry
      const lockedOut = device.status === 'locked-out'
      return { id, key, lockedOut, lastSequence, evidenceDigest: evidence?.digest ?? null }
    },
    async arrive(id, bootId) {
      const entry = required(id)
      if (entry.bootIds.at(-1) !== bootId) {
        if (entry.bootIds.includes(bootId)) {
          await distrust(id, 'conflict')
          throw new MusterError('identity-conflict', 'two machines take turns with one key')
        }
        entry.bootIds = [...entry.bootIds, bootId].slice(-BOOT_IDS_KEPT)
        await store.setBootIds(id, entry.bootIds)
      }
      const checks = roster.basis().inForce.policy.checksFor(entry.device)
      return {
        settings: { ...options.settings, signals: SIGNAL_IDS },
        asks: [...checks].map(([check, { ask }]) => ({ check, title: CHECKS[check].title, ask })),
        lastSequence: entry.lastSequence,
      }
    },
    report,
    distrust,
    standing(id) {
      const entry = entries.get(id)
      return entry ? current(entry).standing : null
    },
    async attestation(id, audience) {
      const entry = required(id)
      const { status } = entry.device
      if (status !== 'active') throw new MusterError('not-admitted', `the device is ${status}`)
      const jws = await attest(entry, audience)
      if (jws === null) throw new MusterError('stale')
      return jws
    },
    add: roster.add,
    remove: roster.remove,
    async setStatus(id, status) {
      roster.change(id, { status })
      await store.setStatus(id, status)
    },
    async setTags(id, tags) {
      roster.change(id, { tags })
      await store.setTags(id, tags)
    },
    async setOwner(id, owner) {
      roster.change(id, { owner })
      await store.setOwner(id, owner)
    },

    policy: () => roster.basis().inForce,
    usePolicy: (next) => roster.useBasis({ inForce: next }),
    useCatalogue: (next) => roster.useBasis({ catalogue: next }),
    useExceptions: (next) => roster.useBasis({ exceptions: next }),
    progress: roster.sweep.progress,
    settled: roster.settled,
    dryRun: (policy) => dryRun(roster, policy, clock.now()),
    onChange: roster.onChange,
    wake: roster.wake,
  }
}

function renewed(before: EvidenceRecord | null, report: Report, now: Date): EvidenceRecord | null {
  if (report.kind === 'unchanged') return before && { ...before, confirmedAt: now }
  return { jws: report.jws, digest: report.digest, receivedAt: now, confirmedAt: now }
}
