import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { KEY_PROTECTIONS } from '../../shared/evidence.ts'
import { PublicJwk } from '../../shared/jws.ts'
import { jsonParserOf, nullable, oneOf, parserOf, strict } from '../../shared/schema.ts'
import { CHECK_IDS, VERDICTS } from '../../shared/standing.ts'
import type { CheckMemory, Memory } from '../appraisal/appraise.ts'
import { SCOPES, type DeviceRecord, type DeviceState, type GatewayRecord, type Transition } from './store.ts'

const Millis = Type.Integer()

const DeviceRow = Type.Object({
  id: Type.String(),
  jwk: Type.String(),
  key_protection: oneOf(KEY_PROTECTIONS),
  attested: Type.Integer(),
  status: oneOf(['active', 'pending', 'locked-out']),
  identity: oneOf(['recognised', 'conflict', 'unverified']),
  platform: oneOf(['windows', 'macos', 'linux']),
  hostname: Type.String(),
  serial: nullable(Type.String()),
  owner: nullable(Type.String()),
  tags: Type.String(),
  enrolled_at: Millis,
  last_sequence: Type.Integer(),
  boot_ids: Type.String(),
  memory: Type.String(),
})
export type DeviceRow = Static<typeof DeviceRow>

export type StateRow = DeviceRow & {
  jws: string | null
  digest: string | null
  received_at: number | null
  confirmed_at: number | null
}

const TransitionRow = Type.Object({
  device_id: Type.String(),
  check_id: oneOf(CHECK_IDS),
  from_verdict: nullable(oneOf(VERDICTS)),
  to_verdict: oneOf(VERDICTS),
  at: Millis,
  evidence: nullable(Type.String()),
  policy_version: Type.Integer(),
})
export type TransitionRow = Static<typeof TransitionRow>

export type GatewayRow = { id: string; name: string; key_hash: string; scopes: string; created_at: number }

const Remembered = strict({
  verdict: oneOf(VERDICTS),
  since: Millis,
  passed: Type.Boolean(),
  failingSince: nullable(Millis),
  trackedSince: nullable(Millis),
})
type Remembered = Static<typeof Remembered>

const parseJwk = jsonParserOf(PublicJwk)
const parseStrings = jsonParserOf(Type.Array(Type.String()))
const parseScopes = jsonParserOf(Type.Array(oneOf(SCOPES)))
const parseMemory = jsonParserOf(Type.Record(Type.String(), Remembered))
const parseDevice = parserOf(DeviceRow)
const parseTransition = parserOf(TransitionRow)

/** What a row says is checked like any other input: a damaged row is an error, never a value. */
function sound<T>(parsed: { ok: true; value: T } | { ok: false; problem: string }, what: string): T {
  if (parsed.ok) return parsed.value
  throw new MusterError('store-unavailable', `${what} is damaged: ${parsed.problem}`)
}

export function deviceOfRow(row: DeviceRow): DeviceRecord {
  const what = `device ${row.id}`
  const { id, status, identity, platform, hostname, serial, owner, ...rest } = sound(parseDevice(row), what)
  return {
    id,
    jwk: sound(parseJwk(rest.jwk), what),
    keyProtection: rest.key_protection,
    attested: rest.attested === 1,
    status,
    identity,
    platform,
    hostname,
    serial,
    owner,
    tags: sound(parseStrings(rest.tags), what),
    enrolledAt: new Date(rest.enrolled_at),
  }
}

export function stateOfRow(row: StateRow): DeviceState {
  const what = `device ${row.id}`
  const { jws, digest, received_at: receivedAt, confirmed_at: confirmedAt } = row
  const complete = jws !== null && digest !== null && receivedAt !== null && confirmedAt !== null
  return {
    device: deviceOfRow(row),
    lastSequence: row.last_sequence,
    bootIds: sound(parseStrings(row.boot_ids), what),
    evidence: complete ? { jws, digest, receivedAt: new Date(receivedAt), confirmedAt: new Date(confirmedAt) } : null,
    memory: memoryOf(row.memory, what),
  }
}

export function transitionOfRow(row: TransitionRow): Transition {
  const it = sound(parseTransition(row), `history of ${row.device_id}`)
  return {
    deviceId: it.device_id,
    check: it.check_id,
    from: it.from_verdict,
    to: it.to_verdict,
    at: new Date(it.at),
    evidence: it.evidence,
    policyVersion: it.policy_version,
  }
}

export function gatewayOfRow(row: GatewayRow): GatewayRecord {
  const { id, name, key_hash: keyHash, created_at: createdAt } = row
  return { id, name, keyHash, scopes: sound(parseScopes(row.scopes), `gateway ${id}`), createdAt: new Date(createdAt) }
}

export function memoryText(memory: Memory): string {
  const rows = Object.entries(memory).map(([id, it]): [string, Remembered] => [
    id,
    {
      verdict: it.verdict,
      since: it.since.getTime(),
      passed: it.passed,
      failingSince: it.failingSince?.getTime() ?? null,
      trackedSince: it.trackedSince?.getTime() ?? null,
    },
  ])
  return JSON.stringify(Object.fromEntries(rows))
}

/** Checks that an older or newer release remembered and this one does not know are left out. */
function memoryOf(json: string, what: string): Memory {
  const remembered = sound(parseMemory(json), what)
  const memory: Memory = {}
  for (const id of CHECK_IDS) {
    const it = remembered[id]
    if (it) memory[id] = checkMemoryOf(it)
  }
  return memory
}

function checkMemoryOf({ verdict, since, passed, failingSince, trackedSince }: Remembered): CheckMemory {
  return {
    verdict,
    since: new Date(since),
    passed,
    failingSince: dateOrNull(failingSince),
    trackedSince: dateOrNull(trackedSince),
  }
}

function dateOrNull(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}
