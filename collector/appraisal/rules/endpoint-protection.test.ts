import { describe, expect, test } from 'vitest'
import type { Product } from '../../../shared/signals.ts'
import { NOW, asks, days, judge } from '../../../test/fakes/rule.ts'
import { DEFAULT_PRODUCTS, endpointProtection } from './endpoint-protection.ts'

const product = (name: string, state: Product['state'], more: Partial<Product> = {}): Product => ({
  product: name,
  state,
  reasons: [],
  realTime: true,
  tamperProtection: null,
  definitionsAt: null,
  lastContactAt: null,
  ...more,
})
const falcon = (state: Product['state'], more?: Partial<Product>) => product('crowdstrike-falcon', state, more)
const defender = (state: Product['state'], more?: Partial<Product>) => product('microsoft-defender', state, more)
const outdated = { definitionsAt: days(-8).toISOString() }

test.each([
  { name: 'nothing is installed', products: [], verdict: 'fail', code: 96, why: 'no endpoint protection was found' },
  {
    name: 'only what the policy does not count',
    products: [product('clamav', 'healthy'), product('wazuh', 'healthy')],
    verdict: 'fail',
    code: 96,
    why: 'only clamav, wazuh was found, which the policy does not count',
  },
  {
    name: 'one is healthy',
    products: [falcon('healthy')],
    verdict: 'pass',
    code: 2,
    why: 'crowdstrike-falcon is healthy',
  },
  {
    name: 'one is off',
    products: [falcon('off', { reasons: ['service stopped', 'sensor unloaded'] })],
    verdict: 'fail',
    code: 96,
    why: 'crowdstrike-falcon is off: service stopped; sensor unloaded',
  },
  {
    name: 'one is degraded',
    products: [falcon('degraded', { reasons: ['no contact'] })],
    verdict: 'fail',
    code: 32,
    why: 'crowdstrike-falcon is degraded: no contact',
  },
  {
    name: 'one is not known',
    products: [falcon('unknown')],
    verdict: 'unknown',
    code: null,
    why: 'crowdstrike-falcon is unknown',
  },
  {
    name: 'one is healthy, another off',
    products: [defender('off'), falcon('healthy')],
    verdict: 'pass',
    code: 2,
    why: 'crowdstrike-falcon is healthy',
  },
  {
    name: 'one is healthy, another not known',
    products: [defender('unknown'), falcon('healthy')],
    verdict: 'pass',
    code: 2,
    why: 'crowdstrike-falcon is healthy',
  },
  {
    name: 'one is off, another not known',
    products: [defender('off'), falcon('unknown')],
    verdict: 'unknown',
    code: null,
    why: 'crowdstrike-falcon is unknown',
  },
  {
    name: 'what does not count is healthy, what counts is off',
    products: [product('clamav', 'healthy'), falcon('off')],
    verdict: 'fail',
    code: 96,
    why: 'crowdstrike-falcon is off',
  },
  {
    name: 'the definitions are outdated',
    products: [defender('healthy', outdated)],
    verdict: 'fail',
    code: 32,
    why: 'the definitions of microsoft-defender are older than 7 days',
  },
  {
    name: 'the definitions of one are outdated, another is not known',
    products: [defender('healthy', outdated), falcon('unknown')],
    verdict: 'unknown',
    code: null,
    why: 'crowdstrike-falcon is unknown',
  },
])('$name: $verdict', ({ products, verdict, code, why }) => {
  expect(judge(endpointProtection, { products })).toMatchObject({ verdict, code, why })
})

const withDefinitions = (at: Date) => ({ products: [defender('healthy', { definitionsAt: at.toISOString() })] })

describe('definitions', () => {
  test.each([
    {
      name: 'just young enough',
      at: new Date(days(-7).getTime() + 1),
      verdict: 'pass',
      until: new Date(NOW.getTime() + 1),
    },
    { name: 'just too old', at: days(-7), verdict: 'fail', until: undefined },
    { name: 'from the future, which are as old as now', at: days(30), verdict: 'pass', until: days(7) },
  ])('$name: $verdict', ({ at, verdict, until }) => {
    const judgement = judge(endpointProtection, withDefinitions(at))
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.until).toEqual(until)
  })

  test('may be of the age that the policy says', () => {
    expect(judge(endpointProtection, withDefinitions(days(-2)), { definitions: '3d' }).verdict).toBe('pass')
    expect(judge(endpointProtection, withDefinitions(days(-2)), { definitions: '2d' }).verdict).toBe('fail')
  })

  test('do not help a product that is off', () => {
    expect(
      judge(endpointProtection, { products: [defender('off', { definitionsAt: NOW.toISOString() })] }).verdict,
    ).toBe('fail')
  })
})

test('the policy says which products count, and tells devices', () => {
  const anyOf = ['wazuh']
  expect(judge(endpointProtection, { products: [product('wazuh', 'healthy')] }, { anyOf }).verdict).toBe('pass')
  expect(judge(endpointProtection, { products: [falcon('healthy')] }, { anyOf }).verdict).toBe('fail')
  expect(asks(endpointProtection, { anyOf }).ask).toBe('One of these runs and is healthy: wazuh.')
  expect(asks(endpointProtection).ask).toContain(DEFAULT_PRODUCTS.join(', '))
  expect(endpointProtection.prepare({ anyOf: [] }).ok).toBe(false)
})

test('says no more than a result holds, whatever a product gives as reasons', () => {
  const reasons = Array.from({ length: 16 }, () => 'x'.repeat(200))
  expect(judge(endpointProtection, { products: [falcon('off', { reasons })] }).why).toHaveLength(400)
})
