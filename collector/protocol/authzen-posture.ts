import { MusterError } from '../../shared/errors.ts'
import type { CheckResult, Standing } from '../../shared/standing.ts'
import type { Policy } from '../appraisal/policy.ts'
import type { Action, Answer, Decider, Entity, Question } from './authzen.ts'
import type { ProofOf, Proved } from './authzen-proof.ts'
import type { DecisionEvent } from './decision-event.ts'
import { decide, tierOfResource, type Decision } from './decision.ts'

export type PostureParts = {
  standing: (deviceId: string) => Standing | null
  devices: () => Iterable<{ id: string; owner: string | null }>
  policy: () => { policy: Policy; version: number }
  proofOf: ProofOf
  /** For the `DPoP-Nonce` of a client whose proof needs one. */
  nonce: () => string
  gateway: DecisionEvent['gateway']
  /** Told each decision. */
  decided: (event: DecisionEvent) => void
  clock: () => Date
}

/** The decision does not lean on the action: what may be done at all may be done by any of these. */
const ACTIONS: Action[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'].map((name) => ({ name }))

/** Answers by where the device of a question stands. */
export function postureDecider(parts: PostureParts): Decider {
  const { standing, devices, policy, proofOf, clock } = parts

  /** The questions of a batch, or a search, are often about one address, which may be long. */
  let known = { policy: policy().policy, tiers: new Map<string, string>() }
  function tierOfAddress(address: string, inForce: Policy): string {
    if (known.policy !== inForce) known = { policy: inForce, tiers: new Map() }
    const tier = known.tiers.get(address) ?? tierOfResource(address, inForce)
    known.tiers.set(address, tier)
    return tier
  }

  function look(question: Question) {
    const { policy: inForce, version } = policy()
    const tier = tierOf(question.resource, (address) => tierOfAddress(address, inForce))
    const { device, provedBy, refused } = deviceOf(question.subject, proofOf(question.context))
    const found = device === null ? null : standing(device)
    const decision = refused ? refusal(refused) : decide(found, tier, inForce)
    return { device, provedBy, refused, standing: found, tier, decision, version }
  }

  return {
    decide(question) {
      const now = clock()
      const { device, provedBy, refused, standing: found, tier, decision, version } = look(question)
      const { subject, action, resource, context } = question
      parts.decided({
        at: now,
        by: 'authzen',
        gateway: parts.gateway,
        deviceId: device,
        provedBy,
        user: subject.type === 'device' ? null : subject.id,
        action: action.name,
        resource: `${resource.type}:${resource.id}`,
        tier,
        client: typeof context?.['ip'] === 'string' ? context['ip'] : null,
        allow: decision.allow,
        code: decision.code,
        reason: decision.reasonAdmin,
        failing: decision.failing,
        policyVersion: version,
      })
      if (refused?.code === 'proofs-differ') throw refused
      const nonce = refused?.code === 'proof-nonce-needed' ? { dpop_nonce: parts.nonce() } : {}
      return answerOf(decision, found, now, nonce)
    },
    permits: (question) => look(question).decision.allow,
    *subjects({ subject: { type, properties }, context }) {
      if (type !== 'device' && type !== 'user') return
      const proof = proofOf(context)
      if (proof instanceof MusterError) return
      const named = properties?.['device_id']
      const only = named === undefined ? proof?.deviceId : named
      for (const { id, owner } of devices()) {
        if (only !== undefined && only !== id) continue
        if (type === 'device') yield { type, id }
        else if (owner !== null) yield { type, id: owner, properties: { device_id: id } }
      }
    },
    *resources() {
      const { tiers, resources } = policy().policy
      for (const { name } of tiers) yield { type: 'tier', id: name }
      for (const { match, tier } of resources) yield { type: 'route', id: match, properties: { tier } }
    },
    actions: () => ACTIONS,
  }
}

type Named = { device: string | null; provedBy: DecisionEvent['provedBy']; refused: MusterError | null }

/** The device that a question is about: the subject itself, the one that it names, or the one that proves itself. */
function deviceOf({ type, id, properties }: Entity, proof: Proved | MusterError | null): Named {
  const named = properties?.['device_id']
  const names = [type === 'device' ? id : undefined, named].filter((it) => it !== undefined)
  if (proof instanceof MusterError) return { device: null, provedBy: null, refused: proof }
  const [first = proof?.deviceId] = names
  if (typeof first !== 'string' || first === '') {
    const why = 'subject.properties.device_id is missing, or is no text'
    return { device: null, provedBy: null, refused: new MusterError('device-not-named', why) }
  }
  if ([...names, proof?.deviceId ?? first].some((it) => it !== first)) {
    return { device: null, provedBy: null, refused: new MusterError('proofs-differ') }
  }
  return { device: first, provedBy: proof?.by ?? 'named', refused: null }
}

/** The tier that a question needs: the resource itself, the one that it names, or that of the resource map. */
function tierOf({ type, id, properties }: Entity, tierOfAddress: (address: string) => string): string {
  const named = properties?.['tier']
  const own = type === 'tier' ? id : undefined
  if (named === undefined && own === undefined) return tierOfAddress(id)
  // What is no name of a tier names none, and so do two different names: none is denied.
  if (named !== undefined && own !== undefined && named !== own) return ''
  const tier = named ?? own
  return typeof tier === 'string' ? tier : ''
}

/** The decision about a question that names no device, or whose proof does not hold. */
function refusal({ code, message }: MusterError): Decision {
  const reasonUser =
    code === 'device-not-named'
      ? 'This request does not say which laptop it comes from.'
      : 'This request does not prove which laptop it comes from. Try again.'
  return { allow: false, code, reasonUser, reasonAdmin: message, failing: [], toMend: [] }
}

/** Reasons are keyed by the status that a gateway would answer with, as the specification's examples do. */
function answerOf(decision: Decision, standing: Standing | null, now: Date, more: object): Answer {
  const posture = standing && { posture: postureOf(standing, now) }
  if (decision.allow) return { decision: true, context: { ...posture } }
  return {
    decision: false,
    context: {
      code: decision.code,
      reason_user: { '403': decision.reasonUser },
      reason_admin: { '403': [decision.reasonAdmin, ...decision.toMend.flatMap(howToMend)].join('\n') },
      ...more,
      ...posture,
    },
  }
}

function howToMend({ id, fix, deadline }: CheckResult): string[] {
  const until = deadline === undefined ? [] : [`It has until ${deadline}.`]
  const words = [...(fix === undefined ? [] : [fix]), ...until]
  return words.length === 0 ? [] : [`${id}: ${words.join(' ')}`]
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
