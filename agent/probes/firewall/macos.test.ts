import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readFirewall } from './probe.ts'
import { readSocketfilterfw } from './socketfilterfw.ts'

const ASK = 'socketfilterfw --getglobalstate'
const PLIST = '/Library/Preferences/com.apple.alf.plist'
const plist = (state: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>globalstate</key>${state}</dict></plist>`

const cases: readonly { name: string; it: Omit<Laptop, 'files'>; files?: Laptop['files']; enabled: boolean | null }[] =
  [
    { name: 'on', it: { programs: { [ASK]: { stdout: 'Firewall is enabled. (State = 1)\n' } } }, enabled: true },
    { name: 'off', it: { programs: { [ASK]: { stdout: 'Firewall is disabled. (State = 0)\n' } } }, enabled: false },
    {
      name: 'blocks all',
      it: {
        programs: { [ASK]: { stdout: 'Firewall is blocking all non-essential incoming connections. (State = 2)\n' } },
      },
      enabled: true,
    },
    { name: 'not told', it: { programs: { [ASK]: { stdout: '' } } }, enabled: null },
    {
      name: 'an error',
      it: { programs: { [ASK]: { exitCode: 1, stdout: 'Firewall is enabled. (State = 1)\n' } } },
      enabled: null,
    },
    { name: 'by its settings', it: {}, files: { [PLIST]: plist('<integer>1</integer>') }, enabled: true },
    { name: 'off by its settings', it: {}, files: { [PLIST]: plist('<integer>0</integer>') }, enabled: false },
    {
      name: 'its settings, as defaults shows them',
      it: {
        programs: {
          'defaults read /Library/Preferences/com.apple.alf': {
            stdout: '{\n    globalstate = 2;\n    version = "1.6";\n}\n',
          },
        },
      },
      files: { [PLIST]: 'bplist00' },
      enabled: true,
    },
    { name: 'settings that make no sense', it: {}, files: { [PLIST]: plist('<string>1</string>') }, enabled: null },
    { name: 'nothing at all', it: {}, enabled: null },
  ]

for (const { name, it, files = {}, enabled } of cases) {
  test(`firewall of macOS: ${name}`, async () => {
    const read = await readFirewall(laptop({ files, platform: 'macos', ...it }))
    expect(read.kind === 'value' ? read.value.enabled : null).toBe(enabled)
  })
}

test.each([
  [
    'Firewall is enabled. (State = 1)\nBlock all DISABLED!\nStealth mode enabled',
    { enabled: true, blockAll: false, stealth: true },
  ],
  ['Firewall has block all state set to enabled.', { blockAll: true }],
  ['Firewall stealth mode is off', { stealth: false }],
  ['Firewall is enabled. (State = 1)\nFirewall is enabled. (State = 1)', { enabled: true }],
  ['Firewall is enabled. (State = 0)', null],
  ['Firewall is disabled. (State = 1)', null],
  ['Firewall is enabled. (State %#= 1)\nStealth mode enabled', null],
  ['Firewall is enabled. (State = 1)\nFirewall is disabled. (State = 0)', null],
  ['Block all DISABLED!\nBlock all ENABLED!', null],
  ['Firewall is enabled.', null],
])('socketfilterfw: %j', (text, told) => {
  const read = readSocketfilterfw(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(told)
})

test('damage never switches the firewall on', () => {
  for (const text of mutations(
    'Firewall is disabled. (State = 0)\nBlock all DISABLED!\nStealth mode disabled\n',
    10_000,
  )) {
    const read = readSocketfilterfw(text)
    expect(read.kind === 'value' && read.value.enabled === true).toBe(false)
  }
})
