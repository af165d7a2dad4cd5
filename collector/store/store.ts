import type { Identity, Memory } from '../appraisal/appraise.ts'
import type { PublicJwk } from '../../shared/jws.ts'
import type { Platform } from '../../shared/signals.ts'
import type { CheckId, Verdict } from '../../shared/standing.ts'

export type DeviceStatus = 'active' | 'pending' | 'locked-out'

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

/** Everything that a collector has to know of a device to go on with it. */
export type DeviceState = {
  device: DeviceRecord
  lastSequence: number
  /** Boot ids that the device came with, the newest last. */
  bootIds: string[]
  evidence: EvidenceRecord | null
  memory: Memory
}

/** A verdict of one check on one device that changed. */
export type Transition = {
  deviceId: string
  check: CheckId
  from: Verdict | null
  to: Verdict
  at: Date
  /** Digest of the evidence behind it; null before the first. */
  evidence: string | null
  policyVersion: number
}

/** What a report changes, all of it or nothing. */
export type ReportRecord = {
  deviceId: string
  sequence: number
  /** The new evidence; null for `unchanged`, which confirms the last. */
  evidence: { jws: string; digest: string } | null
  at: Date
  memory: Memory
  transitions: Transition[]
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

export const SCOPES = ['decide', 'vouch'] as const
export type Scope = (typeof SCOPES)[number]

export type GatewayRecord = { id: string; name: string; keyHash: string; scopes: Scope[]; createdAt: Date }

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
  loadDevices(): Promise<DeviceState[]>
  removeDevice(id: string): Promise<void>
  setIdentity(id: string, identity: Identity): Promise<void>
  setBootIds(id: string, bootIds: string[]): Promise<void>
  /** Devices of this serial number, the newest first. */
  findBySerial(serial: string): Promise<DeviceRecord[]>

  /** Compares and sets the sequence: `behind` means that it was not ahead, and that nothing was kept. */
  saveReport(report: ReportRecord): Promise<'saved' | 'behind'>
  /** What time alone has changed. */
  saveMemory(deviceId: string, memory: Memory, transitions: Transition[]): Promise<void>
  transitions(deviceId: string): Promise<Transition[]>

  /** The version of a policy document: that of the newest one if it is the same, else the next. */
  adoptPolicy(document: string, digest: string, now: Date): Promise<number>
  addToken(token: TokenRecord): Promise<void>
  addGateway(gateway: GatewayRecord): Promise<void>
  loadGateways(): Promise<GatewayRecord[]>
}
