import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readElasticError, readElasticStatus, readElasticVersion } from './elastic-status.ts'

const ID = '0f0e0d0c-1111-4222-8333-444455556666'

type Answer = {
  state?: unknown
  endpoint?: unknown
  unit?: unknown
  fleet?: unknown
  fleetMessage?: string
  managed?: unknown
  name?: string
}

function json({ state = 2, endpoint = 2, unit = 2, fleet = 2, fleetMessage = 'Connected', ...more }: Answer): string {
  const { managed = true, name = 'endpoint' } = more
  return JSON.stringify(
    {
      info: { id: ID, version: '8.17.2', is_managed: managed },
      state,
      message: 'x',
      components: [
        { id: 'log-default', name: 'log', state: 2, units: [] },
        { id: `${name}-default`, name, state: endpoint, units: [{ unit_id: 'a', unit_type: 0, state: unit }] },
      ],
      FleetState: fleet,
      FleetMessage: fleetMessage,
    },
    null,
    2,
  )
}

const GOOD: Told = {
  installed: true,
  running: true,
  healthy: true,
  connected: true,
  onboarded: true,
  version: '8.17.2',
  agentId: true,
  id: ID,
}
const { healthy: _, ...OPEN } = GOOD
const { running: _running, ...NOT_TOLD } = OPEN
const ill = (word: string): Told => ({ healthy: false, issues: [`Elastic Defend or a part of it is ${word}`] })

const TREE = `┌─ fleet
│  └─ status: (HEALTHY) Connected
└─ elastic-agent
   ├─ status: (HEALTHY) Running
   ├─ info
   │  ├─ id: ${ID}
   │  └─ version: 8.15.1
   ├─ endpoint-default
   │  ├─ status: (HEALTHY) Healthy: communicating with endpoint service
   │  └─ endpoint-default-1
   │     ├─ status: (HEALTHY) Applied policy
   │     └─ type: INPUT
   └─ log-default
      └─ status: (HEALTHY) Healthy
`
const SHORT = `┌─ fleet
│  └─ status: (STOPPED) Not enrolled into Fleet
└─ elastic-agent
   └─ status: (HEALTHY) Running
`
const LIST = `Status: HEALTHY
Message: (no message)
Applications:
  * filebeat               (HEALTHY)
                           Running
  * endpoint-security      (HEALTHY)
                           Protecting with policy
`

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'JSON', text: json({}), expected: GOOD },
  { name: 'JSON with noise around it', text: `WARN: x {y}\r\n${json({})}\r\nbye\r\n`, expected: GOOD },
  {
    name: 'states as words',
    text: json({ state: 'HEALTHY', endpoint: 'healthy', unit: 'HEALTHY', fleet: 'HEALTHY' }),
    expected: GOOD,
  },
  { name: 'another component is degraded', text: json({ state: 3 }), expected: GOOD },
  {
    name: 'the endpoint is degraded',
    text: json({ state: 3, endpoint: 3 }),
    expected: { ...GOOD, ...ill('degraded') },
  },
  { name: 'a unit of the endpoint has failed', text: json({ unit: 4 }), expected: { ...GOOD, ...ill('failed') } },
  { name: 'the endpoint has failed', text: json({ endpoint: 4 }), expected: { ...NOT_TOLD, ...ill('failed') } },
  {
    name: 'the endpoint has stopped',
    text: json({ endpoint: 6 }),
    expected: { ...GOOD, running: false, ...ill('stopped') },
  },
  { name: 'the endpoint is being configured', text: json({ endpoint: 1 }), expected: NOT_TOLD },
  { name: 'the agent has failed as a whole', text: json({ state: 4 }), expected: OPEN },
  { name: 'a state that nobody knows', text: json({ endpoint: 42 }), expected: NOT_TOLD },
  {
    name: 'not connected',
    text: json({ fleet: 4, fleetMessage: 'no route to host' }),
    expected: { ...GOOD, connected: false },
  },
  {
    name: 'not enrolled',
    text: json({ fleet: 6, fleetMessage: 'Not enrolled into Fleet', managed: false }),
    expected: {
      installed: true,
      running: true,
      healthy: true,
      connected: false,
      onboarded: false,
      version: '8.17.2',
    },
  },
  {
    name: 'an agent without Elastic Defend',
    text: json({ name: 'osquery' }),
    expected: {
      healthy: false,
      issues: ['the Elastic Agent runs without Elastic Defend'],
      connected: true,
      onboarded: true,
      version: '8.17.2',
      agentId: true,
      id: ID,
    },
  },
  {
    name: 'JSON of 7.x',
    text: JSON.stringify({ Status: 2, Message: '', Applications: [{ ID: 'x', Name: 'endpoint-security', Status: 2 }] }),
    expected: { installed: true, running: true, healthy: true },
  },
  {
    name: 'the whole tree',
    text: TREE,
    expected: {
      installed: true,
      running: true,
      healthy: true,
      connected: true,
      onboarded: true,
      version: '8.15.1',
    },
  },
  {
    name: 'a tree in which a unit has failed',
    text: TREE.replace('(HEALTHY) Applied', '(FAILED) Not applied'),
    expected: {
      installed: true,
      running: true,
      ...ill('failed'),
      connected: true,
      onboarded: true,
      version: '8.15.1',
    },
  },
  {
    name: 'a short tree says nothing of components that are well',
    text: SHORT,
    expected: { connected: false, onboarded: false },
  },
  {
    name: 'a short tree of an agent that has failed itself',
    text: SHORT.replace(/(elastic-agent\s+\S+ status: )\(\w+\)/, '$1(FAILED)'),
    expected: {
      connected: false,
      onboarded: false,
      healthy: false,
      issues: ['the Elastic Agent that manages it has failed'],
    },
  },
  {
    name: 'a tree that breaks off within its endpoint',
    text: TREE.slice(0, TREE.indexOf('communicating with endpoint')),
    expected: { installed: true, running: true, connected: true, onboarded: true, version: '8.15.1' },
  },
  {
    name: 'a tree that lost blanks and its first stroke on the way',
    text: TREE.replace('┌─ ', '').replaceAll('  ', ' '),
    expected: {
      installed: true,
      running: true,
      healthy: true,
      connected: true,
      onboarded: true,
      version: '8.15.1',
    },
  },
  { name: 'the list of 7.x', text: LIST, expected: { installed: true, running: true, healthy: true } },
  {
    name: 'a list without an endpoint',
    text: 'Status: FAILED\nMessage: (no message)\nApplications: (none)\n',
    expected: { healthy: false, issues: ['the Elastic Agent runs without Elastic Defend'] },
  },
  { name: 'a list that breaks off', text: LIST.slice(0, 50), expected: {} },
  {
    name: 'the list of 8.6',
    text: `State: HEALTHY\nMessage: Running\nFleet State: FAILED\nFleet Message: x\nComponents:\n  * endpoint  (HEALTHY)\n`,
    expected: { installed: true, running: true, healthy: true, connected: false },
  },
]

