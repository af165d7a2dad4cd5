import { describe, expect, test } from 'vitest'
import type { StatusLease, Store } from '../../collector/store/store.ts'
import type { Subject } from './contract.ts'
import { enrolled, idOf, later } from './records.ts'

const lease = (index: number, more: Partial<StatusLease> = {}): StatusLease => ({
  list: 1,
  index,
  deviceId: idOf('a'),
  tiers: ['public'],
  status: 0,
  until: later(index),
  ...more,
})

const loadedFrom = async (store: Store) =>
  (await store.loadLeases()).toSorted((a, b) => a.list - b.list || a.index - b.index)

export function contractOfLeases(subject: Subject): void {
  describe('leases of the status lists', () => {
    test('come back as they were, one to an entry', async () => {
      const all = [
        lease(0, { tiers: [] }),
        lease(1_048_575, { status: 2, tiers: ['public', 'internal'] }),
        lease(0, { list: 2, status: 1, deviceId: idOf('b') }),
      ]
      for (const it of all) await subject.store.putLeases([it])
      await subject.reopen()
      expect(await loadedFrom(subject.store)).toEqual(all)
    })

    test('a new one takes the place of the last of the same entry', async () => {
      await subject.store.putLeases([lease(1), lease(2)])
      const next = lease(1, { deviceId: idOf('b'), status: 2, tiers: ['internal'], until: later(99) })
      await subject.store.putLeases([next])
      expect(await loadedFrom(subject.store)).toEqual([next, lease(2)])
    })

    test('many are kept all or none', async () => {
      const broken = lease(3, { until: new Date(Number.NaN) })
      await expect(subject.store.putLeases([lease(1), lease(2), broken])).rejects.toMatchObject({
        code: 'store-unavailable',
      })
      expect(await loadedFrom(subject.store)).toEqual([])
      await subject.store.putLeases([])
    })

    test('a lease outlives its device', async () => {
      const id = await enrolled(subject.store, 'a')
      await subject.store.putLeases([lease(1, { deviceId: id })])
      await subject.store.removeDevice(id)
      expect(await loadedFrom(subject.store)).toEqual([lease(1, { deviceId: id })])
    })

    test('those that ended before a moment are dropped, not one that ends at it', async () => {
      const all = Array.from({ length: 3000 }, (_, index) => lease(index))
      await subject.store.putLeases(all)
      await subject.store.dropLeases(later(2500))
      await subject.reopen()
      expect(await loadedFrom(subject.store)).toEqual(all.slice(2500))
    })
  })
}
