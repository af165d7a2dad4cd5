import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import { productOf } from './product-state.ts'
import { PRODUCTS } from './products/all.ts'
import type { Flags, Told } from './told.ts'

const healthyWhen: Flags = { onboarded: true, passive: false }
const good: Told = { running: true, onboarded: true, passive: false }

const cases: readonly { name: string; told: Told; unread?: string[]; state: string; reason?: string }[] = [
  { name: 'it runs and all is told', told: good, state: 'healthy' },
  {
    name: 'it does not run',
    told: { ...good, running: false },
    state: 'off',
    reason: 'it is installed and does not run',
  },
  { name: 'nobody knows whether it runs', told: { onboarded: true, passive: false }, state: 'unknown' },
  {
    name: 'it runs, the rest needs root',
    told: { running: true },
    unread: ['needs root'],
    state: 'unknown',
    reason: 'running, protection unverified',
  },
  {
    name: 'what is not wrong and yet not enough',
    told: { running: true, onboarded: true, doubts: ['it only detects'] },
    unread: ['it only detects'],
    state: 'unknown',
  },
  {
    name: 'one thing was not told',
    told: { running: true, onboarded: true },
    state: 'unknown',
    reason: 'running, protection unverified',
  },
  {
    name: 'passive',
    told: { ...good, passive: true },
    state: 'degraded',
    reason: 'passive mode: it watches and blocks nothing',
  },
  { name: 'what is bad counts even where nothing asks for it', told: { ...good, connected: false }, state: 'degraded' },
  { name: 'known to be bad, and unknown whether it runs', told: { upToDate: false }, state: 'degraded' },
  {
    name: 'its own complaint',
    told: { ...good, issues: ['engine\u0007 is\nbroken'] },
    state: 'degraded',
    reason: 'engine  is broken',
  },
]

for (const { name, told, unread = [], state, reason } of cases) {
  test(`product: ${name}`, () => {
    const product = productOf('x', told, { healthyWhen, unread })
    expect(product.state).toBe(state)
    expect(product.reasons[0]).toBe(reason ?? product.reasons[0])
    expect(product.reasons).toEqual(expect.arrayContaining(unread))
  })
}

test('a product for which nothing has to be told is never healthy', () => {
  expect(productOf('x', good, { healthyWhen: {} }).state).toBe('unknown')
})

const parts = PRODUCTS.flatMap(({ id, linux, macos, windows }) =>
  Object.entries({ linux, macos, windows }).flatMap(([system, part]) => (part ? [{ id, system, part }] : [])),
)

for (const { id, system, part } of parts) {
  test(`${id} on ${system}: each thing that it needs can be missing, and can be bad`, () => {
    const all: Told = { running: true, ...part.healthyWhen }
    const wanted = Object.entries(part.healthyWhen)
    expect(productOf(id, all, part).state).toBe(wanted.length > 0 ? 'healthy' : 'unknown')
    for (const [flag, is] of wanted) {
      expect(productOf(id, { ...all, [flag]: !is }, part).state).not.toBe('healthy')
      const without = Object.fromEntries(Object.entries(all).filter(([name]) => name !== flag))
      expect(productOf(id, without, part).state).toBe('unknown')
    }
  })
}

test('what a tool prints never grows over what a collector takes', () => {
  const parse = parserOf(SIGNALS['endpoint-protection'].value)
  const long = 'x'.repeat(5000)
  const told: Told = { running: true, version: long, id: long, issues: Array.from({ length: 40 }, () => long) }
  expect(parse({ products: [productOf('x', told, { healthyWhen })] }).ok).toBe(true)
})