for (const { name, text, expected } of cases) {
  test(`elastic-agent: ${name}`, () => expect(readElasticStatus(text)).toEqual({ kind: 'value', value: expected }))
}

test.each(['', '{}', '[]', 'Error: permission denied', json({}).slice(0, -10), '{"state":', '└─ endpoint-default\n'])(
  'elastic-agent: nothing is drawn from %j',
  (text) => expect(readElasticStatus(text).kind).toBe('unreadable'),
)

test('elastic-agent: it ends with an error where it is not healthy, and where nobody answers', () => {
  expect(readElasticError(`${json({ state: 3, endpoint: 3 })}\n`)).toMatchObject({ value: { healthy: false } })
  const refused =
    'Error: failed to communicate with Elastic Agent daemon: dial unix /x.sock: connect: connection refused\n'
  expect(readElasticError(refused)).toMatchObject({ value: { healthy: false } })
  expect(readElasticError(refused.replace('refused', 'timed out'))).toBeNull()
  expect(readElasticError('')).toBeNull()
})

test('elastic-agent version: that of the program, which is all that it tells', () => {
  for (const text of [
    'Binary: 8.15.1 (build: 1f2e at 2026-11-03)\r\n',
    'binary:\n  version: 8.15.1\n  commit: 1f2e\n',
  ]) {
    expect(readElasticVersion(text)).toEqual({ kind: 'value', value: { version: '8.15.1' } })
  }
  for (const text of ['', 'Daemon: 8.15.1', 'Binary: unknown']) expect(readElasticVersion(text).kind).toBe('unreadable')
})

test('elastic-agent: the list of 8.6 does not show which unit made the whole degraded', () => {
  const text =
    'State: DEGRADED\nMessage: a unit is in a failed state\nComponents:\n* endpoint (HEALTHY)\n* log (HEALTHY)\n'
  for (const it of [text, text.replaceAll(/^/gm, '    ')]) {
    expect(readElasticStatus(it)).toEqual({ kind: 'value', value: { installed: true, running: true } })
  }
  const other = text.replace('State', 'Status').replace('log (HEALTHY)', 'filebeat (DEGRADED)')
  expect(readElasticStatus(other)).toMatchObject({ value: { healthy: true } })
})

test('elastic-agent: damage never heals or connects an endpoint', () => {
  const bad = [
    json({ state: 4, endpoint: 4, unit: 4, fleet: 4, fleetMessage: 'x' }),
    TREE.replaceAll('HEALTHY', 'FAILED'),
    LIST.replaceAll('HEALTHY', 'FAILED'),
  ]
  for (const text of bad.flatMap((it) => [...mutations(it, 4_000)])) {
    const fact = readElasticStatus(text)
    expect(fact.kind === 'value' && (fact.value.healthy === true || fact.value.connected === true)).toBe(false)
    readElasticError(text)
  }
})
