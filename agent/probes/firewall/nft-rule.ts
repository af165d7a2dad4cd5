import { isJsonObject, type JsonObject } from '../json.ts'
import {
  isAllPorts,
  isAnywhere,
  isFromCard,
  isLocal,
  isNew,
  isOriginal,
  isSyn,
  isSynAlone,
  isTcp,
  isToHost,
  not,
  type Holds,
} from './unasked-packet.ts'
import type { Verdict } from './verdicts.ts'

/** A rule of libnftables-json(5): statements, each an object with one key. */
type Expression = JsonObject

/** Statements that count, mark or log, and let the packet go on to the next one. */
const NEUTRAL = new Set([
  'counter',
  'log',
  'mangle',
  'notrack',
  'comment',
  'last',
  'set',
  'map',
  'ct helper',
  'flow',
  'secmark',
])

/** A table of the family `inet` sees packets of both. */
export type Family = 'ip' | 'ip6'

/** Whether a rule's conditions are all known to hold for the unasked packet of a family. */
export function concerns(expr: readonly Expression[], family: Family): boolean {
  return expr.every((statement) => {
    if ('match' in statement) return matchHolds(statement['match'], family) === true
    // iptables' own conditions (conntrack, addrtype) are opaque here: an older nft does not even tell their name.
    if ('xt' in statement) return isJsonObject(statement['xt']) && statement['xt']['type'] === 'target'
    if ('limit' in statement) return isWithin(statement['limit']) && expr.some((it) => 'accept' in it)
    return Object.keys(statement).every((key) => NEUTRAL.has(key) || VERDICTS.has(key))
  })
}

/** One packet is within any limit: what is let in up to a limit is let in, what is dropped up to one is not all dropped. */
const isWithin = (limit: unknown): boolean => isJsonObject(limit) && limit['inv'] !== true

const VERDICTS = new Map<string, (told: unknown, family: Family) => readonly Verdict[]>([
  ['accept', () => ['accept']],
  // Whatever a program in user space decides, it is not these rules that refuse.
  ['queue', () => ['accept']],
  ['drop', () => ['drop']],
  ['reject', () => ['drop']],
  ['return', () => ['return']],
  ['continue', () => []],
  ['jump', (told) => targetOf(told).map((jump) => ({ jump }))],
  ['goto', (told) => targetOf(told).map((goto) => ({ goto }))],
  ['vmap', verdictsOfMap],
  ['xt', (told) => XT_TARGETS.get(isJsonObject(told) ? told['name'] : null) ?? []],
])

/** Targets of iptables that have no word of their own in nftables; all others (LOG, MARK) let the packet go on. */
const XT_TARGETS = new Map<unknown, readonly Verdict[]>([
  ['REJECT', ['drop']],
  ['NFQUEUE', ['accept']],
])

/** What a rule does with a packet that it concerns; none where it only counts or logs. */
export function verdictsOf(expr: readonly Expression[], family: Family): readonly Verdict[] {
  return expr.flatMap((statement) =>
    Object.entries(statement).flatMap(([key, told]) => VERDICTS.get(key)?.(told, family) ?? []),
  )
}

function targetOf(told: unknown): string[] {
  return isJsonObject(told) && typeof told['target'] === 'string' ? [told['target']] : []
}

/** `ct state vmap { established : accept, invalid : drop }`: the verdict of the element that holds. */
function verdictsOfMap(told: unknown, family: Family): readonly Verdict[] {
  if (!isJsonObject(told) || !isJsonObject(told['data']) || !Array.isArray(told['data']['set'])) return []
  const pairs: unknown[] = told['data']['set']
  for (const pair of pairs) {
    if (!Array.isArray(pair) || holdsFor(told['key'], [pair[0]], family) !== true) continue
    return isJsonObject(pair[1]) ? verdictsOf([pair[1]], family) : []
  }
  return []
}

function matchHolds(match: unknown, family: Family): Holds {
  if (!isJsonObject(match)) return undefined
  const { op, left, right } = match
  // However it is compared, a field of the one family is in no packet of the other.
  if (isOfOther(left, family)) return false
  const values =
    isJsonObject(right) && Array.isArray(right['set']) ? right['set'] : Array.isArray(right) ? right : [right]
  const holds = isMasked(left) ? flagsHold(left, right) : holdsFor(left, values, family)
  return op === '!=' || op === '!' ? not(holds) : op === '==' || op === 'in' ? holds : undefined
}

