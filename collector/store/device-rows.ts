import { Type } from 'typebox'
import { KEY_PROTECTIONS } from '../../shared/evidence.ts'
import { PublicJwk } from '../../shared/jws.ts'
import { nullable, oneOf } from '../../shared/schema.ts'
import { memoryOf } from './memory-text.ts'
import { dateOrNull, jsonReaderOf, Millis, readStrings, rowReaderOf } from './rows.ts'
import { DEVICE_STATUSES, type DeviceRecord, type DeviceState } from './store.ts'

const device = {
  id: Type.String(),
  jwk: Type.String(),
  key_protection: oneOf(KEY_PROTECTIONS),
  attested: Type.Integer(),
  status: oneOf(DEVICE_STATUSES),
  identity: oneOf(['recognised', 'conflict', 'unverified']),
  platform: oneOf(['windows', 'macos', 'linux']),
  hostname: Type.String(),
  serial: nullable(Type.String()),
  owner: nullable(Type.String()),
  tags: Type.String(),
  enrolled_at: Millis,
}

const readDevice = rowReaderOf('device', Type.Object(device))

const readState = rowReaderOf(
  'device',
  Type.Object({
    ...device,
    last_sequence: Type.Integer(),
    boot_ids: Type.String(),
    memory: Type.String(),
    tiers: Type.String(),
    concluded_at: nullable(Millis),
    policy_version: Type.Integer(),
    next_change: nullable(Millis),
    jws: nullable(Type.String()),
    digest: nullable(Type.String()),
    received_at: nullable(Millis),
    confirmed_at: nullable(Millis),
  }),
)

const readJwk = jsonReaderOf(PublicJwk)

export function deviceOfRow(row: unknown): DeviceRecord {
  return recordOf(readDevice(row))
}

/** Of a device's row joined with that of its evidence. */
export function stateOfRow(row: unknown): DeviceState {
  const state = readState(row)
  const what = `device ${state.id}`
  const { jws, digest, received_at: receivedAt, confirmed_at: confirmedAt, concluded_at: concludedAt } = state
  const hasEvidence = jws !== null && digest !== null && receivedAt !== null && confirmedAt !== null
  return {
    device: recordOf(state),
    lastSequence: state.last_sequence,
    bootIds: readStrings(state.boot_ids, what),
    evidence: hasEvidence
      ? { jws, digest, receivedAt: new Date(receivedAt), confirmedAt: new Date(confirmedAt) }
      : null,
    conclusion:
      concludedAt === null
        ? null
        : {
            memory: memoryOf(state.memory, what),
            tiers: readStrings(state.tiers, what),
            concludedAt: new Date(concludedAt),
            policyVersion: state.policy_version,
            nextChange: dateOrNull(state.next_change),
          },
  }
}

function recordOf(row: ReturnType<typeof readDevice>): DeviceRecord {
  const what = `device ${row.id}`
  const { id, status, identity, platform, hostname, serial, owner } = row
  return {
    id,
    jwk: readJwk(row.jwk, what),
    keyProtection: row.key_protection,
    attested: row.attested === 1,
    status,
    identity,
    platform,
    hostname,
    serial,
    owner,
    tags: readStrings(row.tags, what),
    enrolledAt: new Date(row.enrolled_at),
  }
}
