import { expect, test } from 'vitest'
import { chance } from '../../test/fakes/chance.ts'
import { openMoments } from './moments.ts'

const at = (seconds: number) => new Date(Date.parse('2026-11-24T08:00:00Z') + seconds * 1000)

test('gives each device once, when its moment has come', () => {
  const moments = openMoments()
  moments.set('b', at(20))
  moments.set('a', at(10))
  expect(moments.next()).toEqual(at(10))
  expect(moments.due(at(9))).toEqual([])
  expect(moments.due(at(10))).toEqual(['a'])
  expect(moments.due(at(60))).toEqual(['b'])
  expect(moments.due(at(99))).toEqual([])
  expect(moments.next()).toBeNull()
})

test('follows a moment that moves, both ways, and one that is taken away', () => {
  const moments = openMoments()
  moments.set('later', at(10))
  moments.set('later', at(30))
  moments.set('sooner', at(40))
  moments.set('sooner', at(5))
  moments.set('gone', at(6))
  moments.set('gone', null)
  expect(moments.due(at(20))).toEqual(['sooner'])
  expect(moments.due(at(30))).toEqual(['later'])
  expect(moments.due(at(99))).toEqual([])
})

test('a moment that is taken away and set again counts as it was set last', () => {
  const moments = openMoments()
  moments.set('a', at(10))
  moments.set('a', null)
  moments.set('a', at(20))
  expect(moments.due(at(15))).toEqual([])
  expect(moments.due(at(20))).toEqual(['a'])
})

test('is the same as looking at every device, whatever happens in whatever order', () => {
  const random = chance(7)
  const moments = openMoments()
  const truth = new Map<string, number>()
  for (let now = 0; now < 3000; now += 1) {
    const id = `dev${random.below(50)}`
    const moment = random.below(5) === 0 ? null : now + random.below(40)
    moments.set(id, moment === null ? null : at(moment))
    if (moment === null) truth.delete(id)
    else truth.set(id, moment)
    const due = [...truth].filter(([, it]) => it <= now).map(([it]) => it)
    for (const it of due) truth.delete(it)
    expect(moments.due(at(now)).toSorted()).toEqual(due.toSorted())
  }
})
