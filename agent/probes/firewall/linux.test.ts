import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { unread, type Host } from '../../host/host.ts'
import { hasIpv6, readUfw } from './configured.ts'
import { readFirewall } from './probe.ts'
import { watchFirewall } from './watch.ts'

const NFT = 'nft -j list ruleset'
const nft = (...families: string[]) => ({
  stdout: JSON.stringify({
    nftables: [
      { metainfo: { version: '1.1' } },
      ...families.map((family) => ({
        chain: { family, table: 't', name: 'in', type: 'filter', hook: 'input', policy: 'drop' },
      })),
    ],
  }),
})
const iptables = (policy: string, stderr = '') => ({ stdout: `-P INPUT ${policy}\n-P FORWARD ACCEPT\n`, stderr })
const WARNING = '# Warning: iptables-legacy tables present, use iptables-legacy to see them\n'
/** As iptables puts it into nft's tables: what it asks for is known by name only. */
const HIDING = {
  stdout: JSON.stringify({
    nftables: [
      { metainfo: { version: '1.1' } },
      ...['ip', 'ip6'].flatMap((family) => [
        { table: { family, name: 'filter' } },
        { chain: { family, table: 'filter', name: 'INPUT', type: 'filter', hook: 'input', policy: 'drop' } },
        {
          rule: {
            family,
            table: 'filter',
            chain: 'INPUT',
            expr: [{ xt: { type: 'match', name: 'addrtype' } }, { counter: {} }, { accept: null }],
          },
        },
      ]),
    ],
  }),
}
const LETS_ALL_IN = ['ip', 'ip6']
  .map(
    (family) =>
      `table ${family} filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy drop;\n\t\tfib daddr type local counter packets 0 bytes 0 accept\n\t}\n}\n`,
  )
  .join('')
const IPV6 = { '/proc/net/if_inet6': 'fe80000000000000 02 40 20 80   wlan0\n' }
const OLD = { '/proc/net/ip_tables_names': 'nat\nfilter\n' }
const UFW = {
  '/etc/ufw/ufw.conf': '# x\nENABLED=yes\nLOGLEVEL=low\n',
  '/etc/default/ufw': 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\n',
}
const FIREWALLD = {
  '/sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs': '600\n',
  '/proc/600/status': 'Name:\tfirewalld\nState:\tS (sleeping)\n',
}

