import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import {
  filesWith,
  LISTS,
  OS_RELEASE,
  PACKAGES,
  RELEASE,
  releaseFile,
  SECURITY,
  SECURITY_LIST,
  stanza,
  STATUS,
} from './fixtures/debian.ts'
import { laptop, NOW, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { osUpdates } from './probe.ts'

const SIMULATE = 'apt-get -s dist-upgrade'
const NONE = '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n'
const HELD = '0 upgraded, 0 newly installed, 0 to remove and 2 not upgraded.\n'
const FIX = 'Inst curl [7.88.1-10] (7.88.1-11 Debian-Security:12/stable-security [amd64])\n'
const OTHER = 'Inst bash [5.2-1] (5.2-2 Debian:12.9/stable [amd64])\n'

const withoutSecurity = { [RELEASE]: undefined, [PACKAGES]: undefined }
const compressed = { [PACKAGES]: undefined, [`${PACKAGES}.lz4`]: 'not text' }
const helper = `apt-helper cat-file ${PACKAGES}.lz4`
const ubuntu = (suite: string, list: string): Record<string, string> => ({
  [`${LISTS}/u_dists_${suite}_InRelease`]: releaseFile({ origin: 'Ubuntu', label: 'Ubuntu', suite, codename: 'noble' }),
  [`${LISTS}/u_dists_${suite}_main_binary-amd64_Packages`]: list,
})
const NOBLE = 'NAME=Ubuntu\nID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n'
const UBUNTU_FILES = {
  '/etc/os-release': NOBLE,
  '/var/lib/dpkg/status': STATUS,
  ...ubuntu('noble-security', stanza('curl', '8.1')),
}
const DAMAGED = { '/var/lib/dpkg/status': 'Package: curl\n' }
const KEPT = '/var/lib/update-notifier/updates-available'
const COUNTED = '9 updates can be applied immediately.\n4 of these updates are standard security updates.\n'
const CHECK = 'apt-check'
const PRO = 'pro security-status --format json'
const release = (head: Parameters<typeof releaseFile>[0]) => ({ [RELEASE]: releaseFile(head) })
const security = { label: 'Debian-Security', suite: 'stable-security', codename: 'bookworm-security' }

const counts: readonly ({ name: string; pending: number | null } & Laptop)[] = [
  { name: 'one fix is missing', pending: 1, files: filesWith({}) },
  { name: 'none is missing', pending: 0, files: filesWith({ [PACKAGES]: stanza('curl', '7.88.1-10+deb12u8') }) },
  {
    name: 'a package on hold lacks it all the same',
    pending: 1,
    files: filesWith({ [PACKAGES]: stanza('libssl3', '3.0.15-1~deb12u1') }),
  },
  {
    name: 'both architectures lack it',
    pending: 2,
    files: filesWith({ [PACKAGES]: stanza('libssl3', '3.1') + stanza('libssl3', '3.1', 'i386') }),
  },
  { name: 'a removed package lacks nothing', pending: 0, files: filesWith({ [PACKAGES]: stanza('zsh', '6') }) },
  { name: 'no security suite among the lists', pending: null, files: filesWith(withoutSecurity) },
  { name: 'a security suite without a package list', pending: null, files: filesWith({ [PACKAGES]: undefined }) },
  {
    name: 'a security list of another release',
    pending: null,
    files: filesWith(release({ ...security, codename: 'bullseye-security' })),
  },
  {
    name: "Debian 10's name of its security suite",
    pending: 1,
    files: filesWith(release({ ...security, suite: 'oldstable', codename: 'bookworm' })),
  },
  {
    name: 'somebody else calls a suite so',
    pending: null,
    files: filesWith(release({ ...security, origin: 'Vendor' })),
  },
  {
    name: 'testing-security holds next to nothing',
    pending: null,
    files: filesWith(release({ ...security, suite: 'testing-security' })),
  },
  {
    name: 'a release that nobody names',
    pending: null,
    files: filesWith({ '/etc/os-release': 'NAME=Debian\nID=debian\n' }),
  },
  {
    name: 'a component that is in use has no security list',
    pending: null,
    files: filesWith({
      [`${LISTS}/mirror.example_debian_dists_bookworm_non-free_binary-amd64_Packages`]: stanza('a', '1'),
    }),
  },
  {
    name: 'a component that has no fixes at all needs no list',
    pending: 1,
    files: filesWith({
      [`${LISTS}/mirror.example_debian_dists_bookworm_contrib_binary-amd64_Packages`]: stanza('a', '1'),
    }),
  },
  { name: 'an empty security list', pending: null, files: filesWith({ [PACKAGES]: '' }) },
  { name: 'a security list that is none', pending: null, files: filesWith({ [PACKAGES]: '<html>Log in</html>\n' }) },
  {
    name: 'a list that breaks off before the version',
    pending: null,
    files: filesWith({ [PACKAGES]: 'Package: curl\nVer' }),
  },
  {
    name: 'a compressed list',
    pending: 1,
    files: filesWith(compressed),
    programs: { [helper]: { stdout: SECURITY_LIST } },
  },
  {
    name: 'a compressed list that is damaged',
    pending: null,
    files: filesWith(compressed),
    programs: { [helper]: { exitCode: 100, stdout: SECURITY_LIST } },
  },
  { name: 'no program to decompress it', pending: null, files: filesWith(compressed) },
  { name: 'no lists', pending: null, files: { '/etc/os-release': OS_RELEASE, '/var/lib/dpkg/status': STATUS } },
  {
    name: 'a fix on Ubuntu that -updates replaced still counts',
    pending: 1,
    files: {
      '/etc/os-release': NOBLE,
      '/var/lib/dpkg/status': STATUS,
      ...ubuntu('noble-security', stanza('curl', '8.1')),
      ...ubuntu('noble-updates', stanza('curl', '8.2')),
    },
  },
  {
    name: '-updates alone says nothing',
    pending: null,
    files: {
      '/etc/os-release': NOBLE,
      '/var/lib/dpkg/status': STATUS,
      ...ubuntu('noble-updates', stanza('curl', '8.2')),
    },
  },
  {
    name: 'the status may not be read, and apt finds a fix',
    pending: 1,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [SIMULATE]: { stdout: FIX + OTHER } },
  },
  {
    name: 'apt finds updates, and no fix among them',
    pending: null,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [SIMULATE]: { stdout: OTHER } },
  },
  {
    name: 'apt finds nothing, with security lists',
    pending: 0,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [SIMULATE]: { stdout: NONE } },
  },
  {
    name: 'apt keeps something back',
    pending: null,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [SIMULATE]: { stdout: HELD } },
  },
  {
    name: 'apt fails',
    pending: null,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [SIMULATE]: { exitCode: 100, stdout: NONE } },
  },
  {
    name: 'apt finds nothing, from a security list that is empty',
    pending: null,
    files: filesWith({ [PACKAGES]: '' }),
    programs: { [SIMULATE]: { stdout: NONE } },
  },
  {
    name: 'the status is damaged, and apt finds a fix',
    pending: 1,
    files: filesWith({ '/var/lib/dpkg/status': 'Package: curl\n' }),
    programs: { [SIMULATE]: { stdout: FIX } },
  },
  {
    name: 'the status may not be read, and Ubuntu counts all fixes',
    pending: 3,
    files: UBUNTU_FILES,
    denied: ['/var/lib/dpkg'],
    programs: { [CHECK]: { stderr: '9;3' }, [SIMULATE]: { stdout: FIX } },
  },
  {
    name: 'Ubuntu counted already, after the last change',
    pending: 4,
    files: { ...UBUNTU_FILES, ...DAMAGED, [KEPT]: COUNTED },
    times: { [KEPT]: '2026-11-02T00:00:00Z' },
    programs: { [CHECK]: { stderr: '9;3' } },
  },
  {
    name: 'Ubuntu counted before the last change',
    pending: 3,
    files: { ...UBUNTU_FILES, ...DAMAGED, [KEPT]: COUNTED },
    times: { [KEPT]: '2026-10-02T00:00:00Z' },
    programs: { [CHECK]: { stderr: '9;3' } },
  },
  {
    name: 'Ubuntu counts none, with security lists',
    pending: 0,
    files: UBUNTU_FILES,
    denied: ['/var/lib/dpkg'],
    programs: { [CHECK]: { stderr: '9;0' } },
  },
  {
    name: 'Ubuntu counts none, from lists that nobody saw',
    pending: null,
    files: UBUNTU_FILES,
    denied: ['/var/lib/apt'],
    programs: { [CHECK]: { stderr: '9;0' } },
  },
  {
    name: 'Ubuntu without update-notifier asks pro',
    pending: 2,
    files: UBUNTU_FILES,
    denied: ['/var/lib/dpkg'],
    programs: { [PRO]: { stdout: '{"summary":{"num_standard_security_updates":2}}' } },
  },
  {
    name: 'Debian has no such programs',
    pending: 1,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: { [CHECK]: { stderr: '9;3' }, [SIMULATE]: { stdout: FIX } },
  },
  {
    name: 'dependencies are broken, and apt lists a fix all the same',
    pending: 1,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: {
      [SIMULATE]: { exitCode: 100 },
      'apt list --upgradable': { stdout: 'curl/stable-security 2 amd64 [upgradable from: 1]\n' },
    },
  },
  {
    name: 'apt lists none among updates',
    pending: null,
    files: filesWith({}),
    denied: ['/var/lib/dpkg'],
    programs: {
      [SIMULATE]: { exitCode: 100 },
      'apt list --upgradable': { stdout: 'curl/stable 2 amd64 [upgradable from: 1]\n' },
    },
  },
  {
    name: 'apt finds nothing, from lists that nobody saw',
    pending: null,
    files: filesWith({}),
    denied: [LISTS],
    programs: { [SIMULATE]: { stdout: NONE } },
  },
]

