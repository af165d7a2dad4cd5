import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { hidesConditions, readNftRuleset } from './nft.ts'

type Expr = Record<string, unknown>
type Rules = Record<string, Expr[][]>

/** A rule set of one table: its base chain `in`, with the given policy, and more chains. */
function ruleset(
  policy: string | null,
  rules: Rules,
  { family = 'inet', flags = [] as string[], hook = 'input', type = 'filter' } = {},
): string {
  const names = { family, table: 't' }
  const chains = ['in', ...Object.keys(rules).filter((name) => name !== 'in')]
  return JSON.stringify({
    nftables: [
      { metainfo: { json_schema_version: 1 } },
      { table: { family, name: 't', ...(flags.length > 0 && { flags }) } },
      ...chains.map((name) => ({
        chain: { ...names, name, ...(name === 'in' && { type, hook, prio: 0, ...(policy !== null && { policy }) }) },
      })),
      ...Object.entries(rules).flatMap(([chain, list]) => list.map((expr) => ({ rule: { ...names, chain, expr } }))),
    ],
  })
}

const match = (left: unknown, right: unknown, op = '=='): Expr => ({ match: { op, left, right } })
const meta = (key: string) => ({ meta: { key } })
const port = { payload: { protocol: 'tcp', field: 'dport' } }
const source = { payload: { protocol: 'ip', field: 'saddr' } }
const flags = { payload: { protocol: 'tcp', field: 'flags' } }
const COUNTER = { counter: { packets: 0, bytes: 0 } }
const [ACCEPT, DROP, REJECT, RETURN] = [{ accept: null }, { drop: null }, { reject: null }, { return: null }]
const STATE = match({ ct: { key: 'state' } }, ['established', 'related'], 'in')
const LO = match(meta('iifname'), 'lo')
const jump = (target: string) => ({ jump: { target } })
const goto = (target: string) => ({ goto: { target } })
const USUAL: Expr[][] = [
  [STATE, ACCEPT],
  [LO, ACCEPT],
]