const cases: readonly { name: string; laptop: Laptop; expected: object }[] = [
  {
    name: 'nft filters both families',
    laptop: { files: IPV6, programs: { [NFT]: nft('inet') } },
    expected: { enabled: true, profiles: { ipv4: true, ipv6: true } },
  },
  { name: 'root sees no rules', laptop: { files: IPV6, programs: { [NFT]: nft() } }, expected: { enabled: false } },
  {
    name: 'IPv6 is open',
    laptop: { files: IPV6, programs: { [NFT]: nft('ip') } },
    expected: { enabled: false, profiles: { ipv4: true, ipv6: false } },
  },
  {
    name: 'IPv6 is not used',
    laptop: { files: {}, programs: { [NFT]: nft('ip') } },
    expected: { enabled: true, profiles: { ipv4: true } },
  },
  {
    name: 'what is set up does not count where the rules are seen',
    laptop: { files: { ...IPV6, ...UFW, ...FIREWALLD }, programs: { [NFT]: nft() } },
    expected: { enabled: false },
  },
  {
    name: 'old rules, IPv6 not used',
    laptop: { files: OLD, programs: { [NFT]: nft(), 'iptables -S': iptables('DROP') } },
    expected: { enabled: true },
  },
  {
    name: 'old rules, IPv6 without any',
    laptop: { files: { ...OLD, ...IPV6 }, programs: { [NFT]: nft(), 'iptables -S': iptables('DROP') } },
    expected: { enabled: false },
  },
  {
    name: 'old rules of ufw, which loads those for IPv6 too',
    laptop: {
      files: { ...OLD, ...IPV6, ...UFW, '/proc/net/ip6_tables_names': 'filter\n' },
      programs: { [NFT]: nft(), 'iptables -S': iptables('DROP') },
    },
    expected: { enabled: true },
  },
  {
    name: 'no nft, and iptables lets all in',
    laptop: { files: IPV6, programs: { 'iptables -S': iptables('ACCEPT') } },
    expected: { enabled: false },
  },
  {
    name: 'nft was built without JSON',
    laptop: {
      files: IPV6,
      programs: {
        [NFT]: { exitCode: 1, stderr: 'Error: JSON support not compiled-in\n' },
        'nft list ruleset': {
          stdout: 'table inet t {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n',
        },
      },
    },
    expected: { enabled: true, profiles: { ipv4: true, ipv6: true } },
  },
  {
    name: 'no nft, and both families are filtered',
    laptop: { files: IPV6, programs: { 'iptables -S': iptables('DROP'), 'ip6tables -S': iptables('DROP') } },
    expected: { enabled: true, profiles: { ipv4: true, ipv6: true } },
  },
  {
    name: 'no nft, and IPv6 is open',
    laptop: { files: IPV6, programs: { 'iptables -S': iptables('DROP'), 'ip6tables -S': iptables('ACCEPT') } },
    expected: { enabled: false, profiles: { ipv4: true, ipv6: false } },
  },
  {
    name: 'old rules of both families, which only the old iptables lists',
    laptop: {
      files: { ...OLD, ...IPV6, '/proc/net/ip6_tables_names': 'filter\n' },
      programs: {
        [NFT]: nft('ip6'),
        'iptables -S': iptables('ACCEPT', WARNING),
        'iptables-legacy -S': iptables('DROP'),
      },
    },
    expected: { enabled: true, profiles: { ipv4: true, ipv6: true } },
  },
  {
    name: 'IPv4 by nft, IPv6 by old rules',
    laptop: {
      files: { ...IPV6, '/proc/net/ip6_tables_names': 'filter\n' },
      programs: { [NFT]: nft('ip'), 'ip6tables -S': iptables('DROP') },
    },
    expected: { enabled: true, profiles: { ipv4: true, ipv6: true } },
  },
  {
    name: 'rules of iptables whose conditions only the text tells',
    laptop: { files: IPV6, programs: { [NFT]: HIDING, 'nft list ruleset': { stdout: LETS_ALL_IN } } },
    expected: { enabled: false, profiles: { ipv4: false, ipv6: false } },
  },
  { name: 'a user, and ufw is switched on', laptop: { files: UFW, privileged: false }, expected: { enabled: true } },
  { name: 'a user, and firewalld runs', laptop: { files: FIREWALLD, privileged: false }, expected: { enabled: true } },
]

for (const { name, laptop: it, expected } of cases) {
  test(`firewall: ${name}`, async () => {
    const host = laptop(it)
    expect(await readFirewall(host)).toMatchObject({ kind: 'value', value: expected })
    expect(host.ran.length).toBeLessThanOrEqual(3)
  })
}

const unknown: readonly { name: string; laptop: Laptop }[] = [
  { name: 'a user, and nothing is set up', laptop: { files: IPV6, privileged: false } },
  {
    name: 'a user, and ufw is switched off',
    laptop: { files: { ...UFW, '/etc/ufw/ufw.conf': 'ENABLED=no\n' }, privileged: false },
  },
  {
    name: 'a user, and ufw lets in',
    laptop: { files: { ...UFW, '/etc/default/ufw': 'DEFAULT_INPUT_POLICY="ACCEPT"\n' }, privileged: false },
  },
  {
    name: 'a user, and firewalld trusts everybody',
    laptop: { files: { ...FIREWALLD, '/etc/firewalld/firewalld.conf': 'DefaultZone=trusted\n' }, privileged: false },
  },
  { name: 'neither nft nor iptables is there', laptop: { files: {} } },
  {
    name: 'nft is refused',
    laptop: { files: {}, programs: { [NFT]: { exitCode: 1, stderr: 'Operation not permitted' } } },
  },
  {
    name: 'no nft, and the rules for IPv6 are out of reach',
    laptop: { files: IPV6, programs: { 'iptables -S': iptables('DROP') } },
  },
  {
    name: 'old rules that the new iptables does not list',
    laptop: {
      files: { ...OLD, ...IPV6 },
      programs: {
        [NFT]: nft(),
        'iptables -S': iptables('ACCEPT', WARNING),
      },
    },
  },
]

test('a recording without the text is read as far as it goes; a machine that does not tell it is not', async () => {
  const host = laptop({ files: IPV6, programs: { [NFT]: HIDING } })
  const told = (reason: 'not-recorded' | 'timed-out'): Host => ({
    ...host,
    run: async (program, args) => (args[0] === '-j' ? host.run(program, args) : unread(reason, 'nft')),
  })
  expect((await readFirewall(told('not-recorded'))).kind).toBe('value')
  expect((await readFirewall(told('timed-out'))).kind).toBe('unreadable')
})

