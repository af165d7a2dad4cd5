import { describe, expect, test } from 'vitest'
import { healthyFacts, healthyValues, read, unreadableFacts } from '../test/fakes/facts.ts'
import { value } from './fact.ts'
import { parserOf } from './schema.ts'
import { Facts, SIGNALS, SIGNAL_IDS, factOf } from './signals.ts'

const NOW = new Date('2026-11-24T08:00:00.000Z')
const parse = parserOf(Facts)

test('every signal of the list may be reported, and no other', () => {
  expect(Object.keys(Facts.properties)).toEqual(SIGNAL_IDS)
  for (const id of SIGNAL_IDS) expect(SIGNALS[id].maxAgeSeconds).toBeGreaterThan(0)
  expect(parse({ ...healthyFacts(NOW), 'battery-health': read(value(1), NOW) }).ok).toBe(false)
})

test.each([
  { name: 'all good', facts: healthyFacts(NOW) },
  { name: 'all unreadable', facts: unreadableFacts(NOW) },
  { name: 'none at all', facts: {} },
])('facts are admitted: $name', ({ facts }) => {
  expect(parse(facts).ok).toBe(true)
})

const good = healthyValues(NOW)
const [volume] = good['disk-encryption'].volumes
const [product] = good['endpoint-protection'].products

describe.each([
  {
    id: 'os',
    bad: {
      'a platform that is not one': { ...good.os, platform: 'plan9' },
      'a support end without a zone': { ...good.os, supportEnd: '2028-06-30' },
    },
  },
  {
    id: 'os-updates',
    bad: {
      'a negative count': { ...good['os-updates'], pending: -1 },
      'a count with a fraction': { ...good['os-updates'], pending: 0.5 },
      'a count in words': { ...good['os-updates'], pendingSecurity: '0' },
      'a flag as a number': { ...good['os-updates'], rebootRequired: 0 },
      'nothing instead of null': { ...good['os-updates'], pendingSecurity: undefined },
    },
  },
  {
    id: 'disk-encryption',
    bad: {
      'a state that is not one': { volumes: [{ ...volume, state: 'probably' }] },
      'a boolean for a state': { volumes: [{ ...volume, state: true }] },
      'more volumes than a laptop has': { volumes: Array.from({ length: 65 }, () => volume) },
    },
  },
  {
    id: 'endpoint-protection',
    bad: {
      'a state that is not one': { products: [{ ...product, state: 'ok' }] },
      'a product without reasons': { products: [{ ...product, reasons: undefined }] },
      'a time that is no moment': { products: [{ ...product, definitionsAt: '2016-12-31T23:59:60Z' }] },
    },
  },
  {
    id: 'firewall',
    bad: {
      'a word for a flag': { enabled: 'true' },
      'a profile that is not a flag': { enabled: true, profiles: { public: 'on' } },
      'a profile with a long name': { enabled: true, profiles: { ['x'.repeat(61)]: true } },
      'a profile with a line break in its name, and no flag': { enabled: true, profiles: { 'a\nb': 'on' } },
    },
  },
  { id: 'screen-lock', bad: { 'a negative time': { enabled: true, afterSeconds: -1 } } },
  { id: 'secure-boot', bad: { 'a TPM that is not one': { enabled: true, tpm: '3.0' } } },
  { id: 'device', bad: { 'a serial number that is a number': { ...good.device, serial: 4711 } } },
] as const)('$id', ({ id, bad }) => {
  test('is admitted where it is good', () => {
    expect(parse({ [id]: read(value(good[id]), NOW) }).ok).toBe(true)
  })

  test.each(Object.entries<unknown>(bad))('is refused with %s', (_, wrong) => {
    expect(parse({ [id]: read(value(wrong), NOW) }).ok).toBe(false)
  })

  test('is refused with a key that nobody knows', () => {
    expect(parse({ [id]: read(value({ ...good[id], trusted: true }), NOW) }).ok).toBe(false)
  })
})

describe('the fact of a signal', () => {
  test('is what was sent', () => {
    expect(factOf(healthyFacts(NOW), 'firewall')).toMatchObject({ kind: 'value', value: { enabled: true } })
  })

  test('that was not sent is unreadable', () => {
    expect(factOf({}, 'firewall')).toEqual({ kind: 'unreadable', why: 'the agent did not send this signal' })
  })
})
