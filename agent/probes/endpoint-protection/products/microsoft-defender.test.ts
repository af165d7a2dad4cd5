import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readMdatpHealth, readNoDaemon } from './microsoft-defender.ts'

const set = (value: unknown) => ({ displayValue: true, isManaged: false, value })
const GOOD = {
  healthy: true,
  healthIssues: [],
  licensed: true,
  appVersion: '101.25042.0003',
  orgId: '6f2a',
  passiveModeEnabled: set(false),
  realTimeProtectionEnabled: set(true),
  realTimeProtectionAvailable: true,
  tamperProtection: set('block'),
  definitionsStatus: { $type: 'upToDate' },
  definitionsUpdated: '1763600000000',
  edrMachineId: '9c1e',
}
const GOOD_TOLD: Told = {
  installed: true,
  running: true,
  healthy: true,
  passive: false,
  realTime: true,
  tamperProtection: true,
  upToDate: true,
  onboarded: true,
  agentId: true,
  id: '9c1e',
  version: '101.25042.0003',
  definitionsAt: '2025-11-20T00:53:20.000Z',
}

const json: readonly { name: string; change: object; expected: Partial<Record<keyof Told, unknown>> }[] = [
  { name: 'all is well', change: {}, expected: GOOD_TOLD },
  {
    name: 'plain values of older versions',
    change: { passiveModeEnabled: false, definitionsStatus: 'up_to_date' },
    expected: GOOD_TOLD,
  },
  {
    name: 'passive in spite of healthy',
    change: { passiveModeEnabled: set(true) },
    expected: { passive: true, healthy: false },
  },
  {
    name: 'the value counts, not what is displayed',
    change: { realTimeProtectionEnabled: set(false) },
    expected: { realTime: false, healthy: false },
  },
  {
    name: 'switched on, but it does not work',
    change: { realTimeProtectionAvailable: false },
    expected: { realTime: false },
  },
  { name: 'no licence', change: { licensed: false }, expected: { onboarded: false, healthy: false } },
  { name: 'no organisation', change: { orgId: '' }, expected: { onboarded: false } },
  {
    name: 'the kind of the definitions, not what stands beside it',
    change: { definitionsStatus: { $type: 'outOfDate', value: 3 } },
    expected: { upToDate: false },
  },
  { name: 'old definitions', change: { definitionsStatus: { $type: 'outOfDate' } }, expected: { upToDate: false } },
  {
    name: 'definitions in a word that nobody knows',
    change: { definitionsStatus: 'constructor' },
    expected: { upToDate: undefined },
  },
  {
    name: 'tamper protection that only watches',
    change: { tamperProtection: set('audit') },
    expected: { tamperProtection: false },
  },
  {
    name: 'no time of the definitions',
    change: { definitionsUpdated: 'Nov 20, 2025' },
    expected: { definitionsAt: undefined },
  },
  {
    name: 'its own complaints',
    change: { healthy: false, healthIssues: ['missing license', 7] },
    expected: { issues: ['missing license'] },
  },
  {
    name: 'words where a truth value belongs',
    change: { passiveModeEnabled: 'false' },
    expected: { passive: undefined },
  },
]

for (const { name, change, expected } of json) {
  test(`mdatp health, JSON: ${name}`, () => {
    const fact = readMdatpHealth(JSON.stringify({ ...GOOD, ...change }))
    const told: Record<string, unknown> = fact.kind === 'value' ? fact.value : {}
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, told[key]]))).toEqual(expected)
  })
}

test('mdatp health, lines: the same words, a value broken in two, a time without a zone', () => {
  const lines = [
    'healthy                                     : true',
    'health_issues                               : []',
    'licensed                                    : true',
    'org_id                                      : "6f2a"',
    'passive_mode_enabled                        : false',
    'real_time_protection_enabled                : true',
    'edr_configuration_version                   : "30.1',
    '77"',
    'definitions_updated                         : Nov 20, 2025 at 03:26:24 AM',
    'definitions_status                          : "up_to_date"',
  ]
  expect(readMdatpHealth(lines.join('\n'))).toEqual({
    kind: 'value',
    value: {
      installed: true,
      running: true,
      healthy: true,
      passive: false,
      realTime: true,
      upToDate: true,
      onboarded: true,
    },
  })
})

