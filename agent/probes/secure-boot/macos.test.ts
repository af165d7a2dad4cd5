import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { isSecure, POLICY, readBridge, readBridgeText, readPolicy } from './bridge.ts'
import { readSecureBoot } from './probe.ts'

const BRIDGE = 'system_profiler -json SPiBridgeDataType'
const NVRAM = `nvram ${POLICY}`
const bridge = (words: string, sip = 'Enabled') =>
  JSON.stringify(
    {
      SPiBridgeDataType: [
        { ibridge_build: 'mBoot-1', ibridge_extra_boot_policies: ' ', ibridge_sb_sip: sip, ibridge_secure_boot: words },
      ],
    },
    null,
    2,
  )

const TEXT = `Controller:

      Model Name: Apple T2 Security Chip
      Boot Policy:
          Secure Boot: Full Security
          System Integrity Protection: Enabled
`

const cases: readonly { name: string; programs: Laptop['programs']; enabled: boolean | null }[] = [
  { name: 'full', programs: { [BRIDGE]: { stdout: bridge('Full Security') } }, enabled: true },
  { name: 'reduced', programs: { [BRIDGE]: { stdout: bridge('Reduced Security') } }, enabled: true },
  { name: 'permissive', programs: { [BRIDGE]: { stdout: bridge('Permissive Security') } }, enabled: false },
  { name: 'SIP is off', programs: { [BRIDGE]: { stdout: bridge('Full Security', 'Disabled') } }, enabled: false },
  { name: 'German', programs: { [BRIDGE]: { stdout: bridge('Volle Sicherheit', 'Aktiviert') } }, enabled: true },
  { name: 'words that are not known', programs: { [BRIDGE]: { stdout: bridge('Täysin') } }, enabled: null },
  {
    name: 'words that are not known, and a T2',
    programs: { [BRIDGE]: { stdout: bridge('Täysin') }, [NVRAM]: { stdout: `${POLICY}\t%02\n` } },
    enabled: true,
  },
  { name: 'no list', programs: { [BRIDGE]: { stdout: '{ "SPiBridgeDataType" : [ ] }' } }, enabled: null },
  { name: 'of macOS 10.14', programs: { 'system_profiler SPiBridgeDataType': { stdout: TEXT } }, enabled: true },
  { name: 'nothing', programs: {}, enabled: null },
]

for (const { name, programs, enabled } of cases) {
  test(`secure boot of macOS: ${name}`, async () => {
    const read = await readSecureBoot(laptop({ files: {}, platform: 'macos', ...(programs && { programs }) }))
    expect(read.kind === 'value' ? read.value : null).toEqual(enabled === null ? null : { enabled, tpm: 'none' })
  })
}

test.each([
  [bridge('Sécurité maximale', 'Activée'), { level: 'full', sip: true }],
  [bridge('Se\u0301curite\u0301 re\u0301duite', 'x'), { level: 'reduced', sip: null }],
  [`warning: {x}\n${bridge('No Security')}`, { level: 'permissive', sip: true }],
  [bridge('Full Security ').replace('"ibridge_secure_boot"', '"ibridge_other"'), null],
  [bridge('Full'), null],
  [bridge(''), null],
  [bridge('Full Security').slice(0, -5), null],
  ['{}', null],
  ['', null],
])('bridge: %j', (text, expected) => {
  const read = readBridge(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(expected)
})

test.each([
  [TEXT, { level: 'full', sip: true }],
  [TEXT.replace('Enabled', 'Disabled'), { level: 'full', sip: false }],
  [TEXT.replace('Secure Boot: Full Security', 'Secure Boot: Permissive Security'), { level: 'permissive', sip: true }],
  [`${TEXT}          Other: Reduced Security\n`, null],
  [TEXT.slice(0, 60), null],
  ['', null],
])('bridge as a text: %j', (text, expected) => {
  const read = readBridgeText(text)
  expect(read.kind === 'value' ? read.value : null).toEqual(expected)
})

test.each([
  [`${POLICY}\t%02\n`, 'full'],
  [`${POLICY}\t%01\n`, 'reduced'],
  [`${POLICY}\t%00\n`, 'permissive'],
  [`${POLICY}\t%03\n`, null],
  [`${POLICY}\t%02%00\n`, null],
  ["nvram: Error getting variable - 'x': (iokit/common) data was not found", null],
  ['', null],
])('nvram: %j', (text, expected) => {
  const read = readPolicy(text)
  expect(read.kind === 'value' ? read.value.level : null).toBe(expected)
})

test('damage never makes a Mac secure', () => {
  const texts: [string, typeof readBridge][] = [
    [bridge('Permissive Security', 'Disabled'), readBridge],
    [`${POLICY}\t%00\n`, readPolicy],
    [TEXT.replace('Full', 'No').replace('Enabled', 'Disabled'), readBridgeText],
  ]
  for (const [whole, read] of texts) {
    for (const text of mutations(whole, 10_000)) {
      const fact = read(text)
      expect(fact.kind === 'value' && isSecure(fact.value)).toBe(false)
    }
  }
})