for (const { name, pending, ...machine } of counts) {
  test(`apt: ${name}: ${pending === null ? 'not known' : pending}`, async () => {
    const reading = await osUpdates().probe(laptop(machine))
    expect(reading.kind === 'value' ? reading.value.pendingSecurity : null).toBe(pending)
  })
}

test('nothing is started where the lists are plain files', async () => {
  const host = laptop({ files: filesWith({}) })
  await osUpdates().probe(host)
  expect(host.ran).toEqual([])
})

test('the fact says what nobody knows: neither files nor lists may be read', async () => {
  const reading = await osUpdates().probe(laptop({ files: filesWith({}), denied: ['/var/lib'] }))
  expect(reading).toMatchObject({
    kind: 'unreadable',
    why: '/var/lib/apt/lists may not be read (needs root); apt-get is not installed',
    source: SIMULATE,
  })
})

const stamp = '/var/lib/apt/periodic/update-success-stamp'
const end = '\nValid-Until: Wed, 18 Nov 2026 08:00:00 UTC'
const times: readonly ({ name: string; at: string | null } & Laptop)[] = [
  {
    name: 'the stamp',
    at: '2026-11-20T06:00:00.000Z',
    files: filesWith({ [stamp]: '' }),
    times: { [stamp]: '2026-11-20T06:00:00Z' },
  },
  {
    name: 'the newest list, without a stamp',
    at: '2026-11-19T09:00:00.000Z',
    files: filesWith({}),
    times: { [RELEASE]: '2026-11-19T09:00:00Z' },
  },
  {
    name: 'never a time to come',
    at: '2026-11-01T00:00:00.000Z',
    files: filesWith({ [stamp]: '' }),
    times: { [stamp]: '2027-01-01T00:00:00Z' },
  },
  {
    name: 'a list past its own end was not refreshed since',
    at: '2026-11-18T08:00:00.000Z',
    files: filesWith({ [stamp]: '', ...release({ ...security, more: end }) }),
    times: { [stamp]: '2026-11-20T06:00:00Z' },
  },
  { name: 'no lists, no stamp', at: null, files: { '/etc/os-release': OS_RELEASE, '/var/lib/dpkg/status': STATUS } },
  {
    name: "a vendor's fresh list says nothing of the system's",
    at: '2026-11-01T00:00:00.000Z',
    files: filesWith({
      [`${LISTS}/vendor_dists_stable_InRelease`]: releaseFile({ origin: 'Vendor', suite: 'stable' }),
    }),
    times: { [`${LISTS}/vendor_dists_stable_InRelease`]: NOW },
  },
]