const both = { ipv4: true, ipv6: true }
const none = { ipv4: false, ipv6: false }
const cases: readonly { name: string; text: string; expected: object }[] = [
  { name: 'no rules at all', text: '{"nftables": [{"metainfo": {"json_schema_version": 1}}]}', expected: none },
  { name: 'a policy that drops', text: ruleset('drop', { in: USUAL }), expected: both },
  { name: 'IPv4 only', text: ruleset('drop', { in: USUAL }, { family: 'ip' }), expected: { ipv4: true, ipv6: false } },
  { name: 'IPv6 only', text: ruleset('drop', {}, { family: 'ip6' }), expected: { ipv4: false, ipv6: true } },
  { name: 'a policy that accepts', text: ruleset('accept', { in: USUAL }), expected: none },
  { name: 'no policy', text: ruleset(null, { in: USUAL }), expected: none },
  { name: 'a last rule that rejects', text: ruleset('accept', { in: [...USUAL, [COUNTER, REJECT]] }), expected: both },
  { name: 'a last rule that only counts', text: ruleset('accept', { in: [...USUAL, [COUNTER]] }), expected: none },
  { name: 'a rule that lets all in', text: ruleset('drop', { in: [[COUNTER, ACCEPT]] }), expected: none },
  {
    name: 'all new connections let in',
    text: ruleset('drop', { in: [[match({ ct: { key: 'state' } }, 'new'), ACCEPT]] }),
    expected: none,
  },
  {
    name: 'all let in but from loopback',
    text: ruleset('drop', { in: [[match(meta('iifname'), 'lo', '!='), ACCEPT]] }),
    expected: none,
  },
  {
    name: 'all let in from one of the cards',
    text: ruleset('drop', { in: [[match(meta('iifname'), { set: ['virbr0', 'eno1'] }), ACCEPT]] }),
    expected: none,
  },
  {
    name: 'all let in from tunnels',
    text: ruleset('drop', { in: [[match(meta('iifname'), { set: ['virbr0', 'wg0'] }), ACCEPT]] }),
    expected: both,
  },
  {
    name: 'high ports let in',
    text: ruleset('drop', { in: [[match(port, { range: [1025, 65535] }), ACCEPT]] }),
    expected: both,
  },
  {
    name: 'all ports let in',
    text: ruleset('drop', { in: [[match(port, { range: [1, 65535] }), ACCEPT]] }),
    expected: none,
  },
  {
    name: 'a network let in',
    text: ruleset('drop', { in: [[match(source, { prefix: { addr: '10.0.0.0', len: 8 } }), ACCEPT]] }),
    expected: both,
  },
  {
    name: 'everybody of IPv4 let in',
    text: ruleset('drop', { in: [[match(source, { prefix: { addr: '0.0.0.0', len: 0 } }), ACCEPT]] }),
    expected: { ipv4: false, ipv6: true },
  },
  {
    name: 'all of one family let in',
    text: ruleset('drop', { in: [[match(meta('nfproto'), 'ipv6'), ACCEPT]] }),
    expected: { ipv4: true, ipv6: false },
  },
  {
    name: 'a field of the other family, however it is compared',
    text: ruleset('drop', { in: [[match(source, { prefix: { addr: '0.0.0.0', len: 0 } }, '!='), DROP], [ACCEPT]] }),
    expected: none,
  },
  ...[
    match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
    match({ fib: { result: 'type', flags: 'daddr' } }, { set: ['local', 'broadcast'] }),
    match(meta('pkttype'), { set: ['host', 'multicast'] }),
    match({ ct: { key: 'direction' } }, 'original'),
    match({ ct: { key: 'state' } }, ['established', 'related'], '!'),
    match(flags, 'syn', 'in'),
    match({ '&': [flags, ['fin', 'syn', 'rst', 'ack']] }, 'syn'),
    match({ '&': [flags, { '|': ['fin', 'syn', 'rst', 'ack'] }] }, 'syn'),
    { limit: { rate: 500, burst: 5, per: 'second' } },
  ].map((condition) => ({
    name: `let in what every unasked packet is: ${JSON.stringify(condition)}`,
    text: ruleset('drop', { in: [[condition, COUNTER, ACCEPT]] }),
    expected: none,
  })),
  ...[
    match({ fib: { result: 'type', flags: ['daddr'] } }, { set: ['broadcast', 'multicast'] }),
    match({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false),
    match(meta('pkttype'), 'broadcast'),
    match({ ct: { key: 'direction' } }, 'reply'),
    match({ '&': [flags, ['fin', 'syn', 'rst', 'ack']] }, 'syn', '!='),
    match({ '&': [flags, ['syn', 'ack']] }, ['syn', 'ack']),
    match({ '&': [flags, ['ack']] }, 'syn'),
    { limit: { rate: 3, per: 'minute', inv: true } },
    { xt: null },
  ].map((condition) => ({
    name: `let in what none is: ${JSON.stringify(condition)}`,
    text: ruleset('drop', { in: [[condition, ACCEPT]] }),
    expected: both,
  })),
  {
    name: 'what is dropped up to a limit',
    text: ruleset('accept', { in: [[{ limit: { rate: 3, per: 'minute' } }, DROP]] }),
    expected: none,
  },
  {
    name: 'a condition without a name, as an older nft has it',
    text: ruleset('accept', { in: [[{ xt: null }, COUNTER, DROP]] }),
    expected: none,
  },
  {
    name: 'some addresses dropped',
    text: ruleset('accept', { in: [[match(source, '@banned'), DROP]] }),
    expected: none,
  },
  {
    name: 'too much dropped',
    text: ruleset('accept', { in: [[{ limit: { rate: 3, per: 'minute', inv: true } }, DROP]] }),
    expected: none,
  },
  {
    name: 'a condition of iptables that is not told',
    text: ruleset('drop', { in: [[{ xt: { type: 'match', name: 'conntrack' } }, ACCEPT]] }),
    expected: both,
  },
  {
    name: "iptables' REJECT",
    text: ruleset('accept', { in: [[{ xt: { type: 'target', name: 'REJECT' } }]] }),
    expected: both,
  },
  {
    name: "iptables' LOG",
    text: ruleset('accept', { in: [[{ xt: { type: 'target', name: 'LOG' } }]] }),
    expected: none,
  },
  {
    name: 'a chain that drops',
    text: ruleset('accept', { in: [...USUAL, [jump('rest')]], rest: [[match(port, 22), ACCEPT], [DROP]] }),
    expected: both,
  },
  {
    name: 'a chain that returns',
    text: ruleset('accept', { in: [[jump('rest')]], rest: [[RETURN], [DROP]] }),
    expected: none,
  },
  {
    name: 'a goto does not come back',
    text: ruleset('accept', { in: [[goto('rest')], [DROP]], rest: [[LO, ACCEPT]] }),
    expected: none,
  },
  {
    name: 'a verdict map',
    text: ruleset('drop', {
      in: [
        [
          {
            vmap: {
              key: { ct: { key: 'state' } },
              data: {
                set: [
                  ['established', ACCEPT],
                  ['new', jump('all')],
                ],
              },
            },
          },
        ],
      ],
      all: [[ACCEPT]],
    }),
    expected: none,
  },
  {
    name: 'a verdict map of loopback',
    text: ruleset('drop', { in: [[{ vmap: { key: meta('iifname'), data: { set: [['lo', ACCEPT]] } } }]] }),
    expected: both,
  },
  { name: 'a table that sleeps', text: ruleset('drop', {}, { flags: ['dormant'] }), expected: none },
  { name: 'only forwarding', text: ruleset('drop', {}, { hook: 'forward' }), expected: none },
  { name: 'only address translation', text: ruleset('drop', {}, { type: 'nat' }), expected: none },
  { name: 'another family', text: ruleset('drop', {}, { family: 'bridge' }), expected: none },
  {
    name: 'chains in a loop',
    text: ruleset('accept', { in: [[jump('a')]], a: [[jump('b')]], b: [[jump('a')]] }),
    expected: none,
  },
  {
    name: 'statements with the names of something else',
    text: ruleset('drop', { in: [[{ constructor: 'x' }, ACCEPT], [{ toString: 1 }]] }),
    expected: both,
  },
]

for (const { name, text, expected } of cases) {
  test(`nft: ${name}`, () => expect(readNftRuleset(text)).toEqual({ kind: 'value', value: expected }))
}

test('nft: firewalld, whose input goes through zones', () => {
  const zones = (zone: Expr[][]): Rules => ({
    in: [...USUAL, [match({ ct: { key: 'status' } }, 'dnat', 'in'), ACCEPT], [jump('zones')], [REJECT]],
    zones: [[match(meta('iifname'), 'eno1'), goto('zone')], [goto('zone')]],
    zone,
    allow: [[match(port, 22), match({ ct: { key: 'state' } }, ['new', 'untracked'], 'in'), ACCEPT]],
  })
  const icmp = [match(meta('l4proto'), { set: ['icmp', 'ipv6-icmp'] }), ACCEPT]
  expect(readNftRuleset(ruleset('accept', zones([[jump('allow')], icmp, [REJECT]])))).toMatchObject({ value: both })
  expect(readNftRuleset(ruleset('accept', zones([[jump('allow')], [ACCEPT]])))).toMatchObject({ value: none })
})

test('nft: hundreds of chains that jump to each other are walked once each', () => {
  const chains = Object.fromEntries(
    Array.from({ length: 300 }, (_, n) => [`c${n}`, [[jump(`c${n + 1}`)], [jump(`c${n + 1}`)]]]),
  )
  expect(readNftRuleset(ruleset('drop', { in: [[jump('c0')]], ...chains }))).toMatchObject({ value: both })
})

const REFUSED = [
  '',
  '[]',
  '{}',
  '{"nftables":[]}',
  '{"nftables":[{"chain":{}}]}',
  'Operation not permitted (you must be root)',
  'Fehler: nicht erlaubt',
]
for (const text of [
  ...REFUSED,
  ruleset('drop', {}).slice(0, -4),
  ruleset('drop', { in: [[ACCEPT]] }).replace('"expr"', '"exprs"'),
]) {
  test(`nft: nothing is drawn from ${JSON.stringify(text.slice(0, 50))}`, () => {
    expect(readNftRuleset(text).kind).toBe('unreadable')
  })
}

test('nft: damage never makes a filter of rules that drop nothing', () => {
  for (const text of mutations(
    ruleset('accept', { in: [...USUAL, [jump('rest')]], rest: [[match(port, 22), ACCEPT]] }),
    4000,
  )) {
    const fact = readNftRuleset(text)
    expect(fact.kind === 'value' && (fact.value.ipv4 || fact.value.ipv6)).toBe(false)
  }
})

test.each([
  [true, [{ xt: { type: 'match', name: 'addrtype' } }, RETURN]],
  [true, [{ xt: null }, DROP]],
  [false, [{ xt: { type: 'target', name: 'REJECT' } }]],
  [false, [STATE, ACCEPT]],
])('whether conditions of iptables are hidden: %j of %j', (isHidden, expr) => {
  expect(hidesConditions(ruleset('drop', { in: [expr] }))).toBe(isHidden)
})
