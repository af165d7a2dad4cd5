import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readSentinelCtl } from './sentinelctl-windows.ts'

const STATUS = [
  'Disable State: Not disabled by the user',
  'SentinelMonitor is loaded',
  'Self-Protection status: On',
  'Monitor Build id: 24.2.1.99+0123456789abcdef-Release.x64',
  'SentinelAgent is loaded',
  'SentinelAgent is running as PPL',
  'Mitigation policy: killThreat',
  '',
].join('\r\n')
const GOOD: Told = { running: true, healthy: true, tamperProtection: true, version: '24.2.1.99' }

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'all is well', text: STATUS, expected: GOOD },
  {
    name: 'a policy that only detects leaves it open',
    text: STATUS.replace('killThreat', 'none'),
    expected: {
      running: true,
      tamperProtection: true,
      version: '24.2.1.99',
      doubts: ['its policy only detects'],
    },
  },
  {
    name: 'the driver is missing',
    text: STATUS.replace('SentinelMonitor is loaded', 'SentinelMonitor is not loaded'),
    expected: { running: false, healthy: false, tamperProtection: true, version: '24.2.1.99' },
  },
  {
    name: 'the agent is loaded and does not run',
    text: STATUS.replace('running as PPL', 'not running'),
    expected: { running: false, healthy: false, tamperProtection: true, version: '24.2.1.99' },
  },
  {
    name: 'self-protection is off',
    text: STATUS.replace('status: On', 'status: Off'),
    expected: { ...GOOD, healthy: false, tamperProtection: false, issues: ['its self-protection is off'] },
  },
  {
    name: 'disabled',
    text: STATUS.replace('Not disabled', 'Disabled'),
    expected: { ...GOOD, healthy: false, issues: ['the agent was disabled'] },
  },
  { name: 'only the agent', text: 'SentinelAgent is loaded\n', expected: {} },
  {
    name: 'an id',
    text: '0f1e2d3c4b5a69788796a5b4c3d2e1f0\r\n',
    expected: { agentId: true, id: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
  },
  { name: 'no id yet', text: '00000000-0000-0000-0000-000000000000', expected: { agentId: false } },
]

for (const { name, text, expected } of cases) {
  test(`SentinelCtl: ${name}`, () => {
    expect(readSentinelCtl(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each([
  '',
  'Access is denied.',
  'SentinelAgent is loaded\nSentinelAgent is not loaded',
  'Zugriff verweigert',
  '1234',
])('SentinelCtl: nothing is drawn from %j', (text) => {
  expect(readSentinelCtl(text).kind).toBe('unreadable')
})

test('SentinelCtl: damage never makes a disabled agent without its driver good', () => {
  const bad = STATUS.replace('Not disabled', 'Disabled').replace('Monitor is loaded', 'Monitor is not loaded')
  for (const text of mutations(bad, 10_000)) {
    const fact = readSentinelCtl(text)
    // Damage that happens to say so.
    if (text.includes('SentinelMonitor is loaded')) continue
    expect(fact.kind === 'value' && (fact.value.running === true || fact.value.healthy === true)).toBe(false)
  }
})
