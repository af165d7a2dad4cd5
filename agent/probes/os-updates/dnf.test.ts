import { expect, test } from 'vitest'
import { readAdvisories, readAdvisoryTable, readUpdateinfo, type Advisories } from './dnf-advisories.ts'
import { readCheckUpdate } from './dnf-check-update.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { osUpdates } from './probe.ts'

const LIST = [
  'Last metadata expiration check: 0:06:32 ago on Fri 20 Nov 2026 04:45:20 AM UTC.',
  'RHSA-2026:1001 Important/Sec. openssl-1:3.0.7-28.el9.x86_64',
  'RHSA-2026:1001 Important/Sec. openssl-libs-1:3.0.7-28.el9.x86_64',
  'RHSA-2026:1002 Critical/Sec.  openssl-1:3.0.7-29.el9.x86_64',
  'FEDORA-EPEL-2026-0a1b security tool-2-1.el9.noarch',
  'RHBA-2026:1003 bugfix         bash-5.1.8-9.el9.x86_64\n',
].join('\n')
const FOUND = ['openssl.x86_64', 'openssl-libs.x86_64', 'tool.noarch']

const namesIn = (found: Advisories | null) => found && [...found.security]

const advisory = (name: string, type: string, nevra: string) => ({ name, type, severity: 'None', nevra, buildtime: 1 })
const JSON_LIST = JSON.stringify([
  advisory('FEDORA-2026-1', 'security', 'openssl-1:3.5.1-2.fc42.x86_64'),
  advisory('FEDORA-2026-2', 'security', 'openssl-1:3.5.1-3.fc42.x86_64'),
  advisory('FEDORA-2026-3', 'bugfix', 'bash-5.2.37-3.fc42.x86_64'),
])

const lists: readonly { name: string; stdout: string; packages: string[] | null }[] = [
  { name: 'packages count once', stdout: LIST, packages: FOUND },
  { name: 'nothing', stdout: '', packages: [] },
  { name: 'only bugs', stdout: 'A-1 bugfix a-1-1.noarch\nA-2 enhancement b-1-1.noarch\n', packages: [] },
  { name: 'an error', stdout: "Error: Cache-only enabled but no cache for 'updates'\n", packages: null },
  { name: 'a kind that nobody knows', stdout: 'A-1 sicherheit a-1-1.noarch\n', packages: null },
  { name: 'no package', stdout: 'A-1 security something\n', packages: null },
]

for (const { name, stdout, packages } of lists) {
  test(`updateinfo: ${name}`, () => {
    expect(namesIn(readUpdateinfo(stdout))).toEqual(packages)
  })
}

const advisories: readonly { name: string; stdout: string; packages: string[] | null }[] = [
  { name: 'packages count once', stdout: JSON_LIST, packages: ['openssl.x86_64'] },
  { name: 'what it fetched before it', stdout: `Repositories loaded.\n${JSON_LIST}`, packages: ['openssl.x86_64'] },
  { name: 'none', stdout: '[]\n', packages: [] },
  { name: 'no answer', stdout: '', packages: null },
  { name: 'not a list', stdout: '{}', packages: null },
  { name: 'of something else', stdout: '[{"name":"x"}]', packages: null },
  { name: 'no package', stdout: '[{"type":"security","nevra":""}]', packages: null },
]

for (const { name, stdout, packages } of advisories) {
  test(`advisories: ${name}`, () => {
    expect(namesIn(readAdvisories(stdout))).toEqual(packages)
  })
}

const more: readonly { name: string; stdout: string; security: string[]; others: string[] }[] = [
  {
    name: "yum's words around it",
    stdout: [
      'Loaded plugins: fastestmirror, langpacks',
      'Loading mirror speeds from cached hostfile',
      ' * base: mirror.example.org',
      'RHSA-2026:1 Important/Sec. kernel-3.10.0-1160.el7.x86_64',
      'RHBA-2026:2 bugfix         bash-4.2.46-35.el7.x86_64',
      'updateinfo list done',
    ].join('\n'),
    security: ['kernel.x86_64'],
    others: ['bash.x86_64'],
  },
  {
    name: 'what is installed already',
    stdout: 'i A-1 Low/Sec. a-1-1.noarch\n  A-2 Low/Sec. b-1-1.noarch\ni A-3 bugfix c-1-1.noarch\n',
    security: ['b.noarch'],
    others: [],
  },
  {
    name: 'by CVE',
    stdout: ' CVE-2026-0001 Moderate/Sec. a-1-1.noarch\r\n CVE-2026-0002 Moderate/Sec. a-1-1.noarch\r\n',
    security: ['a.noarch'],
    others: [],
  },
]

