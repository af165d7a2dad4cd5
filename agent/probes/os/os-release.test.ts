import { expect, test } from 'vitest'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import { parseOsRelease, readOsRelease } from './os-release.ts'

const lines: readonly { line: string; value: string | undefined; why: string }[] = [
  { line: 'NAME=Fedora', value: 'Fedora', why: 'a bare word' },
  { line: 'NAME="Debian GNU/Linux"', value: 'Debian GNU/Linux', why: 'double quotes' },
  { line: "NAME='Pop!_OS'", value: 'Pop!_OS', why: 'single quotes' },
  { line: 'NAME=""', value: '', why: 'quoted nothing' },
  { line: 'NAME=', value: '', why: 'nothing' },
  { line: '  NAME=Arch', value: 'Arch', why: 'indented' },
  { line: 'NAME=Arch\r', value: 'Arch', why: 'a line end of Windows' },
  { line: 'NAME="Arch"\t ', value: 'Arch', why: 'blanks after it' },
  { line: 'NAME=Arch # rolling', value: 'Arch', why: 'a comment after it' },
  { line: 'NAME=Arch#1', value: 'Arch#1', why: 'a hash inside a word' },
  { line: 'NAME="a \\"b\\" \\$c \\`d\\` \\\\ \\e"', value: 'a "b" $c `d` \\ \\e', why: 'escapes in double quotes' },
  { line: "NAME='a \\b'", value: 'a \\b', why: 'no escapes in single quotes' },
  { line: 'NAME=a\\ b', value: 'a b', why: 'an escaped blank' },
  { line: 'NAME="a"\'b\'c', value: 'abc', why: 'pieces of one word' },
  { line: 'NAME="a=b"', value: 'a=b', why: 'an equals sign' },
  { line: 'NAME="Ubuntu', value: undefined, why: 'a quote that never ends' },
  { line: 'NAME=Ubuntu\\', value: undefined, why: 'an escape of nothing' },
  { line: 'NAME=two words', value: undefined, why: 'two words' },
  { line: '#NAME=Ubuntu', value: undefined, why: 'a comment' },
  { line: 'name=Ubuntu', value: undefined, why: 'another key' },
  { line: 'MY_NAME=Ubuntu', value: undefined, why: 'a longer key' },
  { line: 'NAME Ubuntu', value: undefined, why: 'no assignment' },
  { line: 'NAME = Ubuntu', value: undefined, why: 'blanks around the equals sign' },
]

for (const { line, value, why } of lines) {
  test(`os-release: ${why}`, () => {
    expect(parseOsRelease(`A=1\n${line}\nZ=2\n`).get('NAME')).toBe(value)
  })
}

test('the last assignment of a name counts, as in the shell', () => {
  expect(parseOsRelease('ID=debian\nID=ubuntu\n').get('ID')).toBe('ubuntu')
  expect(parseOsRelease('ID=debian\nID="broken\n').get('ID')).toBe('debian')
})

const etc = (content: string | null): RecordingEntry => ({ kind: 'file', path: '/etc/os-release', content })
const vendor = (content: string | null): RecordingEntry => ({ kind: 'file', path: '/usr/lib/os-release', content })

const places: readonly { name: string; entries: RecordingEntry[]; id: string | undefined }[] = [
  { name: 'its own file comes first', entries: [etc('ID=a\n'), vendor('ID=b\n')], id: 'a' },
  { name: 'an empty file of its own is not replaced', entries: [etc(''), vendor('ID=b\n')], id: undefined },
  { name: "the vendor's where there is none", entries: [etc(null), vendor('ID=b\n')], id: 'b' },
  { name: 'neither', entries: [etc(null), vendor(null)], id: undefined },
]

for (const { name, entries, id } of places) {
  test(`where os-release is read: ${name}`, async () => {
    const host = recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-11-01T00:00:00Z', entries })
    const read = await readOsRelease(host)
    expect(read.ok ? read.release.get('ID') : undefined).toBe(id)
  })
}

test("a file that may not be read is not replaced by the vendor's", async () => {
  const host = recordedHost({
    version: 1,
    platform: 'linux',
    recordedAt: '2026-11-01T00:00:00Z',
    entries: [vendor('ID=b\n')],
  })
  const denied = { ok: false, reason: 'denied', why: '/etc/os-release may not be read' } as const
  const read = await readOsRelease({
    ...host,
    readFile: (path) => (path === '/etc/os-release' ? Promise.resolve(denied) : host.readFile(path)),
  })
  expect(read).toEqual(denied)
})
