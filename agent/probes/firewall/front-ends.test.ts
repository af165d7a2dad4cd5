import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readFirewalldZones, readUfwStatus } from './front-ends.ts'

const verbose = (incoming: string, rules = '') =>
  `Status: active\nLogging: on (low)\nDefault: ${incoming} (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n${rules}`
const RULES = '\nTo                         Action      From\n--                         ------      ----\n'

test.each([
  ['inactive', 'Status: inactive\n', false],
  ['active', `Status: active\n${RULES}22                         ALLOW       Anywhere\n`, true],
  ['denies', verbose('deny'), true],
  ['rejects', verbose('reject'), true],
  ['allows', verbose('allow'), false],
  ['denies, and lets all in', verbose('deny', `${RULES}Anywhere                   ALLOW IN    Anywhere\n`), false],
  ['numbered, and lets all in', 'Status: active\n\n[ 1] Anywhere                   ALLOW IN    Anywhere\n', false],
  ['lets all of TCP in', verbose('deny', `${RULES}1:65535/tcp                ALLOW IN    Anywhere\n`), false],
  ['lets TCP in', verbose('deny', `${RULES}Anywhere/tcp               ALLOW IN    Anywhere/tcp\n`), false],
  ['lets UDP in', verbose('deny', `${RULES}Anywhere/udp               ALLOW IN    Anywhere/udp\n`), true],
  ['lets all in on its card', verbose('deny', `${RULES}Anywhere on wlp2s0         ALLOW IN    Anywhere\n`), false],
  [
    'lets all in on its card, by IPv6',
    verbose('deny', `${RULES}Anywhere (v6) on eth0      ALLOW IN    Anywhere (v6)\n`),
    false,
  ],
  ['lets containers in', verbose('deny', `${RULES}Anywhere on docker0        ALLOW IN    Anywhere\n`), true],
  ['lets all out', verbose('deny', `${RULES}Anywhere                   ALLOW OUT   Anywhere\n`), true],
  ['lets one network in', verbose('deny', `${RULES}Anywhere                   ALLOW IN    10.0.0.0/8\n`), true],
  ['another word', verbose('verweigern'), null],
  ['another language', 'Status: Aktiv\n', null],
  [
    'another language, with its policies',
    'Status: Aktiv\nProtokollierung: on (low)\nVoreinstellung: deny (eingehend), allow (abgehend), disabled (gesendet)\n',
    true,
  ],
  [
    'another language, and allows',
    'État : actif\nPar défaut : allow (entrant), allow (sortant), disabled (routé)\n',
    false,
  ],
  ['without root', 'ERROR: You need to be root to run this script\n', null],
  ['nothing', '', null],
])('ufw %s', (_, text, expected) => {
  const read = readUfwStatus(text)
  expect(read.kind === 'value' ? read.value : null).toBe(expected)
})

test.each([
  [false, 'protocol value="tcp"'],
  [false, 'family="ipv4" port port="1-65535" protocol="tcp" log prefix="x"'],
  [true, 'protocol value="esp"'],
  [true, 'family="ipv4" port port="8000-9000" protocol="tcp"'],
  [true, 'service name="ssh"'],
])('firewalld refuses what no rule names: %j of %s', (refuses, rule) => {
  const text = zone('public (active)', 'default').replace(/\trule .*/, `\trule ${rule} accept`)
  expect(readFirewalldZones(text)).toEqual({ kind: 'value', value: refuses })
})

const zone = (name: string, target: string, ports = '', interfaces = '') =>
  `${name}\n  target: ${target}\n  interfaces: ${interfaces}\n  services: ssh\n  ports: ${ports}\n  rich rules: \n\trule family="ipv4" source address="10.0.0.0/8" accept\n\n`

test.each([
  ['the zone in use refuses', zone('trusted', 'ACCEPT') + zone('public (active, default)', 'default'), true],
  ['in another order', zone('FedoraWorkstation (default, active)', 'default', '1025-65535/udp 1025-65535/tcp'), true],
  ['drops', zone('drop (active)', 'DROP'), true],
  ['lets all in', zone('trusted (active)', 'ACCEPT') + zone('public (default)', 'default'), false],
  ['the default zone lets all in', zone('trusted (default)', 'ACCEPT'), false],
  ['all ports are open', zone('public (active)', 'default', '22/tcp 1-65535/tcp'), false],
  [
    'bridges let in what runs here',
    zone('docker (active)', 'ACCEPT', '', 'docker0 br-0123456789ab') + zone('public (active)', 'default', '', 'wlp2s0'),
    true,
  ],
  [
    'a card beside a bridge',
    zone('trusted (active)', 'ACCEPT', '', 'virbr0 eth0') + zone('public (default)', 'default'),
    false,
  ],
  ['a rule lets all in', zone('public (active)', 'default').replace('source address="10.0.0.0/8" ', ''), false],
  ['all of TCP is let in', `${zone('public (active)', 'default').trimEnd()}\n  protocols: icmp tcp\n`, false],
  ['bridges alone are in use', zone('libvirt (active)', 'ACCEPT', '', 'virbr0'), null],
  ['the default zone trusts all', zone('trusted (default, active)', 'ACCEPT', '', 'docker0'), false],
  ['none is in use', zone('public', 'default'), null],
  ['no target', 'public (active)\n  target: \n', null],
  ['a target that is not known', zone('public (active)', 'CONTINUE'), null],
  ['does not run', 'FirewallD is not running\n', false],
  ['runs', 'running\n', true],
  ['may not be asked', 'Authorization failed.\n    Make sure polkit agent is running\n', null],
  ['nothing', '', null],
])('firewalld: %s', (_, text, expected) => {
  const read = readFirewalldZones(text)
  expect(read.kind === 'value' ? read.value : null).toBe(expected)
})

test('damage never switches on what is off', () => {
  const cases: [string, typeof readUfwStatus][] = [
    ['Status: inactive\nLogging: on (low)\n', readUfwStatus],
    [
      'FirewallD is not running\n',
      (text) => (/^\s*running\s*$/.test(text) ? readUfwStatus('') : readFirewalldZones(text)),
    ],
  ]
  for (const [whole, read] of cases) {
    for (const text of mutations(whole, 10_000)) {
      const fact = read(text)
      if (/^Status: active$/m.test(text)) continue
      expect(fact.kind === 'value' && fact.value).toBe(false)
    }
  }
})
