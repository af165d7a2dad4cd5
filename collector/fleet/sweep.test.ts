import { expect, test } from 'vitest'
import { openSweep } from './sweep.ts'

const written = () => Promise.resolve()
const busy = (milliseconds: number) => {
  for (const end = performance.now() + milliseconds; performance.now() < end;) continue
}

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

test('what is due comes before all others, and is no part of the progress', async () => {
  const visited: string[] = []
  const sweep = openSweep({
    visit(id) {
      visited.push(id)
      if (id === 'a') sweep.add(['due'])
    },
    written,
  })
  sweep.begin(['a', 'b', 'c'])
  await sweep.settled()
  expect(visited).toEqual(['a', 'due', 'b', 'c'])
  expect(sweep.progress()).toEqual({ done: 3, total: 3 })
})

test('changes that come faster than it can follow keep nobody from ever being visited', async () => {
  const visited: string[] = []
  let changes = 0
  const all = ['a', 'b', 'c', 'd', 'e']
  const sweep = openSweep({
    visit(id) {
      visited.push(id)
      if (visited.length % 2 === 0 && ++changes < 5) sweep.begin(all)
    },
    written,
  })
  sweep.begin(all)
  await sweep.settled()
  expect(visited.slice(0, 5)).toEqual(all)
  expect(new Set(visited.slice(-5))).toEqual(new Set(all))
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
  expect(visited.toSorted()).toEqual(['first', 'x', 'y'])
})
