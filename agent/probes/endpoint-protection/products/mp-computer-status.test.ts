import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readDefenderRegistration, readMpComputerStatus, readOnboarding } from './mp-computer-status.ts'

const STATUS = {
  AMProductVersion: '4.18.26090.1',
  AMRunningMode: 'Normal',
  AMServiceEnabled: true,
  AntivirusEnabled: true,
  AntivirusSignatureAge: 1,
  AntivirusSignatureLastUpdated: '/Date(1794988800000)/',
  DefenderSignaturesOutOfDate: false,
  IsTamperProtected: true,
  OnAccessProtectionEnabled: true,
  RealTimeProtectionEnabled: true,
}
const GOOD: Told = {
  installed: true,
  running: true,
  healthy: true,
  passive: false,
  realTime: true,
  tamperProtection: true,
  upToDate: true,
  definitionsAgeDays: 1,
  definitionsAt: '2026-11-18T08:00:00.000Z',
  version: '4.18.26090.1',
}
const json = (changes: object) => JSON.stringify({ ...STATUS, ...changes })
const { AMRunningMode: _, ...OLD } = STATUS
const { passive: __, ...GOOD_OLD } = GOOD
const BLOCKING_LATER = { ...GOOD, passive: true, realTime: false, healthy: false }

/** What is undefined must not be told. */
type Expected = { [Key in keyof Told]: Told[Key] | undefined }

const cases: readonly { name: string; text: string; expected: Expected }[] = [
  { name: 'all is well', text: json({}), expected: GOOD },
  { name: 'in an array', text: `[${json({})}]`, expected: GOOD },
  { name: 'after a warning', text: `WARNING: slow\r\n${json({})}\r\n`, expected: GOOD },
  { name: 'an old version without a mode', text: JSON.stringify(OLD), expected: GOOD_OLD },
  { name: 'passive, with every flag on', text: json({ AMRunningMode: 'Passive Mode' }), expected: BLOCKING_LATER },
  { name: 'side by side', text: json({ AMRunningMode: 'SxS Passive Mode' }), expected: BLOCKING_LATER },
  {
    name: 'EDR in block mode',
    text: json({ AMRunningMode: 'EDR Block Mode', RealTimeProtectionEnabled: false }),
    expected: BLOCKING_LATER,
  },
  {
    name: 'EDR in block mode beside an active antivirus: passive or not is for Security Center to say',
    text: json({ AMRunningMode: 'EDR Block Mode' }),
    expected: GOOD_OLD,
  },
  {
    name: 'a mode that nobody knows',
    text: json({ AMRunningMode: 'Guest Mode' }),
    expected: { ...GOOD_OLD, healthy: undefined },
  },
  {
    name: 'real-time protection is off',
    text: json({ RealTimeProtectionEnabled: false }),
    expected: { ...GOOD, realTime: false, healthy: false },
  },
  {
    name: 'switched on, and the antivirus is off',
    text: json({ AntivirusEnabled: false }),
    expected: { ...GOOD, realTime: false, healthy: false },
  },
  {
    name: 'definitions that never came',
    text: json({ AntivirusSignatureAge: 4294967295, AntivirusSignatureLastUpdated: '/Date(-11644473600000)/' }),
    expected: { ...GOOD, upToDate: false, definitionsAgeDays: undefined, definitionsAt: undefined },
  },
  {
    name: 'old definitions',
    text: json({ DefenderSignaturesOutOfDate: true, AntivirusSignatureAge: 30 }),
    expected: { ...GOOD, upToDate: false, definitionsAgeDays: 30 },
  },
  {
    name: 'not running, and nothing is out of date',
    text: json({ AMRunningMode: 'Not running', AMServiceEnabled: false, AMProductVersion: '0.0.0.0' }),
    expected: {
      installed: true,
      running: false,
      healthy: false,
      passive: undefined,
      realTime: false,
      tamperProtection: true,
    },
  },
  {
    name: 'the list that people see, with a date in their language',
    text: [
      '',
      'AMProductVersion              : 4.18.26090.1',
      'AMRunningMode                 : Normal',
      'AMServiceEnabled              : True',
      'AntivirusSignatureAge         : 2',
      'AntivirusSignatureLastUpdated : 18.11.2026 09:00:00',
      'DefenderSignaturesOutOfDate   : False',
      'IsTamperProtected             : False',
      'RealTimeProtectionEnabled     : True',
      '',
    ].join('\r\n'),
    expected: { ...GOOD, tamperProtection: false, definitionsAgeDays: 2, definitionsAt: undefined },
  },
]

for (const { name, text, expected } of cases) {
  test(`Get-MpComputerStatus: ${name}`, () => {
    const fact = readMpComputerStatus(text)
    const told: Record<string, unknown> = fact.kind === 'value' ? fact.value : {}
    expect(told).toEqual(Object.fromEntries(Object.entries(expected).filter(([, it]) => it !== undefined)))
  })
}

test.each([
  '',
  '[]',
  '{}',
  'null',
  json({}).slice(0, -40),
  `[${json({})},${json({})}]`,
  '#< CLIXML\n<Objs Version="1.1.0.1"></Objs>',
  'Get-MpComputerStatus : Die extrinsische Methode konnte nicht ausgeführt werden.\n    + FullyQualifiedErrorId : HRESULT 0x800106ba,Get-MpComputerStatus\n',
])('Get-MpComputerStatus: nothing is drawn from %j', (text) => {
  expect(readMpComputerStatus(text).kind).toBe('unreadable')
})

test('Get-MpComputerStatus: damage never makes a passive or stopped Defender good', () => {
  const passive = JSON.stringify({ ...STATUS, AMRunningMode: 'Passive Mode', RealTimeProtectionEnabled: false })
  const stopped = JSON.stringify({ ...STATUS, AMRunningMode: 'Not running', AMServiceEnabled: false })
  for (const bad of [passive, stopped, passive.replaceAll(',"', '\n').replaceAll('":', ' : ')]) {
    for (const text of mutations(bad, 4000)) {
      const fact = readMpComputerStatus(text)
      // Without the word for its mode and the flags that are off, what is left is good.
      expect(fact.kind === 'value' && fact.value.healthy === true && fact.value.passive === false).toBe(false)
    }
  }
})

const of = (displayName: string, productState: number) => JSON.stringify([{ displayName, productState }])

test('Security Center lists Defender as on only where it is not passive', () => {
  expect(readDefenderRegistration(of('Windows Defender', 0x061100))).toEqual({
    kind: 'value',
    value: { passive: false },
  })
  for (const [name, state] of [
    ['Windows Defender', 0x060100],
    ['Example Antivirus', 0x041000],
  ] as const) {
    expect(readDefenderRegistration(of(name, state))).toEqual({ kind: 'value', value: {} })
  }
})

test('onboarding: by the state alone, with the time of the last contact where it stands', () => {
  expect(readOnboarding({ OnboardingState: 1, OrgId: '9f2b', LastConnected: 134_083_296_000_000_000 })).toEqual({
    kind: 'value',
    value: { onboarded: true, lastContactAt: '2025-11-23T00:00:00.000Z' },
  })
  expect(readOnboarding({ OnboardingState: 0 })).toEqual({ kind: 'value', value: { onboarded: false } })
  expect(readOnboarding({})).toEqual({ kind: 'value', value: { onboarded: false } })
  expect(readOnboarding({ OnboardingState: 1, OrgId: '', LastConnected: -1 })).toEqual({
    kind: 'value',
    value: { onboarded: false },
  })
  expect(readOnboarding({ OnboardingState: '1' }).kind).toBe('unreadable')
})
