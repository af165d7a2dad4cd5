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
  if (!tier) {
    const reason = `the policy has no tier "${tierName}"`
    return deny(
      'tier-unknown',
      `Nothing is wrong with this laptop: ${reason}, for which it is asked. Tell your admin.`,
      reason,
    )
  }
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
 * The tier that an address needs: the first entry of the resource map that matches, else the default tier. An address can be
 * written in several ways, and read in several, and whoever asks chooses the first: of the tiers of all readings the most
 * sensitive counts.
 */
export function tierOfResource(address: string, policy: Policy): string {
  const [beforeQuery = ''] = address.split('?')
  const isPlain = PLAIN.test(beforeQuery)
  // Or a client could keep the collector busy with one address for a while.
  if (!isPlain && beforeQuery.length > READABLE) return policy.tiers.at(-1)?.name ?? ''
  const readings = isPlain ? [plainAddress(beforeQuery)] : readingsOf(beforeQuery)
  const possible = new Set(readings.flatMap((it) => tiersOf(it, policy)))
  return policy.tiers.findLast(({ name }) => possible.has(name))?.name ?? ''
}

/** The tier of a reading, and that for a server which makes no difference between capital and small letters. */
function tiersOf(reading: string, { resources, defaultTier }: Policy): string[] {
  const exact = resources.find(({ pattern }) => pattern.test(reading))?.tier ?? defaultTier
  const folded = reading.toLowerCase()
  if (folded === reading && !resources.some(({ pattern }) => pattern.hasCapitals)) return [exact]
  return [exact, resources.find(({ pattern }) => pattern.testFolded(folded))?.tier ?? defaultTier]
}

/** What everybody reads in the same way: a name as it stands in the resource map, and a path of plain words. */
const PLAIN = /^(?:https?:\/\/)?(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*(?::\d+)?(?:\/[\w~-][\w.~-]*)*\/?$/
/** A server behind a proxy, each of which decodes, and an application that does so once more. */
const DECODERS = 3
/** Characters of an address, without its query, that is looked at in all its readings. */
const READABLE = 2000

/** `wiki.example.com//a/../%61dmin;b#c` is what many a server takes for `wiki.example.com/admin`. */
function readingsOf(beforeQuery: string): string[] {
  const readings = new Set<string>()
  for (let text of [beforeQuery, asBrowsersRead(beforeQuery)]) {
    for (let decoded = 0; decoded <= DECODERS; decoded++) {
      const [beforeFragment = ''] = text.split(/[?#]/)
      for (const plain of [plainAddress(text), plainAddress(beforeFragment)])
        readings
          .add(plain)
          .add(resolved(plain))
          .add(resolved(withoutParameters(plain)))
      text = decodedOnce(text)
    }
  }
  return [...readings]
}

/** `https://me@Payroll.example.com:443/a` is asked for as `payroll.example.com/a`. */
function plainAddress(address: string): string {
  const text = address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
  const slash = text.indexOf('/')
  const authority = (slash === -1 ? text : text.slice(0, slash)).toLowerCase()
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '')
  return `${host.replace(/\.+$/, '')}${slash === -1 ? '/' : text.slice(slash)}`
}

/** Other ways to write a host, an address of the network or a slash, in the one that browsers make of them. */
function asBrowsersRead(address: string): string {
  const url = [URL.parse(address), URL.parse(`https://${address}`)].find((it) => it && it.hostname !== '')
  return url ? `${url.hostname}${url.pathname}` : address
}

function resolved(plain: string): string {
  const [host = '', ...segments] = plain.split(/[/\\]/)
  const path: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') path.pop()
    else if (segment !== '.' && (segment !== '' || isLast)) path.push(segment)
  }
  return `${host}/${path.join('/')}`
}

/** Some servers take what stands behind a semicolon for a parameter, and `..;` for `..`. */
function withoutParameters(plain: string): string {
  return plain.replace(/;[^/\\]*/g, '')
}

function decodedOnce(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString())
}
