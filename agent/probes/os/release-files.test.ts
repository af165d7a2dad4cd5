import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { linuxOs } from './linux.ts'
import { readOs } from './probe.ts'
import { RELEASE_FILES, readLsbRelease, readReleaseLine } from './release-files.ts'

const read = (path: string, text: string) => RELEASE_FILES.find(([name]) => name === path)?.[1](text) ?? null

const stated: readonly {
  path: string
  text: string
  is: [name: string, version: string | undefined, id: string | undefined] | null
}[] = [
  { path: '/etc/redhat-release', text: 'CentOS release 6.10 (Final)\n', is: ['CentOS', '6.10', 'centos'] },
  {
    path: '/etc/redhat-release',
    text: 'Red Hat Enterprise Linux release 8.3 Beta (Ootpa)\n',
    is: ['Red Hat Enterprise Linux', '8.3', 'rhel'],
  },
  {
    path: '/etc/system-release',
    text: 'Amazon Linux AMI release 2018.03\r\n',
    is: ['Amazon Linux AMI', '2018.03', 'amzn'],
  },
  { path: '/etc/fedora-release', text: 'Fedora release 20 (Heisenbug)\n', is: ['Fedora', '20', 'fedora'] },
  { path: '/etc/oracle-release', text: 'Oracle Linux Server release 6.9\n', is: ['Oracle Linux Server', '6.9', 'ol'] },
  {
    path: '/etc/gentoo-release',
    text: 'Gentoo Base System release 2.14\n',
    is: ['Gentoo Base System', '2.14', 'gentoo'],
  },
  { path: '/etc/redhat-release', text: 'Somebody Else release 3 (X)\n', is: ['Somebody Else', '3', undefined] },
  { path: '/etc/slackware-version', text: 'Slackware 15.0\n', is: ['Slackware', '15.0', 'slackware'] },
  { path: '/etc/redhat-release', text: 'CentOS release\n', is: null },
  { path: '/etc/redhat-release', text: '', is: null },
  {
    path: '/etc/lsb-release',
    text: 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\nDISTRIB_DESCRIPTION="Ubuntu 12.04.5 LTS"\n',
    is: ['Ubuntu', '12.04', 'ubuntu'],
  },
  { path: '/etc/lsb-release', text: 'LSB_VERSION=base-4.0-amd64\n', is: null },
  {
    path: '/etc/linuxmint/info',
    text: 'RELEASE=13\nCODENAME=maya\nDESCRIPTION="Linux Mint 13 Maya"\n',
    is: ['Linux Mint', '13', 'linuxmint'],
  },
  { path: '/etc/linuxmint/info', text: 'CODENAME=maya\n', is: null },
  {
    path: '/etc/SuSE-release',
    text: 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
    is: ['SUSE Linux Enterprise Server', '11.4', 'sles'],
  },
  {
    path: '/etc/SuSE-release',
    text: 'openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n',
    is: ['openSUSE', '13.2', 'opensuse'],
  },
  { path: '/etc/SuSE-release', text: 'openSUSE 13.2 (x86_64)\n', is: null },
  { path: '/etc/alpine-release', text: '3.4.6\n', is: ['Alpine Linux', '3.4.6', 'alpine'] },
  { path: '/etc/debian_version', text: '6.0.10\n', is: ['Debian GNU/Linux', '6.0.10', 'debian'] },
  { path: '/etc/debian_version', text: 'wheezy/sid\n', is: ['Debian GNU/Linux', undefined, 'debian'] },
  { path: '/etc/devuan_version', text: 'beowulf\n', is: ['Devuan GNU/Linux', undefined, 'devuan'] },
  { path: '/etc/debian_version', text: 'two words\n', is: null },
  { path: '/etc/debian_version', text: '\n', is: null },
]

for (const { path, text, is } of stated) {
  test(`${path}: ${JSON.stringify(text.slice(0, 40))}`, () => {
    const release = read(path, text)
    expect(release && [release.get('NAME'), release.get('VERSION_ID'), release.get('ID')]).toEqual(is)
  })
}

const LSB =
  'No LSB modules are available.\nDistributor ID:\tDebian\nDescription:\tDebian GNU/Linux 9.13 (stretch)\nRelease:\t9.13\nCodename:\tstretch\n'

test('lsb_release names system and version, whatever stands before', () => {
  expect(readLsbRelease(LSB)?.get('VERSION_ID')).toBe('9.13')
  expect(readLsbRelease(LSB)?.get('VERSION_CODENAME')).toBe('stretch')
  expect(
    readLsbRelease('Distributor ID: Arch\nRelease:\trolling\nCodename:\tn/a\n')?.get('VERSION_CODENAME'),
  ).toBeUndefined()
  for (const text of ['', 'Debian\n9.13\n', 'Release:\t9.13\n', 'Distributor ID:\tX\nRelease:\ttwo words\n']) {
    expect(readLsbRelease(text)).toBeNull()
  }
})

test('an old system without os-release is known by what it has instead', async () => {
  const files = { '/etc/redhat-release': 'CentOS release 6.10 (Final)\n', '/etc/lsb-release': 'LSB_VERSION=base-4.0\n' }
  expect(await readOs(laptop({ files }))).toMatchObject({
    kind: 'value',
    value: { name: 'CentOS', version: '6.10', id: 'centos' },
    source: '/etc/redhat-release',
  })
  const host = laptop({ files: {}, programs: { 'lsb_release -a': { stdout: LSB } } })
  expect(await readOs(host)).toMatchObject({ kind: 'value', value: { version: '9.13' }, source: 'lsb_release -a' })
  const own = { ...files, '/etc/os-release': 'NAME=X\n' }
  expect(await readOs(laptop({ files: own, denied: ['/etc/os-release'] }))).toMatchObject({ kind: 'unreadable' })
})

test("CentOS's point release stands in a file of its own", async () => {
  const files = {
    '/etc/os-release': 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nVERSION_ID="7"\n',
    '/etc/redhat-release': 'CentOS Linux release 7.9.2009 (Core)\n',
  }
  expect(await readOs(laptop({ files }))).toMatchObject({ value: { version: '7', build: '7.9.2009' } })
  const other = { ...files, '/etc/redhat-release': 'CentOS Linux release 8.1.1911 (Core)\n' }
  expect(await readOs(laptop({ files: other }))).toMatchObject({ value: { version: '7', build: '' } })
})

test('damage never throws, and what comes of it is a system or nothing', () => {
  const text =
    'CentOS Linux release 7.9.2009 (Core)\nDISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nVERSION = 11\nPATCHLEVEL = 4\n'
  const readers = [...RELEASE_FILES.map(([, reads]) => reads), readLsbRelease, readReleaseLine]
  const kinds = new Set<string>()
  for (const damaged of mutations(text, 10_000)) {
    for (const reads of readers) {
      const release = reads(damaged)
      if (release) kinds.add(linuxOs(release, {}).kind)
    }
  }
  expect([...kinds]).toEqual(['value'])
}, 30_000)
