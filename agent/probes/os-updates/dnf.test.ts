import { expect, test } from 'vitest'
import { readAdvisories, readUpdateinfo } from './dnf-advisories.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { osUpdatesProbe, readOsUpdates } from './probe.ts'

const LIST = [
  'Last metadata expiration check: 0:06:32 ago on Fri 20 Nov 2026 04:45:20 AM UTC.',
  'RHSA-2026:1001 Important/Sec. openssl-1:3.0.7-28.el9.x86_64',
  'RHSA-2026:1001 Important/Sec. openssl-libs-1:3.0.7-28.el9.x86_64',
  'RHSA-2026:1002 Critical/Sec.  openssl-1:3.0.7-29.el9.x86_64',
  'FEDORA-EPEL-2026-0a1b security tool-2-1.el9.noarch',
  'RHBA-2026:1003 bugfix         bash-5.1.8-9.el9.x86_64\n',
].join('\n')
const FOUND = ['openssl.x86_64', 'openssl-libs.x86_64', 'tool.noarch']

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
    expect(readUpdateinfo(stdout) && [...(readUpdateinfo(stdout) ?? [])]).toEqual(packages)
  })
}

const advisories: readonly { name: string; stdout: string; packages: string[] | null }[] = [
  { name: 'packages count once', stdout: JSON_LIST, packages: ['openssl.x86_64'] },
  { name: 'none', stdout: '[]\n', packages: [] },
  { name: 'no answer', stdout: '', packages: null },
  { name: 'not a list', stdout: '{}', packages: null },
  { name: 'of something else', stdout: '[{"name":"x"}]', packages: null },
  { name: 'no package', stdout: '[{"type":"security","nevra":""}]', packages: null },
]

for (const { name, stdout, packages } of advisories) {
  test(`advisories: ${name}`, () => {
    expect(readAdvisories(stdout) && [...(readAdvisories(stdout) ?? [])]).toEqual(packages)
  })
}

const DNF = 'dnf -C -q updateinfo list --security'
const DNF5 = 'dnf5 -C advisory list --security --json'
const repomd = '/var/cache/dnf/baseos-0123456789abcdef/repodata/repomd.xml'
const repomd5 = '/var/cache/libdnf5/updates-0123456789abcdef/repodata/repomd.xml'
const primary = '/var/cache/dnf/baseos-0123456789abcdef/repodata/1a-primary.xml.gz'
const epel = '/var/cache/dnf/epel-0123456789abcdef/repodata/repomd.xml'
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
  { name: 'an error', pending: null, files: { ...rocky, [repomd]: INDEX }, programs: { [DNF]: { exitCode: 1 } } },
  { name: 'no dnf', pending: null, files: rocky },
]

for (const { name, pending, ...machine } of machines) {
  test(`dnf: ${name}: ${pending === null ? 'not known' : pending}`, async () => {
    expect(await readOsUpdates(laptop(machine))).toMatchObject({ kind: 'value', value: { pendingSecurity: pending } })
  })
}

test('the times are those of the cache and of the last transaction', async () => {
  const files = { ...rocky, [repomd]: INDEX, [primary]: '', [epel]: INDEX, '/var/lib/dnf/history.sqlite': '' }
  const times = {
    [primary]: '2026-11-19T00:00:00Z',
    [epel]: '2026-11-20T00:00:00Z',
    '/var/lib/dnf/history.sqlite': '2026-11-10T00:00:00Z',
    '/var/lib/rpm/rpmdb.sqlite': '2026-11-15T00:00:00Z',
  }
  expect(await readOsUpdates(laptop({ files, times }))).toMatchObject({
    kind: 'value',
    value: { lastCheckedAt: '2026-11-19T00:00:00.000Z', lastInstalledAt: '2026-11-10T00:00:00.000Z' },
  })
})

test('dnf is asked again only when its cache or the packages changed', async () => {
  const probe = osUpdatesProbe()
  const machine = { files: { ...rocky, [repomd]: INDEX }, programs: { [DNF]: { stdout: LIST } } }
  const hosts = [laptop(machine), laptop(machine), laptop({ ...machine, times: { [repomd]: '2026-11-19T00:00:00Z' } })]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.includes(DNF))).toEqual([true, false, true])
})

test('damage never throws, and never empties the list', () => {
  for (const stdout of mutations('A-1 Low/Sec. a-1-1.noarch\nA-2 Low/Sec. b-1-1.noarch\n', 3000)) {
    const isNone = readUpdateinfo(stdout)?.size === 0
    expect(isNone && stdout.includes('Low')).toBe(false)
  }
  for (const stdout of mutations(JSON_LIST, 3000)) {
    const isNone = readAdvisories(stdout)?.size === 0
    expect(isNone && stdout.includes('"type":"security"')).toBe(false)
  }
})
