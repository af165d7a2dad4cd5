import { expect, test } from 'vitest'
import { openSweep } from './sweep.ts'

const written = () => Promise.resolve()

test('visits every device once, and tells how far it is', async () => {
  const visited: string[] = []
  const sweep = openSweep({ visit: (id) => void visited.push(id), written })
  sweep.begin(['a', 'b', 'c'])
  expect(sweep.progress()).toEqual({ done: 0, total: 3 })
  await sweep.settled()
  expect(visited).toEqual(['a', 'b', 'c'])
  expect(sweep.progress()).toEqual({ done: 3, total: 3 })
})

test('has nothing to do with nobody, and can begin again afterwards', async () => {
  const visited: string[] = []
  const sweep = openSweep({ visit: (id) => void visited.push(id), written })
  sweep.begin([])
  await sweep.settled()
  sweep.add(['late'])
  await sweep.settled()
  sweep.begin(['a'])
  await sweep.settled()
  expect(visited).toEqual(['late', 'a'])
})

test('lets others run between its slices, and waits until what it led to is written', async () => {
  let writes = 0
  let turns = 0
  const count = () => {
    turns += 1
    if (isRunning) setImmediate(count)
  }
  let isRunning = true
  const busy = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end;) continue
  }
  const sweep = openSweep({
    visit: () => busy(1),
    written: async () => void (writes += 1),
  })
  setImmediate(count)
  sweep.begin(Array.from({ length: 40 }, (_, index) => String(index)))
  await sweep.settled()
  isRunning = false
  expect(writes).toBeGreaterThan(5)
  expect(turns).toBeGreaterThan(5)
})

test('a new change takes the place of one that is under way', async () => {
  const visited: string[] = []
  const sweep = openSweep({
    visit(id) {
      visited.push(id)
      if (id === 'first') sweep.begin(['x', 'y'])
    },
    written,
  })
  sweep.begin(['first', 'second'])
  await sweep.settled()
  expect(visited).toEqual(['first', 'x', 'y'])
})
