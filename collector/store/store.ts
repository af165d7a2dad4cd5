import type { Identity } from '../appraisal/appraise.ts'
import type { Exception } from '../appraisal/exception.ts'
import type { Memory } from '../appraisal/memory.ts'
import type { Transition } from '../appraisal/transition.ts'
import type { MusterError } from '../../shared/errors.ts'
import type { PublicJwk } from '../../shared/jws.ts'
import type { Platform } from '../../shared/signals.ts'
import type { CheckId, CheckResult } from '../../shared/standing.ts'

export const DEVICE_STATUSES = ['active', 'pending', 'locked-out'] as const
export type DeviceStatus = (typeof DEVICE_STATUSES)[number]

export type DeviceRecord = {
  id: string
  jwk: PublicJwk
  keyProtection: 'software' | 'tpm' | 'secure-enclave'
  attested: boolean
  status: DeviceStatus
  identity: Identity
  platform: Platform
  hostname: string
  /** Null where the machine has none that could be compared. */
  serial: string | null
  owner: string | null
  tags: string[]
  enrolledAt: Date
}

/** The newest evidence of a device as it was signed. Only the newest is kept. */
export type EvidenceRecord = {
  jws: string
  digest: string
  receivedAt: Date
  /** When the device last said, by evidence or by `unchanged`, that it holds. */
  confirmedAt: Date
}

/** What was concluded of a device last, so that a restart misses no moment and tells no change twice. */
export type Conclusion = {
  memory: Memory
  /** The tiers that it could use. */
  tiers: string[]
  /** When this was concluded, and under which version of the policy. */
  concludedAt: Date
  policyVersion: number
  /** The next moment at which it can change by time alone. */
  nextChange: Date | null
}

/** Everything that a collector has to know of a device to go on with it. */
export type DeviceState = {
  device: DeviceRecord
  lastSequence: number
  /** Boot ids that the device came with, the newest last. */
  bootIds: string[]
  evidence: EvidenceRecord | null
  /** Null for a device that was never judged. */
  conclusion: Conclusion | null
}

/** A device came to be admitted to other tiers than before: what gateways, the console and alerts are told of. */
export type StandingChange = {
  deviceId: string
  at: Date
  before: string[]
  after: string[]
  status: DeviceStatus
  /** The checks that changed with it. */
  checks: CheckId[]
  policyVersion: number
  /** What brought it about; absent in what an earlier release wrote, as are the reasons. */
  cause?: Cause
  /** What was said of the checks that did not hold just then. */
  reasons?: Reason[]
}

/**
 * `report`: the device said something else than before; `time`: a deadline or the freshness of evidence passed; `policy`,
 * `catalogue`, `exception`: what is asked became another; `admin`: an admin did something to the device; `user`: its own
 * user took it away; `identity`: its key came into doubt, or out of it.
 */
export const CAUSES = ['report', 'time', 'policy', 'catalogue', 'exception', 'admin', 'user', 'identity'] as const
export type Cause = (typeof CAUSES)[number]

/** A check that did not pass, in the words of `CheckResult`. */
export type Reason = Pick<CheckResult, 'id' | 'verdict' | 'why' | 'fix'>

/** A change of standing as it was written: `id` rises with each one of all devices and is never used again. */
export type WrittenChange = StandingChange & { id: number; owner: string | null }

/** What an appraisal changed: kept as one, whole or not at all. */
export type Outcome = {
  conclusion: Conclusion
  transitions: Transition[]
  /** In the order of time; more than one where a collector was away while several moments passed. */
  standingChanges: StandingChange[]
}

/** What a report changes, all of it or nothing. */
export type ReportRecord = Outcome & {
  deviceId: string
  sequence: number
  /** The new evidence; null for `unchanged`, which confirms the last. */
  evidence: { jws: string; digest: string } | null
  at: Date
}

export type TokenRecord = {
  id: string
  /** Digest of the secret (`protocol/enrollment.ts`); the secret itself is never stored. */
  hash: string
  createdAt: Date
  expiresAt: Date
  uses: number
  tags: string[]
  owner: string | null
}

/**
 * `decide`: may ask about devices; `vouch`: may name the device; `events`: may have event streams of its own; `admin`: may do
 * over HTTP what the command line does, for scripts of the operator, never for a gateway.
 */
