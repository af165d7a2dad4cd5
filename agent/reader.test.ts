import { expect, test } from 'vitest'
import { unreadable, value } from '../shared/fact.ts'
import { keysOf } from '../shared/schema.ts'
import type { Facts, SignalId } from '../shared/signals.ts'
import type { Probes } from './collect.ts'
import type { Host } from './host/host.ts'
import { recordedHost } from './host/recorded.ts'
import { openReader } from './reader.ts'

const nothing = async () => ({ ...unreadable('not in this test'), source: 'none' })

/** A machine whose firewall probe answers when it is told to, and whose clock goes on by a second each time it is read. */
function machine() {
  let time = Date.parse('2026-01-01T00:00:00Z')
  const host: Host = {
    ...recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-01-01T00:00:00Z', entries: [] }),
    now: () => new Date((time += 1000)),
  }
  const waiting: ((enabled: boolean) => void)[] = []
  const probes: Probes = {
    os: nothing,
    'os-updates': nothing,
    'disk-encryption': nothing,
    'endpoint-protection': nothing,
    'screen-lock': nothing,
    'secure-boot': nothing,
    device: nothing,
    firewall: () => {
      const readAt = host.now()
      return new Promise((resolve) =>
        waiting.push((enabled) => resolve({ ...value({ enabled }), source: 'test', readAt })),
      )
    },
  }
  const seen: Facts[] = []
  const reader = openReader({ host, probes, offsetMs: () => 0, onRead: (facts) => seen.push(facts) })
  const answer = async (enabled: boolean) => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0)
    waiting.shift()?.(enabled)
  }
  return { reader, waiting, answer, seen }
}

const enabled = ({ firewall }: Facts) => (firewall?.kind === 'value' ? firewall.value.enabled : null)

test('a reading that was asked for later is a later reading, and those who ask meanwhile share it', async () => {
  const { reader, waiting, answer } = machine()
  const first = reader.everything()
  await expect.poll(() => waiting.length).toBe(1)
  const second = reader.everything()
  const third = reader.everything()
  await answer(true)
  expect(enabled(await first)).toBe(true)
  await answer(false)
  expect(enabled(await second)).toBe(false)
  expect(await third).toBe(await second)
  expect(waiting).toHaveLength(0)
})

test('a reading of some signals does not wait for one of everything, and is not undone by it', async () => {
  const { reader, waiting, answer } = machine()
  const everything = reader.everything()
  await expect.poll(() => waiting.length).toBe(1)
  const some = reader.some(['firewall'])
  await expect.poll(() => waiting.length).toBe(2)
  waiting.pop()?.(false)
  expect(enabled(await some)).toBe(false)
  await answer(true)
  expect(enabled(await everything)).toBe(false)
})

test('what is not wanted is neither read nor kept', async () => {
  const { reader, waiting, seen } = machine()
  const wanted: SignalId[] = ['os', 'device']
  reader.want(wanted)
  expect(keysOf(await reader.everything()).toSorted()).toEqual(['device', 'os'])
  expect(keysOf(await reader.some(['firewall'])).toSorted()).toEqual(['device', 'os'])
  expect(waiting).toHaveLength(0)
  reader.want(['os'])
  await reader.everything()
  expect(keysOf(seen.at(-1) ?? {})).toEqual(['os'])
})
