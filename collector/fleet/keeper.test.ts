import { beforeEach, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import type { Outcome } from '../store/store.ts'
import { openKeeper, together, type Keeper } from './keeper.ts'

const NOW = new Date('2026-11-24T08:00:00Z')

/** An outcome with one transition, told apart by its policy version. */
function outcome(number: number): Outcome {
  const transition = { deviceId: 'd', check: 'firewall', from: 'pass', to: 'fail', at: NOW } as const
  return {
    conclusion: { memory: {}, tiers: [], concludedAt: NOW, policyVersion: number, nextChange: null },
    transitions: [{ ...transition, evidence: null, policyVersion: number }],
    standingChanges: [],
  }
}
const versions = ({ transitions }: Outcome) => transitions.map(({ policyVersion }) => policyVersion)

let written: Outcome[]
let isBroken: boolean
let failures: unknown[]
let keeper: Keeper
beforeEach(() => {
  written = []
  failures = []
  isBroken = false
  const store = {
    async saveOutcome(_id: string, it: Outcome) {
      await Promise.resolve()
      if (isBroken) throw new MusterError('store-unavailable')
      written.push(it)
    },
  }
  keeper = openKeeper(store, (error) => failures.push(error))
})

test('writes in order, and what came while it was writing as one', async () => {
  keeper.keep('d', outcome(1))
  await Promise.resolve()
  keeper.keep('d', outcome(2))
  keeper.keep('d', outcome(3))
  await keeper.idle()
  expect(written.map(versions)).toEqual([[1], [2, 3]])
  expect(written.at(-1)?.conclusion.policyVersion).toBe(3)
})

test('loses nothing while the store is away, and writes it all when it is back', async () => {
  isBroken = true
  keeper.keep('d', outcome(1))
  await keeper.idle()
  keeper.keep('d', outcome(2))
  await keeper.idle()
  expect(written).toEqual([])
  expect(failures).toHaveLength(2)
  isBroken = false
  keeper.retry()
  await keeper.idle()
  expect(written.map(versions)).toEqual([[1, 2]])
})

test('writes what comes just as it has done, in whatever gap', async () => {
  for (let gap = 0; gap < 8; gap += 1) {
    written = []
    keeper.keep('d', outcome(1))
    for (let turns = 0; turns < gap; turns += 1) await Promise.resolve()
    keeper.keep('d', outcome(2))
    await keeper.idle()
    expect(written.flatMap(versions)).toEqual([1, 2])
  }
})

test('tells when nothing of a device is being written, also where that failed', async () => {
  isBroken = true
  keeper.keep('d', outcome(1))
  await keeper.written('other')
  expect(failures).toHaveLength(0)
  await keeper.written('d')
  expect(failures).toHaveLength(1)
  expect(keeper.take('d')).not.toBeNull()
})

test('gives what is owed to a report that writes it itself, and takes it back where that failed', async () => {
  isBroken = true
  keeper.keep('d', outcome(1))
  await keeper.idle()
  const owed = keeper.take('d')
  expect(owed && versions(owed)).toEqual([1])
  expect(keeper.take('d')).toBeNull()
  if (owed) keeper.putBack('d', together(owed, outcome(2)))
  isBroken = false
  keeper.retry()
  await keeper.idle()
  expect(written.map(versions)).toEqual([[1, 2]])
})
