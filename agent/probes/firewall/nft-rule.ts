import { isJsonObject, type JsonObject } from '../json.ts'
import { isAllPorts, isAnywhere, isFromCard, isNew, isTcp, not, type Holds } from './unasked-packet.ts'
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

/** Whether a rule's conditions are all known to hold for the unasked packet. */
export function concerns(expr: readonly Expression[]): boolean {
  return expr.every((statement) => {
    if ('match' in statement) return matchHolds(statement['match']) === true
    // iptables' own conditions (conntrack, addrtype, limit) are opaque here: only their name is told.
    if (isJsonObject(statement['xt'])) return statement['xt']['type'] === 'target'
    return Object.keys(statement).every((key) => NEUTRAL.has(key) || VERDICTS.has(key))
  })
}

const VERDICTS = new Map<string, (told: unknown) => readonly Verdict[]>([
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
export function verdictsOf(expr: readonly Expression[]): readonly Verdict[] {
  return expr.flatMap((statement) =>
    Object.entries(statement).flatMap(([key, told]) => VERDICTS.get(key)?.(told) ?? []),
  )
}

function targetOf(told: unknown): string[] {
  return isJsonObject(told) && typeof told['target'] === 'string' ? [told['target']] : []
}

/** `ct state vmap { established : accept, invalid : drop }`: the verdict of the element that holds. */
function verdictsOfMap(told: unknown): readonly Verdict[] {
  if (!isJsonObject(told) || !isJsonObject(told['data']) || !Array.isArray(told['data']['set'])) return []
  const pairs: unknown[] = told['data']['set']
  for (const pair of pairs) {
    if (!Array.isArray(pair) || holdsFor(told['key'], [pair[0]]) !== true) continue
    return isJsonObject(pair[1]) ? verdictsOf([pair[1]]) : []
  }
  return []
}

function matchHolds(match: unknown): Holds {
  if (!isJsonObject(match)) return undefined
  const { op, left, right } = match
  const values =
    isJsonObject(right) && Array.isArray(right['set']) ? right['set'] : Array.isArray(right) ? right : [right]
  const holds = holdsFor(left, values)
  return op === '!=' ? not(holds) : op === '==' || op === 'in' ? holds : undefined
}

/** Whether one of the values is that of the unasked packet; undefined where the packet could have any. */
function holdsFor(left: unknown, values: readonly unknown[]): Holds {
  if (!isJsonObject(left)) return undefined
  const reader = READERS.find(({ of }) => of(left))
  return reader ? values.some((it) => reader.holds(it)) : undefined
}

const isKey = (left: Expression, of: string, ...keys: string[]) => {
  const inner = left[of]
  return isJsonObject(inner) && keys.includes(String(inner['key'] ?? inner['field']))
}
const ofText = (test: (text: string) => boolean) => (it: unknown) =>
  (typeof it === 'string' || typeof it === 'number') && test(String(it))

const READERS: readonly { of: (left: Expression) => boolean; holds: (it: unknown) => boolean }[] = [
  { of: (left) => isKey(left, 'meta', 'iifname', 'iif'), holds: ofText(isFromCard) },
  {
    of: (left) => isKey(left, 'meta', 'l4proto') || isKey(left, 'payload', 'protocol', 'nexthdr'),
    holds: ofText(isTcp),
  },
  { of: (left) => isKey(left, 'ct', 'state'), holds: ofText(isNew) },
  { of: (left) => isKey(left, 'ct', 'status'), holds: () => false },
  { of: (left) => isKey(left, 'payload', 'sport', 'dport'), holds: isPorts },
  { of: (left) => isKey(left, 'payload', 'saddr'), holds: isWholeNetwork },
]

function isPorts(it: unknown): boolean {
  const range = isJsonObject(it) && Array.isArray(it['range']) ? it['range'] : [it, it]
  return isAllPorts(Number(range[0]), Number(range[1]))
}

function isWholeNetwork(it: unknown): boolean {
  const prefix = isJsonObject(it) ? it['prefix'] : undefined
  return isJsonObject(prefix) ? isAnywhere(`${String(prefix['addr'])}/${String(prefix['len'])}`) : false
}