for (const { name, stdout, security, others } of more) {
  test(`updateinfo: ${name}`, () => {
    const found = readUpdateinfo(stdout)
    expect([...(found?.security ?? []), '/', ...(found?.others ?? [])]).toEqual([...security, '/', ...others])
  })
}

const TABLE = [
  'Name                   Type        Severity                          Package              Issued',
  'FEDORA-2026-0be4bb5a8a security    Moderate   firefox-131.0-2.fc41.x86_64 2026-10-11 14:11:42',
  'FEDORA-2026-1be4bb5a8a security    None       firefox-131.1-1.fc41.x86_64 2026-10-12 14:11:42',
  'FEDORA-2026-2be4bb5a8a bugfix      None          bash-5.2.32-1.fc41.x86_64 2026-10-12\n',
].join('\n')

const tables: readonly { name: string; stdout: string; packages: string[] | null }[] = [
  { name: 'packages count once', stdout: TABLE, packages: ['firefox.x86_64'] },
  { name: 'a heading alone', stdout: TABLE.split('\n')[0] ?? '', packages: [] },
  { name: 'no heading', stdout: TABLE.split('\n').slice(1).join('\n'), packages: null },
  { name: 'nothing', stdout: '', packages: null },
  { name: 'another row', stdout: `${TABLE}something else\n`, packages: null },
  { name: 'a kind that nobody knows', stdout: TABLE.replaceAll(' security ', ' sicherheit '), packages: null },
]

for (const { name, stdout, packages } of tables) {
  test(`advisories in a table: ${name}`, () => {
    expect(namesIn(readAdvisoryTable(stdout))).toEqual(packages)
  })
}

const ROWS = [
  'Last metadata expiration check: 0:06:32 ago on Fri 20 Nov 2026 04:45:20 AM UTC.',
  '',
  'openssl.x86_64                     1:3.0.7-28.el9           updates',
  'a-package-with-a-very-long-name-that-yum-breaks.noarch',
  '                                   12-1.el9                 updates  ',
  'Obsoleting Packages',
  'new.noarch                         2-1.el9                  updates',
  '    old.noarch                     1-1.el9                  @updates\n',
].join('\n')
const LONG = 'a-package-with-a-very-long-name-that-yum-breaks.noarch'

const updates: readonly { name: string; stdout: string; packages: string[] | null }[] = [
  { name: 'rows, one of them broken', stdout: ROWS, packages: ['openssl.x86_64', LONG] },
  { name: 'line ends of Windows', stdout: ROWS.replaceAll('\n', '\r\n'), packages: ['openssl.x86_64', LONG] },
  { name: 'nothing', stdout: '', packages: [] },
  {
    name: 'what dnf 5 fetched before it',
    stdout: `Updating and loading repositories:\n Some 41 - x86_64 - Updates   100% |  12.0 KiB/s |  24.9 KiB |  00m02s\nRepositories loaded.\n${ROWS}`,
    packages: ['openssl.x86_64', LONG],
  },
  {
    name: 'what dnf 4 fetched before it',
    stdout: `Some 41 - x86_64 - Updates           12 MB/s | 9.9 MB     00:01    \nWaiting for process with pid 12 to finish.\n${ROWS}`,
    packages: ['openssl.x86_64', LONG],
  },
  {
    name: 'when it last looked, in other languages',
    stdout: `Letzte Prüfung auf abgelaufene Metadaten: vor 0:52:11 am Di 24 Nov 2026 09:12:44 CET.\nメタデータの期限切れの最終確認: 0:00:11 前の 2026年11月24日 10時00分00秒 に実施しました。\n${ROWS}`,
    packages: ['openssl.x86_64', LONG],
  },
  {
    name: 'a notice in a frame',
    stdout: `${'='.repeat(80)}\nWARNING:\n  A newer release is available.\n\n${'='.repeat(80)}\n${ROWS}`,
    packages: ['openssl.x86_64', LONG],
  },
  {
    name: 'the heading of dnf 5.4',
    stdout: 'Upgrades\nopenssl.x86_64 1:3.5.4-2.fc44 updates\nxz.x86_64      1:5.8.2-1.fc44 updates\n',
    packages: ['openssl.x86_64', 'xz.x86_64'],
  },
  { name: 'a frame without an end', stdout: `${'='.repeat(80)}\nWARNING:\n${ROWS}`, packages: null },
  {
    name: 'security updates alone, of yum',
    stdout: ` --> kernel-3.10.0-1160.el7.x86_64 from updates removed (updateinfo)\n2 package(s) needed for security, out of 20 available\n${ROWS}`,
    packages: ['openssl.x86_64', LONG],
  },
  { name: 'no security update', stdout: 'No security updates needed, but 25 updates available\n', packages: [] },
  { name: 'a broken row without its rest', stdout: `${LONG}\n`, packages: null },
  { name: 'an error', stdout: "Error: Cache-only enabled but no cache for 'updates'\n", packages: null },
  { name: 'a heading in another language', stdout: `Verfügbare Aktualisierungen\n${ROWS}`, packages: null },
]

