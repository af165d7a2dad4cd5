import { describe, expect, test } from 'vitest'
import { verdictsAt } from '../../collector/appraisal/history.ts'
import type { Transition } from '../../collector/appraisal/transition.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import { chance } from '../fakes/chance.ts'
import type { Subject } from './contract.ts'
import { enrolled, happened, idOf, later, report, standingChange, transition } from './records.ts'

export function contractOfForgetting(subject: Subject): void {
  describe('forgetting', () => {
    test('keeps what is not older, and of each check the last that is', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const transitions = [1, 2, 3, 4, 5].map((second) => transition(id, later(second)))
      const other = transition(id, later(1), { check: 'os-patch', to: 'pass' })
      const standingChanges = [1, 2, 3, 4].map((second) => standingChange(id, later(second)))
      await happened(store, id, { transitions: [...transitions, other], standingChanges })
      expect(await store.forgetHistory(later(3))).toBe(2)
      expect(await store.transitions({ deviceId: id, check: 'firewall' })).toEqual(transitions.slice(1))
      expect(await store.transitions({ deviceId: id, check: 'os-patch' })).toEqual([other])
      expect(await store.standingChanges({ deviceId: id })).toEqual(standingChanges.slice(1))
      expect(await store.forgetHistory(later(3))).toBe(0)
    })

    test('of several within one moment the one that was told last is the last', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const transitions = (['pass', 'fail', 'grace'] as const).map((to) => transition(id, later(1), { to }))
      await happened(store, id, { transitions })
      expect(await store.forgetHistory(later(2))).toBe(2)
      expect(await store.transitions({ deviceId: id })).toEqual([transitions[2]])
    })

    test('the history of a removed device goes when all of it is older', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      await happened(store, id, {
        transitions: [transition(id, later(1)), transition(id, later(2), { check: 'os-patch' })],
        standingChanges: [standingChange(id, later(3))],
      })
      await store.removeDevice(id)
      expect(await store.forgetHistory(later(3))).toBe(0)
      expect(await store.transitions({ deviceId: id })).toHaveLength(2)
      expect(await store.forgetHistory(later(3.001))).toBe(3)
      expect(await store.transitions({ deviceId: id })).toEqual([])
      expect(await store.standingChanges({ deviceId: id })).toEqual([])
    })

    test('a device that changes nothing for years keeps what it stands by', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const [verdict, standing] = [transition(id, later(1)), standingChange(id, later(1))]
      await store.saveReport(report(id, 1, { transitions: [verdict], standingChanges: [standing] }))
      const before = await store.loadDevice(id)
      expect(await store.forgetHistory(later(1e8))).toBe(0)
      expect(await store.transitions({ deviceId: id })).toEqual([verdict])
      expect(await store.standingChanges({ deviceId: id })).toEqual([standing])
      expect(await store.loadDevice(id)).toEqual(before)
    })

    test('with nothing there is nothing to forget', async () => {
      expect(await subject.store.forgetHistory(later(1e8))).toBe(0)
    })

    test('of a random history, what held at any moment that is not older is told as before', async () => {
      const { store } = subject
      const { below, of } = chance(7)
      const names = Array.from({ length: 20 }, (_, n) => `n${n}`)
      const before = new Map<string, Transition[]>()
      for (const name of names) {
        const id = await enrolled(store, name)
        const transitions = Array.from({ length: below(400) }, () =>
          transition(id, later(below(1000)), {
            check: CHECK_IDS[below(CHECK_IDS.length)] ?? 'firewall',
            to: of(['pass', 'fail', null]),
          }),
        )
        await happened(store, id, { transitions })
        before.set(id, await store.transitions({ deviceId: id }))
      }
      const forgotten = await store.forgetHistory(later(600))
      let gone = 0
      for (const [id, all] of before) {
        const left = await store.transitions({ deviceId: id })
        gone += all.length - left.length
        expect(left.filter(({ at }) => at >= later(600))).toEqual(all.filter(({ at }) => at >= later(600)))
        for (const second of [599.999, 600, 700, 1000]) {
          expect(verdictsAt(left, later(second))).toEqual(verdictsAt(all, later(second)))
        }
        expect(left.filter(({ at }) => at < later(600)).length).toBeLessThanOrEqual(CHECK_IDS.length)
      }
      expect(gone).toBe(forgotten)
      expect(forgotten).toBeGreaterThan(1000)
    })

    test('holds nobody up: reports that come meanwhile are saved meanwhile', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const gone = idOf('gone')
      for (let n = 0; n < 20; n++) {
        const transitions = Array.from({ length: 2000 }, (_, second) => transition(gone, later(second)))
        await happened(store, gone, { transitions })
      }
      const state = { isOver: false }
      const forgetting = store.forgetHistory(later(1e6)).finally(() => (state.isOver = true))
      let saved = 0
      while (!state.isOver) {
        await store.saveReport(report(id, saved + 1))
        saved += 1
      }
      expect(await forgetting).toBe(40_000)
      expect(saved).toBeGreaterThan(5)
    })
  })
}
