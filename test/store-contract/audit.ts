import { describe, expect, test } from 'vitest'
import type { AuditHead, AuditLine, AuditQuery } from '../../collector/store/store.ts'
import type { Subject } from './contract.ts'
import { later } from './records.ts'

const line = (seq: number, second = seq): AuditLine => ({
  seq,
  at: later(second).getTime(),
  line: `{"seq":${seq},"text":"ä\\u0000😀"}`,
  hash: `hash of ${seq}`,
})
const head = (seq: number, first = 1): AuditHead => ({
  first,
  previous: first === 1 ? null : `hash of ${first - 1}`,
  seq,
  hash: seq === 0 ? null : `hash of ${seq}`,
  signature: `signature of ${seq}`,
})
const numbers = (lines: readonly AuditLine[]) => lines.map(({ seq }) => seq)

export function contractOfAudit(subject: Subject): void {
  describe('the audit log', () => {
    test('comes back as it was, with the head that was written with it', async () => {
      expect(await subject.store.auditHead()).toBeNull()
      expect(await subject.store.auditEnd()).toBeNull()
      expect(await subject.store.addAudit([], head(0))).toBe(0)
      expect(await subject.store.auditHead()).toEqual(head(0))
      expect(await subject.store.addAudit([line(1), line(2)], head(2))).toBe(0)
      expect(await subject.store.addAudit([line(3)], head(3))).toBe(0)
      await subject.reopen()
      expect(await subject.store.auditHead()).toEqual(head(3))
      expect(await subject.store.auditEnd()).toEqual(line(3))
      expect(await subject.store.auditBegin(2)).toEqual([line(1), line(2)])
      expect(await subject.store.auditLines({ limit: 10 })).toEqual([line(1), line(2), line(3)])
    })

    test('takes the place of what stands behind its end, and tells how much that was', async () => {
      const { store } = subject
      await store.addAudit([line(1), line(2), line(3), line(9)], head(1))
      expect(await store.addAudit([line(2, 50)], head(2))).toBe(3)
      expect(await store.auditLines({ limit: 10 })).toEqual([line(1), line(2, 50)])
    })

    test('has all lines of a batch and their head, or none of them', async () => {
      const { store } = subject
      await store.addAudit([line(1)], head(1))
      const twice = [line(2), line(3), line(3)]
      await expect(store.addAudit(twice, head(3))).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(await store.auditLines({ limit: 10 })).toEqual([line(1)])
      expect(await store.auditHead()).toEqual(head(1))
    })

    test('is forgotten from its beginning on', async () => {
      const { store } = subject
      await store.addAudit(
        [1, 2, 3, 4].map((seq) => line(seq)),
        head(4),
      )
      expect(await store.dropAudit(head(4, 3))).toBe(2)
      expect(numbers(await store.auditLines({ limit: 10 }))).toEqual([3, 4])
      expect(await store.auditHead()).toEqual(head(4, 3))
      expect(await store.dropAudit(head(4, 3))).toBe(0)
    })

    // The clock was set back before the fourth line.
    const SECONDS = [10, 20, 30, 5, 15, 25, 25]
    const asked: [name: string, query: Omit<AuditQuery, 'limit'>, expected: number[]][] = [
      ['all, in their order', {}, [1, 2, 3, 4, 5, 6, 7]],
      ['from behind a line', { after: line(4, 5) }, [5, 6, 7]],
      ['from a moment, which counts, in the order of time', { from: later(15) }, [5, 2, 6, 7, 3]],
      ['up to a moment, which does not', { to: later(25) }, [4, 1, 5, 2]],
      ['both', { from: later(15), to: later(25) }, [5, 2]],
      ['a span, from behind a line of it', { from: later(15), after: line(6, 25) }, [7, 3]],
      ['nothing of the future', { from: later(31) }, []],
      ['nothing behind the last', { after: line(7, 25) }, []],
    ]
    test.each(asked)('asked for: %s', async (_, query, expected) => {
      const { store } = subject
      const lines = SECONDS.map((second, index) => line(index + 1, second))
      await store.addAudit(lines, head(7))
      expect(numbers(await store.auditLines({ ...query, limit: 100 }))).toEqual(expected)
      expect(numbers(await store.auditLines({ ...query, limit: 2 }))).toEqual(expected.slice(0, 2))
    })
  })
}
