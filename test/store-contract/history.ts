import { describe, expect, test } from 'vitest'
import type { HistoryQuery } from '../../collector/store/store.ts'
import type { Subject } from './contract.ts'
import { enrolled, happened, idOf, later, standingChange, transition } from './records.ts'

export function contractOfHistory(subject: Subject): void {
  describe('history', () => {
    test('comes back whole, also where the policy stopped asking or nothing was there before', async () => {
      const id = await enrolled(subject.store, 'a')
      const transitions = [
        transition(id, later(1), { from: null, to: 'pass', evidence: null, policyVersion: 1 }),
        transition(id, later(2), { from: 'pass', to: null, evidence: 'd', policyVersion: 2 }),
      ]
      const standingChanges = [
        standingChange(id, later(1), { before: [], after: ['public', 'internal'], checks: ['firewall', 'os-patch'] }),
        standingChange(id, later(2), { before: ['public', 'internal'], after: [], status: 'locked-out', checks: [] }),
      ]
      await happened(subject.store, id, { transitions, standingChanges })
      await subject.reopen()
      expect(await subject.store.transitions({ deviceId: id })).toEqual(transitions)
      expect(await subject.store.standingChanges({ deviceId: id })).toEqual(standingChanges)
    })

    test('is in the order of telling, also where a clock was set back meanwhile', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const told = [3, 1, 2].map((second) => transition(id, later(second)))
      const together = (['pass', 'fail', 'grace'] as const).map((to) => transition(id, later(2), { to }))
      await happened(store, id, { transitions: told })
      for (const one of together) await happened(store, id, { transitions: [one] })
      expect((await store.transitions({ deviceId: id })).map(({ at, to }) => [at, to])).toEqual([
        [later(3), 'fail'],
        [later(1), 'fail'],
        [later(2), 'fail'],
        [later(2), 'pass'],
        [later(2), 'fail'],
        [later(2), 'grace'],
      ])
    })

    const seconds: [name: string, query: Omit<HistoryQuery, 'deviceId'>, expected: number[]][] = [
      ['everything', {}, [1, 2, 3, 4]],
      ['from a moment, which counts', { from: later(2) }, [2, 3, 4]],
      ['up to a moment, which does not', { to: later(3) }, [1, 2]],
      ['both', { from: later(2), to: later(4) }, [2, 3]],
      ['a millisecond later', { from: later(2.001), to: later(4.001) }, [3, 4]],
      ['one moment', { from: later(2), to: later(2) }, []],
      ['the wrong way round', { from: later(4), to: later(1) }, []],
      ['the future', { from: later(5) }, []],
    ]
    test.each(seconds)('asked by time: %s', async (_, query, expected) => {
      const { store } = subject
      const [id, other] = [await enrolled(store, 'a'), await enrolled(store, 'b')]
      const all = [1, 2, 3, 4].map(later)
      for (const deviceId of [id, other]) {
        await happened(store, deviceId, {
          transitions: all.map((at) => transition(deviceId, at)),
          standingChanges: all.map((at) => standingChange(deviceId, at)),
        })
      }
      const [verdicts, standings] = [
        await store.transitions({ deviceId: id, ...query }),
        await store.standingChanges({ deviceId: id, ...query }),
      ]
      expect(verdicts).toEqual(expected.map((second) => transition(id, later(second))))
      expect(standings).toEqual(expected.map((second) => standingChange(id, later(second))))
    })

    test('of one check leaves out all others', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const transitions = [
        transition(id, later(1)),
        transition(id, later(2), { check: 'os-patch' }),
        transition(id, later(3)),
      ]
      await happened(store, id, { transitions })
      expect(await store.transitions({ deviceId: id, check: 'firewall' })).toEqual([transitions[0], transitions[2]])
      expect(await store.transitions({ deviceId: id, check: 'os-patch' })).toEqual([transitions[1]])
      expect(await store.transitions({ deviceId: id, check: 'firewall', from: later(2) })).toEqual([transitions[2]])
      expect(await store.transitions({ deviceId: id, check: 'secure-boot' })).toEqual([])
    })

    test('of a device that never was is empty; of one that was removed meanwhile it is kept', async () => {
      const { store } = subject
      expect(await store.transitions({ deviceId: idOf('nobody') })).toEqual([])
      expect(await store.standingChanges({ deviceId: idOf('nobody') })).toEqual([])
      const id = await enrolled(store, 'a')
      const change = transition(id, later(1))
      await Promise.all([store.removeDevice(id), happened(store, id, { transitions: [change] })])
      expect(await store.transitions({ deviceId: id })).toEqual([change])
      expect(await store.loadDevice(id)).toBeNull()
    })

    test('has its end with the removal, in one', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const [change, loss] = [transition(id, later(1)), standingChange(id, later(1))]
      await store.removeDevice(id, { transitions: [change], standingChanges: [loss] })
      expect(await store.transitions({ deviceId: id })).toEqual([change])
      expect(await store.standingChanges({ deviceId: id })).toMatchObject([{ deviceId: id, at: loss.at }])
      expect(await store.loadDevice(id)).toBeNull()
    })
  })
}