export const SCOPES = ['decide', 'vouch', 'events', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export type GatewayRecord = {
  id: string
  name: string
  keyHash: string
  scopes: Scope[]
  /** The hosts that it protects, in lower case, with the port where it is not the usual one: a browser may be sent back there. */
  hosts: string[]
  /** SHA-256 of the client certificate (DER, base64url; RFC 8705, section 3.1) that it may prove itself with instead of its key. */
  certificate: string | null
  createdAt: Date
}

/** A policy that is or was in force, without its text. */
export type PolicyRecord = {
  version: number
  digest: string
  appliedAt: Date
  author: string
  /** `default`: shipped with the release; `file`: the one that the configuration names; `apply`: put in force by hand. */
  source: 'default' | 'file' | 'apply'
  /** The version that was put back, where it was a roll back. */
  restores: number | null
}

/** The hold of a device on one entry of a status list, for all attestations that name the same tiers. */
export type StatusLease = {
  list: number
  index: number
  deviceId: string
  tiers: string[]
  /** 0 valid, 1 the device is revoked, 2 it lost a tier that the attestation names (Token Status List, section 7.1). */
  status: 0 | 1 | 2
  /** No attestation that names this entry is valid after this moment; the entry is free again then. */
  until: Date
}

/** A line of the audit log: JSON, and the SHA-256 of it (base64url). `at` is the time that it names, in milliseconds. */
export type AuditLine = { seq: number; at: number; line: string; hash: string }

/** From where to where the audit log goes, signed: the hash before its first line, and its last line. */
export type AuditHead = { first: number; previous: string | null; seq: number; hash: string | null; signature: string }

export type AuditQuery = {
  /** The first moment that counts. */
  from?: Date
  /** The first moment that no longer counts. */
  to?: Date
  /** The line to go on after. */
  after?: Pick<AuditLine, 'at' | 'seq'>
  limit: number
}

/** A stream of events that a gateway has. What it is like is the business of `collector/ssf`, and JSON here. */
export type StreamRecord = { id: string; owner: string; createdAt: Date; since: number; document: string }

/** An event on its way to one stream: the claims of a SET as JSON, under an id of its own. */
export type NewEvent = {
  streamId: string
  jti: string
  type: string
  /** Null where it is about the stream itself. */
  deviceId: string | null
  /** The change that it was made of: a stream that is younger does not get it. Null where it was made of none. */
  changeId: number | null
  claims: string
  at: Date
}
export type OutgoingEvent = Pick<NewEvent, 'jti' | 'type' | 'deviceId' | 'claims'>

/** What was told of a device last. `compliant` is null where nobody has been told yet. */
export type ToldRecord = { deviceId: string; tiers: string[]; compliant: boolean | null; owner: string | null }

/** Events that were made of the changes of standing from one id to another, with what is told by them. */
export type Derived = { from: number; to: number; told: ToldRecord[]; events: NewEvent[] }

export type HistoryQuery = {
  deviceId: string
  check?: CheckId
  /** The first moment that counts. */
  from?: Date
  /** The first moment that no longer counts. */
  to?: Date
}

/**
 * What the collector keeps. A promise that resolves means that the change is durable: it survives `kill -9` and a power
 * cut. One that rejects means that nothing of it was kept, with `store-unavailable` where it can be tried again.
 */
export type Store = {
  /** Proves that it can be written to. */
  probe(): Promise<void>
  close(): Promise<void>
  /** Looks anew how much there is of what, so that questions stay as quick as they were. Takes milliseconds. */
  optimize(): Promise<void>

  /**
   * Spends one use of a token and adds the device with the tags and the owner that the token names, both or neither.
   * The same key once more is the same device (its first answer may have been lost): it only counts from 1 again.
   */
  enroll(device: DeviceRecord, tokenHash: string, now: Date): Promise<DeviceRecord | 'token-invalid' | 'locked-out'>
  loadDevice(id: string): Promise<DeviceState | null>
  /**
   * A device whose record is damaged is left out where somebody is told of it: it is admitted to nothing, and costs nobody
   * else anything. Where nobody is, it is an error.
   */
  loadDevices(onDamaged?: (problem: MusterError) => void): Promise<DeviceState[]>
  /** Removes a device and its evidence, with the end of its history, all or nothing. That stays until its time is over. */
  removeDevice(id: string, last?: Pick<Outcome, 'transitions' | 'standingChanges'> | null): Promise<void>
  setIdentity(id: string, identity: Identity): Promise<void>
  setBootIds(id: string, bootIds: string[]): Promise<void>
  setStatus(id: string, status: DeviceStatus): Promise<void>
  setTags(id: string, tags: string[]): Promise<void>
  setOwner(id: string, owner: string | null): Promise<void>
  /** Devices of this serial number, the newest first. */
  findBySerial(serial: string): Promise<DeviceRecord[]>

  /** Compares and sets the sequence: `behind` means that it was not ahead, and that nothing was kept. */
  saveReport(report: ReportRecord): Promise<'saved' | 'behind'>
  /** What time, a new policy or a new catalogue has changed. */
  saveOutcome(deviceId: string, outcome: Outcome): Promise<void>

  /** In the order in which they were concluded, which is that of time unless a clock was set back. */
  transitions(query: HistoryQuery): Promise<Transition[]>
  standingChanges(query: Omit<HistoryQuery, 'check'>): Promise<StandingChange[]>
  /** The changes of all devices with an id above this one, the oldest first, at most `limit`. */
  standingChangesAfter(id: number, limit: number): Promise<WrittenChange[]>
  /** The id of the newest change of standing that was ever written; 0 where there was none. */
  newestStandingChange(): Promise<number>
  /**
   * Told, without what, after changes of standing have become durable: ask `standingChangesAfter` then. It may be told once
   * for several, and for none. Returns what ends it.
   */
  watchStanding(listener: () => void): () => void
  /**
   * Forgets history from before a moment, but for the last verdict of each check and the last standing of each device: what
   * held then can still be told. The history of a device that was removed goes when all of it lies before. In slices that
   * hold nobody up. Returns how much was forgotten.
   */
  forgetHistory(before: Date): Promise<number>

  loadStreams(): Promise<StreamRecord[]>
  /** Adds a stream, and returns the newest change of standing that is older than it. */
  addStream(stream: Omit<StreamRecord, 'since'>): Promise<number>
  /** What has become of a stream, with events about that; `drop` gives up what it had to deliver. False where it is gone. */
  saveStream(id: string, document: string, more?: { events?: NewEvent[]; drop?: boolean }): Promise<boolean>
  removeStream(id: string): Promise<void>
  loadTold(): Promise<{ cursor: number; told: ToldRecord[] }>
  /** Keeps all of it or nothing; false, and nothing, where `from` is not where the last one ended. A stream that is gone gets none. */
  addEvents(derived: Derived): Promise<boolean>
  /** What a stream has to deliver, the oldest first. What is about the stream itself goes before all else, and alone. */
  outgoingEvents(streamId: string, limit: number): Promise<OutgoingEvent[]>
  /** Only what is about the stream itself. */
  ownEvents(streamId: string): Promise<OutgoingEvent[]>
  countOutgoing(streamId: string): Promise<number>
  /** When the oldest that a stream has to deliver was made; null where there is none. */
  oldestOutgoing(streamId: string): Promise<Date | null>
  /** Delivered, or acknowledged: they are not sent again. Tells how many of them there were. */
  dropEvents(streamId: string, jtis: readonly string[]): Promise<number>
  /** Not taken by the receiver: kept with what it said, and not sent again. False where there is no such event. */
  refuseEvent(streamId: string, jti: string, problem: string): Promise<boolean>
  /**
   * Drops of each device and type what a later event makes superfluous, and returns how many that were. Of two kinds of
   * event that undo each other, both the first and the last stay where they differ: see `events.ts`.
   */
  supersedeEvents(streamId: string, alternating: string): Promise<number>
  /** Forgets events that were refused before a moment. */
  forgetRefused(before: Date): Promise<number>

  /** The newest version is the one in force. */
  loadPolicies(): Promise<PolicyRecord[]>
  loadPolicy(version: number): Promise<{ record: PolicyRecord; document: string } | null>
  /** Adds a version and returns its record. */
  addPolicy(policy: Omit<PolicyRecord, 'version'> & { document: string }): Promise<PolicyRecord>

  addException(exception: Exception): Promise<void>
  /** False where there is no such exception, or where it has ended already. */
  endException(id: string, at: Date, by: string): Promise<boolean>
  /** All of them, also those that are over; the newest first. */
  loadExceptions(): Promise<Exception[]>

  /** Adds leases, or replaces those of the same entries. */
  putLeases(leases: readonly StatusLease[]): Promise<void>
  loadLeases(): Promise<StatusLease[]>
  dropLeases(before: Date): Promise<void>

  /** Adds lines with the head that they lead to, and tells how many lines stood in their place, which are gone. */
  addAudit(lines: readonly AuditLine[], head: AuditHead): Promise<number>
  auditHead(): Promise<AuditHead | null>
  /** The last line. */
  auditEnd(): Promise<AuditLine | null>
  /** The first lines. */
  auditBegin(limit: number): Promise<AuditLine[]>
  /** Lines in their order; by time, and then in their order, where a span of time is asked for. */
  auditLines(query: AuditQuery): Promise<AuditLine[]>
  /** Forgets what lies before the first line that the head names; tells how many lines that were. */
  dropAudit(head: AuditHead): Promise<number>

  addToken(token: TokenRecord): Promise<void>
  addGateway(gateway: GatewayRecord): Promise<void>
  /** False where there is no such gateway. */
  removeGateway(id: string): Promise<boolean>
  loadGateways(): Promise<GatewayRecord[]>
}
