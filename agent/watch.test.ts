import { expect, test } from 'vitest'
import { recordedHost } from './host/recorded.ts'
import { openWatches, type Watch } from './watch.ts'

const host = recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-01-01T00:00:00Z', entries: [] })

function watch(signals: Watch['signals'], prints: (string | Error)[]): Watch {
  return {
    signals,
    fingerprint: async () => {
      const print = prints.shift() ?? 'the end'
      if (print instanceof Error) throw print
      return print
    },
  }
}

test('the first look finds nothing, and later looks what changed since', async () => {
  const look = openWatches(host, [
    watch(['endpoint-protection'], ['running', 'running', 'stopped', 'stopped']),
    watch(['firewall'], ['on', 'off', 'off', 'on']),
  ])
  expect(await look()).toEqual([])
  expect(await look()).toEqual(['firewall'])
  expect(await look()).toEqual(['endpoint-protection'])
  expect(await look()).toEqual(['firewall'])
})

test('a watch that begins to fail is a change, and one that goes on failing is not', async () => {
  const look = openWatches(host, [watch(['firewall'], ['on', new Error('no'), new Error('no'), 'on'])])
  expect([await look(), await look(), await look(), await look()]).toEqual([[], ['firewall'], [], ['firewall']])
})

test('two watches of one signal name it once', async () => {
  const look = openWatches(host, [watch(['firewall'], ['a', 'b']), watch(['firewall', 'os'], ['a', 'b'])])
  await look()
  expect(await look()).toEqual(['firewall', 'os'])
})

test('nothing to watch is no change', async () => {
  const look = openWatches(host, [])
  expect([await look(), await look()]).toEqual([[], []])
})
