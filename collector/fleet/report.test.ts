import { afterAll, beforeAll, expect, test } from 'vitest'
import { chance } from '../../test/fakes/chance.ts'
import { openWorld, type Event } from '../../test/fakes/world.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { Store } from '../store/store.ts'

/** Everything that can happen while a report is being stored. */
const MEANWHILE = [
  'good',
  'bad',
  'soft',
  'unchanged',
  'strict',
  'lax',
  'grant',
  'end',
  'lock',
  'readmit',
  'tag',
  'untag',
  'suspect',
  'copy',
  'remove',
  'enrol',
  'some',
  'long',
  'forward',
  'back',
  'wake',
  'refuse',
  'refuseOne',
  'crash',
  'crashAfter',
] as const satisfies readonly Event[]

let store: Store
beforeAll(() => {
  store = openSqlite(':memory:')
})
afterAll(() => store.close())

async function problemsOf(events: readonly Event[]): Promise<string[]> {
  const world = await openWorld(store)
  for (const event of events) await world.happen(event)
  await world.end()
  return world.problems
}

test('whatever two things happen while a report is being stored, in whatever order, nothing is said that is too good', async () => {
  const problems: string[] = []
  let count = 0
  for (const first of MEANWHILE) {
    for (const second of MEANWHILE) {
      // Each pair is tried with one kind of report and one place of the answer; all of them are tried with each event.
      count += 1
      const report = (['good', 'bad', 'soft'] as const)[count % 3] ?? 'good'
      const pair: Event[] = [first, second]
      const events: Event[] = ['good', 'answer', report, ...pair.toSpliced((count >> 1) % 3, 0, 'answer')]
      problems.push(...(await problemsOf(events)))
    }
  }
  expect(problems.slice(0, 10)).toEqual([])
})

test.each([
  // A removal that waits for its turn, and a policy that would be written meanwhile.
  'good answer remove answer strict answer',
  'good answer remove readmit strict answer answer enrol tag unchanged lax wake',
  // What is not written is not written to whoever comes after.
  'good answer copy refuseOne answer remove answer enrol turn wake',
  'good answer remove answer copy refuse',
  'good answer remove answer enrol bad strict some lock enrol wake',
  // What is worse in one thing and better in another, and a policy or an exception by which it matters.
  'good answer soft answer strict answer bad grant',
  'good answer strict answer bad refuse answer lax',
  'good answer untag bad soft soft refuseOne strict answer back untag grant',
  'good answer answer answer some lax soft lock answer answer bad readmit refuse',
  'good answer lax unchanged some some soft answer some',
])('nor by what has led astray before: %s', async (events) => {
  expect(await problemsOf(events.split(' ') as Event[])).toEqual([])
})

test('nor when a dozen things do', async () => {
  const problems: string[] = []
  for (let seed = 0; seed < 250; seed += 1) {
    const random = chance(seed)
    const events: Event[] = ['good', 'answer']
    for (let count = 2 + random.below(12); count > 0; count -= 1) {
      events.push(random.oneIn(4) ? 'answer' : random.of(MEANWHILE))
    }
    problems.push(...(await problemsOf(events)))
  }
  expect(problems.slice(0, 10)).toEqual([])
})
