import { CHECKS } from '../../shared/standing.ts'
import { keysOf } from '../../shared/schema.ts'
import type { Cause, DeviceStatus, Reason } from '../store/store.ts'
import { EVENT, type SubjectForm } from './stream.ts'
import type { About, Subject } from './subject.ts'

/** What was told of a device last. */
export type Told = { tiers: readonly string[]; compliant: boolean; owner: string | null }

/** Of a device of which nothing was ever told: it is admitted to nothing. */
export const UNTOLD: Told = { tiers: [], compliant: false, owner: null }

/** What has become of a device. */
export type Turn = {
  at: Date
  /** The tiers that it may use from now on. */
  tiers: readonly string[]
  status: DeviceStatus
  /** `record`: what the collector keeps of it cannot be read; null where an earlier release did not say. */
  cause: Cause | 'record' | null
  reasons: readonly Reason[]
  /** E-mail of its user. */
  owner: string | null
  /** Who is admitted to this tier is compliant. */
  defaultTier: string
}

/** One event of CAEP 1.0: its type and what it says. */
export type CaepEvent = { type: string; payload: object }

/**
 * The events that a receiver has to be told of a turn, beside what it was told before: in their order, since a user whose
 * session ended comes back at once and is then judged by what is known by then.
 */
export function eventsOf(before: Told, turn: Turn): { told: Told; events: CaepEvent[] } {
  const { tiers, defaultTier, owner } = turn
  // What is left of a device that was removed no longer says whose it was.
  const told = {
    tiers,
    compliant: tiers.includes(defaultTier),
    owner: owner ?? (turn.status === 'locked-out' ? before.owner : null),
  }
  const lost = before.tiers.filter((tier) => !tiers.includes(tier))
  const gained = tiers.filter((tier) => !before.tiers.includes(tier))
  const common = commonOf(before, turn, told.compliant, lost.length > 0)
  const events: CaepEvent[] = []
  if (before.compliant !== told.compliant) {
    const statuses = { previous_status: wordOf(before.compliant), current_status: wordOf(told.compliant) }
    events.push({ type: EVENT.compliance, payload: { ...statuses, ...common } })
  } else if (lost.length > 0 || gained.length > 0) {
    events.push({ type: EVENT.claims, payload: { claims: { tiers: [...tiers] }, ...common } })
  }
  if (lost.length > 0) events.push({ type: EVENT.revoked, payload: common })
  return { told, events }
}

/** The only two words that there are (CAEP 1.0, section 3.5.1). */
const wordOf = (compliant: boolean) => (compliant ? 'compliant' : 'not-compliant')

/** The claims that every event may have (CAEP 1.0, section 2). */
function commonOf(before: Told, turn: Turn, compliant: boolean, isLoss: boolean): object {
  const isWorse = isLoss || (before.compliant && !compliant)
  return {
    event_timestamp: Math.floor(turn.at.getTime() / 1000),
    initiating_entity: initiatorOf(turn),
    reason_admin: { en: adminReason(before, turn) },
    reason_user: { en: isWorse ? userReason(turn) : betterReason(turn) },
  }
}

type Initiator = 'admin' | 'user' | 'policy' | 'system'

const INITIATORS: Record<Cause | 'record', Initiator> = {
  report: 'policy',
  time: 'policy',
  policy: 'policy',
  catalogue: 'policy',
  exception: 'admin',
  admin: 'admin',
  user: 'user',
  identity: 'system',
  record: 'system',
}

function initiatorOf({ cause, reasons, status }: Turn): Initiator {
  // That a device was not heard of is nobody's rule: the system itself noticed.
  if (cause === 'time' && reasons.some(({ verdict }) => verdict === 'stale')) return 'system'
  if (cause === null) return status === 'active' ? 'policy' : 'admin'
  return INITIATORS[cause]
}

const CAUSES: Record<Cause | 'record', string> = {
  report: 'The device reported something else than before',
  time: 'Time passed',
  policy: 'The policy changed',
  catalogue: 'The release catalogue changed',
  exception: 'An exception was made or ended',
  admin: 'An admin changed the device',
  user: 'The user took the device away',
  identity: 'Whether the key is that of the device alone was judged anew',
  record: 'What the collector keeps of the device cannot be read',
}

/** Longer reasons are cut: they are for a log and a line on a screen. */
const LONGEST = 1500

function adminReason({ tiers: before }: Told, { cause, tiers, status, reasons }: Turn): string {
  const lead = cause === null ? 'The standing of the device changed' : CAUSES[cause]
  const standing = status === 'active' ? '' : ` The device is ${status}.`
  const checks = reasons.map(({ id, verdict, why }) => `${id} ${verdict}: ${why}`).join('; ')
  const cut = checks === '' ? '' : ` Checks: ${checks}`
  return `${lead}.${standing} Admitted to: ${listOf(tiers)}; before: ${listOf(before)}.${cut}`.slice(0, LONGEST)
}

const listOf = (tiers: readonly string[]) => (tiers.length === 0 ? 'nothing' : tiers.join(', '))

function userReason({ status, cause, reasons }: Turn): string {
  if (cause === 'record') return 'The collector cannot read what it keeps of this device. Ask your admin.'
  if (cause === 'user') return 'This device was taken away from the collector.'
  if (status === 'locked-out') return 'An admin has locked this device out.'
  if (status === 'pending') return 'This device waits for an admin to approve it.'
  if (cause === 'identity') return 'Whether this device is the one that it says is in doubt. Ask your admin.'
  const failing = reasons.filter(({ verdict }) => verdict !== 'grace' && verdict !== 'excepted')
  if (failing.length === 0) return 'This device is admitted to less than before. Ask your admin.'
  return failing
    .map(({ id, why, fix }) => `${titleOf(id)}: ${fix ?? why}`)
    .join(' ')
    .slice(0, LONGEST)
}

function titleOf(id: string): string {
  const known = keysOf(CHECKS).find((key) => key === id)
  return known ? CHECKS[known].title : id
}

const betterReason = ({ tiers }: Turn) => `This device is admitted to: ${listOf(tiers)}.`

/** How a device is named in events: by the issuer of the collector and its id. */
const deviceSubject = (iss: string, sub: string) => ({ format: 'iss_sub' as const, iss, sub })

/** Whom an event is about, in the form that its stream asked for. A device without a user is never left out for that. */
export function subjectOf(form: SubjectForm, { deviceId, owner }: About, issuer: string): Subject {
  const device = deviceSubject(issuer, deviceId)
  const user = owner === null ? null : { format: 'email' as const, email: owner }
  if (form === 'complex') return { format: 'complex', device, ...(user && { user }) }
  return form === 'user' && user ? user : device
}

export type SetOf = {
  issuer: string
  audience: string
  jti: string
  at: Date
  txn: string
  subject: Subject
  event: CaepEvent
}

/** The claims of a security event token (RFC 8417; SSF 1.0, section 4): with neither `sub` nor `exp`, and with one event. */
export function setClaims({ issuer, audience, jti, at, txn, subject, event }: SetOf): object {
  return {
    iss: issuer,
    jti,
    iat: Math.floor(at.getTime() / 1000),
    aud: audience,
    txn,
    sub_id: subject,
    events: { [event.type]: event.payload },
  }
}
