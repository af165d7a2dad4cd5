import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import type { SessionDevice } from '../protocol/session.ts'
import { openRechecks } from './rechecks.ts'

const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A device that a test has report. */
function laptop(otherwise: Partial<SessionDevice> = {}) {
  const device = { id: 'dev_a', key, lockedOut: false, lastSequence: 4, evidenceDigest: null, ...otherwise }
  let asked = 0
  return {
    asked: () => asked,
    report: () => void (device.lastSequence += 1),
    fleet: { sessionDevice: (id: string) => (id === device.id ? { ...device } : null) },
    recheck: () => {
      asked += 1
      return true
    },
  }
}

test('whoever asks waits for the next report, together', async () => {
  const { fleet, recheck, report, asked } = laptop()
  const again = openRechecks({ fleet, recheck, everyMs: 0 })
  const both = Promise.all([again('dev_a'), again('dev_a')])
  report()
  expect([await both, asked()]).toEqual([['reported', 'reported'], 1])
  const next = again('dev_a')
  report()
  expect([await next, asked()]).toEqual(['reported', 2])
})

test('a laptop is not asked again and again, and who asks meanwhile is not told what was known before', async () => {
  const { fleet, recheck, report, asked } = laptop()
  const again = openRechecks({ fleet, recheck: () => recheck() && (report(), true), everyMs: 300 })
  const start = performance.now()
  expect([await again('dev_a'), asked(), await again('dev_a'), asked()]).toEqual(['reported', 1, 'reported', 2])
  expect(performance.now() - start).toBeGreaterThanOrEqual(299)
})

test('an agent that says nothing in time is late', async () => {
  const { fleet, recheck } = laptop()
  expect(await openRechecks({ fleet, recheck, waitMs: 60 })('dev_a')).toBe('late')
})

test('nobody waits for a device that is away, locked out or gone', async () => {
  const { fleet, recheck, asked } = laptop()
  expect(await openRechecks({ fleet, recheck: () => false })('dev_a')).toBe('away')
  expect(await openRechecks({ fleet, recheck })('dev_b')).toBe('away')
  expect(await openRechecks({ fleet: laptop({ lockedOut: true }).fleet, recheck })('dev_a')).toBe('away')
  expect(asked()).toBe(0)
})