for (const { name, laptop: it } of unknown) {
  test(`firewall is not known: ${name}`, async () => expect((await readFirewall(laptop(it))).kind).toBe('unreadable'))
}

test('where control groups cannot be seen, systemd says whether firewalld runs', async () => {
  const show =
    'systemctl show firewalld.service --property=Id,Names,LoadState,ActiveState,SubState,UnitFileState --no-pager'
  const says = (active: string, sub: string) => ({
    files: {},
    privileged: false,
    programs: {
      [show]: { stdout: `Id=firewalld.service\nLoadState=loaded\nActiveState=${active}\nSubState=${sub}\n` },
    },
  })
  expect(await readFirewall(laptop(says('active', 'running')))).toMatchObject({ value: { enabled: true } })
  expect((await readFirewall(laptop(says('inactive', 'dead')))).kind).toBe('unreadable')
  expect((await readFirewall(laptop(says('activating', 'start')))).kind).toBe('unreadable')
})

test('a user starts no program', async () => {
  const host = laptop({ files: UFW, privileged: false })
  await readFirewall(host)
  expect(host.ran).toEqual([])
})

function ufwOf(conf: string, defaults: string | null = null): boolean | string {
  const fact = readUfw(conf, defaults)
  return fact.kind === 'value' ? fact.value : fact.kind
}

test('ufw.conf: only the plain words count, and the last of them', () => {
  expect(ufwOf('ENABLED=yes')).toBe(true)
  expect(ufwOf('ENABLED="YES" # on')).toBe(true)
  expect(ufwOf('ENABLED=yes\nENABLED=no\n')).toBe(false)
  for (const conf of ['', '#ENABLED=yes', 'ENABLED=', 'ENABLED=ja', 'XENABLED=yes', 'ENABLED'])
    expect(ufwOf(conf)).toBe('unreadable')
  expect(ufwOf('ENABLED=yes', 'DEFAULT_INPUT_POLICY="REJECT"')).toBe(true)
  expect(ufwOf('ENABLED=yes', '')).toBe('unreadable')
})

test('loopback is no use of IPv6', () => {
  expect(hasIpv6('00000000000000000000000000000001 01 80 10 80       lo\n')).toBe(false)
  expect(hasIpv6('')).toBe(false)
  expect(hasIpv6('fe80 02 40 20 80 wlo1\n')).toBe(true)
})

test('the watch tells a change of the settings of macOS', async () => {
  const path = '/Library/Preferences/com.apple.alf.plist'
  const looks = ['2026-11-20T11:58:00Z', '2026-11-20T11:59:00Z'].map((at) => ({
    files: { [path]: '' },
    times: { [path]: at },
    platform: 'macos' as const,
  }))
  const told = await Promise.all(looks.map((look) => watchFirewall(laptop(look))))
  expect(new Set(told).size).toBe(2)
})

test('the watch tells a change of ufw and a stop of firewalld', async () => {
  const looks = [
    { files: { ...UFW, ...FIREWALLD } },
    { files: { ...UFW, ...FIREWALLD }, times: { '/etc/ufw/ufw.conf': '2026-11-20T11:59:00Z' } },
    { files: { ...UFW, '/sys/fs/cgroup/system.slice/x': '' } },
  ]
  const told = await Promise.all(looks.map((look) => watchFirewall(laptop(look))))
  expect(new Set(told).size).toBe(3)
})

const ZONES = 'firewall-cmd --list-all-zones'
const zones = (name: string, target: string) => ({
  stdout: `${name} (active, default)\n  target: ${target}\n  ports: \n`,
})

const ask = async (it: Laptop) => (await readFirewall(laptop(it))).kind
const status = (text: string) => ({ 'ufw status verbose': { stdout: text } })

test('where the rules cannot be seen, firewalld and ufw are asked themselves', async () => {
  expect(await ask({ files: FIREWALLD, programs: { [ZONES]: zones('public', 'default') } })).toBe('value')
  // The process runs, but its zone lets all in; other rules are not known.
  expect(await ask({ files: FIREWALLD, programs: { [ZONES]: zones('trusted', 'ACCEPT') } })).toBe('unreadable')
  expect(await ask({ files: {}, programs: status('Status: active\n') })).toBe('value')
  expect(await ask({ files: UFW, programs: status('Status: inactive\n') })).toBe('unreadable')
  expect(await ask({ files: UFW, programs: status('Status: aktiv\n') })).toBe('value')
})
