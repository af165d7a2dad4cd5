import type { CheckMemory } from '../../collector/appraisal/memory.ts'
import type { Transition } from '../../collector/appraisal/transition.ts'
import type {
  Conclusion,
  DeviceRecord,
  ReportRecord,
  StandingChange,
  Store,
  TokenRecord,
} from '../../collector/store/store.ts'

export const NOW = new Date('2026-11-23T10:00:00Z')
export const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

export const idOf = (name: string) => `dev_${name.padEnd(43, '0')}`

const coordinate = 'A'.repeat(43)
export function device(name: string, more: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    id: idOf(name),
    jwk: { kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate },
    keyProtection: 'software',
    attested: false,
    status: 'active',
    identity: 'recognised',
    platform: 'linux',
    hostname: name,
    serial: null,
    owner: null,
    tags: [],
    enrolledAt: NOW,
    ...more,
  }
}

export function token(more: Partial<TokenRecord> = {}): TokenRecord {
  return { id: 'tok_1', hash: 'h1', createdAt: NOW, expiresAt: later(60), uses: 1, tags: [], owner: null, ...more }
}

/** Enrols a device with a token of its own. */
export async function enrolled(store: Store, name: string, more: Partial<DeviceRecord> = {}): Promise<string> {
  await store.addToken(token({ id: `tok_${name}`, hash: name, tags: more.tags ?? [], owner: more.owner ?? null }))
  const added = await store.enroll(device(name, more), name, NOW)
  if (typeof added === 'string') throw new Error(added)
  return added.id
}

/** What is remembered of a check, with every moment another one. */
export const remembered: CheckMemory = {
  verdict: 'grace',
  since: later(1),
  passed: true,
  failingSince: later(2),
  passingSince: later(3),
  trackedSince: later(4),
  askedSince: later(5),
  lapsedAt: later(6),
  mode: 'enforce',
}

export function conclusion(more: Partial<Conclusion> = {}): Conclusion {
  return {
    memory: { firewall: remembered },
    tiers: ['public', 'internal'],
    concludedAt: later(7),
    policyVersion: 3,
    nextChange: later(8),
    ...more,
  }
}

export function report(id: string, sequence: number, more: Partial<ReportRecord> = {}): ReportRecord {
  const evidence = { jws: `jws-${sequence}`, digest: `digest-${sequence}` }
  return {
    deviceId: id,
    sequence,
    evidence,
    at: later(sequence),
    conclusion: conclusion(),
    transitions: [],
    standingChanges: [],
    ...more,
  }
}

export function transition(deviceId: string, at: Date, more: Partial<Transition> = {}): Transition {
  return { deviceId, check: 'firewall', from: null, to: 'fail', at, evidence: 'digest-1', policyVersion: 1, ...more }
}

export function standingChange(deviceId: string, at: Date, more: Partial<StandingChange> = {}): StandingChange {
  return {
    deviceId,
    at,
    before: [],
    after: ['public'],
    status: 'active',
    checks: ['firewall'],
    policyVersion: 1,
    ...more,
  }
}

/** Adds to the history of a device, enrolled or not. */
export async function happened(
  store: Store,
  deviceId: string,
  changes: { transitions?: Transition[]; standingChanges?: StandingChange[] },
): Promise<void> {
  await store.saveOutcome(deviceId, { conclusion: conclusion(), transitions: [], standingChanges: [], ...changes })
}
