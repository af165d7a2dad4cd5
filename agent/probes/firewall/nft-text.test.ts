import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { itemsOfText } from './nft-text.ts'
import { readNftText } from './nft.ts'

const USUAL = ['ct state { established, related } accept', 'iifname "lo" accept']

/** One table with a base chain, and whatever else stands in it. */
const ruleset = (policy: string, rules: readonly string[], { family = 'inet', more = '', marks = '' } = {}) =>
  `table ${family} t { # handle 1\n${marks}\tchain in { # handle 2\n\t\ttype filter hook input priority filter; policy ${policy};\n` +
  `${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n\n${more}}\n`

const chain = (name: string, ...rules: string[]) =>
  `\tchain ${name} {\n${rules.map((it) => `\t\t${it}\n`).join('')}\t}\n`

const both = { ipv4: true, ipv6: true }
const none = { ipv4: false, ipv6: false }
const cases: readonly { name: string; text: string; expected: object }[] = [
  { name: 'no rules at all', text: '', expected: none },
  { name: 'a policy that drops', text: ruleset('drop', USUAL), expected: both },
  { name: 'IPv4 only', text: ruleset('drop', USUAL, { family: 'ip' }), expected: { ipv4: true, ipv6: false } },
  { name: 'a policy that accepts', text: ruleset('accept', USUAL), expected: none },
  { name: 'a table that sleeps', text: ruleset('drop', USUAL, { marks: '\tflags dormant\n\n' }), expected: none },
  {
    name: 'a last rule that rejects',
    text: ruleset('accept', [...USUAL, 'counter packets 1 bytes 2 reject with icmpx admin-prohibited']),
    expected: both,
  },
  {
    name: 'a last rule that logs and drops',
    text: ruleset('accept', [
      ...USUAL,
      'log prefix "in: accept " level info counter packets 1 bytes 2 drop comment "x"',
    ]),
    expected: both,
  },
  {
    name: 'a last rule that only counts',
    text: ruleset('accept', [...USUAL, 'counter packets 1 bytes 2']),
    expected: none,
  },
  { name: 'all let in', text: ruleset('drop', ['counter packets 0 bytes 0 accept']), expected: none },
  { name: 'all let in, and marked', text: ruleset('drop', ['meta mark set 0x00000001 accept']), expected: none },
  { name: 'all new connections let in', text: ruleset('drop', ['ct state established,new accept']), expected: none },
  { name: 'all but loopback let in', text: ruleset('drop', ['iifname != "lo" accept']), expected: none },
  { name: 'a card let in', text: ruleset('drop', ['iif "wlp2s0" accept']), expected: none },
  { name: 'from everywhere', text: ruleset('drop', ['ip6 saddr ::/0 accept'], { family: 'ip6' }), expected: none },
  { name: 'one network, one port', text: ruleset('drop', ['ip saddr 10.0.0.0/8 tcp dport 22 accept']), expected: both },
  { name: 'all ports', text: ruleset('drop', ['tcp dport { 22, 1-65535 } accept']), expected: none },
  { name: 'what is too much is dropped', text: ruleset('accept', ['limit rate over 9/second drop']), expected: none },
  { name: 'all that is for this machine', text: ruleset('drop', ['fib daddr type local accept']), expected: none },
  {
    name: 'what is for all',
    text: ruleset('drop', ['fib daddr type { broadcast, multicast } accept']),
    expected: both,
  },
  { name: 'what may not be answered', text: ruleset('drop', ['fib saddr . iif oif missing accept']), expected: both },
  { name: 'what is for this host', text: ruleset('drop', ['pkttype unicast counter accept']), expected: none },
  { name: 'what comes first', text: ruleset('drop', ['ct direction original accept']), expected: none },
  { name: 'what answers nobody', text: ruleset('accept', ['ct state ! established,related drop']), expected: both },
  { name: 'some in a while', text: ruleset('drop', ['limit rate 3/minute burst 5 packets accept']), expected: none },
  { name: 'one family', text: ruleset('drop', ['meta nfproto ipv4 accept']), expected: { ipv4: false, ipv6: true } },
  ...['syn', 'syn counter packets 0 bytes 0', '& (fin | syn | rst | ack) == syn', 'syn / fin,syn,rst,ack'].map(
    (flags) => ({
      name: `what opens a connection: ${flags}`,
      text: ruleset('drop', [`tcp flags ${flags} accept`]),
      expected: none,
    }),
  ),
  ...['& (fin | syn | rst | ack) != syn', '!= syn / fin,syn,rst,ack', '& (syn | ack) == syn | ack', 'ack', '0x2'].map(
    (flags) => ({
      name: `what does not: ${flags}`,
      text: ruleset('drop', [`tcp flags ${flags} accept`]),
      expected: both,
    }),
  ),
  {
    name: 'what ufw does with what is for others, before it lets all in',
    text: ruleset('drop', ['jump not-local', 'accept'], {
      more: chain(
        'not-local',
        'fib daddr type local counter packets 3 bytes 9 return',
        'counter packets 0 bytes 0 drop',
      ),
    }),
    expected: none,
  },
  { name: 'the decision of another program', text: ruleset('drop', ['queue flags bypass to 0']), expected: none },
  {
    name: 'a map over several lines that lets new ones in',
    text: ruleset('drop', ['ct state vmap { established : accept,\n\t\t\t     new : accept }']),
    expected: none,
  },
  {
    name: 'a map that knows nothing of new ones',
    text: ruleset('drop', ['ct state vmap { invalid : drop, established : accept, related : accept }']),
    expected: both,
  },
  {
    name: 'chains that drop in the end',
    text: ruleset('accept', [...USUAL, 'jump zone'], {
      more: chain('zone', 'tcp dport 22 accept', 'goto end') + chain('end', 'drop'),
    }),
    expected: both,
  },
  {
    name: 'chains that return',
    text: ruleset('accept', ['jump zone'], { more: chain('zone', 'return', 'drop') }),
    expected: none,
  },
  {
    name: "iptables' own words",
    text: ruleset('accept', [
      'meta l4proto tcp xt match "multiport" counter packets 0 bytes 0 drop',
      'xt target "REJECT"',
    ]),
    expected: both,
  },
  {
    name: 'sets and counters beside the chains',
    text: ruleset('drop', USUAL, {
      more: '\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1, 192.0.2.2,\n\t\t\t     192.0.2.3 }\n\t}\n\tcounter c {\n\t\tpackets 0 bytes 0\n\t}\n\tct helper h {\n\t\ttype "ftp" protocol tcp\n\t}\n',
    }),
    expected: both,
  },
  {
    name: 'only forwarding is dropped, as Docker does',
    text: ruleset('drop', ['counter packets 0 bytes 0 jump D'], { family: 'ip', more: chain('D') }).replace(
      'hook input',
      'hook forward',
    ),
    expected: none,
  },
]

