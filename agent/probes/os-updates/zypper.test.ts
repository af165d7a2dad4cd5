import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { osUpdates } from './probe.ts'
import { readZypperList } from './zypper-list.ts'

const patch = (name: string, category: string, status = 'needed') =>
  ` <update kind="patch" name="${name}" edition="1" arch="noarch" status="${status}" category="${category}" severity="important" pkgmanager="false" restart="false">
  <summary>An update</summary>
  <description>Fixes this &amp; that &lt;update-list&gt;</description>
  <issue-list><issue type="cve" id="CVE-2026-1"><title>x</title></issue></issue-list>
  <source url="https://download.example/update" alias="repo-update"/>
 </update>
`
const BEFORE = `<?xml version='1.0'?>
<stream>
<progress id="1" name="Loading repository data..." done="0"/>
<message type="info">Loading repository data...</message>
<message type="warning">Repository 'x' is out-of-date.</message>
<update-status version="0.6">
`
const answer = (list: string, blocked?: string) =>
  `${BEFORE}<update-list>\n${list}</update-list>\n${blocked === undefined ? '' : `<blocked-update-list>\n${blocked}</blocked-update-list>\n`}</update-status>\n</stream>\n`

const PATCHES = answer(patch('SUSE-1', 'recommended'), patch('SUSE-2', 'security') + patch('SUSE-3', 'security'))
const NONE = answer('')
const PACKAGES = answer(
  '<update name="bash" edition="5.2-2" arch="x86_64" kind="package" edition-old="5.2-1"><summary/></update>\n<update name="glibc" edition="2.40-1" arch="x86_64" kind="package"/>\n',
)

const lists: readonly { name: string; stdout: string; pending: string[]; security: string[] | null }[] = [
  {
    name: 'blocked patches count',
    stdout: PATCHES,
    pending: ['SUSE-1', 'SUSE-2', 'SUSE-3'],
    security: ['SUSE-2', 'SUSE-3'],
  },
  { name: 'no patch', stdout: NONE, pending: [], security: [] },
  { name: 'packages have no category', stdout: PACKAGES, pending: ['bash', 'glibc'], security: null },
  {
    name: 'noise around it',
    stdout: `Warning: x\n${PATCHES}\nbye`,
    pending: ['SUSE-1', 'SUSE-2', 'SUSE-3'],
    security: ['SUSE-2', 'SUSE-3'],
  },
  {
    name: 'patches of all kinds of status',
    stdout: answer(patch('A', 'security', 'applied') + patch('B', 'security', 'not-needed') + patch('C', 'security')),
    pending: ['C'],
    security: ['C'],
  },
  {
    name: 'an old version that writes no status',
    stdout: answer(patch('A', 'security').replace('status="needed" ', '')),
    pending: ['A'],
    security: ['A'],
  },
  {
    name: 'a patch in two repositories',
    stdout: answer(patch('A', 'security') + patch('A', 'security')),
    pending: ['A'],
    security: ['A'],
  },
]

for (const { name, stdout, pending, security } of lists) {
  test(`zypper lists: ${name}`, () => {
    const fact = readZypperList(stdout)
    expect(
      fact.kind === 'value' && {
        ...fact.value,
        pending: [...fact.value.pending],
        security: fact.value.security && [...fact.value.security],
      },
    ).toEqual({ pending, security })
  })
}

const meaningless = [
  '',
  "<?xml version='1.0'?>\n<stream>\n</stream>\n",
  PATCHES.slice(0, -20),
  PATCHES.slice(200),
  `${BEFORE}</update-status>\n</stream>`,
  `<stream><message type="error">System management is locked by the application with pid 1 (YaST).</message></stream>`,
  NONE.replace('<update-status', '<message type="error">Repository x is invalid.</message><update-status'),
  'Repository | Name | Category | Severity\n',
  answer('<update kind="patch" name="A"/>'),
  answer('<update kind="patch" category="security"/>'),
  answer('<update name="A" category="security"/>'),
  '<other><update-status><update-list/></update-status></other>',
]

for (const stdout of meaningless) {
  test(`zypper lists: nothing is drawn from ${JSON.stringify(stdout.slice(-60))}`, () => {
    expect(readZypperList(stdout).kind).toBe('unreadable')
  })
}

