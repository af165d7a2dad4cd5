import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readCytoolCheckIn, readCytoolInfo, readCytoolRuntime } from './cytool.ts'

const LINUX = `              Name       PID           User                Status\t\tCommand
               pmd      2001           root               Running\t\t/opt/traps/bin/pmd
              clad      2002       cortexu+               Running\t\t/opt/traps/analyzerd/clad
              dypd      2003           root               Running\t\t/opt/traps/bin/dypdng
              lted       N/A            N/A               STOPPED\t\tN/A
`
const MACOS = `         Name    PID         User              Status\t\tCommand
  cortex xdr    501         anna             Running\t\t/Library/x/cortex xdr.app/Contents/MacOS/cortex xdr
  authorized    502  _traps_panw             Running\t\t/Library/x/authorized
         pmd    503         root             Running\t\t/Library/x/pmd
`
const WINDOWS = 'Service            Status\r\ncyserver           Running\r\ncyvrmtgn  Running\r\ncyvrfsfd  Running\r\n'
const GOOD: Told = { running: true, protecting: true }

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'Linux, with a daemon that may rest', text: LINUX, expected: GOOD },
  { name: 'macOS, with a blank in a name', text: MACOS, expected: GOOD },
  { name: 'Windows', text: WINDOWS, expected: GOOD },
  {
    name: 'all stopped',
    text: LINUX.replaceAll(/(?:\d{4}) +\S+ +Running/g, 'N/A  N/A  STOPPED'),
    expected: {
      running: false,
      healthy: false,
      issues: ['pmd', 'dypd', 'clad'].map((name) => `its component ${name} does not run`),
    },
  },
  {
    name: 'one that protects has stopped',
    text: LINUX.replace(/2003 +root +Running/, 'N/A   N/A   Stopped'),
    expected: { running: true, protecting: false, healthy: false, issues: ['its component dypd does not run'] },
  },
  {
    name: 'its part in the kernel is not loaded',
    text: `${MACOS}  kproc-ctrl    N/A    N/A   Unloaded\t\tN/A\n`,
    expected: { running: true, protecting: false, healthy: false, issues: ['its component kproc-ctrl does not run'] },
  },
  { name: 'cut after the first row', text: LINUX.split('\n').slice(0, 2).join('\n'), expected: { running: true } },
  {
    name: 'a daemon that failed to start',
    text: LINUX.replace(/2001 +root +Running/, 'N/A   N/A   FAILED TO START'),
    expected: { running: false, healthy: false, issues: ['its component pmd does not run'] },
  },
  { name: 'a state in other words', text: MACOS.replace(/root +Running/, 'root  Gestartet'), expected: {} },
  {
    name: 'two rows that contradict each other',
    text: `${MACOS}  pmd   N/A   N/A   Stopped\t\tN/A\n`,
    expected: {},
  },
]

for (const { name, text, expected } of cases) {
  test(`cytool runtime query: ${name}`, () => {
    expect(readCytoolRuntime(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'Enter supervisor password:\n', LINUX.split('\n')[0] ?? '', 'Running'])(
  'cytool runtime query: nothing is drawn from %j',
  (text) => expect(readCytoolRuntime(text).kind).toBe('unreadable'),
)

const BANNER = 'Cortex XDR (R) supervisor tool 8.5.0.1234\n(c) Palo Alto Networks, Inc. All rights reserved\n'
const INSTALLED: Told = { installed: true, version: '8.5.0.1234' }

test('cytool runtime query: a password that is wrong leaves the banner', () => {
  const text = `${BANNER}\nEnter supervisor password: \nInvalid password\n`
  expect(readCytoolRuntime(text)).toEqual({ kind: 'value', value: INSTALLED })
})

test('cytool info: the version of the agent stands in its banner, and nowhere else', () => {
  expect(readCytoolInfo(BANNER)).toEqual({ kind: 'value', value: { installed: true, version: '8.5.0.1234' } })
  expect(readCytoolInfo('Traps (R) supervisor tool 6.1.9.44\r\n')).toMatchObject({ value: { version: '6.1.9.44' } })
  const content = 'Content Type: 1290\nContent Build: 99\nContent Version: 1290-99\n'
  expect(readCytoolInfo(content)).toEqual({ kind: 'value', value: { installed: true } })
  for (const text of ['', 'Version: 8.5.0', 'cytool: permission denied']) {
    expect(readCytoolInfo(text).kind).toBe('unreadable')
  }
})

test('cytool last_checkin: only a time with its zone counts', () => {
  expect(readCytoolCheckIn(`${BANNER}\nLast successful check-in: 2026-11-20 10:00:00 +0100\n`)).toEqual({
    kind: 'value',
    value: { installed: true, onboarded: true, lastContactAt: '2026-11-20T09:00:00.000Z' },
  })
  for (const text of ['Last check-in: 2026-11-20 10:00:00', 'Last check-in: 20.11.2026 10:00 UTC']) {
    expect(readCytoolCheckIn(text)).toEqual({ kind: 'value', value: { installed: true } })
  }
  for (const text of ['', 'Never', 'Last check-in:']) expect(readCytoolCheckIn(text).kind).toBe('unreadable')
})

test('cytool: damage never starts a daemon', () => {
  const bad = LINUX.replaceAll(/(?:\d{4}) +\S+ +Running/g, 'N/A            N/A               STOPPED')
  for (const text of mutations(bad, 10_000)) {
    const fact = readCytoolRuntime(text)
    expect(fact.kind === 'value' && (fact.value.running === true || fact.value.protecting === true)).toBe(false)
    readCytoolInfo(text)
    readCytoolCheckIn(text)
  }
})
