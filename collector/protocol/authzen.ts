import { Type, type Static } from 'typebox'
import { parserOf } from '../../shared/schema.ts'
import type { Standing } from '../../shared/standing.ts'
import type { Policy } from '../appraisal/policy.ts'
import { decide, tierOfResource, type Decision } from './decision.ts'

const Properties = Type.Optional(Type.Record(Type.String(), Type.Unknown()))
const Entity = Type.Object({ type: Type.String(), id: Type.String(), properties: Properties })

/** A question of the AuthZEN Authorization API 1.0. Keys that the specification does not name are ignored, as it asks. */
export const EvaluationRequest = Type.Object({
  subject: Entity,
  action: Type.Object({ name: Type.String(), properties: Properties }),
  resource: Entity,
  context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})
export type EvaluationRequest = Static<typeof EvaluationRequest>

export const EvaluationResponse = Type.Object({
  decision: Type.Boolean(),
  context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})

export const parseEvaluation = parserOf(EvaluationRequest)

/** The device that a question is about; null where it names none. */
export function deviceOf({ subject }: EvaluationRequest): string | null {
  const id = subject.properties?.['device_id']
  return typeof id === 'string' ? id : null
}

/** The tier that a question needs: named by the resource, or by the resource map of the policy. */
export function tierOf({ resource }: EvaluationRequest, policy: Policy): string {
  const named = resource.properties?.['tier']
  if (named === undefined) return tierOfResource(resource.id, policy)
  // What is no name of a tier names none, and none is denied.
  return typeof named === 'string' ? named : ''
}

/** Answers a question about a device with its standing. */
export function evaluate(request: EvaluationRequest, standing: Standing | null, policy: Policy, now: Date) {
  if (deviceOf(request) === null) return denial(UNNAMED, null, now)
  const decision = decide(standing, tierOf(request, policy), policy)
  if (!decision.allow || !standing) return denial(decision, standing, now)
  return { decision: true, context: { posture: postureOf(standing, now) } }
}

const UNNAMED: Decision = {
  allow: false,
  code: 'device-not-named',
  reasonUser: 'This request does not say which laptop it comes from.',
  reasonAdmin: 'subject.properties.device_id is missing',
  failing: [],
  toMend: [],
}

/** Reasons are keyed by the status that a gateway would answer with, as the specification's examples do. */
function denial(decision: Decision, standing: Standing | null, now: Date) {
  return {
    decision: false,
    context: {
      code: decision.code,
      reason_user: { '403': decision.reasonUser },
      reason_admin: { '403': decision.reasonAdmin },
      ...(standing && { posture: postureOf(standing, now) }),
    },
  }
}

function postureOf(standing: Standing, now: Date) {
  const end = standing.nextChange === null ? null : Date.parse(standing.nextChange)
  return {
    device_id: standing.deviceId,
    ear_status: standing.earStatus,
    tiers: standing.tiers,
    checks: standing.checks,
    evaluated_at: standing.evaluatedAt,
    expires_in: end === null ? 0 : Math.max(0, Math.floor((end - now.getTime()) / 1000)),
  }
}
