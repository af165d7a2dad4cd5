import { describe, expect, test } from 'vitest'
import type { Derived, NewEvent, Store, StreamRecord } from '../../collector/store/store.ts'
import type { Subject } from './contract.ts'
import { enrolled, happened, idOf, later, NOW, standingChange } from './records.ts'

const COMPLIANCE = 'compliance'

async function gatewayIn(store: Store, id = 'gw'): Promise<string> {
  const rest = { scopes: [], hosts: [], certificate: null, createdAt: NOW }
  await store.addGateway({ id, name: id, keyHash: `key of ${id}`, ...rest })
  return id
}

async function streamIn(store: Store, id = 'a', owner = 'gw'): Promise<Omit<StreamRecord, 'since'>> {
  const stream = { id, owner, createdAt: NOW, document: '{"status":"enabled"}' }
  await store.addStream(stream)
  return stream
}

const event = (jti: string, more: Partial<NewEvent> = {}): NewEvent => ({
  streamId: 'a',
  jti,
  type: COMPLIANCE,
  deviceId: idOf('x'),
  changeId: null,
  claims: `{"n":"${jti}"}`,
  at: NOW,
  ...more,
})
const derived = (from: number, to: number, events: NewEvent[], more: Partial<Derived> = {}): Derived => ({
  from,
  to,
  told: [],
  events,
  ...more,
})
const waitingIn = async (store: Store, streamId = 'a') =>
  (await store.outgoingEvents(streamId, 1000)).map(({ jti }) => jti)

/** The event of a change for a stream. */
const madeOf = (streamId: string, changeId: number) => event(`${streamId}${changeId}`, { streamId, changeId })

