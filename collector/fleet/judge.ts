import type { Facts } from '../../shared/signals.ts'
import type { CheckId, Standing } from '../../shared/standing.ts'
import type { Appraisal, AppraisalInput } from '../appraisal/appraise.ts'
import { catchUp } from '../appraisal/catch-up.ts'
import type { Catalogue } from '../appraisal/catalogue.ts'
import type { Exception } from '../appraisal/exception.ts'
import type { Evidence } from '../appraisal/freshness.ts'
import { transitionsBetween } from '../appraisal/history.ts'
import type { Memory } from '../appraisal/memory.ts'
import type { Policy } from '../appraisal/policy.ts'
import type { Cause, Conclusion, DeviceState, Outcome, Reason, StandingChange } from '../store/store.ts'

/** The policy that counts, and since when. */
export type PolicyInForce = { policy: Policy; version: number; digest: string; since: Date; author: string }

/** All that a verdict leans on besides the device. A change of any of it is a new basis: every device is judged again. */
export type Basis = { inForce: PolicyInForce; catalogue: Catalogue; exceptions: readonly Exception[] }

/** A device as it is judged, with the facts of its newest evidence; null where there are none. */
export type Judged = Pick<DeviceState, 'device' | 'evidence' | 'conclusion'> & {
  facts: Facts | null
  /** What was said last; null before the first time in this process. */
  view?: View | null
}

/** Where a device stands, with all that this leans on. */
export type View = Pick<Judged, 'device' | 'evidence'> & { basis: Basis; appraisal: Appraisal; standing: Standing }

/** What is said from now on, and what has to be written of it. */
export type Judgement = { view: View; outcome: Outcome }

/**
 * Judges a device as of now, and what time did to it before: each moment that passed since the last conclusion has its own
 * transitions, as if somebody had looked just then. `known` is what brings the last about, where the caller knows better.
 */
export function judge(judged: Judged, basis: Basis, now: Date, known?: Cause): Judgement {
  const { device, evidence, conclusion } = judged
  const { version } = basis.inForce
  const memory = conclusion?.memory ?? {}
  const { appraisal, steps } = catchUp(inputOf(judged, memory, basis, now), {
    nextChange: beginning(judged, basis),
  })

  const outcome: Outcome = {
    conclusion: conclude(judged, appraisal, version, now),
    transitions: [],
    standingChanges: [],
  }
  let before = { memory, tiers: conclusion?.tiers ?? [] }
  // The first of them is the moment at which another policy came into force; what comes after is of time.
  const isLate = steps.length > 0 && isPolicyLate(judged, basis)
  const past = steps.map((step, index) => ({ ...step, cause: isLate && index === 0 ? POLICY : TIME }))
  const found = known ?? causeOf(judged, basis)
  const cause = isLate && found === POLICY ? TIME : found
  for (const step of [...past, { at: now, appraisal, cause }]) {
    const reasons = reasonsOf(step.appraisal)
    const after = { memory: step.appraisal.memory, tiers: usable(judged, step.appraisal), cause: step.cause, reasons }
    const about = {
      deviceId: device.id,
      at: step.at,
      evidence: evidence?.digest ?? null,
      policyVersion: version,
    }
    outcome.transitions.push(...transitionsBetween(before.memory, after.memory, about))
    if (!isSame(before.tiers, after.tiers)) outcome.standingChanges.push(changeOf(judged, before, after, about))
    before = after
  }
  const standing = standingOf(judged, appraisal, version, now)
  return { view: { device, evidence, basis, appraisal, standing }, outcome }
}

/** What the history says of a device that goes: nothing is asked of it any more. */
export function farewell(
  { device, evidence }: Pick<Judged, 'device' | 'evidence'>,
  last: Conclusion,
  now: Date,
): Outcome {
  const about = { deviceId: device.id, at: now, evidence: evidence?.digest ?? null, policyVersion: last.policyVersion }
  return { conclusion: last, transitions: transitionsBetween(last.memory, {}, about), standingChanges: [] }
}

