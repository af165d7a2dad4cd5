import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readDsaQuery, readPatternKey } from './trend-micro.ts'

const STATUS = 'AgentStatus.agentState: green\nAgentStatus.dsmUrl: https://agents.example.net:443/\n'
const PARTS = 'Component.AM.configurations: 3\nComponent.AM.driverOffline: false\nComponent.AM.mode: on\n'

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'green', text: STATUS, expected: { running: true, healthy: true, onboarded: true } },
  {
    name: 'yellow',
    text: STATUS.replace('green', 'yellow'),
    expected: { running: true, healthy: false, onboarded: true, issues: ['the state of its agent is yellow'] },
  },
  {
    name: 'red, and not activated',
    text: 'AgentStatus.agentState: red\r\nAgentStatus.dsmUrl: \r\n',
    expected: { running: true, healthy: false, issues: ['the state of its agent is red'] },
  },
  {
    name: 'not activated',
    text: 'AgentStatus.agentState: unactivated\n',
    expected: { healthy: false, onboarded: false, issues: ['its agent is not activated'] },
  },
  { name: 'a state that nobody knows', text: 'AgentStatus.agentState: vert\n', expected: {} },
  {
    name: 'the version of the agent, not of its modules',
    text: 'PluginVersion.am: 20.0.9.1\nPluginVersion.core: 20.0.2.740\n',
    expected: { version: '20.0.2.740' },
  },
  { name: 'anti-malware on', text: PARTS, expected: { protecting: true } },
  {
    name: 'anti-malware off, and green',
    text: STATUS + PARTS.replace('mode: on', 'mode: off'),
    expected: {
      running: true,
      onboarded: true,
      healthy: false,
      protecting: false,
      realTime: false,
      issues: ['its anti-malware module is off'],
    },
  },
  {
    name: 'anti-malware without its driver',
    text: PARTS.replace('false', 'true'),
    expected: {
      healthy: false,
      protecting: false,
      realTime: false,
      issues: ['its anti-malware module is without its driver'],
    },
  },
]

for (const { name, text, expected } of cases) {
  test(`dsa_query: ${name}`, () => {
    expect(readDsaQuery(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'AgentStatus.agentState:', 'HTTP error', 'green', PARTS.slice(0, 20)])(
  'dsa_query: nothing is drawn from %j',
  (text) => expect(readDsaQuery(text).kind).toBe('unreadable'),
)

test('the key of Apex One: the day of its patterns', () => {
  expect(readPatternKey({ PatternDate: '20261103', ProgramVer: '14.0' })).toEqual({
    kind: 'value',
    value: { installed: true, definitionsAt: '2026-11-03T00:00:00.000Z', version: '14.0' },
  })
  expect(readPatternKey({ PatternDate: '3.11.2026' })).toEqual({ kind: 'value', value: { installed: true } })
})

test('dsa_query: damage never turns red to green, and switches nothing on', () => {
  const bad = STATUS.replace('green', 'red') + PARTS.replace('mode: on', 'mode: off')
  for (const text of mutations(bad, 10_000)) {
    const fact = readDsaQuery(text)
    expect(fact.kind === 'value' && (fact.value.healthy === true || fact.value.protecting === true)).toBe(false)
  }
})
