import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readFalconStats, readNotLoaded } from './falcon-stats.ts'

const ID = '5B0C9D3E-7F21-4A6B-9C11-0D2E4F6A8B13'
const STATS = [
  '=== agent_info ===',
  'version: 7.21.19001.0',
  `agentID: ${ID}`,
  'customerID: 11112222-3333-4444-5555-666677778888',
  'Sensor operational: true',
  '',
  '=== Other ===',
  'version: 3.1',
  'State: connected',
  '',
  '=== Communications ===',
  'Cloud Info',
  '  Host: ts01-x.example.net',
  '  Port: 443',
  '  State: connected',
  '',
  'Cloud Activity',
  '  Last Established At: Nov 3, 2026 at 9:14:03 AM',
  '',
].join('\n')

const plist = (entries: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n${entries}\n</dict>\n</plist>\n`
const INFO = plist(
  `<key>aid</key><string>${ID.replaceAll('-', '')}</string><key>falcon_version</key><string>7.21.19001.0</string><key>rfm</key><false/><key>sensor_loaded</key><true/>`,
)

const GOOD: Told = { running: true, version: '7.21.19001.0', agentId: true, onboarded: true, id: ID, connected: true }
const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'all sections', text: STATS, expected: GOOD },
  {
    name: 'not connected, though another section is',
    text: STATS.replace('  State: connected', '  State: waiting'),
    expected: { ...GOOD, connected: false },
  },
  {
    name: 'a state in other words',
    text: `${STATS.slice(0, STATS.indexOf('  State: connected'))}  State: verbunden\n`,
    expected: { running: true, version: '7.21.19001.0', agentId: true, onboarded: true, id: ID },
  },
  {
    name: 'not operational',
    text: '=== agent_info ===\nversion: 7.1.2\nSensor operational: false\n',
    expected: { running: false, healthy: false, version: '7.1.2' },
  },
  {
    name: 'operational and yet not loaded',
    text: 'Sensor operational: true\r\nSensor status: not loaded\r\n',
    expected: { running: false, healthy: false },
  },
  {
    name: 'never registered',
    text: 'agentID: 00000000-0000-0000-0000-000000000000\nSensor operational: true\n',
    expected: { running: true, agentId: false, onboarded: false },
  },
  {
    name: 'a property list',
    text: INFO,
    expected: {
      running: true,
      version: '7.21.19001.0',
      agentId: true,
      onboarded: true,
      id: ID.replaceAll('-', ''),
      reducedFunctionality: false,
    },
  },
  {
    name: 'a property list of a reduced sensor',
    text: INFO.replace('<false/>', '<true/>'),
    expected: {
      running: true,
      healthy: false,
      version: '7.21.19001.0',
      agentId: true,
      onboarded: true,
      id: ID.replaceAll('-', ''),
      reducedFunctionality: true,
    },
  },
  {
    name: 'the sections in a property list',
    text: plist(
      `<key>agent_info</key><dict><key>version</key><string>7.2.0</string></dict><key>CloudInfo</key><dict><key>State</key><string>Connected</string></dict>`,
    ),
    expected: { version: '7.2.0', connected: true },
  },
  { name: 'not loaded', text: 'Error: The sensor has not loaded.\n', expected: { running: false } },
]

for (const { name, text, expected } of cases) {
  test(`falconctl of macOS: ${name}`, () => {
    expect(readFalconStats(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each([
  '',
  '\n',
  'Error: This command must be run as root.',
  'Sensor operational: wahr',
  INFO.slice(0, -20),
  '=== agent_info ===\n',
])('falconctl of macOS: nothing is drawn from %j', (text) => {
  expect(readFalconStats(text).kind).toBe('unreadable')
})

test('falconctl of macOS: only one error means that the sensor does not run', () => {
  expect(readNotLoaded('\nError: The sensor has not loaded.\n')).toMatchObject({ value: { running: false } })
  expect(readNotLoaded('Error: operation not permitted')).toBeNull()
  expect(readNotLoaded('')).toBeNull()
})

test('falconctl of macOS: damage never connects or wakes a sensor', () => {
  const bad = STATS.replace('operational: true', 'operational: false').replaceAll('State: connected', 'State: waiting')
  for (const text of mutations(bad, 10_000)) {
    const fact = readFalconStats(text)
    expect(fact.kind === 'value' && (fact.value.running === true || fact.value.connected === true)).toBe(false)
  }
})

test('what is nested without end tells nothing', () => {
  expect(readFalconStats(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`).kind).toBe('unreadable')
  expect(readFalconStats(`{"aid":${'['.repeat(50_000)}${']'.repeat(50_000)}}`).kind).toBe('unreadable')
})