test('mdatp health, lines: no licence, nothing from the service behind it', () => {
  const lines = 'ATTENTION: No license found.\nhealthy    : false\nlicensed   : false\norg_id     : unavailable\n'
  const fact = readMdatpHealth(lines)
  expect(fact).toMatchObject({ value: { healthy: false, onboarded: false } })
  expect(fact.kind === 'value' && 'realTime' in fact.value).toBe(false)
})

test('mdatp health, lines: what an admin has set is marked', () => {
  const text = 'healthy : true\nreal_time_protection_enabled : true [managed]\npassive_mode_enabled : false [managed]\n'
  expect(readMdatpHealth(text)).toMatchObject({ value: { healthy: true, realTime: true, passive: false } })
  const off = text.replace('true [managed]', 'false [managed]')
  expect(readMdatpHealth(off)).toMatchObject({ value: { healthy: false, realTime: false } })
})

test('mdatp health, lines: values that look like JSON do not make it that', () => {
  const text = 'healthy : true\nedr_device_tags : [{"key":"GROUP","value":"a"}]\npassive_mode_enabled : false\n'
  expect(readMdatpHealth(text)).toMatchObject({ value: { healthy: true, passive: false } })
})

test('mdatp health, lines: names and bits of old versions', () => {
  const text = 'healthy : 1\nlicensed : true\norgId : "6f2a"\nrealTimeProtectionEnabled : 0\n'
  expect(readMdatpHealth(text)).toMatchObject({ value: { healthy: false, onboarded: true, realTime: false } })
})

test('mdatp health, lines: a part tells what is in it, and nothing of health', () => {
  const part = readMdatpHealth('definitions_version : "1.2"\ndefinitions_status : "up_to_date"\n')
  expect(part).toEqual({ kind: 'value', value: { installed: true, running: true, upToDate: true } })
  expect(readMdatpHealth('org_id : "6f2a"')).toEqual({ kind: 'value', value: { installed: true, running: true } })
  const off = readMdatpHealth('real_time_protection_enabled : true\nreal_time_protection_available : false\n')
  expect(off).toEqual({ kind: 'value', value: { installed: true, running: true, realTime: false } })
})

test('mdatp health, JSON: with lines before and after it', () => {
  const text = `ATTENTION: an update is there.\n${JSON.stringify(GOOD, null, 2)}\nATTENTION: restart\n`
  expect(readMdatpHealth(text)).toEqual({ kind: 'value', value: GOOD_TOLD })
})

test('mdatp health: nobody answers behind it', () => {
  const text = '\nERROR: Could not connect to the daemon\n'
  expect(readMdatpHealth(text)).toEqual({ kind: 'value', value: { installed: true, running: false } })
  expect(readNoDaemon(text)).toEqual(readMdatpHealth(text))
  expect(readNoDaemon('permission denied')).toBeNull()
  expect(readNoDaemon('Could not connect to the daemon, or you have no permission to do so')).toBeNull()
})

test('mdatp health: what the extension of macOS may not see', () => {
  const fact = readMdatpHealth(JSON.stringify({ ...GOOD, fullDiskAccessEnabled: false }))
  expect(fact).toMatchObject({ value: { healthy: false } })
})

const NONE = ['', '{}', '[]', 'null', '{"healthy":"true"}', JSON.stringify(GOOD).slice(0, -9), 'gesund : ja']
for (const text of NONE) {
  test(`mdatp health: nothing is drawn from ${JSON.stringify(text.slice(0, 40))}`, () => {
    expect(readMdatpHealth(text).kind).toBe('unreadable')
  })
}

test('mdatp health: damage never makes a passive, unlicensed sensor good', () => {
  const bad = JSON.stringify({ ...GOOD, healthy: false, licensed: false, passiveModeEnabled: set(true) })
  for (const text of mutations(bad, 10_000)) {
    const fact = readMdatpHealth(text)
    expect(fact.kind === 'value' && fact.value.healthy === true && fact.value.passive === false).toBe(false)
  }
})
