import { describe, expect, test } from 'vitest'
import type { Subject } from './contract.ts'
import { later, NOW } from './records.ts'

export function contractOfPolicies(subject: Subject): void {
  describe('policies', () => {
    const first = {
      digest: 'a',
      document: 'tiers: {}\n',
      appliedAt: NOW,
      author: 'the release',
      source: 'default',
    } as const
    const second = { digest: 'b', document: 'ä\r\n\u2028', appliedAt: later(1), author: 'ana', source: 'file' } as const

    test('each gets the next version, and is kept as it was written', async () => {
      expect(await subject.store.loadPolicies()).toEqual([])
      const records = [
        await subject.store.addPolicy({ ...first, restores: null }),
        await subject.store.addPolicy({ ...second, restores: null }),
        await subject.store.addPolicy({ ...first, appliedAt: later(2), source: 'apply', restores: 1 }),
      ]
      expect(records.map(({ version, restores }) => [version, restores])).toEqual([
        [1, null],
        [2, null],
        [3, 1],
      ])
      const { document, ...about } = second
      expect(records[1]).toEqual({ ...about, version: 2, restores: null })
      await subject.reopen()
      expect(await subject.store.loadPolicies()).toEqual(records)
      expect(await subject.store.loadPolicy(2)).toEqual({ record: records[1], document })
    })

    test('a version that never was is null', async () => {
      await subject.store.addPolicy({ ...first, restores: null })
      for (const version of [0, 2, -1]) expect(await subject.store.loadPolicy(version)).toBeNull()
    })

    test('two at once get two versions', async () => {
      const { store } = subject
      const both = await Promise.all([1, 2].map(() => store.addPolicy({ ...first, restores: null })))
      expect(both.map(({ version }) => version)).toEqual([1, 2])
    })
  })
}
