import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { DEVICE_ID } from '../../shared/evidence.ts'
import { Time } from '../../shared/fact.ts'
import { nullable, oneOf, strict, text } from '../../shared/schema.ts'
import type { Platform } from '../../shared/signals.ts'
import { Standing } from '../../shared/standing.ts'
import { DEVICE_STATUSES, type DeviceRecord, type DeviceStatus } from '../store/store.ts'
import { defineAct, type ActParts } from './act.ts'

export const PLATFORMS = ['windows', 'macos', 'linux'] as const satisfies readonly Platform[]

/** What is known of a device itself, but for its key. */
export const DeviceShown = {
  id: Type.String(),
  hostname: Type.String(),
  serial: nullable(Type.String()),
  platform: oneOf(PLATFORMS),
  owner: nullable(Type.String()),
  tags: Type.Array(Type.String()),
  status: oneOf(DEVICE_STATUSES),
  /** `conflict`: two machines use its key. `unverified`: its last evidence had a wrong signature. */
  identity: oneOf(['recognised', 'unverified', 'conflict']),
  keyProtection: oneOf(['software', 'tpm', 'secure-enclave']),
  attested: Type.Boolean(),
  enrolledAt: Time,
}
const Device = strict(DeviceShown)

export function shownDevice(device: DeviceRecord): Static<typeof Device> {
  const { id, hostname, serial, platform, owner, tags, status, identity, keyProtection, attested, enrolledAt } = device
  return {
    id,
    hostname,
    serial,
    platform,
    owner,
    tags,
    status,
    identity,
    keyProtection,
    attested,
    enrolledAt: enrolledAt.toISOString(),
  }
}

export const Id = Type.String({ pattern: DEVICE_ID })
const OfDevice = strict({ id: Id })

/** @throws MusterError `device-unknown` */
function required({ fleet }: ActParts, id: string): DeviceRecord {
  const device = fleet.find(id)
  if (!device) throw new MusterError('device-unknown', `no device ${id} is enrolled`)
  return device
}

export const showDevice = defineAct({
  input: OfDevice,
  answer: strict({ device: Device, standing: Standing }),
  async run(parts, { id }) {
    const device = required(parts, id)
    const standing = parts.fleet.standing(id)
    if (!standing) throw new MusterError('device-unknown')
    return { device: shownDevice(device), standing }
  },
})

/** What becomes of a device's status, from which it may come, and what to do instead from another. */
type Change = { to: DeviceStatus; from: readonly DeviceStatus[]; otherwise: string }

const changeStatus = ({ to, from, otherwise }: Change) =>
  defineAct({
    input: OfDevice,
    answer: Device,
    async run(parts, { id }) {
      const { status } = required(parts, id)
      if (status !== to && !from.includes(status))
        throw new MusterError('device-status-conflict', `${id} is ${status}: ${otherwise}`)
      if (status !== to) await parts.fleet.setStatus(id, to)
      if (to === 'locked-out') parts.agents?.dismiss(id, 'device-locked-out')
      return shownDevice(required(parts, id))
    },
  })

export const approveDevice = changeStatus({
  to: 'active',
  from: ['pending'],
  otherwise: 'to let it in again is to readmit it',
})

export const lockOutDevice = changeStatus({ to: 'locked-out', from: ['active', 'pending'], otherwise: '' })

export const readmitDevice = changeStatus({
  to: 'active',
  from: ['locked-out'],
  otherwise: 'to let a new device in is to approve it',
})

export const removeDevice = defineAct({
  input: OfDevice,
  answer: Device,
  async run(parts, { id }) {
    const device = required(parts, id)
    await parts.fleet.remove(id)
    parts.agents?.dismiss(id, 'device-unknown')
    return shownDevice(device)
  },
})

const Tag = Type.String({ minLength: 1, maxLength: 60 })
/** As many as an enrolment token can give. */
const MAX_TAGS = 32
const TagList = Type.Optional(Type.Array(Tag, { maxItems: MAX_TAGS }))

export const tagDevice = defineAct({
  input: strict({ id: Id, add: TagList, remove: TagList }),
  answer: Device,
  async run(parts, { id, add = [], remove = [] }) {
    const { tags } = required(parts, id)
    const next = [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])]
    if (next.length > MAX_TAGS) throw new MusterError('request-invalid', `a device has at most ${MAX_TAGS} tags`)
    await parts.fleet.setTags(id, next)
    return shownDevice(required(parts, id))
  },
})

export const ownDevice = defineAct({
  /** An e-mail address, as the policy's groups name owners; null for nobody. */
  input: strict({ id: Id, owner: nullable(Type.String({ minLength: 1, maxLength: 200 })) }),
  answer: Device,
  async run(parts, { id, owner }) {
    required(parts, id)
    await parts.fleet.setOwner(id, owner)
    return shownDevice(required(parts, id))
  },
})

export const recheckDevice = defineAct({
  input: OfDevice,
  /** False where the device is not connected: it reports when it is. */
  answer: strict({ id: Type.String(), isAsked: Type.Boolean() }),
  async run(parts, { id }) {
    required(parts, id)
    return { id, isAsked: parts.agents?.recheck(id, 'an admin asked') ?? false }
  },
})

/** How many devices are named to whoever did not name one. */
const NAMED = 10
const Named = Type.Array(strict({ id: Type.String(), hostname: Type.String(), owner: nullable(Type.String()) }))

/** Which device a person means who gives the beginning of an id, or a name. */
export const findDevice = defineAct({
  input: strict({ given: text(300) }),
  answer: strict({
    /** The first devices whose id begins so, and how many there are. */
    byId: Named,
    count: Type.Integer(),
    /** Devices that call themselves so. A device chooses its name, so it is a hint and no more. */
    byName: Named,
  }),
  async run({ fleet }, { given }) {
    const devices = fleet.devices()
    const beginnings = given === '' ? [] : [given, `dev_${given}`]
    const byId = devices.filter(({ id }) => beginnings.some((beginning) => id.startsWith(beginning)))
    const byName = devices.filter(({ hostname }) => hostname.toLowerCase() === given.toLowerCase())
    return { byId: byId.slice(0, NAMED).map(named), count: byId.length, byName: byName.slice(0, NAMED).map(named) }
  },
})

const named = ({ id, hostname, owner }: DeviceRecord) => ({ id, hostname, owner })
