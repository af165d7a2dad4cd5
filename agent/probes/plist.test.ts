import { expect, test } from 'vitest'
import { laptop } from '../../test/fakes/laptop.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { readPlist, readPlistFile, readPlistItems } from './plist.ts'

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>ProductVersion</key>
	<string>26.1</string>
	<key>Enabled</key>
	<true/>
	<key>Checked</key>
	<date>2026-11-20T10:00:00Z</date>
</dict>
</plist>
`
const PLIST = { ProductVersion: '26.1', Enabled: true, Checked: new Date('2026-11-20T10:00:00Z') }
const PATH = '/Library/Preferences/com.example.plist'
const PLUTIL = `plutil -convert xml1 -o - ${PATH}`

test('reads a dictionary, whatever stands before it', () => {
  expect(readPlist(XML)).toEqual({ kind: 'value', value: PLIST })
  expect(readPlist(`warning: something\r\n${XML.replaceAll('\n', '\r\n')}`)).toEqual({ kind: 'value', value: PLIST })
})

test.each([
  '',
  '\n',
  'bplist00',
  XML.slice(0, 200),
  '<plist version="1.0"><array/></plist>',
  '<plist><dict></plist>',
  '{}',
])('is unreadable: %j', (text) => {
  expect(readPlist(text).kind).toBe('unreadable')
})

test('never throws', () => {
  for (const damaged of mutations(XML, 10_000)) expect(['value', 'unreadable']).toContain(readPlist(damaged).kind)
})

test('has plutil turn a binary file into XML', async () => {
  const binary = laptop({
    platform: 'macos',
    files: { [PATH]: 'bplist00\u0001' },
    programs: { [PLUTIL]: { stdout: XML } },
  })
  expect(await readPlistFile(binary, PATH)).toEqual({ kind: 'value', value: PLIST })
  const plain = laptop({ platform: 'macos', files: { [PATH]: XML } })
  expect(await readPlistFile(plain, PATH)).toEqual({ kind: 'value', value: PLIST })
  expect(plain.ran).toEqual([])
})

test('a file that is not there, or not whole, is unreadable', async () => {
  const files = [{}, { [PATH]: 'bplist00' }]
  const facts = await Promise.all(files.map((it) => readPlistFile(laptop({ platform: 'macos', files: it }), PATH)))
  expect(facts.map(({ kind }) => kind)).toEqual(['unreadable', 'unreadable'])
})

test('nothing is drawn from what is nested without end', () => {
  for (const [open, close] of [
    ['<array>', '</array>'],
    ['<dict><key>a</key>', '</dict>'],
  ] as const) {
    const text = `<plist version="1.0">${open.repeat(3000)}<true/>${close.repeat(3000)}</plist>`
    expect(readPlist(text).kind).toBe('unreadable')
    expect(readPlistItems(text).kind).toBe('unreadable')
  }
})