/** From which moment on time alone has to be made up for; null where only the present counts. */
function beginning(judged: Judged, basis: Basis): Date | null {
  // A policy that came into force meanwhile counts from that moment, however late the device is looked at.
  return isPolicyLate(judged, basis) ? basis.inForce.since : (judged.conclusion?.nextChange ?? null)
}

/** Whether another policy has come into force since a device was looked at last. */
function isPolicyLate({ conclusion }: Judged, { inForce }: Basis): boolean {
  if (!conclusion) return false
  return conclusion.policyVersion !== inForce.version && inForce.since > conclusion.concludedAt
}

function inputOf({ device, evidence, facts }: Judged, memory: Memory, basis: Basis, now: Date): AppraisalInput {
  const { inForce, catalogue, exceptions } = basis
  const newest: Evidence | null =
    evidence && facts ? { facts, receivedAt: evidence.receivedAt, confirmedAt: evidence.confirmedAt } : null
  const { policy, since: policySince } = inForce
  return { evidence: newest, device, policy, policySince, catalogue, exceptions, memory, now }
}

function conclude(judged: Judged, appraisal: Appraisal, policyVersion: number, now: Date): Conclusion {
  const { memory, nextChange } = appraisal
  return { memory, tiers: usable(judged, appraisal), concludedAt: now, policyVersion, nextChange }
}

/** The tiers that a device may use: none unless it is active, whatever its facts. */
function usable({ device }: Pick<Judged, 'device'>, { tiers }: Appraisal): string[] {
  return device.status === 'active' ? tiers : []
}

const TIME: Cause = 'time'
const POLICY: Cause = 'policy'

/** What has become another since the last time that the device was judged. */
function causeOf({ device, evidence, conclusion, view }: Judged, basis: Basis): Cause {
  if (!view) return conclusion && conclusion.policyVersion !== basis.inForce.version ? 'policy' : 'time'
  if (view.device.identity !== device.identity) return 'identity'
  if (view.device !== device) return 'admin'
  if (view.evidence?.digest !== evidence?.digest) return 'report'
  if (view.basis.inForce !== basis.inForce) return 'policy'
  if (view.basis.exceptions !== basis.exceptions) return 'exception'
  return view.basis.catalogue === basis.catalogue ? 'time' : 'catalogue'
}

/** What is said of the checks that do not hold and count. */
export function reasonsOf({ checks }: Pick<Standing, 'checks'>): Reason[] {
  return checks
    .filter(({ verdict, mode }) => mode === 'enforce' && verdict !== 'pass' && verdict !== 'not-applicable')
    .map(({ id, verdict, why, fix }) => ({ id, verdict, why, ...(fix === undefined ? {} : { fix }) }))
}

type Side = { memory: Memory; tiers: string[] }

function changeOf(
  { device }: Judged,
  before: Side,
  after: Side & Required<Pick<StandingChange, 'cause' | 'reasons'>>,
  { at, policyVersion }: { at: Date; policyVersion: number },
): StandingChange {
  const { cause, reasons } = after
  const checks = Object.keys({ ...before.memory, ...after.memory }) as CheckId[] // oxlint-disable-line typescript/no-unsafe-type-assertion
  return {
    deviceId: device.id,
    at,
    before: before.tiers,
    after: after.tiers,
    status: device.status,
    checks: checks.filter((id) => before.memory[id]?.verdict !== after.memory[id]?.verdict),
    policyVersion,
    cause,
    reasons,
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((it, index) => it === b[index])
}

function standingOf(judged: Judged, appraisal: Appraisal, policyVersion: number, now: Date): Standing {
  const { device, evidence } = judged
  return {
    deviceId: device.id,
    status: device.status,
    tiers: usable(judged, appraisal),
    checks: appraisal.checks,
    earStatus: appraisal.earStatus,
    evidenceAt: evidence?.confirmedAt.toISOString() ?? null,
    evaluatedAt: now.toISOString(),
    nextChange: appraisal.nextChange?.toISOString() ?? null,
    policyVersion,
  }
}
