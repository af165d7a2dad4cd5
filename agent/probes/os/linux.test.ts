import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS, type SignalValue } from '../../../shared/signals.ts'
import { recordedHost } from '../../host/recorded.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { linuxOs } from './linux.ts'
import { parseOsRelease } from './os-release.ts'
import { readOs } from './probe.ts'

type Extra = Parameters<typeof linuxOs>[1]

const DEBIAN = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n'
const UBUNTU = 'NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION="24.04.2 LTS (Noble Numbat)"\n'

const cases: readonly { name: string; text: string; extra?: Extra; expected: Partial<SignalValue['os']> }[] = [
  {
    name: "Debian's point release stands in its own file",
    text: DEBIAN,
    extra: { debianVersion: '12.11', kernel: '6.1.0-35-amd64' },
    expected: { version: '12', build: '12.11', id: 'debian', kernel: '6.1.0-35-amd64', arch: 'x86_64' },
  },
  { name: 'the file of another release', text: DEBIAN, extra: { debianVersion: '11.2' }, expected: { build: '' } },
  { name: 'Debian testing has a name', text: DEBIAN, extra: { debianVersion: 'trixie/sid' }, expected: { build: '' } },
  {
    name: "a derivative does not take Debian's point release",
    text: UBUNTU,
    extra: { debianVersion: '24.04.9' },
    expected: { name: 'Ubuntu', version: '24.04', build: '24.04.2' },
  },
  {
    name: 'VERSION of another system than VERSION_ID',
    text: 'NAME="KDE neon"\nVERSION_ID=22.04\nVERSION=6.2\n',
    expected: { version: '22.04', build: '' },
  },
  {
    name: 'a rolling release has no version',
    text: 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
    expected: { version: '', build: 'rolling', id: 'arch' },
  },
  {
    name: 'edition and support end',
    text: 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\nVARIANT="Workstation Edition"\nSUPPORT_END=2026-05-13\n',
    extra: { kernel: '6.14.2-300.fc42.x86_64' },
    expected: { edition: 'Workstation Edition', supportEnd: '2026-05-13T23:59:59.000Z', arch: 'x86_64' },
  },
  { name: 'an ID left empty is no ID', text: 'NAME=X\nID=\nID_LIKE=debian\n', expected: { name: 'X', version: '' } },
  { name: 'the pretty name, without a name', text: 'PRETTY_NAME="Some 3"\n', expected: { name: 'Some 3' } },
  {
    name: 'the kernel says the processor',
    text: 'NAME=X\n',
    extra: { arch: 'aarch64' },
    expected: { arch: 'aarch64' },
  },
  {
    name: 'the processor stands inside the release of the kernel',
    text: 'NAME=X\n',
    extra: { kernel: '5.14.0-427.el9.aarch64+64k', arch: '' },
    expected: { arch: 'aarch64' },
  },
  {
    name: 'a processor that nobody names',
    text: UBUNTU,
    extra: { kernel: '6.8.0-31-generic' },
    expected: { arch: '' },
  },
]

for (const { name, text, extra = {}, expected } of cases) {
  test(`linux: ${name}`, () => {
    expect(linuxOs(parseOsRelease(text), extra)).toMatchObject({ kind: 'value', value: expected })
  })
}

const leftOut: readonly { name: string; text: string; extra?: Extra; key: keyof SignalValue['os'] }[] = [
  { name: 'a support end that is no day', text: 'NAME=X\nSUPPORT_END=2026-02-30\n', key: 'supportEnd' },
  { name: 'a support end in words', text: 'NAME=X\nSUPPORT_END=never\n', key: 'supportEnd' },
  { name: 'a support end that breaks off', text: 'NAME=X\nSUPPORT_END=2026-05\n', key: 'supportEnd' },
  { name: 'an ID with blanks', text: 'NAME=X\nID="my os"\n', key: 'id' },
  { name: 'a kernel that is none', text: 'NAME=X\n', extra: { kernel: 'permission denied' }, key: 'kernel' },
  { name: 'no kernel', text: 'NAME=X\n', key: 'kernel' },
]

for (const { name, text, extra = {}, key } of leftOut) {
  test(`linux: left out: ${name}`, () => {
    const fact = linuxOs(parseOsRelease(text), extra)
    expect(fact.kind === 'value' && !(key in fact.value)).toBe(true)
  })
}

for (const text of ['', '\n\n', '# nothing\n', 'VERSION_ID=12\n', '<html>', 'NAME=X\nVERSION_ID="a version"\n']) {
  test(`linux: no fact is drawn from ${JSON.stringify(text)}`, () => {
    expect(linuxOs(parseOsRelease(text), {}).kind).toBe('unreadable')
  })
}

const recordedAt = '2026-11-01T00:00:00Z'

test('a machine without os-release is unreadable, and another platform is not read', async () => {
  expect(await readOs(recordedHost({ version: 1, platform: 'linux', recordedAt, entries: [] }))).toMatchObject({
    kind: 'unreadable',
    why: 'not in the recording: /etc/os-release',
  })
  for (const platform of ['macos', 'windows'] as const) {
    expect((await readOs(recordedHost({ version: 1, platform, recordedAt, entries: [] }))).kind).toBe('unreadable')
  }
})

test('the fact names what it was read from', async () => {
  const entries = [
    { kind: 'file', path: '/etc/os-release', content: DEBIAN },
    { kind: 'file', path: '/etc/debian_version', content: '12.11\n' },
    { kind: 'file', path: '/proc/sys/kernel/osrelease', content: '6.1.0-35-amd64\n' },
  ] as const
  const host = recordedHost({ version: 1, platform: 'linux', recordedAt, entries: [...entries] })
  expect(await readOs(host)).toMatchObject({
    kind: 'value',
    value: { build: '12.11' },
    source: '/etc/os-release, /proc/sys/kernel/osrelease, /etc/debian_version',
  })
})

test('whatever the files hold, it is a fact that a collector takes, or unreadable', () => {
  const parse = parserOf(SIGNALS.os.value)
  for (const text of mutations(DEBIAN + UBUNTU + 'VARIANT="W"\nSUPPORT_END=2026-05-13\n', 10_000)) {
    const extra = { kernel: text, arch: text.slice(0, 9), debianVersion: text.slice(9, 20) }
    const fact = linuxOs(parseOsRelease(text), extra)
    expect(fact.kind === 'unreadable' || (fact.kind === 'value' && parse(fact.value).ok)).toBe(true)
  }
  const long = linuxOs(parseOsRelease(`NAME=${'x'.repeat(5000)}\nBUILD_ID=${'y'.repeat(5000)}\n`), {})
  expect(long.kind === 'value' && parse(long.value).ok).toBe(true)
})
