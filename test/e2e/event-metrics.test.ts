import { afterAll, beforeAll, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

let collector: TestCollector
beforeAll(async () => {
  collector = await testCollector()
})
afterAll(async () => {
  await collector.close()
})

async function metrics(): Promise<Map<string, number>> {
  const text = await (await fetch(`${collector.issuerUrl}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith('muster_'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

test('what waits for receivers, for how long, and what became of it', async () => {
  const headers = {
    authorization: `Bearer ${await collector.gatewayKey('events')}`,
    'content-type': 'application/json',
  }
  const post = async (path: string, body: object) =>
    fetch(`${collector.issuerUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const { stream_id: id } = (await (await post('/ssf/stream', {})).json()) as { stream_id: string }
  expect((await post('/ssf/verify', { stream_id: id })).status).toBe(204)
  collector.clock.now = new Date(collector.clock.now.getTime() + 90_000)
  const waiting = await metrics()
  expect(waiting.get('muster_events_waiting{state="enabled"}')).toBe(1)
  expect(waiting.get('muster_events_oldest_seconds{state="enabled"}')).toBeCloseTo(90, -1)

  // Paused: now the event that says so waits as well.
  await post('/ssf/status', { stream_id: id, status: 'paused' })
  const paused = await metrics()
  expect(paused.get('muster_events_waiting{state="enabled"}')).toBe(0)
  expect(paused.get('muster_events_oldest_seconds{state="enabled"}')).toBe(0)
  expect(paused.get('muster_events_waiting{state="paused"}')).toBe(2)

  await post('/ssf/status', { stream_id: id, status: 'enabled' })
  const { sets } = (await (await post(`/ssf/poll/${id}`, { returnImmediately: true })).json()) as { sets: object }
  const [first = '', second = '', ...rest] = Object.keys(sets)
  expect(rest).toHaveLength(1)
  const setErrs = { [second]: { err: 'invalid_state' } }
  await post(`/ssf/poll/${id}`, { ack: [first, 'none of ours'], setErrs, maxEvents: 0 })
  const done = await metrics()
  expect(done.get('muster_event_deliveries_total{method="poll",outcome="accepted"}')).toBe(1)
  expect(done.get('muster_event_deliveries_total{method="poll",outcome="refused"}')).toBe(1)
  expect(done.get('muster_events_waiting{state="enabled"}')).toBe(1)
  expect([done.get('muster_audit_waiting'), done.get('muster_audit_lost_total')]).toEqual([0, 0])
})
