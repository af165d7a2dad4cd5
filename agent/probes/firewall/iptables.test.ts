import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readIptables } from './iptables.ts'

const set = (policy: string, ...rules: string[]) =>
  [`-P INPUT ${policy}`, '-P FORWARD ACCEPT', '-P OUTPUT ACCEPT', ...rules, ''].join('\n')
const USUAL = ['-A INPUT -i lo -j ACCEPT', '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']

const cases: readonly { name: string; rules: string; expected: boolean }[] = [
  { name: 'nothing', rules: set('ACCEPT'), expected: false },
  { name: 'a policy of DROP', rules: set('DROP', ...USUAL), expected: true },
  { name: 'a policy of DROP, and a rule that lets all in', rules: set('DROP', '-A INPUT -j ACCEPT'), expected: false },
  {
    name: 'a policy of DROP, and a rule that lets all TCP in',
    rules: set('DROP', '-A INPUT -p tcp -j ACCEPT'),
    expected: false,
  },
  {
    name: 'a policy of DROP, and every new connection let in',
    rules: set('DROP', '-A INPUT -m state --state NEW -j ACCEPT'),
    expected: false,
  },
  {
    name: 'a policy of DROP, and all let in but from loopback',
    rules: set('DROP', '-A INPUT ! -i lo -j ACCEPT'),
    expected: false,
  },
  {
    name: 'a policy of DROP, and all let in from a card',
    rules: set('DROP', '-A INPUT -i wlp2s0 -j ACCEPT'),
    expected: false,
  },
  {
    name: 'a policy of DROP, and all let in from a bridge',
    rules: set('DROP', '-A INPUT -i virbr0 -j ACCEPT'),
    expected: true,
  },
  { name: 'all ports let in', rules: set('DROP', '-A INPUT -p tcp -m tcp --dport 1:65535 -j ACCEPT'), expected: false },
  {
    name: 'one port, one network',
    rules: set('DROP', '-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT'),
    expected: true,
  },
  {
    name: 'a last rule that rejects',
    rules: set('ACCEPT', ...USUAL, '-A INPUT -j REJECT --reject-with icmp-host-prohibited'),
    expected: true,
  },
  {
    name: 'a last rule that drops what is not ours',
    rules: set('ACCEPT', '-A INPUT ! -s 10.0.0.0/8 -j DROP'),
    expected: true,
  },
  {
    name: 'only some addresses are dropped',
    rules: set('ACCEPT', '-N f2b', '-A INPUT -p tcp -j f2b', '-A f2b -s 192.0.2.7/32 -j REJECT', '-A f2b -j RETURN'),
    expected: false,
  },
  ...[
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-m limit --limit 500/sec',
    '-m limit --limit 25/min --limit-burst 100',
    '-m pkttype --pkt-type unicast',
    '-p tcp -m multiport --dports 22,1:65535',
    '-m conntrack --ctdir ORIGINAL',
    '-m conntrack ! --ctstate INVALID',
    '-m addrtype --dst-type LOCAL',
  ].map((condition) => ({
    name: `let in what every unasked packet is: ${condition}`,
    rules: set('DROP', `-A INPUT ${condition} -j ACCEPT`),
    expected: false,
  })),
  ...[
    '-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK',
    '-p tcp -m tcp --tcp-flags FIN,SYN NONE',
    '-p tcp -m multiport --dports 22,80',
    '-p tcp -m tcp --dport 80 -m limit --limit 25/min',
    '-m pkttype --pkt-type broadcast',
    '-m hashlimit --hashlimit-above 3/min --hashlimit-burst 5 --hashlimit-name x',
    '-m recent --set --name x --mask 255.255.255.255 --rsource',
  ].map((condition) => ({
    name: `let in only some: ${condition}`,
    rules: set('DROP', `-A INPUT ${condition} -j ACCEPT`),
    expected: true,
  })),
  {
    name: 'what is dropped up to a limit',
    rules: set('ACCEPT', '-A INPUT -m limit --limit 3/min -j DROP'),
    expected: false,
  },
  {
    name: 'what is too much is dropped',
    rules: set('ACCEPT', '-A INPUT -m limit --limit 3/min -j DROP'),
    expected: false,
  },
  {
    name: 'only forwarding is dropped, as Docker does',
    rules: '-P INPUT ACCEPT\n-P FORWARD DROP\n-N DOCKER\n-A DOCKER -j DROP\n',
    expected: false,
  },
  {
    name: 'a chain that drops',
    rules: set(
      'ACCEPT',
      '-N in',
      '-N no',
      '-A INPUT -j in',
      '-A in -i lo -j ACCEPT',
      '-A in -g no',
      '-A no -j LOG --log-prefix "-j ACCEPT "',
      '-A no -j DROP',
    ),
    expected: true,
  },
  {
    name: 'a chain that returns before it drops',
    rules: set('ACCEPT', '-N in', '-A INPUT -j in', '-A in -m addrtype --dst-type LOCAL -j RETURN', '-A in -j DROP'),
    expected: false,
  },
  {
    name: 'a comment that looks like a rule',
    rules: set('ACCEPT', '-A INPUT -m comment --comment "! -i lo -j X" -j DROP'),
    expected: true,
  },
  {
    name: 'chains in a loop',
    rules: set('ACCEPT', '-N a', '-N b', '-A INPUT -j a', '-A a -j b', '-A b -j a'),
    expected: false,
  },
  {
    name: 'a chain with the name of something else',
    rules: set('ACCEPT', '-N constructor', '-A INPUT -j constructor', '-A constructor -j __proto__'),
    expected: false,
  },
  {
    name: 'counters, before what the rule does',
    rules: '-P INPUT ACCEPT -c 10 800\n-A INPUT -i lo -c 1 2 -j ACCEPT\n-A INPUT -c 3 4 -j DROP\n',
    expected: true,
  },
  {
    name: 'counters, and all let in',
    rules: '-P INPUT DROP -c 10 800\n-A INPUT -c 3 4 -j ACCEPT\n',
    expected: false,
  },
  {
    name: 'rules that it does not list, which are not needed',
    rules: `# Warning: iptables-legacy tables present, use iptables-legacy to see them\n${set('DROP')}`,
    expected: true,
  },
  { name: 'the decision of another program', rules: set('DROP', '-A INPUT -j NFQUEUE --queue-num 0'), expected: false },
]

for (const { name, rules, expected } of cases) {
  test(`iptables: ${name}`, () => expect(readIptables(rules)).toEqual({ kind: 'value', value: expected }))
}

for (const text of [
  '',
  '\n',
  'iptables: Permission denied (you must be root)',
  '-P FORWARD DROP',
  '-P INPUT FALLENLASSEN',
  '# Warning: iptables-legacy tables present, use iptables-legacy to see them\n-P INPUT ACCEPT\n',
  '<html>',
]) {
  test(`iptables: nothing is drawn from ${JSON.stringify(text)}`, () => {
    expect(readIptables(text).kind).toBe('unreadable')
  })
}

test('iptables: damage never makes a filter of rules that drop nothing', () => {
  for (const text of mutations(
    set('ACCEPT', ...USUAL, '-N x', '-A INPUT -j x', '-A x -p tcp -m tcp --dport 22 -j ACCEPT'),
    4000,
  )) {
    const fact = readIptables(text)
    expect(fact.kind === 'value' && fact.value).toBe(false)
  }
})