const LP = 'zypper -n --xmlout --no-refresh list-patches'
const LU = 'zypper -n --xmlout --no-refresh list-updates'
const raw = '/var/cache/zypp/raw'
const leap = {
  '/etc/os-release': 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n',
  '/usr/lib/sysimage/rpm/rpmdb.sqlite': '',
}
const cache = {
  [`${raw}/repo-update/cookie`]: '',
  [`${raw}/repo-update/repodata/repomd.xml`]: '',
  [`${raw}/repo-update/repodata/0f-updateinfo.xml.zst`]: '',
}
const vendors = { [`${raw}/vendor/cookie`]: '', [`${raw}/vendor/repodata/0f-updateinfo.xml.gz`]: '' }
const tumbleweed = { ...leap, '/etc/os-release': 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n' }

const machines: readonly ({ name: string; security: number | null; pending: number | null } & Laptop)[] = [
  {
    name: 'patches are missing',
    security: 2,
    pending: 3,
    files: { ...leap, ...cache },
    programs: { [LP]: { stdout: PATCHES } },
  },
  {
    name: 'it ends with "security updates"',
    security: 2,
    pending: 3,
    files: leap,
    programs: { [LP]: { stdout: PATCHES, exitCode: 101 } },
  },
  {
    name: 'none is missing',
    security: 0,
    pending: 0,
    files: { ...leap, ...cache },
    programs: { [LP]: { stdout: NONE } },
  },
  {
    name: 'none, without a list of patches',
    security: null,
    pending: null,
    files: leap,
    programs: { [LP]: { stdout: NONE } },
  },
  {
    name: 'none, and only a vendor has patches',
    security: null,
    pending: null,
    files: { ...leap, ...vendors },
    programs: { [LP]: { stdout: NONE } },
  },
  {
    name: 'none, but a repository was left out',
    security: null,
    pending: null,
    files: { ...leap, ...cache },
    programs: { [LP]: { stdout: NONE, exitCode: 106 } },
  },
  {
    name: 'another program holds the lock',
    security: null,
    pending: null,
    files: { ...leap, ...cache },
    programs: { [LP]: { exitCode: 7 } },
  },
  { name: 'no zypper', security: null, pending: null, files: { ...leap, ...cache } },
  {
    name: 'Tumbleweed has no patches',
    security: null,
    pending: 2,
    files: { ...tumbleweed, ...cache },
    programs: { [LU]: { stdout: PACKAGES } },
  },
  {
    name: 'Tumbleweed is current',
    security: 0,
    pending: 0,
    files: { ...tumbleweed, ...cache },
    programs: { [LU]: { stdout: NONE } },
  },
  {
    name: 'Tumbleweed without a cache',
    security: null,
    pending: null,
    files: tumbleweed,
    programs: { [LU]: { stdout: NONE } },
  },
]

for (const { name, security, pending, ...machine } of machines) {
  test(`zypper: ${name}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { pendingSecurity: security, pending },
    })
  })
}

test('the times are those of the update repositories and of the database', async () => {
  const files = { ...leap, ...cache, ...vendors }
  const times = {
    [`${raw}/repo-update/repodata/repomd.xml`]: '2026-11-18T00:00:00Z',
    [`${raw}/repo-update/cookie`]: '2026-11-17T00:00:00Z',
    [`${raw}/vendor/cookie`]: '2026-11-20T00:00:00Z',
    '/usr/lib/sysimage/rpm/rpmdb.sqlite': '2026-11-10T00:00:00Z',
  }
  expect(await osUpdates().probe(laptop({ files, times }))).toMatchObject({
    kind: 'value',
    value: { lastCheckedAt: '2026-11-18T00:00:00.000Z', lastInstalledAt: '2026-11-10T00:00:00.000Z' },
  })
})

test('zypper is asked again only when its cache or the packages changed', async () => {
  const probe = osUpdates().probe
  const machine = { files: { ...leap, ...cache }, programs: { [LP]: { stdout: PATCHES } } }
  const hosts = [
    laptop(machine),
    laptop(machine),
    laptop({ ...machine, times: { [`${raw}/repo-update/cookie`]: '2026-11-19T00:00:00Z' } }),
  ]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.includes(LP))).toEqual([true, false, true])
})

const kernel = {
  '/proc/sys/kernel/osrelease': '6.4.0-150600.23-default\n',
  '/lib/modules/6.4.0-150600.23-default/modules.dep': '',
}
const needed =
  'Since the last system boot core libraries or services have been updated.\nReboot is suggested to ensure that your system benefits from these updates.\n'
const restarts: readonly ({ name: string; restart: boolean | null } & Laptop)[] = [
  { name: 'the flag of libzypp', restart: true, files: { ...leap, ...kernel, '/run/reboot-needed': '' } },
  { name: 'no flag, the kernel is current', restart: false, files: { ...leap, ...kernel } },
  {
    name: 'zypper knows better',
    restart: true,
    files: { ...leap, ...kernel },
    programs: { 'zypper needs-rebooting': { stdout: needed, exitCode: 102 } },
  },
  { name: 'nobody knows', restart: null, files: leap },
]

for (const { name, restart, ...machine } of restarts) {
  test(`zypper: restart: ${name}: ${restart}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { rebootRequired: restart },
    })
  })
}

test('damage never throws, and never hides a security patch', () => {
  for (const stdout of mutations(PATCHES, 10_000)) {
    const fact = readZypperList(stdout)
    if (fact.kind !== 'value' || fact.value.security === null) continue
    // Whatever still says that it is a patch that is needed, and that it is for security, counts.
    const stated = stdout.match(/status="needed" category="security"/g)?.length ?? 0
    expect(fact.value.security.size === 0 && stated === 2).toBe(false)
  }
}, 30_000)
