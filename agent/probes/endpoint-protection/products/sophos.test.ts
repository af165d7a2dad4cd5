import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readSophosHealthKey, readSophosStatus, readSophosTamperKey, readSophosVersion } from './sophos.ts'

const status = (health: number, service: number, threat = 1) =>
  `<?xml version="1.0" encoding="utf-8" ?><health version="3.0.0" activeHeartbeat="false"><item name="health" value="${health}" /><item name="service" value="${service}" ><detail name="Sophos MCS Client" value="0" /></item><item name="threatService" value="${service}" /><item name="threat" value="${threat}" /></health>`

const WELL = { kind: 'value', value: { installed: true, healthy: true } }
const ill = (...issues: string[]) => ({ kind: 'value', value: { installed: true, healthy: false, issues } })

test('health: well only if the whole is, and nothing beside it is not', () => {
  expect(readSophosStatus(status(1, 1))).toEqual(WELL)
  expect(readSophosHealthKey({ health: 1, service: 1, threat: 1 })).toEqual(WELL)
  expect(readSophosHealthKey({ Health: '1' })).toEqual(WELL)
  expect(readSophosStatus(status(1, 3))).toEqual(
    ill('the state of its services is bad', 'the state of its threat services is bad'),
  )
  expect(readSophosHealthKey({ health: 2, service: 1, threat: 2 })).toEqual(
    ill('the state of its health is suspicious', 'the state of its threats is suspicious'),
  )
})

test.each([
  '',
  '<health/>',
  status(99, 1),
  status(1, 1).slice(0, -20),
  status(1, 1).replace('health version', 'x version'),
])('status: nothing is drawn from %j', (text) => expect(readSophosStatus(text).kind).toBe('unreadable'))

test('the keys of Windows: what makes no sense is no answer', () => {
  for (const values of [{}, { health: 0 }, { health: 'good' }, { service: 1 }]) {
    expect(readSophosHealthKey(values).kind).toBe('unreadable')
  }
  expect(readSophosTamperKey({ SEDEnabled: 1 })).toEqual({
    kind: 'value',
    value: { installed: true, tamperProtection: true },
  })
  expect(readSophosTamperKey({ SEDEnabled: 0 })).toMatchObject({ value: { tamperProtection: false } })
  for (const values of [{}, { SEDEnabled: '1x' }, { SEDEnabled: 2 }]) {
    expect(readSophosTamperKey(values).kind).toBe('unreadable')
  }
})

test('the version of Linux', () => {
  expect(readSophosVersion('PRODUCT_NAME = SPL-Base\nPRODUCT_VERSION = 2024.3.1.14\n')).toMatchObject({
    value: { version: '2024.3.1.14' },
  })
  expect(readSophosVersion('PRODUCT_VERSION = \n').kind).toBe('unreadable')
})

test('damage never makes a bad health good', () => {
  for (const text of mutations(status(3, 3, 3), 10_000)) {
    const fact = readSophosStatus(text)
    expect(fact.kind === 'value' && fact.value.healthy === true).toBe(false)
    readSophosVersion(text)
  }
})
