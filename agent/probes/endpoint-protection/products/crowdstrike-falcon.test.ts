import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readFalconctl, readFalconctlError } from './crowdstrike-falcon.ts'

const AID = 'd2f01c7be04a4c6f9d0b3a55e8817f24'

const cases: readonly { name: string; text: string; expected: Told }[] = [
  {
    name: 'one line, as up to 7.28',
    text: `aid="${AID}", rfm-state=false, rfm-reason=None, code=0x0, version = 7.18.17106.0\n`,
    expected: { agentId: true, onboarded: true, id: AID, reducedFunctionality: false, version: '7.18.17106.0' },
  },
  {
    name: 'rfm-state on a line of its own, as from 7.29',
    text: `aid="${AID}", version = 7.31.18410.0\nrfm-state=True,\n`,
    expected: {
      agentId: true,
      onboarded: true,
      id: AID,
      reducedFunctionality: true,
      healthy: false,
      version: '7.31.18410.0',
    },
  },
  { name: 'a full stop at the end', text: 'rfm-state=false.\n', expected: { reducedFunctionality: false } },
  {
    name: 'not registered',
    text: 'aid is not set, rfm-state is not set, version = 7.30.18306.0',
    expected: { agentId: false, onboarded: false, version: '7.30.18306.0' },
  },
  { name: 'an id of zeros is none', text: `aid="${'0'.repeat(32)}".`, expected: {} },
  {
    name: 'no customer id',
    text: 'CID is not set. Use falconctl to set the CID\nERROR: failed\n',
    expected: { onboarded: false },
  },
  {
    name: 'an agent id does not help without a customer id',
    text: `cid is not set, aid="${AID}"\n`,
    expected: { agentId: true, onboarded: false, id: AID },
  },
  { name: 'a state in other words', text: 'rfm-state=unbekannt, version = x', expected: {} },
]

for (const { name, text, expected } of cases) {
  test(`falconctl: ${name}`, () => {
    expect(readFalconctl(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test('falconctl: an error tells what is not set, and that the sensor does not run', () => {
  const unset = { kind: 'value', value: { installed: true, onboarded: false } }
  expect(readFalconctlError('CID is not set. Use falconctl to set the CID\nERROR: failed\n')).toEqual(unset)
  expect(readFalconctlError('aid is not set.')).toMatchObject({ value: { agentId: false, onboarded: false } })
  expect(readFalconctlError('ERROR: Falcon sensor is not running\n')).toMatchObject({ value: { running: false } })
  for (const text of ['', 'ERROR: must be root', 'rfm-state=false.']) expect(readFalconctlError(text)).toBeNull()
})

test('falconctl: options that tell nothing are an answer all the same', () => {
  for (const text of ['systags=a,b.', 'provisioning-token is not set.', 'feature= (hex bitmask: 0).']) {
    expect(readFalconctl(text)).toEqual({ kind: 'value', value: { installed: true } })
  }
})

for (const text of [
  '',
  '\n',
  'ERROR: This program must be run as root',
  'RFM-STATE=FALSE',
  '<html>',
  'constructor=1',
  '__proto__ is not set',
]) {
  test(`falconctl: nothing is drawn from ${JSON.stringify(text)}`, () => {
    expect(readFalconctl(text).kind).toBe('unreadable')
  })
}

test('falconctl: whatever is damaged, no sensor is said to run, and a reduced one not to be complete', () => {
  for (const text of mutations(`aid="${AID}", rfm-state=true, version = 7.18.17106.0\n`, 10_000)) {
    const fact = readFalconctl(text)
    if (fact.kind !== 'value') continue
    expect(fact.value.running).toBeUndefined()
    expect(fact.value.reducedFunctionality).not.toBe(false)
  }
})
