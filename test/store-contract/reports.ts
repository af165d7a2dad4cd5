import { describe, expect, test } from 'vitest'
import type { Subject } from './contract.ts'
import { conclusion, enrolled, idOf, later, remembered, report, standingChange, token, transition } from './records.ts'

export function contractOfReports(subject: Subject): void {
  describe('reports', () => {
    test('are kept whole: sequence, evidence, conclusion and what changed', async () => {
      const id = await enrolled(subject.store, 'a')
      const [verdict, standing] = [transition(id, later(1)), standingChange(id, later(1))]
      const whole = report(id, 1, { transitions: [verdict], standingChanges: [standing] })
      expect(await subject.store.saveReport(whole)).toBe('saved')
      await subject.reopen()
      expect(await subject.store.loadDevice(id)).toMatchObject({
        lastSequence: 1,
        evidence: { jws: 'jws-1', digest: 'digest-1', receivedAt: later(1), confirmedAt: later(1) },
        conclusion: conclusion(),
      })
      expect(await subject.store.transitions({ deviceId: id })).toEqual([verdict])
      expect(await subject.store.standingChanges({ deviceId: id })).toEqual([standing])
    })

    test('"unchanged" confirms the last evidence without replacing it', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      await store.saveReport(report(id, 1))
      await store.saveReport(report(id, 2, { evidence: null, conclusion: conclusion({ tiers: [] }) }))
      const state = await store.loadDevice(id)
      const [receivedAt, confirmedAt] = [later(1), later(2)]
      expect(state?.evidence).toEqual({ jws: 'jws-1', digest: 'digest-1', receivedAt, confirmedAt })
      expect(state?.conclusion?.tiers).toEqual([])
    })

    test('new evidence takes the place of the last, with its own times', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      await store.saveReport(report(id, 1))
      await store.saveReport(report(id, 2))
      const [receivedAt, confirmedAt] = [later(2), later(2)]
      expect((await store.loadDevice(id))?.evidence).toEqual({
        jws: 'jws-2',
        digest: 'digest-2',
        receivedAt,
        confirmedAt,
      })
    })

    test.each([1, 0])(
      'a sequence that is not ahead (%i after 1) is behind, and nothing of it is kept',
      async (sequence) => {
        const { store } = subject
        const id = await enrolled(store, 'a')
        await store.saveReport(report(id, 1))
        const before = await store.loadDevice(id)
        const late = report(id, sequence, {
          evidence: { jws: 'late', digest: 'late' },
          conclusion: conclusion({ tiers: ['secret'] }),
          transitions: [transition(id, later(9))],
          standingChanges: [standingChange(id, later(9))],
        })
        expect(await store.saveReport(late)).toBe('behind')
        expect(await store.loadDevice(id)).toEqual(before)
        expect(await store.transitions({ deviceId: id })).toEqual([])
        expect(await store.standingChanges({ deviceId: id })).toEqual([])
      },
    )

    test('of one sequence sent twice at once, one is saved', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const both = await Promise.all([store.saveReport(report(id, 1)), store.saveReport(report(id, 1))])
      expect(both.toSorted()).toEqual(['behind', 'saved'])
    })

    test('a report of a device that is not there is behind', async () => {
      expect(await subject.store.saveReport(report(idOf('nobody'), 1))).toBe('behind')
      expect(await subject.store.loadDevices()).toEqual([])
    })

    test('hundreds at once, each of its own device: all are there', async () => {
      const ids = Array.from({ length: 300 }, (_, n) => idOf(`n${n}`))
      await subject.store.addToken(token({ uses: 300 }))
      await Promise.all(ids.map((_, n) => enrolled(subject.store, `n${n}`)))
      const saved = await Promise.all(ids.map((id, n) => subject.store.saveReport(report(id, n + 1))))
      expect(new Set(saved)).toEqual(new Set(['saved']))
      await subject.reopen()
      const sequences = (await subject.store.loadDevices()).map((it) => [it.device.id, it.lastSequence])
      expect(new Map(sequences as [string, number][])).toEqual(new Map(ids.map((id, n) => [id, n + 1])))
    })

    test('one that fails takes nothing of the others with it, and nothing of itself is kept', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const never = new Date(Number.NaN)
      const broken = {
        conclusion: conclusion({ tiers: [] }),
        transitions: [transition(id, never)],
        standingChanges: [],
      }
      const outcomes = await Promise.allSettled([
        store.saveReport(report(id, 1)),
        store.saveOutcome(id, broken),
        store.saveReport(report(id, 2)),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await store.loadDevice(id)).toMatchObject({ lastSequence: 2, conclusion: conclusion() })
      expect(await store.transitions({ deviceId: id })).toEqual([])
    })
  })

  describe('conclusions', () => {
    test('every moment of the memory comes back as it was, and a missing one as missing', async () => {
      const id = await enrolled(subject.store, 'a')
      const bare = {
        ...remembered,
        verdict: 'unknown',
        passed: false,
        failingSince: null,
        passingSince: null,
        trackedSince: null,
        askedSince: null,
        lapsedAt: null,
        mode: 'report',
      } as const
      const concluded = conclusion({ memory: { firewall: remembered, 'os-patch': bare }, nextChange: null })
      await subject.store.saveOutcome(id, { conclusion: concluded, transitions: [], standingChanges: [] })
      await subject.reopen()
      expect((await subject.store.loadDevice(id))?.conclusion).toEqual(concluded)
    })

    test('what time changes touches neither sequence nor evidence', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      await store.saveReport(report(id, 4))
      const before = await store.loadDevice(id)
      const next = conclusion({ tiers: [], memory: {}, policyVersion: 9, concludedAt: later(99) })
      await store.saveOutcome(id, { conclusion: next, transitions: [transition(id, later(99))], standingChanges: [] })
      expect(await store.loadDevice(id)).toEqual({ ...before, conclusion: next })
      expect(await store.transitions({ deviceId: id })).toHaveLength(1)
    })

    test('a device that was judged and is asked nothing is not one that was never judged', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const nothing = conclusion({ memory: {}, tiers: [], nextChange: null, policyVersion: 0 })
      await store.saveOutcome(id, { conclusion: nothing, transitions: [], standingChanges: [] })
      expect((await store.loadDevice(id))?.conclusion).toEqual(nothing)
    })
  })
}
