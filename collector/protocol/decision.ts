import type { ErrorCode } from '../../shared/errors.ts'
import type { CheckResult, Standing } from '../../shared/standing.ts'
import { holdsOpen } from '../appraisal/admit.ts'
import type { Policy } from '../appraisal/policy.ts'

/** Allow or deny, and why. Denying is the answer to everything that is not known to be allowed. */
export type Decision = {
  allow: boolean
  /** Why not, as a code; null where it is allowed. */
  code: ErrorCode | null
  /** For the person in front of the laptop: what to do, and until when, a line a check. */
  reasonUser: string
  /** For the admin: which checks, and which tier was asked for. */
  reasonAdmin: string
  /** The checks that close the tier. */
  failing: string[]
  /** Those, and the ones that will close it at their deadline unless they are mended. */
  toMend: CheckResult[]
}

/** Whether a device may reach a tier now. */
export function decide(standing: Standing | null, tierName: string, policy: Policy): Decision {
  const tier = policy.tiers.find(({ name }) => name === tierName)
  if (!tier) return deny('tier-unknown', 'Ask your admin.', `the policy has no tier "${tierName}"`)
  if (!standing) return deny('device-unknown', 'Enrol this laptop first.', 'no such device is enrolled')
  if (standing.status === 'locked-out') {
    return deny('device-locked-out', 'An admin has locked this laptop out. Ask your admin.', 'the device is locked out')
  }
  if (standing.status === 'pending') {
    return deny('not-admitted', 'This laptop waits for the approval of an admin.', 'the device waits for approval')
  }
  if (standing.tiers.includes(tierName)) {
    return { allow: true, code: null, reasonUser: '', reasonAdmin: `admitted to ${tierName}`, failing: [], toMend: [] }
  }

  const needed = standing.checks.filter(({ id }) => tier.checks.some((it) => it === id))
  const closing = needed.filter((check) => !holdsOpen(check, tier))
  if (closing.length === 0) {
    const reason = `not admitted to ${tierName}: the identity of the device is in doubt`
    return deny('not-admitted', 'The identity of this laptop is in doubt. Ask your admin.', reason)
  }
  const toMend = [...closing, ...needed.filter((check) => holdsOpen(check, tier) && isForgiven(check))]
  return {
    allow: false,
    code: closing.some(({ verdict }) => verdict === 'stale') ? 'stale' : 'not-admitted',
    reasonUser: toMend.map(inWords).join('\n'),
    reasonAdmin: `not admitted to ${tierName}: ${closing.map(inShort).join('; ')}`,
    failing: closing.map(({ id }) => id),
    toMend,
  }
}

/** Held open for a while, which an exception of an admin does too, but then there is nothing to mend. */
const isForgiven = ({ mode, verdict, deadline }: CheckResult) =>
  mode === 'enforce' && verdict !== 'excepted' && deadline !== undefined

const inShort = ({ id, verdict, why }: CheckResult) => `${id} is ${verdict} (${why})`

function inWords(check: CheckResult): string {
  const { title, why, fix } = check
  return `${title}: ${why}.${fix ? ` ${fix}` : ''}${until(check)}`
}

function until({ deadline }: CheckResult): string {
  return deadline === undefined ? '' : ` It has until ${deadline.slice(0, 16).replace('T', ' ')} UTC.`
}

function deny(code: ErrorCode, reasonUser: string, reasonAdmin: string): Decision {
  return { allow: false, code, reasonUser, reasonAdmin, failing: [], toMend: [] }
}

/**
 * The tier that an address needs: the first entry of the resource map that matches, else the default tier. A path can be
 * written in several ways, and whoever asks chooses which: of the tiers of all of them the most sensitive counts.
 */
export function tierOfResource(address: string, policy: Policy): string {
  const plain = plainAddress(address)
  const meant = simplified(plain)
  const asWritten = tierOfPlain(plain, policy)
  if (meant === plain) return asWritten
  const asMeant = tierOfPlain(meant, policy)
  const rank = (tier: string) => policy.tiers.findIndex(({ name }) => name === tier)
  return rank(asMeant) > rank(asWritten) ? asMeant : asWritten
}

function tierOfPlain(plain: string, { resources, defaultTier }: Policy): string {
  return resources.find(({ pattern }) => pattern.test(plain))?.tier ?? defaultTier
}

/** `wiki.example.com//a/../%61dmin` is what many a server takes for `wiki.example.com/admin`. */
function simplified(plain: string): string {
  let decoded = plain
  for (let times = 0; times < 3 && decoded.includes('%'); times++) {
    decoded = decoded.replace(/%([2-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  }
  const [host = '', ...segments] = decoded.split(/[/\\]/)
  const path: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') path.pop()
    else if (segment !== '.' && (segment !== '' || isLast)) path.push(segment)
  }
  return `${host}/${path.join('/')}`
}

/** `https://me@Payroll.example.com:443/a?b` is asked for as `payroll.example.com/a`. */
function plainAddress(address: string): string {
  const [beforeQuery = ''] = address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split(/[?#]/)
  const slash = beforeQuery.indexOf('/')
  const authority = (slash === -1 ? beforeQuery : beforeQuery.slice(0, slash)).toLowerCase()
  const host = authority.replace(/^.*@/, '').replace(/:\d+$/, '')
  return `${host.replace(/\.$/, '')}${slash === -1 ? '/' : beforeQuery.slice(slash)}`
}