for (const { name, stdout, packages } of updates) {
  test(`check-update: ${name}`, () => {
    const found = readCheckUpdate(stdout)
    expect(found && [...found]).toEqual(packages)
  })
}

const DNF = 'dnf -C -q updateinfo list --security'
const DNF5 = 'dnf5 -C advisory list --security --json'
const repomd = '/var/cache/dnf/baseos-0123456789abcdef/repodata/repomd.xml'
const repomd5 = '/var/cache/libdnf5/updates-0123456789abcdef/repodata/repomd.xml'
const primary = '/var/cache/dnf/baseos-0123456789abcdef/repodata/1a-primary.xml.gz'
const epel = '/var/cache/dnf/epel-0123456789abcdef/repodata/repomd.xml'
const DNF5_TABLE = 'dnf5 -C advisory list --security'
const YUM = 'yum -C -q updateinfo list security'
const CHECK = 'dnf -C -q check-update'
const repomd7 = '/var/cache/yum/x86_64/7Server/ol7_latest/repomd.xml'
const WITHOUT = '<repomd>\n<data type="primary">\n</repomd>'
const INDEX = '<repomd>\n<data type="primary">\n<data type="updateinfo">\n</repomd>'
const rocky = {
  '/etc/os-release': 'NAME=Rocky\nID=rocky\nID_LIKE="rhel centos fedora"\n',
  '/var/lib/rpm/rpmdb.sqlite': '',
}

const machines: readonly ({ name: string; pending: number | null } & Laptop)[] = [
  { name: 'dnf 4 finds some', pending: 3, files: rocky, programs: { [DNF]: { stdout: LIST } } },
  {
    name: 'dnf 5 comes first',
    pending: 1,
    files: rocky,
    programs: { [DNF5]: { stdout: JSON_LIST }, [DNF]: { stdout: LIST } },
  },
  {
    name: 'none, and the cache has advisories',
    pending: 0,
    files: { ...rocky, [repomd]: INDEX },
    programs: { [DNF]: {} },
  },
  {
    name: 'none, for dnf 5',
    pending: 0,
    files: { ...rocky, [repomd5]: INDEX },
    programs: { [DNF5]: { stdout: '[]' } },
  },
  { name: 'none, and there is no cache', pending: null, files: rocky, programs: { [DNF]: {} } },
  {
    name: "none, and only the other dnf's cache",
    pending: null,
    files: { ...rocky, [repomd]: INDEX },
    programs: { [DNF5]: { stdout: '[]' } },
  },
  {
    name: 'none, and the cache has no advisories',
    pending: null,
    files: { ...rocky, [repomd]: '<repomd/>' },
    programs: { [DNF]: {} },
  },
  {
    name: "none, and only EPEL's advisories",
    pending: null,
    files: { ...rocky, [epel]: INDEX },
    programs: { [DNF]: {} },
  },
  {
    name: 'none, told to a user',
    pending: null,
    files: { ...rocky, [repomd]: INDEX },
    programs: { [DNF]: {} },
    privileged: false,
  },
  { name: 'some, told to a user', pending: 3, files: rocky, programs: { [DNF]: { stdout: LIST } }, privileged: false },
  {
    name: 'an old dnf 5 that knows no JSON',
    pending: 1,
    files: rocky,
    programs: { [DNF5]: { exitCode: 2 }, [DNF5_TABLE]: { stdout: TABLE } },
  },
  { name: 'yum finds some', pending: 3, files: rocky, programs: { [YUM]: { stdout: LIST } } },
  {
    name: 'yum finds none, with advisories',
    pending: 0,
    files: { ...rocky, [repomd7]: INDEX },
    programs: { [YUM]: {} },
  },
  {
    name: 'yum finds none, and only a vendor has advisories',
    pending: null,
    files: { ...rocky, [repomd7.replace('ol7_latest', 'vendor')]: INDEX },
    programs: { [YUM]: {} },
  },
  {
    name: 'no advisories, and nothing at all is missing',
    pending: 0,
    files: { ...rocky, [repomd]: WITHOUT },
    programs: { [DNF]: {}, [CHECK]: {} },
  },
  {
    name: 'no advisories, and something is missing',
    pending: null,
    files: { ...rocky, [repomd]: WITHOUT },
    programs: { [DNF]: {}, [CHECK]: { exitCode: 100, stdout: ROWS } },
  },
  {
    name: 'no advisories, and updates that are not listed',
    pending: null,
    files: { ...rocky, [repomd]: WITHOUT },
    programs: { [DNF]: {}, [CHECK]: { exitCode: 100 } },
  },
  {
    name: 'no advisories, and no cache of packages either',
    pending: null,
    files: { ...rocky, [repomd]: '<repomd/>' },
    programs: { [DNF]: {}, [CHECK]: {} },
  },
  { name: 'an error', pending: null, files: { ...rocky, [repomd]: INDEX }, programs: { [DNF]: { exitCode: 1 } } },
  { name: 'no dnf', pending: null, files: rocky },
]

