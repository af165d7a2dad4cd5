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
import type { DeviceRecord, DeviceStatus, StandingChange, Store } from '../store/store.ts'
import { dryRun } from './dry-run.ts'
import { digestOf, type Entry } from './entry.ts'
import type { PolicyInForce } from './judge.ts'
import { openReports } from './report.ts'
import { openRoster } from './roster.ts'

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
  /** `by` whom it is taken away: an admin, unless it is said otherwise. */
  remove(id: string, by?: 'admin' | 'user'): Promise<void>
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
  /** Whether what holds for a device is on disk. */
  isWritten(id: string): boolean
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
  const { entries, current, required } = roster
  const accept = openReports(roster, { store, clock, onError })

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
    // A copied key stays a copied key.
    if (entry && entry.device.identity !== 'conflict') await roster.change(id, { identity })
  }

  return {
    size: () => entries.size,
    devices: () => [...entries.values()].map(({ device }) => device),
    find: (id) => entries.get(id)?.device ?? null,
    sessionDevice(id) {
      const entry = entries.get(id)
      const key = entry && publicKeyOf(entry.device.jwk)
      if (!entry || !key) return null
      const { device, lastSequence } = entry
      const lockedOut = device.status === 'locked-out'
      return { id, key, lockedOut, lastSequence, evidenceDigest: digestOf(entry) }
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
    async report(id, given) {
      const entry = await accept(id, given)
      const { standing } = current(entry)
      return { standing, attestation: await attest(entry, issuerUrl) }
    },
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
    setStatus: (id, status) => roster.change(id, { status }),
    setTags: (id, tags) => roster.change(id, { tags }),
    setOwner: (id, owner) => roster.change(id, { owner }),

    policy: () => roster.basis().inForce,
    usePolicy: (next) => roster.useBasis({ inForce: next }),
    useCatalogue: (next) => roster.useBasis({ catalogue: next }),
    useExceptions: (next) => roster.useBasis({ exceptions: next }),
    progress: roster.sweep.progress,
    settled: roster.settled,
    isWritten: (id) => !roster.keeper.owes(id),
    dryRun: (policy) => dryRun(roster, policy, clock.now()),
    onChange: roster.onChange,
    wake: roster.wake,
  }
}