/** Whether one of the values is that of the unasked packet; undefined where the packet could have any. */
function holdsFor(left: unknown, values: readonly unknown[], family: Family): Holds {
  if (!isJsonObject(left)) return undefined
  const reader = READERS.find(({ of }) => of(left))
  return reader ? values.some((it) => reader.holds(it, family)) : undefined
}

const isKey = (left: Expression, of: string, ...keys: string[]) => {
  const inner = left[of]
  return isJsonObject(inner) && keys.includes(String(inner['key'] ?? inner['field']))
}
const ofText = (test: (text: string) => boolean) => (it: unknown) =>
  (typeof it === 'string' || typeof it === 'number') && test(String(it))

const FAMILIES = { ip: /^(?:ipv4|2)$/, ip6: /^(?:ipv6|10)$/ } as const
const PROTOCOLS: Readonly<Record<string, Family>> = { ip: 'ip', icmp: 'ip', ip6: 'ip6', icmpv6: 'ip6' }

function isOfOther(left: unknown, family: Family): boolean {
  const payload = isJsonObject(left) ? left['payload'] : undefined
  const own = isJsonObject(payload) ? PROTOCOLS[String(payload['protocol'])] : undefined
  return own !== undefined && own !== family
}

const READERS: readonly { of: (left: Expression) => boolean; holds: (it: unknown, family: Family) => boolean }[] = [
  { of: (left) => isKey(left, 'meta', 'iifname', 'iif'), holds: ofText(isFromCard) },
  {
    of: (left) => isKey(left, 'meta', 'l4proto') || isKey(left, 'payload', 'protocol', 'nexthdr'),
    holds: ofText(isTcp),
  },
  {
    of: (left) => isKey(left, 'meta', 'nfproto'),
    holds: (it, family) => ofText((text) => FAMILIES[family].test(text))(it),
  },
  { of: (left) => isKey(left, 'meta', 'pkttype'), holds: ofText(isToHost) },
  { of: (left) => isKey(left, 'ct', 'state'), holds: ofText(isNew) },
  { of: (left) => isKey(left, 'ct', 'direction'), holds: ofText(isOriginal) },
  { of: (left) => isKey(left, 'ct', 'status'), holds: () => false },
  { of: (left) => isKey(left, 'payload', 'sport', 'dport'), holds: isPorts },
  { of: (left) => isKey(left, 'payload', 'saddr'), holds: isWholeNetwork },
  { of: (left) => isKey(left, 'payload', 'flags'), holds: ofText(isSyn) },
  { of: isTypeOfTarget, holds: ofText(isLocal) },
]

/** `fib daddr type`: what kind of address the packet goes to. */
function isTypeOfTarget(left: Expression): boolean {
  const { fib } = left
  return isJsonObject(fib) && fib['result'] === 'type' && [fib['flags']].flat().includes('daddr')
}

/** `tcp flags & (fin | syn | rst | ack)`: of these flags a packet that opens a connection has `syn` alone. */
function isMasked(left: unknown): left is { '&': [unknown, unknown] } {
  const parts = isJsonObject(left) ? left['&'] : undefined
  return Array.isArray(parts) && isJsonObject(parts[0]) && isKey(parts[0], 'payload', 'flags')
}

function flagsHold({ '&': [, mask] }: { '&': [unknown, unknown] }, right: unknown): Holds {
  const flags = flagsOf(right)
  return flags.length > 0 ? isSynAlone(flagsOf(mask), flags) : undefined
}

/** Newer versions write `{ "|": [...] }` for several. */
function flagsOf(told: unknown): string[] {
  const list = isJsonObject(told) ? told['|'] : told
  return [list].flat().filter((it) => typeof it === 'string')
}

function isPorts(it: unknown): boolean {
  const range = isJsonObject(it) && Array.isArray(it['range']) ? it['range'] : [it, it]
  return isAllPorts(Number(range[0]), Number(range[1]))
}

function isWholeNetwork(it: unknown): boolean {
  const prefix = isJsonObject(it) ? it['prefix'] : undefined
  return isJsonObject(prefix) ? isAnywhere(`${String(prefix['addr'])}/${String(prefix['len'])}`) : false
}
