import { expect, test } from 'vitest'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import { parseOsRelease } from '../os/os-release.ts'
import { updateFamily } from './family.ts'
import { laptop } from '../../../test/fakes/laptop.ts'
import { osUpdates } from './probe.ts'

const families: readonly { release: string; family: string }[] = [
  { release: 'ID=debian', family: 'apt' },
  { release: 'ID=linuxmint\nID_LIKE="ubuntu debian"', family: 'apt' },
  { release: 'ID=\nID_LIKE=debian', family: 'apt' },
  { release: 'ID=fedora\nVARIANT_ID=workstation', family: 'dnf' },
  { release: 'ID="rocky"\nID_LIKE="rhel centos fedora"', family: 'dnf' },
  { release: 'ID="ol"', family: 'dnf' },
  { release: 'ID="sles_sap"', family: 'zypper' },
  { release: 'ID=fedora\nVARIANT_ID=silverblue', family: 'rpm-ostree' },
  { release: 'ID=fedora\nOSTREE_VERSION=31.20200310.3.0', family: 'rpm-ostree' },
  { release: 'ID=opensuse-leap\nID_LIKE="suse opensuse"', family: 'zypper' },
  { release: 'ID=arch', family: 'pacman' },
  { release: 'ID=steamos\nID_LIKE=arch', family: 'not read: steamos' },
  { release: 'ID=tails\nID_LIKE=debian', family: 'not read: tails' },
  { release: 'NAME="Ubuntu Core"\nID=ubuntu', family: 'not read: ubuntu' },
  { release: 'ID=bazzite\nID_LIKE=fedora', family: 'rpm-ostree' },
  { release: 'ID=fedora\nVARIANT_ID=kinoite', family: 'rpm-ostree' },
  { release: 'ID=nobara\nID_LIKE="rhel centos fedora"', family: 'dnf' },
  { release: 'ID=cachyos', family: 'pacman' },
  { release: 'ID=neon', family: 'apt' },
  { release: 'ID=opensuse-aeon', family: 'zypper' },
  { release: 'ID=unheard\nID_LIKE="strange arch"', family: 'pacman' },
  { release: 'ID=alpine', family: 'apk' },
  { release: 'ID=nixos', family: 'not read: nixos' },
  { release: 'NAME=X', family: 'not read: an unnamed system' },
]

for (const { release, family } of families) {
  test(`family of ${JSON.stringify(release)}: ${family}`, () => {
    const found = updateFamily(parseOsRelease(release))
    expect('reads' in found ? found.reads : `not read: ${found.other}`).toBe(family)
  })
}

test('a family that is not read is said so', async () => {
  expect(await osUpdates().probe(laptop({ files: { '/etc/os-release': 'ID=nixos\n' } }))).toMatchObject({
    kind: 'unreadable',
    why: 'this version of the agent does not read updates of nixos',
  })
})

test('a system that was started from an image is asked as one, whatever its name', async () => {
  const host = laptop({ files: { '/etc/os-release': 'ID=fedora\n', '/run/ostree-booted': '' } })
  expect(await osUpdates().probe(host)).toMatchObject({ kind: 'unreadable', why: 'rpm-ostree is not installed' })
})

test('another platform, and an empty recording, are unreadable', async () => {
  const recordedAt = '2026-11-01T00:00:00Z'
  for (const platform of ['linux', 'macos', 'windows'] as const) {
    const reading = await osUpdates().probe(recordedHost({ version: 1, platform, recordedAt, entries: [] }))
    expect(reading.kind).toBe('unreadable')
  }
})

test('a recording that holds the answer of apt alone tells what apt found', async () => {
  const entries: RecordingEntry[] = [
    { kind: 'file', path: '/etc/os-release', content: 'ID=ubuntu\nVERSION_CODENAME=noble\n' },
    {
      kind: 'command',
      program: 'apt-get',
      args: ['-s', 'dist-upgrade'],
      exitCode: 0,
      stdout: 'Inst curl [1.0] (1.1 Ubuntu:24.04/noble-security [amd64])\n',
      stderr: '',
    },
  ]
  const host = recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-11-01T00:00:00Z', entries })
  expect(await osUpdates().probe(host)).toMatchObject({
    kind: 'value',
    value: { pendingSecurity: 1, pending: 1, lastCheckedAt: null, automatic: null, rebootRequired: null },
    source: 'apt-get -s dist-upgrade',
  })
})
