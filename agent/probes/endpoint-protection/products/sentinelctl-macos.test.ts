import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readSentinelStatus } from './sentinelctl-macos.ts'

const ID = '7c1d2e3f-4a5b-4c6d-8e9f-001122334455'
const STATUS = `Agent
   Version:                     25.2.1.100
   ID:                          ${ID}
   Install Date:                3.2.2026, 10:09:51
   Missing Authorizations:
   ES Framework:                started
   Agent Operational State:     enabled
   Ready:                       yes
   Protection:                  enabled
   Infected:                    no
   Network Quarantine:          no
Daemons
   Services
      Lib Hooks Service:        not ready
   Integrity
      sentineld:                ok
      sentineld_shell:          not running
Management
   Server:                      https://eu.example.net
   Last Seen:                   3.11.2026, 10:09:51
   Connected:                   yes
`
const GOOD: Told = {
  running: true,
  healthy: true,
  connected: true,
  agentId: true,
  id: ID,
  version: '25.2.1.100',
}
const { healthy: _, ...OPEN } = GOOD

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'all is well', text: STATUS, expected: GOOD },
  { name: 'tabs and CRLF', text: STATUS.replaceAll('   ', '\t').replaceAll('\n', '\r\n'), expected: GOOD },
  { name: 'a heading without a colon', text: STATUS.replace('Authorizations:', 'Authorizations'), expected: GOOD },
  {
    name: 'no Full Disk Access',
    text: STATUS.replace('Authorizations:', 'Authorizations\n      Full Disk Access:   com.sentinelone.sentineld'),
    expected: { ...GOOD, healthy: false, issues: ['it lacks the authorization Full Disk Access'] },
  },
  {
    name: 'protection is off and the console away',
    text: STATUS.replace('Protection:                  enabled', 'Protection:  disabled').replace(
      '   yes\n`',
      '   no\n`',
    ),
    expected: { ...GOOD, healthy: false, issues: ['Protection: disabled'] },
  },
  {
    name: 'the console away',
    text: STATUS.replace(/Connected: +yes/, 'Connected: no'),
    expected: { ...GOOD, connected: false },
  },
  { name: 'a word that nobody knows', text: STATUS.replace(/Ready: +yes/, 'Ready: ja'), expected: OPEN },
  { name: 'a line is missing', text: STATUS.replace(/ +Protection: .*\n/, ''), expected: OPEN },
  {
    name: 'infected',
    text: STATUS.replace(/Infected: +no/, 'Infected: yes'),
    expected: { ...GOOD, healthy: false, issues: ['Infected: yes'] },
  },
  {
    name: 'disabled, with a remark',
    text: STATUS.replace(/Protection: +enabled/, 'Protection: disabled (restart needed)'),
    expected: { ...GOOD, healthy: false, issues: ['Protection: disabled (restart needed)'] },
  },
  {
    name: 'its daemon is gone',
    text: STATUS.replace(/sentineld: +ok/, 'sentineld: not running'),
    expected: { ...GOOD, running: false, healthy: false },
  },
  {
    name: 'the console alone',
    text: 'Server:      https://console.example\nConnected:   no\n',
    expected: { connected: false },
  },
  { name: 'the version alone', text: 'SentinelOne 25.2.1.100\n', expected: { version: '25.2.1.100' } },
]

for (const { name, text, expected } of cases) {
  test(`sentinelctl of macOS: ${name}`, () => {
    expect(readSentinelStatus(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'sentinelctl: command not found', 'Connected: yes', 'Agent\n   Bereit:   ja\n'])(
  'sentinelctl of macOS: nothing is drawn from %j',
  (text) => {
    expect(readSentinelStatus(text).kind).toBe('unreadable')
  },
)

test('sentinelctl of macOS: damage never makes a disabled, unconnected agent good', () => {
  const bad = STATUS.replaceAll('enabled', 'disabled')
    .replace(/Connected: +yes/, 'Connected: no')
    .replace(/Ready: +yes/, 'Ready: no')
  for (const text of mutations(bad, 10_000)) {
    const fact = readSentinelStatus(text)
    expect(fact.kind === 'value' && (fact.value.healthy === true || fact.value.connected === true)).toBe(false)
  }
})
