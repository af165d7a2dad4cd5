import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readSentinelctl } from './sentinelone.ts'

const CONTROL = 'Agent state      Enabled\n\nProcess Name     PID\norchestrator     901\nagent            904\n'
const MANAGEMENT = [
  'Anti Tamper                      On',
  'Connectivity                     On',
  'Site-Key                         5f2b6f1c99aa',
  'UUID                             4f0c3c1e-7a55-4a30-9d9a-1f6f3f0c2b11',
].join('\n')

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'the agent is enabled and has its process', text: CONTROL, expected: { running: true } },
  { name: 'a table with bars', text: CONTROL.replaceAll(/ {5,}/g, ' | '), expected: { running: true } },
  { name: 'enabled, without a table', text: 'Agent state Enabled\n', expected: {} },
  {
    name: 'enabled, and its process is gone',
    text: CONTROL.replace(/^agent .*\n/m, ''),
    expected: { running: false, issues: ['the agent is enabled, but its process is gone'] },
  },
  { name: 'a table that was cut', text: CONTROL.slice(0, CONTROL.indexOf('901') + 2), expected: {} },
  { name: 'the number of the version alone', text: '23.4.2.14\n', expected: { version: '23.4.2.14' } },
  {
    name: 'the id alone',
    text: '4f0c3c1e-7a55-4a30-9d9a-1f6f3f0c2b11\n',
    expected: { agentId: true, id: '4f0c3c1e-7a55-4a30-9d9a-1f6f3f0c2b11' },
  },
  {
    name: 'disabled',
    text: CONTROL.replace('Enabled', 'Disabled'),
    expected: { running: false, healthy: false, issues: ['the agent is disabled'] },
  },
  {
    name: 'its console',
    text: MANAGEMENT,
    expected: {
      connected: true,
      tamperProtection: true,
      agentId: true,
      id: '4f0c3c1e-7a55-4a30-9d9a-1f6f3f0c2b11',
      onboarded: true,
    },
  },
  {
    name: 'never joined a site',
    text: 'Connectivity Off\nSite-Key undefined\nUUID 00000000-0000-0000-0000-000000000000',
    expected: { connected: false, onboarded: false, agentId: false },
  },
  {
    name: 'an engine is off',
    text: 'DFI engine          Disabled\nDynamic engine      Enabled\nApplication control (host)  Disabled\n',
    expected: { healthy: false, issues: ['DFI engine is disabled'] },
  },
  { name: 'versions', text: 'Agent version: 25.1.2.7\nSentinelCTL version: 1.2\n', expected: { version: '25.1.2.7' } },
]

for (const { name, text, expected } of cases) {
  test(`sentinelctl: ${name}`, () => {
    expect(readSentinelctl(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

for (const text of [
  '',
  'Permission denied',
  'Agent state constructor',
  'Agentenstatus Aktiviert',
  'UUID 1234-5678-9012',
]) {
  test(`sentinelctl: nothing is drawn from ${JSON.stringify(text)}`, () => {
    expect(readSentinelctl(text).kind).toBe('unreadable')
  })
}

test('sentinelctl: damage never makes a disabled, unconnected agent good', () => {
  const bad = `${CONTROL.replace('Enabled', 'Disabled')}${MANAGEMENT.replace('Connectivity                     On', 'Connectivity Off')}`
  for (const text of mutations(bad, 10_000)) {
    const fact = readSentinelctl(text)
    // Damage that happens to say so.
    if (/Enabled|^Connectivity +On$/m.test(text)) continue
    expect(fact.kind === 'value' && (fact.value.running === true || fact.value.connected === true)).toBe(false)
  }
})
