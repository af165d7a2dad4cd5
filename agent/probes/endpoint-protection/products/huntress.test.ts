import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readAgentKey, readExtensionStatus } from './huntress.ts'

test('the key of Windows: an id that is not 0 is a registration', () => {
  expect(readAgentKey({ AgentId: 90210 })).toEqual({
    kind: 'value',
    value: { agentId: true, onboarded: true, id: '90210' },
  })
  for (const values of [{ AgentId: 0 }, {}]) {
    expect(readAgentKey(values)).toEqual({ kind: 'value', value: { agentId: false, onboarded: false } })
  }
  expect(readAgentKey({ AgentId: '90210' })).toMatchObject({ value: { agentId: true, id: '90210' } })
  expect(readAgentKey({ AgentId: 'x' }).kind).toBe('unreadable')
})

const GOOD =
  'Extension Status: installed\nFull Disk Access for Extension: enabled\nEDR: enabled\nPreauthorization Status: granted\n'

const NEWER =
  'Full Disk Access for Agent:      true\nExtension Status:                installed\nFull Disk Access for Extension:  true\nEDR status:                      enabled\nPreauthorization Status:         granted\n'

const cases = [
  { name: 'all is well, newer', text: NEWER, expected: { realTime: true } },
  {
    name: 'newer, not installed',
    text: NEWER.replace(' installed', ' notInstalled'),
    expected: { healthy: false, realTime: false, issues: ['Extension Status: notinstalled'] },
  },
  {
    name: 'newer, no Full Disk Access',
    text: NEWER.replace('Extension:  true', 'Extension:  false'),
    expected: { healthy: false, realTime: false, issues: ['Full Disk Access for Extension: false'] },
  },
  { name: 'not authorized beforehand', text: GOOD.replace('granted', 'notGranted'), expected: {} },
  { name: 'all is well', text: GOOD, expected: { realTime: true } },
  { name: 'CRLF', text: GOOD.replaceAll('\n', '\r\n'), expected: { realTime: true } },
  {
    name: 'no Full Disk Access',
    text: GOOD.replace('Extension: enabled', 'Extension: disabled'),
    expected: { healthy: false, realTime: false, issues: ['Full Disk Access for Extension: disabled'] },
  },
  {
    name: 'not installed',
    text: GOOD.replace(': installed', ': not installed'),
    expected: { healthy: false, realTime: false, issues: ['Extension Status: not installed'] },
  },
  { name: 'cut short', text: GOOD.slice(0, 40), expected: {} },
  { name: 'a word that nobody knows', text: GOOD.replace('EDR: enabled', 'EDR: aktiviert'), expected: {} },
]

for (const { name, text, expected } of cases) {
  test(`extensionctl: ${name}`, () => {
    expect(readExtensionStatus(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'Error: not permitted', 'Status: enabled'])('extensionctl: nothing is drawn from %j', (text) => {
  expect(readExtensionStatus(text).kind).toBe('unreadable')
})

test('extensionctl: damage never makes a blind extension see', () => {
  const bad = GOOD.replaceAll('enabled', 'disabled')
  for (const text of mutations(bad, 10_000)) {
    const fact = readExtensionStatus(text)
    expect(fact.kind === 'value' && fact.value.realTime === true).toBe(false)
  }
})