for (const { name, text, expected } of cases) {
  test(`nft in words: ${name}`, () => {
    expect(readNftText(text)).toEqual({ kind: 'value', value: expected })
    expect(readNftText(text.replaceAll('\n', '\r\n'))).toEqual({ kind: 'value', value: expected })
  })
}

for (const text of [
  'Operation not permitted (you must be root)\n',
  'table inet t {\n',
  ruleset('drop', USUAL).slice(0, -3),
  `${ruleset('drop', USUAL)}table`,
  '{"nftables":[]}',
]) {
  test(`nft in words: nothing is drawn from ${JSON.stringify(text.slice(-40))}`, () => {
    expect(itemsOfText(text)).toBe(null)
    expect(readNftText(text).kind).toBe('unreadable')
  })
}

test('nft in words: damage never makes a filter of rules that drop nothing', () => {
  const whole = ruleset('accept', [...USUAL, 'jump rest'], {
    more: chain('rest', 'tcp dport { 22, 80 } accept', 'ct state vmap { new : continue }'),
  })
  for (const text of mutations(whole, 10_000)) {
    const fact = readNftText(text)
    expect(fact.kind === 'value' && (fact.value.ipv4 || fact.value.ipv6)).toBe(false)
  }
  expect(readNftText('{'.repeat(100_000)).kind).toBe('unreadable')
})
