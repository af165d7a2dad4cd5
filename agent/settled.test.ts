import { expect, test } from 'vitest'
import { unreadable, value } from '../shared/fact.ts'
import { laptop } from '../test/fakes/laptop.ts'
import type { Probes } from './collect.ts'
import { readSettled } from './settled.ts'

const nothing = async () => ({ ...unreadable('not in this test'), source: 'none' })

/** A machine whose firewall is asked in the background: it is known once `answer` was called. */
function machine() {
  const answered = Promise.withResolvers<void>()
  let answers = 0
  const read: string[] = []
  const probes: Probes = {
    os: async () => {
      read.push('os')
      return { ...unreadable('not in this test'), source: 'none' }
    },
    'os-updates': nothing,
    'disk-encryption': nothing,
    'endpoint-protection': nothing,
    firewall: async () => {
      read.push('firewall')
      return { ...(answers > 0 ? value({ enabled: true }) : unreadable('not yet')), source: 'test' }
    },
    'screen-lock': nothing,
    'secure-boot': nothing,
    device: nothing,
  }
  const fingerprint = async () => String(answers)
  const watches = [
    { signals: ['firewall' as const], fingerprint, settled: () => answered.promise },
    { signals: ['os' as const], fingerprint: async () => 'the same' },
  ]
  const answer = () => {
    answers++
    answered.resolve()
  }
  return { parts: { host: laptop({ files: {} }), probes, watches }, read, answer }
}

test('what answers in time is read again, and nothing else', async () => {
  const { parts, read, answer } = machine()
  let waits = 0
  const facts = readSettled(parts, { onWait: () => waits++ })
  setImmediate(answer)
  expect((await facts).firewall?.kind).toBe('value')
  expect([read, waits]).toEqual([['os', 'firewall', 'firewall'], 0])
})

test('a long wait is told of once, and has an end', async () => {
  const { parts, read } = machine()
  let waits = 0
  const facts = await readSettled(parts, { onWait: () => waits++, noticedMs: 1, limitMs: 20 })
  expect(facts.firewall?.kind).toBe('unreadable')
  expect([read, waits]).toEqual([['os', 'firewall'], 1])
})

test('without anything slow everything is read once', async () => {
  const { parts, read } = machine()
  await readSettled({ ...parts, watches: [] })
  expect(read).toEqual(['os', 'firewall'])
})