export function contractOfEvents(subject: Subject): void {
  describe('changes of standing by their ids', () => {
    test('come in the order in which they were written, with whom the device was of', async () => {
      const { store } = subject
      const [a, b] = [await enrolled(store, 'a'), await enrolled(store, 'b')]
      await store.setOwner(a, 'alice@example.com')
      expect(await store.newestStandingChange()).toBe(0)
      const reasons = [{ id: 'firewall', verdict: 'fail' as const, why: 'off', fix: 'switch it on' }]
      const first = standingChange(a, later(2), { cause: 'report', reasons })
      await happened(store, a, { standingChanges: [first, standingChange(a, later(3))] })
      await happened(store, b, { standingChanges: [standingChange(b, later(1))] })
      const all = await store.standingChangesAfter(0, 10)
      expect(all).toEqual([
        { ...first, id: 1, owner: 'alice@example.com' },
        { ...standingChange(a, later(3)), id: 2, owner: 'alice@example.com' },
        { ...standingChange(b, later(1)), id: 3, owner: null },
      ])
      expect(await store.standingChangesAfter(1, 1)).toEqual([all[1]])
      expect(await store.standingChangesAfter(3, 10)).toEqual([])
      await subject.reopen()
      expect(await subject.store.newestStandingChange()).toBe(3)
    })

    test('an id is never used again, also where the newest was forgotten', async () => {
      const { store } = subject
      const gone = idOf('gone')
      await happened(store, gone, { standingChanges: [standingChange(gone, later(1))] })
      await store.forgetHistory(later(2))
      expect(await store.standingChangesAfter(0, 10)).toEqual([])
      expect(await store.newestStandingChange()).toBe(1)
      await happened(store, gone, { standingChanges: [standingChange(gone, later(3))] })
      expect((await store.standingChangesAfter(1, 10)).map(({ id }) => id)).toEqual([2])
    })

    test('are told of once they can be read, and no longer than is wished', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const seen: number[] = []
      const told = Promise.withResolvers<void>()
      const end = store.watchStanding(() => {
        void store.newestStandingChange().then((newest) => seen.push(newest))
        told.resolve()
      })
      await happened(store, id, { standingChanges: [standingChange(id, later(1))] })
      await told.promise
      await store.setTags(id, ['x'])
      await happened(store, id, {})
      end()
      await happened(store, id, { standingChanges: [standingChange(id, later(2))] })
      expect(seen).toEqual([1])
    })
  })

  describe('event streams', () => {
    test('come back as they were, and know what is older than they', async () => {
      const { store } = subject
      await gatewayIn(store)
      const a = await streamIn(store)
      await happened(store, idOf('x'), { standingChanges: [standingChange(idOf('x'), NOW)] })
      expect(await store.addStream({ ...a, id: 'b' })).toBe(1)
      await store.addEvents(derived(0, 2, [madeOf('a', 1), madeOf('b', 1), madeOf('b', 2)]))
      expect([await waitingIn(store), await waitingIn(store, 'b')]).toEqual([['a1'], ['b2']])
      expect(await store.saveStream('a', '{"status":"paused"}')).toBe(true)
      expect(await store.saveStream('none', '{}')).toBe(false)
      await subject.reopen()
      expect(await subject.store.loadStreams()).toEqual([
        { ...a, since: 0, document: '{"status":"paused"}' },
        { ...a, id: 'b', since: 1 },
      ])
      await subject.store.removeStream('a')
      expect((await subject.store.loadStreams()).map(({ id }) => id)).toEqual(['b'])
    })

    test('end with their gateway, and what they had to deliver with them', async () => {
      const { store } = subject
      await gatewayIn(store)
      await gatewayIn(store, 'other')
      await streamIn(store)
      await streamIn(store, 'b', 'other')
      await store.addEvents(derived(0, 1, [event('1'), event('2', { streamId: 'b' })]))
      await store.removeGateway('gw')
      expect((await store.loadStreams()).map(({ id }) => id)).toEqual(['b'])
      expect([await waitingIn(store), await waitingIn(store, 'b')]).toEqual([[], ['2']])
      // One that is gone gets nothing, and takes nothing from the others.
      expect(await store.addEvents(derived(1, 2, [event('3'), event('4', { streamId: 'b' })]))).toBe(true)
      expect(await waitingIn(store, 'b')).toEqual(['2', '4'])
    })
  })

  describe('outgoing events', () => {
    test('are added once, with what is told by them, from where the last ended', async () => {
      const { store } = subject
      await gatewayIn(store)
      await streamIn(store)
      const told = { deviceId: idOf('x'), tiers: ['public'], compliant: false, owner: 'a@example.com' }
      expect(await store.addEvents(derived(0, 7, [event('1')], { told: [told] }))).toBe(true)
      expect(await store.addEvents(derived(0, 9, [event('2')], { told: [{ ...told, tiers: [] }] }))).toBe(false)
      await subject.reopen()
      expect(await subject.store.loadTold()).toEqual({ cursor: 7, told: [told] })
      expect(await subject.store.outgoingEvents('a', 10)).toEqual([
        { jti: '1', type: COMPLIANCE, deviceId: idOf('x'), claims: '{"n":"1"}' },
      ])
      await subject.store.addEvents(derived(7, 7, [], { told: [{ ...told, tiers: [] }] }))
      expect(await subject.store.loadTold()).toEqual({ cursor: 7, told: [] })
    })

    test('wait in their order, those of the stream itself before all others, until they are delivered or refused', async () => {
      const { store } = subject
      await gatewayIn(store)
      await streamIn(store)
      await store.addEvents(derived(0, 1, [event('1'), event('2'), event('3'), event('4')]))
      expect((await store.outgoingEvents('a', 2)).map(({ jti }) => jti)).toEqual(['1', '2'])
      expect(await store.countOutgoing('a')).toBe(4)
      expect([await store.oldestOutgoing('a'), await store.oldestOutgoing('b')]).toEqual([NOW, null])
      expect(await store.dropEvents('a', ['2', 'none'])).toBe(1)
      expect(await store.refuseEvent('a', '1', 'invalid_audience')).toBe(true)
      expect(await store.refuseEvent('a', '1', 'again')).toBe(false)
      expect(await waitingIn(store)).toEqual(['3', '4'])
      const own = event('own', { deviceId: null, type: 'updated' })
      await store.saveStream('a', '{}', { events: [own] })
      expect(await waitingIn(store)).toEqual(['own'])
      expect((await store.ownEvents('a')).map(({ jti }) => jti)).toEqual(['own'])
      await store.dropEvents('a', ['own'])
      expect([await waitingIn(store), await store.ownEvents('a')]).toEqual([['3', '4'], []])
      await store.saveStream('a', '{}', { drop: true, events: [own] })
      expect(await waitingIn(store)).toEqual(['own'])
      expect(await store.forgetRefused(NOW)).toBe(0)
      expect(await store.forgetRefused(later(1))).toBe(1)
    })

    test.each([
      ['one', 'c1', '1'],
      ['two that undo each other', 'c1 c2', '1 2'],
      ['three of them', 'c1 c2 c3', '3'],
      ['four of them', 'c1 c2 c3 c4', '1 4'],
      ['several of another kind', 'r1 r2 c3 r4', '3 4'],
      ['none', '', ''],
    ])('of %s of a device, what is superfluous is dropped', async (_what, given, left) => {
      const { store } = subject
      await gatewayIn(store)
      await streamIn(store)
      const typeOf = (word: string) => (word.startsWith('c') ? COMPLIANCE : 'revoked')
      const words = given.split(' ').filter((word) => word !== '')
      const ofDevice = (deviceId: string, mark: string) =>
        words.map((word) => event(`${mark}${word.slice(1)}`, { type: typeOf(word), deviceId }))
      // What is about the stream itself, and what was refused, is not weighed.
      const others = [event('own', { deviceId: null }), event('refused')]
      await store.addEvents(derived(0, 1, [...others, ...ofDevice(idOf('x'), ''), ...ofDevice(idOf('y'), 'y')]))
      await store.refuseEvent('a', 'refused', 'no')
      const dropped = await store.supersedeEvents('a', COMPLIANCE)
      await store.dropEvents('a', ['own'])
      const kept = left.split(' ').filter((word) => word !== '')
      expect((await waitingIn(store)).toSorted()).toEqual([...kept, ...kept.map((it) => `y${it}`)].toSorted())
      expect(dropped).toBe(2 * (words.length - kept.length))
    })
  })
}
