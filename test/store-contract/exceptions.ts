import { describe, expect, test } from 'vitest'
import type { Exception } from '../../collector/appraisal/exception.ts'
import type { Subject } from './contract.ts'
import { idOf, later, NOW } from './records.ts'

const exception = (id: string, more: Partial<Exception> = {}): Exception => ({
  id,
  target: { device: idOf('a') },
  check: 'firewall',
  reason: 'the vendor is at it',
  approver: 'ana@example.com',
  createdAt: NOW,
  expiresAt: later(1000),
  endedAt: null,
  ...more,
})

export function contractOfExceptions(subject: Subject): void {
  describe('exceptions', () => {
    test('come back as they were, the newest first', async () => {
      const all = [
        exception('one'),
        exception('two', { target: { tag: 'lab' }, createdAt: later(1) }),
        exception('three', { target: { group: 'pilot' }, check: 'os-patch', createdAt: later(2), endedAt: later(3) }),
        exception('four', { createdAt: later(1) }),
      ]
      for (const it of all) await subject.store.addException(it)
      await subject.reopen()
      expect(await subject.store.loadExceptions()).toEqual([all[2], all[3], all[1], all[0]])
    })

    test('the same one twice is refused, and the first stays', async () => {
      const { store } = subject
      await store.addException(exception('one'))
      await expect(store.addException(exception('one', { check: 'os-patch' }))).rejects.toMatchObject({
        code: 'store-unavailable',
      })
      expect(await store.loadExceptions()).toEqual([exception('one')])
    })

    test('one is ended once', async () => {
      await subject.store.addException(exception('one'))
      await subject.store.addException(exception('two'))
      const twice = await Promise.all([5, 6].map((at) => subject.store.endException('one', later(at), 'bo')))
      expect(twice).toEqual([true, false])
      expect(await subject.store.endException('nobody', later(5), 'bo')).toBe(false)
      await subject.reopen()
      const ended = await subject.store.loadExceptions()
      expect(ended.map(({ id, endedAt }) => [id, endedAt])).toEqual([
        ['two', null],
        ['one', later(5)],
      ])
    })

    test('one that has ended by itself cannot be ended any more', async () => {
      const { store } = subject
      await store.addException(exception('one'))
      expect(await store.endException('one', later(1000), 'bo')).toBe(false)
      expect(await store.endException('one', later(999.999), 'bo')).toBe(true)
    })
  })
}
