import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readWazuhDaemons, readWazuhInfo, readWazuhState } from './wazuh.ts'

const NOW = new Date('2026-11-20T12:00:00Z')
const state = (status: string, ack = '2026-11-20 13:00:01') =>
  `# Agent status:\n# - connected: x\nstatus='${status}'\n\nlast_keepalive='${ack}'\nlast_ack='${ack}'\nmsg_count='4'\n`
const at = (seconds: number) => ({ modifiedAt: new Date(NOW.getTime() - seconds * 1000), now: NOW })

test('a state that is fresh counts', () => {
  const connected = { installed: true, connected: true, lastContactAt: '2026-11-20T11:59:30.000Z' }
  for (const text of [state('connected'), state('connected').replaceAll('\n', '\r\n'), "status='connected'"]) {
    expect(readWazuhState(text, at(30))).toEqual({ kind: 'value', value: connected })
  }
  for (const word of ['pending', 'disconnected']) {
    expect(readWazuhState(state(word, ''), at(5))).toEqual({
      kind: 'value',
      value: { installed: true, connected: false, issues: [`its state is ${word}`] },
    })
  }
})

test('a stopped agent leaves its file behind, and a clock may go back', () => {
  expect(readWazuhState(state('connected'), at(70)).kind).toBe('value')
  for (const seconds of [71, 86_400, -71, NaN]) {
    expect(readWazuhState(state('connected'), at(seconds)).kind).toBe('unreadable')
  }
})

test.each([
  '',
  "status=''",
  "status='verbunden'",
  "# status='connected'",
  "status='connected",
  state('connected', ''),
  "status='connected'\nstatus='pending'",
])('nothing is drawn from %j', (text) => expect(readWazuhState(text, at(0)).kind).toBe('unreadable'))

test('wazuh-control info: the version of an agent, not that of a manager', () => {
  const info = 'WAZUH_VERSION="v4.9.2"\nWAZUH_REVISION="40920"\nWAZUH_TYPE="agent"\n'
  for (const text of [info, 'v4.9.2\n']) {
    expect(readWazuhInfo(text)).toEqual({ kind: 'value', value: { installed: true, version: '4.9.2' } })
  }
  for (const text of ['', info.replace('agent', 'server'), 'wazuh-control: permission denied']) {
    expect(readWazuhInfo(text).kind).toBe('unreadable')
  }
})

const DAEMONS =
  'wazuh-modulesd is running...\nwazuh-logcollector is running...\nwazuh-syscheckd is running...\nwazuh-agentd is running...\nwazuh-execd is running...\n'

test('wazuh-control status: the agent, and what collects for it', () => {
  expect(readWazuhDaemons(DAEMONS)).toEqual({ kind: 'value', value: { installed: true, running: true } })
  expect(readWazuhDaemons(DAEMONS.replaceAll('is running', 'not running'))).toEqual({
    kind: 'value',
    value: { installed: true, running: false },
  })
  expect(readWazuhDaemons(DAEMONS.replace('syscheckd is running', 'syscheckd not running'))).toEqual({
    kind: 'value',
    value: { installed: true, running: true, healthy: false, issues: ['its daemon wazuh-syscheckd does not run'] },
  })
  for (const text of ['', 'wazuh-analysisd is running...\nwazuh-remoted is running...\n', 'wazuh-control: not found']) {
    expect(readWazuhDaemons(text).kind).toBe('unreadable')
  }
  for (const text of mutations(DAEMONS.replaceAll('is running', 'not running'), 10_000)) {
    const fact = readWazuhDaemons(text)
    expect(fact.kind === 'value' && fact.value.running === true).toBe(false)
  }
})

test('damage never connects an agent', () => {
  for (const text of mutations(state('pending', ''), 10_000)) {
    const fact = readWazuhState(text, at(0))
    expect(fact.kind === 'value' && fact.value.connected === true).toBe(false)
    readWazuhInfo(text)
  }
})
