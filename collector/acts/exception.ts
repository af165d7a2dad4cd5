import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { nullable, parserOf, strict, text } from '../../shared/schema.ts'
import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import { Duration, milliseconds } from '../appraisal/duration.ts'
import type { Exception } from '../appraisal/exception.ts'
import type { Policy } from '../appraisal/policy.ts'
import { isInForce } from '../exceptions.ts'
import { didYouMean } from '../appraisal/nearest.ts'
import type { DeviceRecord } from '../store/store.ts'
import { defineAct, type ActParts } from './act.ts'
import { Moment } from './moment.ts'
import { PageAsked, pageOf, pageSchema } from './page.ts'

const Shown = strict({
  id: Type.String(),
  /** One of the three says whom it is for; the others are null. */
  device: nullable(Type.String()),
  tag: nullable(Type.String()),
  group: nullable(Type.String()),
  check: Type.String(),
  reason: Type.String(),
  approver: Type.String(),
  createdAt: Time,
  expiresAt: Time,
  /** When somebody ended it before its time. */
  endedAt: nullable(Time),
  isInForce: Type.Boolean(),
})

const Asked = strict({
  device: Type.Optional(text(60)),
  tag: Type.Optional(text(60)),
  group: Type.Optional(text(60)),
  check: text(60),
  reason: text(400),
  approver: text(200),
  /** For how long (`14d`), or until when. */
  expires: text(30),
})
type Asked = Static<typeof Asked>

export const grantException = defineAct({
  input: Asked,
  answer: strict({
    exception: Shown,
    /** How many of the devices that are enrolled now it is for. */
    devices: Type.Integer(),
  }),
  async run(parts, asked) {
    const { policy } = parts.policies.inForce()
    const now = parts.clock()
    const { reason, approver } = asked
    const target = targetOf(asked, parts)
    const exception = await parts.exceptions.grant({
      target,
      check: checkOf(asked.check, policy),
      reason,
      approver,
      expiresAt: endOf(asked.expires, now),
    })
    const devices = parts.fleet.devices().filter((device) => isFor(target, device, policy)).length
    return { exception: shown(exception, now), devices }
  },
})

export const listExceptions = defineAct({
  input: strict({
    ...PageAsked,
    /** Also those that are over. */
    all: Type.Optional(Type.Boolean()),
  }),
  answer: pageSchema(Shown),
  async run({ exceptions, clock }, { all = false, ...asked }) {
    const now = clock()
    const isListed = (it: Exception) => all || isInForce(it, now)
    const { items, next } = pageOf(exceptions.all(), asked, ({ id }) => id, isListed)
    return { items: items.map((it) => shown(it, now)), next }
  },
})

export const endException = defineAct({
  input: strict({ id: text(60), by: Type.String({ minLength: 1, maxLength: 200 }) }),
  answer: Shown,
  run: async ({ exceptions, clock }, { id, by }) => shown(await exceptions.end(id, by), clock()),
})

function shown(exception: Exception, now: Date): Static<typeof Shown> {
  const { id, target, check, reason, approver, createdAt, expiresAt, endedAt } = exception
  return {
    id,
    device: 'device' in target ? target.device : null,
    tag: 'tag' in target ? target.tag : null,
    group: 'group' in target ? target.group : null,
    check,
    reason,
    approver,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    isInForce: isInForce(exception, now),
  }
}

const invalid = (why: string) => new MusterError('exception-invalid', why)

/** @throws MusterError `exception-invalid` where it is for nobody, or for more than one */
function targetOf({ device, tag, group }: Asked, { fleet, policies }: ActParts): Exception['target'] {
  const named = [device, tag, group].flatMap((it) => it ?? [])
  if (named.length !== 1 || named.some((it) => it.trim() === '')) throw invalid('name one device, one tag or one group')
  if (device !== undefined) {
    if (!fleet.find(device)) throw invalid(`no device ${device} is enrolled`)
    return { device }
  }
  if (tag !== undefined) return { tag }
  const { groups } = policies.inForce().policy
  if (group === undefined || !groups.includes(group)) {
    throw invalid(`the policy has no group "${group}"${didYouMean(group ?? '', groups)}`)
  }
  return { group }
}

/** @throws MusterError `exception-invalid` for a check that no tier needs: it would let nobody in */
function checkOf(name: string, { tiers }: Pick<Policy, 'tiers'>): CheckId {
  const check = CHECK_IDS.find((id) => id === name)
  const asked = CHECK_IDS.filter((id) => tiers.some(({ checks }) => checks.includes(id)))
  if (check !== undefined && asked.includes(check)) return check
  throw invalid(`the policy asks for no check "${name}"${didYouMean(name, asked)}`)
}

const parseDuration = parserOf(Duration)
const parseTime = parserOf(Moment)

/** @throws MusterError `exception-invalid` */
function endOf(expires: string, now: Date): Date {
  if (parseDuration(expires).ok) return new Date(now.getTime() + milliseconds(expires))
  if (parseTime(expires).ok) return new Date(expires)
  throw invalid(`"${expires}" is neither a time such as 14d nor a moment such as 2026-12-31T17:00:00Z`)
}

function isFor(target: Exception['target'], device: DeviceRecord, policy: Pick<Policy, 'groupsOf'>): boolean {
  if ('device' in target) return device.id === target.device
  if ('tag' in target) return device.tags.includes(target.tag)
  return policy.groupsOf(device).includes(target.group)
}
