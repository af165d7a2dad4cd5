import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readRepcli } from './repcli.ts'

const MACOS = `General Info:
    Sensor Version: 3.8.1.44
    Kernel Type: System Extension
    System Extension: Running
    Kernel File Filter: Connected
    Sensor Restarts: 12
Full Disk Access Configurations:
    Repmgr: Configured
    System Extension: Configured
    OSQuery: Unknown
Sensor State:
    State: Enabled
    Details:
        LiveResponse:NoSession
        FullDiskAccess:Enabled
    SvcStable: Yes
Cloud Status:
    Registered: Yes
    Next Check-In: Now
Rules Status:
    Endpoint Standard Product: Enabled
`
const LINUX = `General Info:
\tSensor Version: 2.15.1.900
\tDeviceId: 4711
\tQuarantine: No
Sensor Status:
\tState: Enabled
\tDetails:
\t\tLiveResponse: Enabled
Cloud Status:
\tRegistered: Yes
`
const WINDOWS = `General Info:
\tSensor Version[3.9.0.2]
\tLocal Scanner Version[4.15.1 - ave.8.3:avpack.8.5]
\tSensor State[Enabled] Details[LiveResponse:NoSession, LiveResponse:Enabled]
\tKernel File Filter[Connected]
\tDevice ID[4711]
\tTotal Files Processed[3] Current Directory[none]
Cloud Status:
\tRegistered[Yes]
\tConnected[Yes]
\tLast Checkin[2026-11-03 10:00:00 UTC]
`
const GOOD: Told = { running: true, protecting: true, onboarded: true }
const ON_LINUX: Told = { ...GOOD, version: '2.15.1.900', agentId: true, id: '4711' }

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'macOS', text: MACOS, expected: { ...GOOD, version: '3.8.1.44' } },
  { name: 'Linux', text: LINUX, expected: ON_LINUX },
  { name: 'CRLF', text: LINUX.replaceAll('\n', '\r\n'), expected: ON_LINUX },
  {
    name: 'Windows',
    text: WINDOWS,
    expected: {
      ...ON_LINUX,
      version: '3.9.0.2',
      connected: true,
      lastContactAt: '2026-11-03T10:00:00.000Z',
    },
  },
  {
    name: 'bypass, while a product of its rules is enabled',
    text: MACOS.replace('State: Enabled', 'State: Bypass'),
    expected: {
      running: true,
      protecting: false,
      healthy: false,
      onboarded: true,
      version: '3.8.1.44',
      issues: ['the state of the sensor is Bypass'],
    },
  },
  {
    name: 'shutting down',
    text: MACOS.replace('Details:\n', 'Details:\n        Shutdown In Progress\n'),
    expected: {
      protecting: false,
      healthy: false,
      onboarded: true,
      version: '3.8.1.44',
      issues: ['it is shutting down'],
    },
  },
  ...['PANICS_DETECTED', 'Panics Detected', 'DbCorruptionDetected', 'UnsupportedOS', 'UserBypass'].map((detail) => ({
    name: `a detail that tells of trouble: ${detail}`,
    text: MACOS.replace('Details:\n', `Details:\n        ${detail}\n`),
    expected: { ...GOOD, protecting: false, healthy: false, version: '3.8.1.44', issues: [detail] },
  })),
  {
    name: 'a version with the day of its build, and details below the state',
    text: WINDOWS.replace('3.9.0.2', '3.9.0.2 - Sep 19 2026 - 17:34:39').replace('] Details[', ']\n\t\tDetails['),
    expected: { ...ON_LINUX, version: '3.9.0.2', connected: true, lastContactAt: '2026-11-03T10:00:00.000Z' },
  },
  {
    name: 'its extension waits for the user',
    text: MACOS.replace('System Extension: Running', 'System Extension: Awaiting User Approval'),
    expected: {
      ...GOOD,
      protecting: false,
      healthy: false,
      version: '3.8.1.44',
      issues: ['its system extension is: Awaiting User Approval'],
    },
  },
  {
    name: 'no Full Disk Access',
    text: MACOS.replace('FullDiskAccess:Enabled', 'FullDiskAccess:NotEnabled').replace('Repmgr: C', 'Repmgr: Not C'),
    expected: {
      ...GOOD,
      protecting: false,
      healthy: false,
      version: '3.8.1.44',
      issues: ['it has no Full Disk Access', 'its Full Disk Access is: Not Configured'],
    },
  },
  {
    name: 'its extension does not run',
    text: MACOS.replace('System Extension: Running', 'System Extension: Not Running'),
    expected: {
      ...GOOD,
      protecting: false,
      healthy: false,
      version: '3.8.1.44',
      issues: ['its system extension is: Not Running'],
    },
  },
  {
    name: 'not registered',
    text: LINUX.replace('Registered: Yes', 'Registered: No').replace('4711', '0'),
    expected: { running: true, protecting: true, onboarded: false, agentId: false, version: '2.15.1.900' },
  },
  {
    name: 'not connected',
    text: WINDOWS.replace('\tConnected[Yes]', '\tConnected[No]').replace('2026-11-03 10:00:00 UTC', '11/03/2026'),
    expected: { ...ON_LINUX, version: '3.9.0.2', connected: false },
  },
  { name: 'cut before its state', text: LINUX.slice(0, 44), expected: { version: '2.15.1.900' } },
  {
    name: 'two states',
    text: LINUX.replace('State: Enabled', 'State: Enabled\n\tState: Aktiv'),
    expected: { onboarded: true, agentId: true, id: '4711', version: '2.15.1.900' },
  },
]

for (const { name, text, expected } of cases) {
  test(`repcli: ${name}`, () => {
    expect(readRepcli(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', '\n', 'Permission denied', 'General Info:\n', 'State: Enabled', 'Rules Status:\n  State: Enabled\n'])(
  'repcli: nothing is drawn from %j',
  (text) => expect(readRepcli(text).kind).toBe('unreadable'),
)

test('repcli: damage never takes a sensor out of bypass', () => {
  const bad = MACOS.replace('State: Enabled', 'State: Bypass').replace('Registered: Yes', 'Registered: No')
  for (const text of mutations(bad, 10_000)) {
    const fact = readRepcli(text)
    expect(fact.kind === 'value' && (fact.value.protecting === true || fact.value.onboarded === true)).toBe(false)
  }
})