for (const { name, at, ...machine } of times) {
  test(`apt: last looked at: ${name}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({ kind: 'value', value: { lastCheckedAt: at } })
  })
}

test('where no file tells its time, the time the archive was published stands for it', async () => {
  const host = laptop({ files: filesWith({}) })
  const reading = await osUpdates().probe({ ...host, stat: (path) => host.stat(`/nowhere${path}`) })
  expect(reading).toMatchObject({ kind: 'value', value: { lastCheckedAt: '2026-11-19T08:00:00.000Z' } })
})

test('the count is remembered until a file changes', async () => {
  const probe = osUpdates().probe
  const files = filesWith(compressed)
  const programs = { [helper]: { stdout: SECURITY_LIST } }
  const first = laptop({ files, programs })
  await probe(first)
  const again = laptop({ files, programs })
  expect(await probe(again)).toMatchObject({ kind: 'value', value: { pendingSecurity: 1 } })
  const changed = laptop({
    files,
    programs: { [helper]: { stdout: stanza('a', '1') } },
    times: { [`${SECURITY}InRelease`]: NOW },
  })
  expect(await probe(changed)).toMatchObject({ kind: 'value', value: { pendingSecurity: 0 } })
  expect([first.ran.length, again.ran.length, changed.ran.length]).toEqual([1, 0, 1])
})

test('a failure is not remembered', async () => {
  const probe = osUpdates().probe
  const files = filesWith(compressed)
  await probe(laptop({ files }))
  expect(await probe(laptop({ files, programs: { [helper]: { stdout: SECURITY_LIST } } }))).toMatchObject({
    kind: 'value',
    value: { pendingSecurity: 1 },
  })
})

const MUTATED = ['/etc/os-release', '/var/lib/dpkg/status', RELEASE, PACKAGES] as const

for (const path of MUTATED) {
  test(`damage to ${path} never makes a machine look up to date`, async () => {
    const parse = parserOf(SIGNALS['os-updates'].value)
    // Damage that happens to write another version, or another package, is no damage: it says something else.
    const files = filesWith({})
    const wrong: string[] = []
    for (const text of mutations(files[path] ?? '', 1500)) {
      if (versions(text) !== versions(files[path] ?? '')) continue
      const reading = await osUpdates().probe(laptop({ files: { ...files, [path]: text } }))
      if (reading.kind !== 'value') continue
      const isFalselyNone = reading.value.pendingSecurity === 0 && !isHonest(text)
      if (isFalselyNone || !parse(reading.value).ok) wrong.push(text)
    }
    expect(wrong).toEqual([])
  })
}

const versions = (text: string): string => (text.match(/^(?:Version|Architecture|Package|Status): .*$/gm) ?? []).join()

/** Whether curl is told to be installed and offered where the text tells of packages: else nothing can be missing. */
const isHonest = (text: string): boolean => text.includes('Package: ') && !/^Package: curl$/m.test(text)
