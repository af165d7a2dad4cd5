import type { StatusLease } from '../../collector/store/store.ts'

/** The part of a store that keeps leases, in memory. What it has taken is there also after the collector was killed. */
export type FakeLeases = {
  /** What is durable. */
  kept: Map<string, StatusLease>
  /** How many times it was asked to write. */
  writes: number
  /** Refuses every write while it is set. */
  isFull: boolean
  loadLeases(): Promise<StatusLease[]>
  putLeases(leases: readonly StatusLease[]): Promise<void>
  dropLeases(before: Date): Promise<void>
}

export function fakeLeases(): FakeLeases {
  const kept = new Map<string, StatusLease>()
  const store: FakeLeases = {
    kept,
    writes: 0,
    isFull: false,
    loadLeases: async () => [...kept.values()].map((lease) => ({ ...lease })),
    async putLeases(leases) {
      store.writes += 1
      const copies = leases.map((lease) => ({ ...lease }))
      await Promise.resolve()
      if (store.isFull) throw new Error('the disk is full')
      for (const lease of copies) kept.set(`${lease.list}/${lease.index}`, lease)
    },
    async dropLeases(before) {
      for (const [entry, { until }] of kept) if (until < before) kept.delete(entry)
    },
  }
  return store
}