for (const { name, pending, ...machine } of machines) {
  test(`dnf: ${name}: ${pending === null ? 'not known' : pending}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { pendingSecurity: pending },
    })
  })
}

test('what is missing in all is told where only that can be', async () => {
  const files = { ...rocky, [repomd]: WITHOUT }
  const host = laptop({ files, programs: { [DNF]: {}, [CHECK]: { exitCode: 100, stdout: ROWS } } })
  expect(await osUpdates().probe(host)).toMatchObject({
    kind: 'value',
    value: { pendingSecurity: null, pending: 2, detail: 'dnf has no advisories in its cache' },
    source: CHECK,
  })
})

test('the times are those of the cache and of the last transaction', async () => {
  const files = { ...rocky, [repomd]: INDEX, [primary]: '', [epel]: INDEX, '/var/lib/dnf/history.sqlite': '' }
  const times = {
    [primary]: '2026-11-19T00:00:00Z',
    [epel]: '2026-11-20T00:00:00Z',
    '/var/lib/dnf/history.sqlite': '2026-11-10T00:00:00Z',
    '/var/lib/rpm/rpmdb.sqlite': '2026-11-15T00:00:00Z',
  }
  expect(await osUpdates().probe(laptop({ files, times }))).toMatchObject({
    kind: 'value',
    value: { lastCheckedAt: '2026-11-19T00:00:00.000Z', lastInstalledAt: '2026-11-10T00:00:00.000Z' },
  })
})

test('dnf is asked again only when its cache or the packages changed', async () => {
  const probe = osUpdates().probe
  const machine = { files: { ...rocky, [repomd]: INDEX }, programs: { [DNF]: { stdout: LIST } } }
  const hosts = [laptop(machine), laptop(machine), laptop({ ...machine, times: { [repomd]: '2026-11-19T00:00:00Z' } })]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.includes(DNF))).toEqual([true, false, true])
})

test('a restart is owed for more than a kernel, and asked about once for each start and each change', async () => {
  const probe = osUpdates().probe
  const NEEDS = 'dnf -C needs-restarting -r'
  const boot = '/proc/sys/kernel/random/boot_id'
  const machine = (id: string, stdout: string, exitCode: number) =>
    laptop({ files: { ...rocky, [boot]: id }, programs: { [DNF]: { stdout: LIST }, [NEEDS]: { stdout, exitCode } } })
  const owed =
    'Core libraries or services have been updated since boot-up:\n  * glibc\n\nReboot is required to fully utilize these updates.\n'
  const none = 'No core libraries or services have been updated since boot-up.\nReboot should not be necessary.\n'
  const hosts = [machine('1', owed, 1), machine('1', none, 0), machine('2', none, 0), machine('3', '', 1)]
  const restarts = []
  for (const host of hosts) {
    const reading = await probe(host)
    restarts.push(reading.kind === 'value' ? reading.value.rebootRequired : undefined)
  }
  expect(restarts).toEqual([true, true, false, null])
  expect(hosts.map((host) => host.ran.includes(NEEDS))).toEqual([true, false, true, true])
})

test('damage never throws, and never empties the list', () => {
  for (const stdout of mutations(TABLE, 10_000)) {
    const isNone = readAdvisoryTable(stdout)?.security.size === 0
    expect(isNone && / security /.test(stdout) && stdout.includes('fc41.x86_64 2')).toBe(false)
  }
  for (const stdout of mutations(ROWS, 10_000)) {
    const isNone = readCheckUpdate(stdout)?.size === 0
    expect(isNone && /^openssl\.x86_64/m.test(stdout) && !/^Obsoleting[^]*^openssl/m.test(stdout)).toBe(false)
  }
  for (const stdout of mutations('A-1 Low/Sec. a-1-1.noarch\nA-2 Low/Sec. b-1-1.noarch\n', 10_000)) {
    const isNone = readUpdateinfo(stdout)?.security.size === 0
    expect(isNone && stdout.includes('Low')).toBe(false)
  }
  for (const stdout of mutations(JSON_LIST, 10_000)) {
    const isNone = readAdvisories(stdout)?.security.size === 0
    expect(isNone && stdout.includes('"type":"security"')).toBe(false)
  }
})
