import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { LIMITS } from '../../shared/limits.ts'
import { nullable, oneOf, strict } from '../../shared/schema.ts'
import { CHECK_IDS, VERDICTS, type CheckId } from '../../shared/standing.ts'
import { verdictsAt } from '../appraisal/history.ts'
import type { Transition } from '../appraisal/transition.ts'
import type { StandingChange } from '../store/store.ts'
import { defineAct } from './act.ts'
import { Id } from './device.ts'
import { Moment } from './moment.ts'
import { PageAsked, pageOf, pageSchema } from './page.ts'

const TransitionShown = strict({
  check: oneOf(CHECK_IDS),
  /** Null for the first verdict, and for the first after the policy began to ask. */
  from: nullable(oneOf(VERDICTS)),
  /** Null where the policy stopped asking. */
  to: nullable(oneOf(VERDICTS)),
  at: Time,
  /** SHA-256 of the evidence behind it, base64url; null before the first. */
  evidence: nullable(Type.String()),
  policyVersion: Type.Integer(),
})

/** The verdicts of a device that changed, in the order of time. A device that was removed has its history still. */
export const deviceHistory = defineAct({
  input: strict({
    ...PageAsked,
    id: Id,
    check: Type.Optional(oneOf(CHECK_IDS)),
    /** The first moment that counts. */
    from: Type.Optional(Moment),
    /** The first moment that no longer counts. */
    to: Type.Optional(Moment),
  }),
  answer: pageSchema(TransitionShown),
  async run({ store, fleet }, { id, check, from, to, ...asked }) {
    if (from !== undefined && to !== undefined && new Date(from) > new Date(to)) {
      throw new MusterError('request-invalid', 'from lies behind to')
    }
    const transitions = await store.transitions({
      deviceId: id,
      ...(check !== undefined && { check }),
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    })
    if (transitions.length === 0 && !fleet.find(id)) throw unknown(id)
    const numbered = transitions.map((transition, index) => ({ transition, number: String(index) }))
    const { items, next } = pageOf(numbered, asked, ({ number }) => number)
    return { items: items.map(({ transition }) => shown(transition)), next }
  },
})

function shown({ check, from, to, at, evidence, policyVersion }: Transition): Static<typeof TransitionShown> {
  return { check, from, to, at: at.toISOString(), evidence, policyVersion }
}

const CheckThen = strict({
  check: oneOf(CHECK_IDS),
  verdict: oneOf(VERDICTS),
  since: Time,
  evidence: nullable(Type.String()),
  policyVersion: Type.Integer(),
})

/** What the state of a device was at a moment, and what that was concluded from. */
export const deviceStateAt = defineAct({
  input: strict({ id: Id, at: Moment }),
  answer: strict({
    id: Type.String(),
    at: Time,
    /** The tiers that it could use then; null where that is no longer kept. */
    tiers: nullable(Type.Array(Type.String())),
    checks: Type.Array(CheckThen),
    /** Checks of which only what came later is kept. */
    forgotten: Type.Array(oneOf(CHECK_IDS)),
  }),
  async run({ store, fleet, clock }, { id, at }) {
    const now = clock()
    const asked = new Date(at)
    if (asked.getTime() > now.getTime() + LIMITS.clockSkewSeconds * 1000) {
      throw new MusterError('request-invalid', 'what lies ahead is not known')
    }
    // Whoever asks for now may have a clock that is a little ahead.
    const then = asked > now ? now : asked
    const transitions = await store.transitions({ deviceId: id })
    if (transitions.length === 0 && !fleet.find(id)) throw unknown(id)
    const checks = [...verdictsAt(transitions, then)].flatMap(([check, { to, at: since, evidence, policyVersion }]) =>
      to === null ? [] : [{ check, verdict: to, since: since.toISOString(), evidence, policyVersion }],
    )
    const forgotten = forgottenAt(transitions, then)
    const tiers = tiersAt(await store.standingChanges({ deviceId: id }), then)
    return { id, at: then.toISOString(), tiers: tiers ?? (forgotten.length > 0 ? null : []), checks, forgotten }
  },
})

/** The first transition of a check comes from nothing, unless what was before it has been forgotten. */
function forgottenAt(transitions: readonly Transition[], at: Date): CheckId[] {
  return CHECK_IDS.filter((check) => {
    const first = transitions.find((it) => it.check === check)
    return first !== undefined && first.at > at && first.from !== null
  })
}

function tiersAt(changes: readonly StandingChange[], at: Date): string[] | null {
  return changes.findLast((change) => change.at <= at)?.after ?? null
}

const unknown = (id: string) =>
  new MusterError('device-unknown', `no device ${id} is enrolled, and none has left a history`)
